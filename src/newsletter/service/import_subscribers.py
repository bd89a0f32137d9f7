"""Take a list of subscribers over from a file."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import (
    RefusedRow,
    SubscriberFile,
    SubscriberRow,
    protect_cell,
    read_subscribers,
)
from newsletter.log import log
from newsletter.service.hash_order import order_by_hash
from newsletter.service.take_rows import Fate, take_rows
from newsletter.store.database import Database

# One transaction each, a fraction of a second on SQLite. They are held in memory, a kilobyte and more each.
_ROWS_AT_A_TIME = 10_000

_MOST_LINES = 20  # of one kind are named
_NO_CONSENT = "It names no consent_source; where all gave consent in one place, name it with --consent-source."


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberImport:
    """What became of a file, or would become of it."""

    #: whose list it was; "" for our own
    system: str
    counts: dict[Fate, int]
    #: lines, from 1, of added addresses that an office shares; the first ones of them
    role_lines: tuple[int, ...]
    #: the first ones of those that are REPEATED
    repeated_lines: tuple[int, ...]
    #: the first ones of those that are LEFT_THERE; all of them are in the rejected file
    left_lines: tuple[int, ...]
    unknown_columns: tuple[str, ...]
    #: what could not be a tag, and in how many lines; the first ones of them
    untaken_tags: Mapping[str, int]
    #: line, reason and address of each that was refused or LEFT_THERE; None if there is none
    rejected_file: Path | None

    @property
    def is_useful(self) -> bool:
        """Tell whether any line was taken, or was there already."""
        return sum(self.counts.values()) > self.counts[Fate.REFUSED]


def import_subscribers(
    path: Path,
    *,
    database: Database,
    address_key: bytes,
    now: datetime,
    consent_source: str = "",
    mapping: Mapping[str, str] | None = None,
    is_trial: bool = False,
    progress: Callable[[int], None] = lambda _lines: None,
) -> SubscriberImport:
    """Import a CSV file; ``progress`` hears how many more lines are done.

    ``consent_source`` stands in where a line names none; without either, a line is refused unless it only says that the
    person has left. Nobody who is stored, suppressed or unsubscribed is changed. An import that was cut short may be
    run again. A trial says what would become of each line, and stores nothing. Raises UnreadableSourceError, and has
    then taken nothing.
    """
    file = read_subscribers(path, mapping=mapping)
    rejected_file = path.with_suffix(".rejected.csv")
    with _writing(rejected_file):
        rejected_file.unlink(missing_ok=True)
    rows = require_consent(file, consent_source)
    counts = Counter(dict.fromkeys(Fate, 0))
    roles: tuple[int, ...] = ()
    repeated: tuple[int, ...] = ()
    left: tuple[int, ...] = ()
    with database.roomy_connection() as connection:
        for some in order_by_hash(rows, address_key=address_key, at_a_time=_ROWS_AT_A_TIME):
            with database.transaction(on=connection) as transaction:
                taken = take_rows(transaction, some, now=now, is_trial=is_trial)
            counts.update(taken.counts)
            roles = keep_first(roles, taken.role_lines)
            repeated = keep_first(repeated, taken.repeated_lines)
            left = keep_first(left, taken.left_lines)
            _note_refused(rejected_file, taken.refused)
            progress(len(some))
            del some  # or they would be in memory while the next ones are gathered
    log.info("subscribers imported", trial=is_trial, **{fate.value: count for fate, count in counts.items()})
    return SubscriberImport(
        system=file.system,
        counts=dict(counts),
        role_lines=roles,
        repeated_lines=repeated,
        left_lines=left,
        unknown_columns=file.unknown_columns,
        untaken_tags=file.untaken_tags,
        rejected_file=rejected_file if counts[Fate.REFUSED] or counts[Fate.LEFT_THERE] else None,
    )


def keep_first(lines: Sequence[int], more: Iterable[int]) -> tuple[int, ...]:
    """Return the first ones of all these lines, of which an editor looks at some."""
    return tuple(sorted({*lines, *more})[:_MOST_LINES])


def require_consent(file: SubscriberFile, consent_source: str) -> Iterator[SubscriberRow | RefusedRow]:
    """Give the rows of a file, those without consent refused; to know that somebody has left needs none.

    ``consent_source`` stands in where a line names none, and for another system's list the name of that system does;
    of those who have left, only where their line says when they had consented.
    """
    for_all = consent_source or (f"{file.system} list" if file.system else "")
    for row in file.rows:
        if isinstance(row, RefusedRow) or row.consent_source:
            yield row
        elif row.status is SubscriberStatus.UNSUBSCRIBED:
            yield row._replace(consent_source=for_all) if row.consent_at else row
        elif for_all:
            yield row._replace(consent_source=for_all)
        else:
            yield RefusedRow(line=row.line, reason=_NO_CONSENT, email=row.address.text)


def _note_refused(path: Path, refused: Iterable[RefusedRow]) -> None:
    rows = [(row.line, row.reason, protect_cell(row.email)) for row in refused]
    if not rows:
        return
    is_new = not path.exists()
    with _writing(path), path.open("a", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        if is_new:
            writer.writerow(("line", "reason", "email"))
        writer.writerows(rows)


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path}, where refused lines are listed, cannot be written: {error.strerror}.") from error
