"""issue draft, list, show, edit and arrange."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say, warn

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.approval import Approval
    from newsletter.service.show_issue import ShownIssue

issue = typer.Typer(no_args_is_help=True, help="Issues, from the draft to the report.")

Number = Annotated[int, typer.Argument(metavar="N", help="The issue's number.")]
_Item = "ID of an article, announcement:ID or partner:ID; may be given again."


@issue.command()
def draft(json: JsonFlag = False) -> None:
    """Open the draft of the earliest slot not yet sent, or show it. Until you change it, it follows the store."""
    from newsletter.app import open_app
    from newsletter.service.draft_issue import draft_issue
    from newsletter.service.keep_pictures import keep_issue_pictures

    with open_app() as app:
        drafted = draft_issue(
            database=app.database,
            cadence=app.cadence,
            first_number=app.settings.cadence.first_number,
            now=app.now(),
        )
        masthead = app.masthead()
        failed = keep_issue_pictures(drafted, masthead=masthead, fetch=app.fetch, database=app.database, now=app.now())
        _print_issue(app, drafted.number, json=json)
    for sentence in failed:
        warn(sentence)


@issue.command("list")
def list_(json: JsonFlag = False) -> None:
    """List all issues, the latest first."""
    from newsletter.app import open_app
    from newsletter.service.show_issue import list_issues

    with open_app() as app:
        listed = list_issues(database=app.database, masthead=app.masthead())
    if json:
        print_json(
            [
                {"number": drafted.number, "slot": drafted.slot, "status": drafted.status, "subject": subject}
                for drafted, subject in listed
            ]
        )
        return
    rows = [(drafted.number, drafted.day, drafted.status, subject) for drafted, subject in listed]
    print_table(["Number", "Date", "Status", "Subject"], rows)


@issue.command()
def show(number: Number, json: JsonFlag = False) -> None:
    """Show an issue with its items, each with its reason and its size."""
    from newsletter.app import open_app

    with open_app() as app:
        _print_issue(app, number, json=json)


@issue.command()
def edit(
    number: Number,
    subject: Annotated[str | None, typer.Option(help='At most 78 characters; "" takes the lead\'s headline.')] = None,
    preheader: Annotated[str | None, typer.Option(help='40 to 130 characters; "" takes a cut of the lead.')] = None,
    note: Annotated[str | None, typer.Option(help='A word to readers above the articles; "" for none.')] = None,
    json: JsonFlag = False,
) -> None:
    """Change subject, preheader or note. This voids an approval."""
    from newsletter.app import open_app
    from newsletter.service.arrange_issue import edit_issue

    if subject is None and preheader is None and note is None:
        raise typer.BadParameter("name what to change: --subject, --preheader or --note")
    with open_app() as app:
        edit_issue(number, subject=subject, preheader=preheader, note=note, database=app.database, now=app.now())
        _print_issue(app, number, json=json)


@issue.command()
def arrange(
    number: Number,
    lead: Annotated[int | None, typer.Option(metavar="ID", help="Article that leads.")] = None,
    features: Annotated[str | None, typer.Option(metavar="ID,ID…", help="Features that come first, in order.")] = None,
    add: Annotated[list[str] | None, typer.Option(metavar="ITEM", help=_Item)] = None,
    remove: Annotated[list[str] | None, typer.Option(metavar="ITEM", help=_Item)] = None,
    headline: Annotated[
        list[str] | None, typer.Option(metavar="ID=TEXT", help="Headline in this issue; empty: the article's own.")
    ] = None,
    teaser: Annotated[
        list[str] | None, typer.Option(metavar="ID=TEXT", help="Teaser in this issue; empty: the article's own.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Choose, order and reword what an issue shows. This voids an approval."""
    from newsletter.app import open_app
    from newsletter.domain.arrangement import ItemName
    from newsletter.service.arrange_issue import Arrangement, arrange_issue

    arrangement = Arrangement(
        remove=[ItemName.parse(item) for item in remove or ()],
        add=[ItemName.parse(item) for item in add or ()],
        lead=lead,
        features=_read_ids(features or ""),
        headlines=_read_words(headline or []),
        teasers=_read_words(teaser or []),
    )
    if arrangement == Arrangement(remove=[], add=[], features=[]):
        raise typer.BadParameter("name what to change, such as --lead ID or --remove ID")
    with open_app() as app:
        arrange_issue(number, arrangement, database=app.database, now=app.now())
        _print_issue(app, number, json=json)


def _print_issue(app: App, number: int, *, json: bool) -> None:
    from newsletter.service.item_size import measure_item
    from newsletter.service.show_issue import show_issue

    shown = show_issue(number, database=app.database, masthead=app.masthead(), now=app.now())
    if json:
        print_json(_describe_issue(shown))
        return
    drafted = shown.draft
    local = drafted.due_at.astimezone(app.cadence.zone)
    say(f"Issue {number}, {drafted.status}, due {local:%Y-%m-%d %H:%M %Z}")
    say(f"Subject:   {shown.issue.subject}")
    say(f"Preheader: {shown.issue.preheader}")
    if shown.issue.note:
        say(f"Note:      {shown.issue.note}")
    rows = [
        (item.item.slot, item.name.id, item.headline, f"{measure_item(item):,}", item.item.reason)
        for item in shown.items
    ]
    print_table(["Slot", "ID", "Headline", "Bytes", "Reason"], rows)
    if shown.waiting:
        say(f"Not in it, though no issue had them: articles {', '.join(str(stored.id) for stored in shown.waiting)}.")
    if shown.approval:
        say(f"Approved by {shown.approval.approved_by} at {shown.approval.approved_at:%Y-%m-%d %H:%M} UTC.")


def _describe_issue(shown: ShownIssue) -> dict[str, Any]:
    from newsletter.service.item_size import measure_item

    drafted, approval = shown.draft, shown.approval
    return {
        "number": drafted.number,
        "slot": drafted.slot,
        "day": drafted.day,
        "due_at": drafted.due_at,
        "status": drafted.status,
        "subject": shown.issue.subject,
        "preheader": shown.issue.preheader,
        "note": shown.issue.note,
        "items": [
            {
                "slot": item.item.slot,
                "kind": item.name.kind,
                "id": item.name.id,
                "headline": item.headline,
                "teaser": item.text,
                "url": item.url,
                "reason": item.item.reason,
                "bytes": measure_item(item),
                "withdrawn": item.is_withdrawn,
            }
            for item in shown.items
        ],
        "waiting": [stored.id for stored in shown.waiting],
        "approval": describe_approval(approval) if approval else None,
    }


def describe_approval(approval: Approval) -> dict[str, Any]:
    return {
        "approved_by": approval.approved_by,
        "approved_at": approval.approved_at,
        "digest": approval.rendered_digest,
        "overrides": approval.overrides,
    }


def _read_ids(text: str) -> list[int]:
    try:
        return [int(part) for part in text.split(",") if part.strip()]
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no list of ids; write 14,12,17") from error


def _read_words(pairs: list[str]) -> dict[int, str]:
    words: dict[int, str] = {}
    for pair in pairs:
        article_id, is_pair, text = pair.partition("=")
        if not is_pair or not article_id.strip().isdecimal():
            raise typer.BadParameter(f'{pair!r} is not ID=TEXT; write 12="A headline"')
        words[int(article_id)] = text
    return words
