"""Lists of subscribers from the desk: handed in, tried, taken over in the background, stopped and gone on with.

All that a run knows is in the database, and each piece of work is one transaction with the note that it is done. So a
run that ends anyhow, by a stop or with its process, is gone on with where it was, by any process, and counts no line
twice.
"""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from tempfile import TemporaryDirectory

from newsletter.domain.list_import import MOST_BYTES, ImportStage, ListImport, ListProgress, ListReading
from newsletter.errors import InputError, NewsletterError, RefusedError, UnreadableSourceError
from newsletter.ingest.csv_subscribers import (
    RefusedRow,
    SubscriberFile,
    SubscriberRow,
    protect_cell,
    read_columns,
    read_subscribers,
)
from newsletter.ingest.list_layout import COLUMNS, plan_reading
from newsletter.log import log
from newsletter.service.hash_order import order_by_hash
from newsletter.service.import_subscribers import keep_first, require_consent
from newsletter.service.take_rows import TakenRows, take_rows
from newsletter.store import list_imports
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.list_imports import Refusal

# One transaction each: a fraction of a second on SQLite, for which readers who leave meanwhile can wait.
_ROWS_AT_A_TIME = 5_000
# Of a long list; reading so many takes a few seconds.
_ROWS_A_LIFE_SIGN = 50_000
_PART_BYTES = 1 << 20
_FILE = "list.csv"


class _StoppedError(NewsletterError):
    """Somebody has stopped the run, or another has taken its place."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One go over a list."""

    job: ListImport
    #: tells it from any other over the same list
    number: int


def keep_list(file_name: str, parts: Iterable[bytes], *, database: Database, editor: str, now: datetime) -> ListImport:
    """Store a list that an editor hands in, by which nobody is changed yet.

    Raises UnreadableSourceError for what is no list, and InputError for one that is too long.
    """
    name = PurePath(file_name.replace("\\", "/")).name or "list.csv"
    with TemporaryDirectory() as folder:
        path = Path(folder) / _FILE
        with path.open("wb") as stream:
            for part in parts:
                if stream.write(part) and stream.tell() > MOST_BYTES:
                    raise InputError(f"{name} is longer than {MOST_BYTES >> 20} MB: hand it in as several lists.")
        with _named(name):
            columns = read_columns(path)
        plan = plan_reading(columns)
        with database.transaction() as transaction:
            import_id = list_imports.add_import(
                transaction, file_name=name, columns=columns, uploaded_by=editor, now=now
            )
            list_imports.add_parts(transaction, import_id, _split(path))
            list_imports.save_reading(
                transaction,
                import_id,
                ListReading(),
                system=plan.layout.system,
                unknown_columns=plan.unknown_columns,
            )
            _record(transaction, "list handed in", import_id, editor=editor, now=now)
            return list_imports.find_import(transaction, import_id)


def explain_reading(job: ListImport) -> dict[str, tuple[str, ...]]:
    """Return which columns of the file each of ours is read from."""
    plan = plan_reading(job.columns, job.reading.mapping)
    return {ours: tuple(job.columns[at] for at in places) for ours, places in zip(COLUMNS, plan.places, strict=True)}


def choose_reading(import_id: int, reading: ListReading, *, database: Database, now: datetime) -> ListImport:
    """Say how a list is read. Raises InputError where that cannot be, RefusedError while a run reads it."""
    with database.transaction() as transaction:
        job = list_imports.find_import(transaction, import_id)
        if not job.may_begin(now):
            raise RefusedError(f"{job.file_name} is {job.stage}: how it is read cannot be changed now.")
        plan = plan_reading(job.columns, reading.mapping)
        if not plan.places[0]:
            raise InputError("Say which column has the addresses.")
        list_imports.save_reading(
            transaction, import_id, reading, system=plan.layout.system, unknown_columns=plan.unknown_columns
        )
        return list_imports.find_import(transaction, import_id)


def begin_import(import_id: int, *, is_trial: bool, database: Database, editor: str, now: datetime) -> Run:
    """Begin a run over a list, or go on with the one that ended; ``carry_out`` then does it.

    Raises RefusedError for a list that cannot have one now.
    """
    with database.transaction() as transaction:
        job = list_imports.find_import(transaction, import_id)
        if not job.may_begin(now):
            raise RefusedError(f"{job.file_name} is {job.stage} already.")
        if not plan_reading(job.columns, job.reading.mapping).places[0]:
            raise InputError("Say which column has the addresses.")
        # A trial remembers in its own process whom it has seen: it begins anew.
        is_fresh = is_trial or job.is_trial or not job.may_go_on(now)
        number = list_imports.begin_run(transaction, import_id, is_trial=is_trial, is_fresh=is_fresh, now=now)
        _record(transaction, "list tried" if is_trial else "list imported", import_id, editor=editor, now=now)
        return Run(job=list_imports.find_import(transaction, import_id), number=number)


def carry_out(run: Run, *, database: Database, address_key: bytes, clock: Callable[[], datetime]) -> ImportStage:
    """Do a run to its end, or until somebody stops it or another takes its place; return how it stands then.

    What a list cannot be read for ends it as failed, with the reason.
    """
    stage, why = ImportStage.RUNNING, ""
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / _FILE
            _write(path, run.job.id, database=database)
            with _named(run.job.file_name):
                file = read_subscribers(path, mapping=run.job.reading.mapping)
            stage = _go_through(file, run, database=database, address_key=address_key, clock=clock)
    except _StoppedError:
        stage = ImportStage.STOPPED
    except InputError as error:
        stage, why = ImportStage.FAILED, str(error)
    with database.transaction() as transaction:
        list_imports.end_run(transaction, run.job.id, run.number, stage=stage, why=why)
    log.info("list gone through", list=run.job.id, trial=run.job.is_trial, stage=stage.value)
    return stage


def break_off(run: Run, why: str, *, database: Database) -> None:
    """Note that a run ended by a fault of ours; it can be gone on with."""
    with database.transaction() as transaction:
        list_imports.end_run(transaction, run.job.id, run.number, stage=ImportStage.STOPPED, why=why)


def stop_import(import_id: int, *, database: Database, editor: str, now: datetime) -> None:
    """Ask a run to end after the rows that it has in hand. Raises RefusedError if there is none."""
    with database.transaction() as transaction:
        job = list_imports.find_import(transaction, import_id)
        if job.stage is not ImportStage.RUNNING:
            raise RefusedError(f"{job.file_name} is not being read; it is {job.stage}.")
        list_imports.ask_to_stop(transaction, import_id)
        _record(transaction, "list stopped", import_id, editor=editor, now=now)


def drop_list(import_id: int, *, database: Database, editor: str, now: datetime) -> None:
    """Delete a list with what was refused of it; whom it brought stays. Raises RefusedError while a run reads it."""
    with database.transaction() as transaction:
        job = list_imports.find_import(transaction, import_id)
        if job.is_alive(now):
            raise RefusedError(f"{job.file_name} is being read: stop that first.")
        list_imports.delete_import(transaction, import_id)
        _record(transaction, "list deleted", import_id, editor=editor, now=now)


def write_refusals(import_id: int, *, database: Database) -> Iterator[str]:
    """Give the lines that were not taken as CSV, line by line, safe for spreadsheets."""
    with database.snapshot() as snapshot:
        yield _write_row("line", "reason", "email")
        for each in list_imports.stream_refusals(snapshot, import_id):
            yield _write_row(str(each.line), each.reason, protect_cell(each.given))


def _go_through(
    file: SubscriberFile, run: Run, *, database: Database, address_key: bytes, clock: Callable[[], datetime]
) -> ImportStage:
    job = run.job
    progress = job.progress
    rows = _show_life(require_consent(file, job.reading.consent_source), run, database=database, clock=clock)
    given = 0
    with database.roomy_connection() as connection:
        for some in order_by_hash(rows, address_key=address_key, at_a_time=_ROWS_AT_A_TIME):
            # The order is what it was in the run that this one goes on with.
            to_do = some[max(job.progress.lines - given, 0) :]
            given += len(some)
            if not to_do:
                continue
            now = clock()
            with database.transaction(on=connection) as transaction:
                if not list_imports.is_to_go_on(transaction, job.id, run.number):
                    return ImportStage.STOPPED
                taken = take_rows(transaction, to_do, now=now, is_trial=job.is_trial)
                progress = _add(progress, len(to_do), taken, untaken_tags=file.untaken_tags)
                list_imports.note_progress(
                    transaction,
                    job.id,
                    progress,
                    refusals=[Refusal(line=each.line, reason=each.reason, given=each.email) for each in taken.refused],
                    now=now,
                )
    return ImportStage.TRIED if job.is_trial else ImportStage.FINISHED


def _add(progress: ListProgress, lines: int, taken: TakenRows, *, untaken_tags: Mapping[str, int]) -> ListProgress:
    """Return how far a run has come with some more lines, and what became of them."""
    counts = Counter(progress.counts)
    counts.update({fate.value: count for fate, count in taken.counts.items()})
    return ListProgress(
        lines=progress.lines + lines,
        counts=dict(counts),
        role_lines=keep_first(progress.role_lines, taken.role_lines),
        repeated_lines=keep_first(progress.repeated_lines, taken.repeated_lines),
        left_lines=keep_first(progress.left_lines, taken.left_lines),
        untaken_tags=untaken_tags,
    )


def _show_life(
    rows: Iterable[SubscriberRow | RefusedRow], run: Run, *, database: Database, clock: Callable[[], datetime]
) -> Iterator[SubscriberRow | RefusedRow]:
    """Give the rows, and signs of life while they are read. Raises _StoppedError where the run is to end."""
    for number, row in enumerate(rows, start=1):
        if number % _ROWS_A_LIFE_SIGN == 0:
            with database.transaction() as transaction:
                if not list_imports.is_to_go_on(transaction, run.job.id, run.number):
                    raise _StoppedError
                list_imports.note_life(transaction, run.job.id, now=clock())
        yield row


def _write(path: Path, import_id: int, *, database: Database) -> None:
    with database.snapshot() as snapshot, path.open("wb") as stream:
        for part in list_imports.stream_parts(snapshot, import_id):
            stream.write(part)


def _split(path: Path) -> Iterator[bytes]:
    with path.open("rb") as stream:
        while part := stream.read(_PART_BYTES):
            yield part


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Have a sentence about an unreadable file name it as the editor knows it."""
    try:
        yield
    except UnreadableSourceError as error:
        raise UnreadableSourceError(name, error.line, error.expected) from error


def _write_row(*cells: str) -> str:
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\r\n").writerow(cells)  # RFC 4180 2.1
    return stream.getvalue()


def _record(transaction: Transaction, act: str, import_id: int, *, editor: str, now: datetime) -> None:
    record_act(transaction, act, subject=f"list {import_id}", detail={}, now=now, actor=editor)
