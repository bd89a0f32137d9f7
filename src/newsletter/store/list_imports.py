"""Lists that were handed in at the desk, their pieces, and how far their import has come."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from newsletter.domain.list_import import ImportStage, ListImport, ListProgress, ListReading
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import list_import_parts, list_import_refusals, list_imports

_ROWS_AT_A_TIME = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """One line that was not taken."""

    line: int
    reason: str
    #: what stood where the address belongs
    given: str


def add_import(
    transaction: Transaction, *, file_name: str, columns: Sequence[str], uploaded_by: str, now: datetime
) -> int:
    """Store a list without its pieces; return its id."""
    result = transaction.execute(
        insert(list_imports).values(
            file_name=file_name,
            size=0,
            uploaded_by=uploaded_by,
            uploaded_at=now,
            stage=ImportStage.WAITING,
            mapping={},
            columns=list(columns),
            unknown_columns=[],
            **asdict(ListProgress()),
        )
    )
    key = result.inserted_primary_key
    import_id: int = key[0] if key else 0
    return import_id


def add_parts(transaction: Transaction, import_id: int, parts: Iterable[bytes]) -> None:
    size = 0
    for number, part in enumerate(parts):
        transaction.execute(insert(list_import_parts).values(import_id=import_id, number=number, content=part))
        size += len(part)
    transaction.execute(update(list_imports).filter_by(id=import_id).values(size=size))


def stream_parts(transaction: Transaction, import_id: int) -> Iterator[bytes]:
    numbers = select(list_import_parts.c.number).filter_by(import_id=import_id).order_by(list_import_parts.c.number)
    content = select(list_import_parts.c.content).filter_by(import_id=import_id)
    for number in transaction.scalars(numbers).all():
        part: bytes = transaction.scalars(content.filter_by(number=number)).one()
        yield part


def find_import(transaction: Transaction, import_id: int) -> ListImport:
    """Raise NotFoundError for one that never was, or was deleted."""
    row = transaction.execute(select(list_imports).filter_by(id=import_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no list {import_id}; lists are kept for two weeks, then hand it in again.")
    return _load(row)


def list_all(transaction: Transaction) -> list[ListImport]:
    """Return them, the latest first."""
    rows = transaction.execute(select(list_imports).order_by(list_imports.c.id.desc()))
    return [_load(row) for row in rows]


def save_reading(
    transaction: Transaction,
    import_id: int,
    reading: ListReading,
    *,
    system: str,
    unknown_columns: Sequence[str],
) -> None:
    values = {
        "mapping": dict(reading.mapping),
        "consent_source": reading.consent_source,
        "system": system,
        "unknown_columns": list(unknown_columns),
    }
    transaction.execute(update(list_imports).filter_by(id=import_id).values(values))


def begin_run(transaction: Transaction, import_id: int, *, is_trial: bool, is_fresh: bool, now: datetime) -> int:
    """Mark a run as begun and return its number; a fresh one has done no line yet."""
    values: dict[str, Any] = {
        "stage": ImportStage.RUNNING, "is_trial": is_trial, "is_stopping": False, "why": "", "alive_at": now,
        "run": list_imports.c.run + 1,
    }  # fmt: skip
    if is_fresh:
        values |= asdict(ListProgress())
        transaction.execute(delete(list_import_refusals).filter_by(import_id=import_id))
    transaction.execute(update(list_imports).filter_by(id=import_id).values(values))
    number: int = transaction.scalars(select(list_imports.c.run).filter_by(id=import_id)).one()
    return number


def is_to_go_on(transaction: Transaction, import_id: int, run: int) -> bool:
    """Tell whether a run is still the one at work, and nobody has asked it to stop."""
    query = select(list_imports.c.run, list_imports.c.is_stopping).filter_by(id=import_id)
    row = transaction.execute(query.with_for_update()).one_or_none()
    return row is not None and row.run == run and not row.is_stopping


def note_progress(
    transaction: Transaction,
    import_id: int,
    progress: ListProgress,
    *,
    refusals: Sequence[Refusal],
    now: datetime,
) -> None:
    """Record what a run has done until now; only the refusals are those of the last rows alone."""
    values = asdict(progress) | {"alive_at": now}
    transaction.execute(update(list_imports).filter_by(id=import_id).values(values))
    if refusals:
        rows = [
            {"import_id": import_id, "line": each.line, "reason": each.reason, "given": each.given} for each in refusals
        ]
        transaction.execute(insert(list_import_refusals), rows)


def note_life(transaction: Transaction, import_id: int, *, now: datetime) -> None:
    """Record that a run is at work, though it has done no more lines."""
    transaction.execute(update(list_imports).filter_by(id=import_id).values(alive_at=now))


def ask_to_stop(transaction: Transaction, import_id: int) -> None:
    transaction.execute(update(list_imports).filter_by(id=import_id).values(is_stopping=True))


def end_run(transaction: Transaction, import_id: int, run: int, *, stage: ImportStage, why: str = "") -> None:
    """Note how a run ended, unless another has taken its place; of a list that was taken over the file goes."""
    ended = update(list_imports).filter_by(id=import_id, run=run)
    result = transaction.execute(ended.values(stage=stage, is_stopping=False, why=why))
    if result.rowcount and stage is ImportStage.FINISHED:
        transaction.execute(delete(list_import_parts).filter_by(import_id=import_id))


def count_refusals(transaction: Transaction, import_id: int) -> int:
    query = select(func.count()).select_from(list_import_refusals).filter_by(import_id=import_id)
    return transaction.scalar(query) or 0


def stream_refusals(transaction: Transaction, import_id: int, *, limit: int | None = None) -> Iterator[Refusal]:
    """Give the lines that were not taken, in their order."""
    query = select(list_import_refusals).filter_by(import_id=import_id).order_by(list_import_refusals.c.line)
    for row in transaction.execute(query.limit(limit), execution_options={"yield_per": _ROWS_AT_A_TIME}):
        yield Refusal(line=row.line, reason=row.reason, given=row.given)


def delete_import(transaction: Transaction, import_id: int) -> None:
    """Delete a list with its pieces; whom it brought stays."""
    transaction.execute(delete(list_imports).filter_by(id=import_id))


def delete_old(transaction: Transaction, *, before: datetime) -> int:
    """Delete the lists that were handed in before then; return how many."""
    return transaction.execute(delete(list_imports).where(list_imports.c.uploaded_at < before)).rowcount


def _load(row: Row[*tuple[Any, ...]]) -> ListImport:
    return ListImport(
        id=row.id,
        file_name=row.file_name,
        size=row.size,
        uploaded_by=row.uploaded_by,
        uploaded_at=row.uploaded_at,
        stage=ImportStage(row.stage),
        is_trial=row.is_trial,
        reading=ListReading(mapping=row.mapping, consent_source=row.consent_source),
        system=row.system,
        columns=tuple(row.columns),
        unknown_columns=tuple(row.unknown_columns),
        is_stopping=row.is_stopping,
        progress=ListProgress(
            lines=row.lines,
            counts=row.counts,
            role_lines=tuple(row.role_lines),
            repeated_lines=tuple(row.repeated_lines),
            left_lines=tuple(row.left_lines),
            untaken_tags=row.untaken_tags,
        ),
        why=row.why,
        alive_at=row.alive_at,
    )
