"""bounces: what came back, and what follows from it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from newsletter.app import App
    from newsletter.domain.bounce import BounceKind, Report
    from newsletter.domain.mailing import DeliveryId
    from newsletter.domain.stored_report import StoredReport
    from newsletter.mail.mailbox import StoredMessage
    from newsletter.service.read_bounces import ReadReport

bounces = typer.Typer(no_args_is_help=True, help="Reports and replies that came to the bounce address.")

_TRY_AGAIN = 75  # EX_TEMPFAIL of sysexits.h

BounceId = Annotated[int, typer.Argument(metavar="ID", help="As 'bounces list' shows it.")]
MboxFlag = Annotated[bool, typer.Option("--mbox", help="The files are mboxes, with many messages each.")]


@bounces.command()
def read(
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[FILE|DIR|-]",
            help="A message, a Maildir or folder, or - for stdin; else the mailboxes of the settings.",
        ),
    ] = None,
    mbox: MboxFlag = False,
    recipient: Annotated[
        str, typer.Option(help="Whom it was delivered to, from a mail server that pipes messages here.")
    ] = "",
    as_json: JsonFlag = False,
) -> None:
    """Store what came back, and suppress or unsubscribe whom it is about.

    Nothing is deleted: a message of a Maildir moves from new to cur once it is stored, one on an IMAP server to the
    folder Processed, or Unknown if it changes nobody. A message from stdin that cannot
    be stored ends with exit status 75, at which a mail server keeps it and tries again.
    """
    if source == "-":
        with _kept_by_its_sender():
            done = _read_stdin(recipient)
    else:
        done = _read_place(source, mbox=mbox)
    _print_read(done, as_json=as_json)


@bounces.command()
def classify(
    paths: Annotated[list[str], typer.Argument(metavar="PATH...", help="Files, folders of files, or - for stdin.")],
    mbox: MboxFlag = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object a line.")] = False,
) -> None:
    """Say what messages are, one file each. Needs no configuration and changes nothing."""
    from newsletter.mail.report import read_report

    for path in paths:
        for message in _read_source(path, mbox=mbox):
            report = read_report(message.raw)
            say(_classified_line(message.name, report) if as_json else _classified_text(message.name, report))


@bounces.command("list")
def list_(
    kind: Annotated[str | None, typer.Option(help="Only these; not_bounce shows letters that people wrote.")] = None,
    limit: Annotated[int, typer.Option(min=1, help="At most so many.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """List what came back, the latest first."""
    from newsletter.app import open_app
    from newsletter.store.bounces import list_reports

    wanted = _read_kind(kind) if kind else None
    with open_app() as app, app.database.snapshot() as snapshot:
        reports = list_reports(snapshot, kind=wanted, limit=limit)
    if as_json:
        print_json([_document(report) for report in reports])
        return
    print_table(
        ["ID", "Received", "Kind", "Reason or rule", "Delivery", "Counts", "Words"],
        [
            [
                report.id,
                f"{report.received_at:%Y-%m-%d %H:%M}",
                report.fate.kind.value,
                report.fate.reason or (report.fate.rule if report.fate.kind == "not_bounce" else ""),
                _name(report.delivery) if report.delivery else "",
                "taken back" if report.reversed_at else report.ignored_because or "yes",
                report.fate.words,
            ]
            for report in reports
        ],
    )


@bounces.command()
def show(bounce_id: BounceId) -> None:
    """Write a stored message to stdout, as it came."""
    from newsletter.app import open_app
    from newsletter.store.bounces import load_raw

    with open_app() as app, app.database.snapshot() as snapshot:
        typer.echo(load_raw(snapshot, bounce_id), nl=False)


@bounces.command()
def replay(
    apply: Annotated[bool, typer.Option("--apply", help="Do it; without, only say who would change.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """Decide again over the stored reports, after a rule has changed."""
    from newsletter.app import open_app
    from newsletter.service.replay_bounces import replay_bounces

    with open_app() as app:
        result = replay_bounces(database=app.database, policy=app.bounce_policy, now=app.now(), apply=apply)
    if as_json:
        print_json(
            {
                "applied": apply,
                "reports": result.reports,
                "reclassified": [
                    {"from": before, "to": after, "count": count}
                    for (before, after), count in sorted(result.reclassified.items())
                ],
                "suppressed": [_name(delivery) for delivery in result.suppressed],
                "lifted": [_name(delivery) for delivery in result.lifted],
            }
        )
        return
    say(f"{name_count(result.reports, 'report')} read again, {result.reclassified.total():,} of them differently.")
    for (before, after), count in sorted(result.reclassified.items()):
        say(f"  {count:,} from {before} to {after}")
    would = "" if apply else "would be "
    for what, whose in (("suppressed", result.suppressed), ("mailed again", result.lifted)):
        say(f"{name_count(len(whose), 'address', 'addresses')} {would}{what}{_names(whose)}")
    if not apply and (result.reclassified or result.suppressed or result.lifted):
        say("Nothing was changed: 'newsletter bounces replay --apply' does it.")


@bounces.command()
def reverse(bounce_id: BounceId) -> None:
    """Take a report back; the address is mailed again if nothing else speaks against it."""
    from newsletter.app import open_app
    from newsletter.service.reverse_bounce import reverse_bounce

    with open_app() as app:
        reversal = reverse_bounce(bounce_id, database=app.database, policy=app.bounce_policy, now=app.now())
    lifted = "The address is mailed again." if reversal.is_lifted else "No suppression rested on it alone."
    say(f"Bounce {bounce_id} is taken back. {lifted}")


@contextmanager
def _kept_by_its_sender() -> Iterator[None]:
    """Turn every failure into EX_TEMPFAIL (sysexits.h): a mail server takes any other status for a refusal."""
    from newsletter.errors import describe_failure

    try:
        yield
    except Exception as error:
        typer.echo(f"newsletter: not stored, try again: {describe_failure(error)}", err=True)
        raise typer.Exit(_TRY_AGAIN) from error


def _read_stdin(recipient: str) -> ReadReport:
    import sys

    from newsletter.app import open_app
    from newsletter.intake import take_in
    from newsletter.mail.mailbox import StoredMessage
    from newsletter.mail.parts import MOST_BYTES

    message = StoredMessage("-", sys.stdin.buffer.read(MOST_BYTES + 1), recipient)
    with open_app() as app:
        return take_in([message], app=app)


def _read_place(source: str | None, *, mbox: bool) -> ReadReport:
    from pathlib import Path

    from newsletter.app import open_app
    from newsletter.intake import take_in
    from newsletter.mail.mailbox import keep, read_maildir

    with open_app() as app:
        if source is None:
            return _read_configured(app)
        folder = Path(source)
        if mbox or not (folder / "new").is_dir():
            return take_in(_read_source(source, mbox=mbox), app=app)
        return take_in(read_maildir(folder), app=app, on_stored=lambda message, _filing: keep(folder, message.name))


def _read_configured(app: App) -> ReadReport:
    from newsletter.errors import ConfigurationError
    from newsletter.intake import read_mailboxes

    if not app.settings.bounces.maildir and not app.settings.bounces.imap_url:
        raise ConfigurationError(
            "[bounces] maildir is not set, nor is imap_url: write where reports are delivered to, or name a file."
        )
    return read_mailboxes(app)


def _read_source(place: str, *, mbox: bool) -> Iterator[StoredMessage]:
    import sys
    from pathlib import Path

    from newsletter.mail.mailbox import StoredMessage, read_files, read_maildir, read_mbox
    from newsletter.mail.parts import MOST_BYTES

    path = Path(place)
    if place == "-":
        yield StoredMessage("-", sys.stdin.buffer.read(MOST_BYTES + 1))
    elif mbox:
        yield from read_mbox(path)
    elif (path / "new").is_dir():
        yield from read_maildir(path)
    else:
        yield from read_files([path])


def _read_kind(text: str) -> BounceKind:
    from newsletter.domain.bounce import BounceKind

    try:
        return BounceKind(text)
    except ValueError as error:
        raise typer.BadParameter(f"{text!r} is no kind; there are {', '.join(BounceKind)}.") from error


def _print_read(done: ReadReport, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "stored": done.kinds.total(),
                "duplicates": done.duplicates,
                "kinds": done.kinds,
                "ignored": done.ignored,
                "suppressed": [_name(delivery) for delivery in done.suppressed],
                "unsubscribed": [_name(delivery) for delivery in done.unsubscribed],
                "forwarded": done.forwarded,
                "paused": done.paused,
            }
        )
        return
    stored = name_count(done.kinds.total(), "message")
    say(f"{stored} stored{_counts(done.kinds)}; {done.duplicates:,} there already.")
    if done.ignored:
        say(f"{done.ignored.total():,} of them without effect{_counts(done.ignored)}.")
    suppressed = name_count(len(done.suppressed), "address", "addresses")
    say(f"{suppressed} suppressed, {name_count(len(done.unsubscribed), 'reader')} left by mail.")
    if done.forwarded:
        say(f"{name_count(len(done.forwarded), 'letter')} of readers on the way to the editors.")
    for mailing, reason in done.paused.items():
        say(f"Mailing {mailing} is paused: {reason}")


def _counts(counter: Mapping[Any, int]) -> str:
    named = ", ".join(f"{count:,} {name}" for name, count in counter.items())
    return f" ({named})" if named else ""


def _classified_line(name: str, report: Report) -> str:
    import json

    recipients = [
        {"address": each.address, "kind": each.kind, "status": each.status, "reason": each.reason}
        for each in report.recipients
    ]
    document = {
        "file": name, "kind": report.kind, "recipients": recipients, "rule": report.rule, "words": report.words,
    }  # fmt: skip
    return json.dumps(document)  # ASCII: a file name or a stranger's words may hold what UTF-8 cannot


def _classified_text(name: str, report: Report) -> str:
    lines = [f"{name}: {report.kind} ({report.rule})"]
    lines += [
        f"  {each.address or 'address hidden'}: {each.kind}, {each.reason} {each.status}".rstrip()
        for each in report.recipients
    ]
    return "\n".join(lines).encode("utf-8", "replace").decode("utf-8")


def _document(report: StoredReport) -> dict[str, object]:
    return {
        "id": report.id,
        "received_at": report.received_at,
        "kind": report.fate.kind,
        "reason": report.fate.reason,
        "status": report.fate.status,
        "rule": report.fate.rule,
        "words": report.fate.words,
        "delivery": _name(report.delivery) if report.delivery else None,
        "ignored_because": report.ignored_because,
        "reversed_at": report.reversed_at,
    }


def _name(delivery: DeliveryId) -> str:
    return f"{delivery.mailing}/{delivery.position}"


def _names(deliveries: Iterable[DeliveryId]) -> str:
    named = ", ".join(_name(delivery) for delivery in deliveries)
    return f": {named}" if named else "."
