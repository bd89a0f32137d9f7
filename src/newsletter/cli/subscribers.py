"""`newsletter subscribers`: import, export, add, show, unsubscribe, forget, list."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, print_table, say, warn

if TYPE_CHECKING:
    from newsletter.app import App
    from newsletter.domain.segment import Segment
    from newsletter.domain.subscriber import Subscriber

subscribers = typer.Typer(no_args_is_help=True, help="The people who receive the newsletter.")

SegmentOption = Annotated[str, typer.Option("--segment", metavar="NAME", help="Only those in this saved segment.")]
Addresses = Annotated[list[str] | None, typer.Argument(metavar="[ADDRESS]...", help="Those of single people.")]
Address = Annotated[str, typer.Argument(metavar="ADDRESS", help="The person's email address.")]


@subscribers.command("import")
def import_(
    file: Annotated[
        Path, typer.Argument(metavar="FILE.csv", help="UTF-8, with a header line; only email is required.")
    ],
    consent_source: Annotated[
        str, typer.Option("--consent-source", help="Where everybody in it gave consent, for lines that do not say.")
    ] = "",
    columns: Annotated[
        list[str] | None,
        typer.Option("--column", metavar="THEIRS=OURS", help="What a column of the file is; as often as needed."),
    ] = None,
    is_trial: Annotated[
        bool, typer.Option("--dry-run", help="Say what would become of each line, and store nothing.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Import subscribers: email,name,consent_source,consent_at,topics,language,status, in any order.

    Lines with a consent become active subscribers, or what their status column says. Nobody who is stored, has left or
    is suppressed is changed. The lists that listmonk, Mailchimp and Ghost export are read as they are: who has left
    there has left here, and to whom letters bounced is suppressed. Refused lines are listed by number and reason in
    FILE.rejected.csv.
    """
    from newsletter.app import open_app
    from newsletter.service.import_subscribers import import_subscribers

    with open_app() as app, _show_lines() as progress:
        report = import_subscribers(
            file,
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
            consent_source=consent_source,
            mapping=_read_columns(columns or []),
            is_trial=is_trial,
            progress=progress,
        )
    if report.system:
        warn(f"This is a list of {report.system}.")
    if is_trial:
        warn("Nothing was stored; an import would find:")
    if report.unknown_columns:
        warn(f"Columns that mean nothing here were ignored: {', '.join(report.unknown_columns)}.")
    counts = {fate.value: count for fate, count in report.counts.items()}
    if as_json:
        rejected_file = str(report.rejected_file) if report.rejected_file else None
        print_json(
            {
                **counts,
                "system": report.system or None,
                "role_lines": report.role_lines,
                "unknown_columns": report.unknown_columns,
                "rejected_file": rejected_file,
            }
        )
    else:
        say(
            "{added} added, {duplicate} there already, {unsubscribed} have left before, {suppressed} suppressed, "
            "{refused} refused.".format(**counts)
        )
    if report.role_lines:
        lines = ", ".join(map(str, report.role_lines))
        warn(f"Addresses that an office shares, such as info@, were taken; look at them: lines {lines}.")
    if report.rejected_file:
        warn(f"The refused lines and the reasons are in {report.rejected_file}.")
    if not report.is_useful:
        raise typer.Exit(1)


@subscribers.command()
def export(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.csv]", help="Else to standard output.")] = None,
    segment: SegmentOption = "",
) -> None:
    """Write all subscribers as CSV that can be imported again and that spreadsheets open safely."""
    from newsletter.app import open_app
    from newsletter.errors import InputError
    from newsletter.service.export_subscribers import export_subscribers

    with open_app() as app:
        those = _find_segment(app, segment)
        if file is None:
            sys.stdout.reconfigure(encoding="utf-8", newline="")  # type: ignore[union-attr]
            export_subscribers(sys.stdout, database=app.database, segment=those)
            return
        try:
            stream = file.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise InputError(f"{file} cannot be written: {error.strerror}.") from error
        with stream:
            count = export_subscribers(stream, database=app.database, segment=those)
        say(f"{name_count(count, 'subscriber')} written to {file}.")


@subscribers.command()
def tag(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The tag, a word or several.")],
    addresses: Addresses = None,
    segment: SegmentOption = "",
) -> None:
    """Give a tag to people, or to everybody in a saved segment."""
    say(f"{name_count(_tag(tag, addresses, segment, is_taken=False), 'subscriber')} tagged {tag}.")


@subscribers.command()
def untag(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The tag, a word or several.")],
    addresses: Addresses = None,
    segment: SegmentOption = "",
) -> None:
    """Take a tag from people, or from everybody in a saved segment."""
    say(f"{name_count(_tag(tag, addresses, segment, is_taken=True), 'subscriber')} no longer tagged {tag}.")


def _tag(tag: str, addresses: list[str] | None, segment: str, *, is_taken: bool) -> int:
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.save_segment import tag_subscribers

    with open_app() as app:
        return tag_subscribers(
            tag,
            segment=segment,
            addresses=[EmailAddress.parse(address) for address in addresses or ()],
            is_taken=is_taken,
            database=app.database,
            now=app.now(),
        )


@subscribers.command()
def add(
    address: Address,
    consent_source: Annotated[
        str, typer.Option("--consent-source", help="Where the person gave consent: a form, an event, a letter.")
    ],
    name: Annotated[str, typer.Option("--name", help="As the person writes it.")] = "",
    topics: Annotated[str, typer.Option("--topics", help="articles,events,news; all of them by default.")] = "",
    language: Annotated[str, typer.Option("--language", help="Such as en or sr-Latn.")] = "",
) -> None:
    """Add one person who has consented."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.domain.topic import Topic
    from newsletter.service.add_subscriber import add_subscriber

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        add_subscriber(
            parsed,
            name=" ".join(name.split()),
            topics=Topic.parse(filter(None, topics.split(","))),
            language=language,
            consent_source=consent_source,
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
        )
    say(f"{parsed} is an active subscriber.")


@subscribers.command()
def show(address: Address, as_json: JsonFlag = False) -> None:
    """Show everything that is stored about a person."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.person_record import describe_record, dump_record, find_record

    with open_app() as app:
        record = find_record(EmailAddress.parse(address), database=app.database, address_key=app.address_key)
    if as_json:
        print_json(dump_record(record))
    else:
        say(describe_record(record))


@subscribers.command()
def unsubscribe(
    address: Address,
    source: Annotated[str, typer.Option("--source", help="How the wish reached you.")] = "told the editors",
) -> None:
    """Note that a reader has left; the reader gets a goodbye notice. Doing it again changes nothing."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.unsubscribe import unsubscribe_address

    with open_app() as app:
        parsed = EmailAddress.parse(address)
        has_left = unsubscribe_address(parsed, source=source, database=app.database, now=app.now())
    say(f"{parsed} has left." if has_left else f"{parsed} had left before; nothing was changed.")


@subscribers.command()
def forget(address: Address) -> None:
    """Erase a person. Counts stay right, and a hash keeps old lists from bringing the address back."""
    from newsletter.app import open_app
    from newsletter.domain.address import EmailAddress
    from newsletter.service.forget_subscriber import forget_subscriber

    with open_app() as app:
        forget_subscriber(
            EmailAddress.parse(address), database=app.database, address_key=app.address_key, now=app.now()
        )
    say("Erased. Only hashes are left, which name nobody.")


@subscribers.command()
def reasons(
    since: Annotated[
        datetime | None, typer.Option("--since", formats=["%Y-%m-%d"], help="Only those given on that day or later.")
    ] = None,
    limit: Annotated[int, typer.Option("--limit", min=0, help="At most so many in readers' words.")] = 50,
    as_json: JsonFlag = False,
) -> None:
    """Show why readers left, where they said so. Nobody knows who said what."""
    from newsletter.app import open_app
    from newsletter.store.leaving_reasons import count_causes, list_words

    first = since.date() if since else None
    with open_app() as app, app.database.snapshot() as snapshot:
        counts = count_causes(snapshot, since=first)
        words = list_words(snapshot, since=first, limit=limit)
    if as_json:
        quoted = [{"given_on": each.given_on, "cause": each.cause, "words": each.words} for each in words]
        print_json({"causes": counts, "words": quoted})
        return
    print_table(["Cause", "Readers"], [[cause.replace("_", " "), count] for cause, count in counts.items()])
    for each in words:
        say(f"\n{each.given_on}, {each.cause.replace('_', ' ')}: {each.words}")


@subscribers.command("list")
def list_(
    status: Annotated[str, typer.Option("--status", help="pending, active or unsubscribed.")] = "",
    segment: SegmentOption = "",
    limit: Annotated[int | None, typer.Option("--limit", min=1, help="At most so many.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """List subscribers in the order in which they came."""
    from newsletter.app import open_app
    from newsletter.domain.subscriber import SubscriberStatus
    from newsletter.errors import InputError
    from newsletter.store.subscribers import list_subscribers

    try:
        wanted = SubscriberStatus(status) if status else None
    except ValueError as error:
        raise InputError(f"{status!r} is not a status; there are {', '.join(SubscriberStatus)}.") from error
    with open_app() as app, app.database.snapshot() as snapshot:
        people = list_subscribers(snapshot, status=wanted, segment=_find_segment(app, segment), limit=limit)
        listed = [_list_entry(subscriber) for subscriber in people]
    if as_json:
        print_json(listed)
        return
    print_table(
        ["Address", "Name", "Status", "Topics", "Since"],
        [
            [
                entry["address"],
                entry["name"],
                entry["status"],
                ", ".join(entry["topics"]),
                f"{entry['created_at']:%Y-%m-%d}",
            ]
            for entry in listed
        ],
    )


def _find_segment(app: App, name: str) -> Segment | None:
    from newsletter.store.segments import find_segment

    if not name:
        return None
    with app.database.snapshot() as snapshot:
        return find_segment(snapshot, name)


def _read_columns(pairs: list[str]) -> dict[str, str]:
    from newsletter.errors import InputError

    mapping = {}
    for pair in pairs:
        theirs, sign, ours = pair.rpartition("=")
        if not sign or not theirs.strip():
            raise InputError(f"{pair!r}: say what a column is as in --column 'Full name=name'.")
        mapping[theirs] = ours.strip().lower()
    return mapping


@contextmanager
def _show_lines() -> Iterator[Callable[[int], None]]:
    """Show how many lines are done, where stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _lines: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.completed:,.0f} lines"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("import", total=None)
        yield lambda lines: bar.advance(task, lines)


def _list_entry(subscriber: Subscriber) -> dict[str, Any]:
    return {
        "address": subscriber.address.text,
        "name": subscriber.name,
        "status": subscriber.status,
        "topics": subscriber.topics.names,
        "text_only": subscriber.is_text_only,
        "language": subscriber.language,
        "paused_until": subscriber.paused_until,
        "created_at": subscriber.created_at,
        "unsubscribed_at": subscriber.unsubscribed_at,
    }
