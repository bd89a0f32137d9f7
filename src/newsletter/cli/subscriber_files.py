"""Commands of `newsletter subscribers` that read and write files of many: import and export."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.output import JsonFlag, name_count, print_json, say, warn
from newsletter.cli.segments import SegmentOption

if TYPE_CHECKING:
    from newsletter.service.import_subscribers import SubscriberImport


def add_commands(subscribers: typer.Typer) -> None:
    subscribers.command("import")(import_)
    subscribers.command()(export)


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
    """Import subscribers: email,name,consent_source,consent_at,topics,language,status,tags and dates, in any order.

    Lines with a consent become active subscribers, or what their status column says. created_at is when somebody signed
    up, else consent_at is, and unsubscribed_at when somebody left. Nobody who is stored, has left or is suppressed is
    changed; who is new gets the tags. The lists that listmonk, Mailchimp and Ghost export are read as they are: who has
    left there has left here, and to whom letters bounced is suppressed. Refused lines, and those of people who have
    left there and are active here, are listed by number and reason in FILE.rejected.csv.
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
    _say_reading(report, is_trial=is_trial)
    if as_json:
        print_json(_describe(report))
    else:
        say(
            "{added} added, {duplicate} there already, {repeated} twice in the file, {unsubscribed} have left before, "
            "{left_there} have left there but not here, {suppressed} suppressed, {refused} refused.".format(
                **_count_lines(report)
            )
        )
    _say_lines(report)
    if not report.is_useful:
        raise typer.Exit(1)


def export(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE.csv]", help="Else to standard output.")] = None,
    segment: SegmentOption = "",
) -> None:
    """Write all subscribers as CSV that can be imported again and that spreadsheets open safely."""
    from newsletter.app import open_app
    from newsletter.errors import InputError
    from newsletter.service.export_subscribers import export_subscribers
    from newsletter.store.segments import find_segment

    with open_app() as app:
        with app.database.snapshot() as snapshot:
            those = find_segment(snapshot, segment) if segment else None
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


def _say_reading(report: SubscriberImport, *, is_trial: bool) -> None:
    if report.system:
        warn(f"This is a list of {report.system}.")
    if is_trial:
        warn("Nothing was stored; an import would find:")
    if report.unknown_columns:
        warn(f"Columns that mean nothing here were ignored: {', '.join(report.unknown_columns)}.")
    if report.untaken_tags:
        warn(f"Not kept, for they cannot be tags: {', '.join(report.untaken_tags)}.")


def _say_lines(report: SubscriberImport) -> None:
    """Say which lines somebody should look at."""
    from newsletter.service.take_rows import Fate

    if report.left_lines:
        lines = _name_lines(report.left_lines, report.counts[Fate.LEFT_THERE])
        warn(f"Who has left there, or bounced, and is active here: {lines}; nothing was changed. Look at them.")
    if report.repeated_lines:
        lines = _name_lines(report.repeated_lines, report.counts[Fate.REPEATED])
        warn(f"Addresses that an earlier line has: {lines}.")
    if report.role_lines:
        lines = _name_lines(report.role_lines)
        warn(f"Addresses that an office shares, such as info@, were taken; look at them: {lines}.")
    if report.rejected_file:
        warn(f"The lines that were not taken, and why, are in {report.rejected_file}.")


def _count_lines(report: SubscriberImport) -> dict[str, int]:
    return {fate.value: count for fate, count in report.counts.items()}


def _describe(report: SubscriberImport) -> dict[str, object]:
    return {
        **_count_lines(report),
        "system": report.system or None,
        "role_lines": report.role_lines,
        "repeated_lines": report.repeated_lines,
        "left_lines": report.left_lines,
        "unknown_columns": report.unknown_columns,
        "untaken_tags": report.untaken_tags,
        "rejected_file": str(report.rejected_file) if report.rejected_file else None,
    }


def _name_lines(lines: Sequence[int], count: int = 0) -> str:
    """Return such as "lines 2, 3 and 40 more"; ``count`` is how many there are of the kind."""
    rest = f" and {count - len(lines):,} more" if count > len(lines) else ""
    return f"lines {', '.join(map(str, lines))}{rest}"


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
