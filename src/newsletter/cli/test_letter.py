"""`newsletter issue test`: send an issue to an editor, as a reader would get it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, print_json, say

if TYPE_CHECKING:
    from newsletter.domain.reply import Outcome

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]


def add_commands(issue: typer.Typer) -> None:
    issue.command("test")(send_test)


def send_test(
    number: Number,
    to: Annotated[list[str], typer.Option(metavar="ADDRESS", help="Whom to send it to; may be given again.")],
    like: Annotated[
        str | None, typer.Option("--as", metavar="ADDRESS", help="Send what this subscriber would get of it.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Send an issue to any address at once, marked [TEST]: what was approved, else what it says now.

    Its unsubscribe and preferences links open the real pages and change nobody. It counts nowhere. Exit status 1 if the
    relay did not accept it.
    """
    import asyncio

    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.domain.reply import Accepted
    from newsletter.service.open_mailing import refuse_leak
    from newsletter.service.send_test import find_model, send_tests, write_tests
    from newsletter.service.show_issue import load_text

    addresses = [EmailAddress.parse(address) for address in dict.fromkeys(to)]
    with open_app() as app:
        refuse_leak(app.sender.base_url, app.relay_host)
        model = find_model(EmailAddress.parse(like) if like else None, database=app.database)
        rendered = load_text(number, database=app.database, masthead=app.masthead(), render=app.render)
        letters = write_tests(rendered, addresses, model=model, make_splicer=app.make_splicer)
        sending = send_tests(number, letters, connect=app.connect, database=app.database, now=app.now())
        outcomes = dict(zip(addresses, asyncio.run(sending), strict=True))
    told = {address.text: _tell(outcome) for address, outcome in outcomes.items()}
    if json:
        letters_told = [{"to": address, "outcome": name, "reply": reply} for address, (name, reply) in told.items()]
        print_json({"number": number, "digest": rendered.digest, "letters": letters_told})
    else:
        for address, (name, reply) in told.items():
            say(f"{address}: {name}. {reply}")
    if not all(isinstance(outcome, Accepted) for outcome in outcomes.values()):
        raise typer.Exit(1)


def _tell(outcome: Outcome) -> tuple[str, str]:
    """Return what became of a letter, and the relay's own words."""
    from newsletter.domain.reply import Accepted, Deferred, Postponed, Rejected, Unknown

    match outcome:
        case Accepted(reply):
            return "accepted", str(reply)
        case Deferred(reply) | Postponed(reply):
            return "deferred", f"{reply} It is not tried again: send another test later."
        case Rejected(reply):
            return "rejected", str(reply)
        case Unknown(why):
            return "doubtful", f"{why} It may or may not arrive."
