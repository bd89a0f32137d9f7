"""Take a list of subscribers over from a file."""

from __future__ import annotations

import csv
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from pathlib import Path

import structlog

from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.token import hash_address
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow, protect_cell, read_subscribers
from newsletter.store.consents import record_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.subscribers import add_subscribers, find_statuses
from newsletter.store.suppressions import find_suppressed

log = structlog.get_logger(__name__)

# One transaction each: long enough to be fast, short enough that no other writer waits for it noticeably.
_ROWS_AT_A_TIME = 5_000


class Fate(StrEnum):
    """What became of one line."""

    #: stored
    ADDED = "added"
    #: stored already, or a second time in the file; left as it is
    DUPLICATE = "duplicate"
    #: has left before; an import brings nobody back
    UNSUBSCRIBED = "unsubscribed"
    #: suppressed; left as it is
    SUPPRESSED = "suppressed"
    #: cannot be read, or has no consent
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberImport:
    """What became of a file."""

    counts: dict[Fate, int]
    unknown_columns: tuple[str, ...]
    #: line, reason and address of each refused line; None if there is none
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
    progress: Callable[[int], None] = lambda _lines: None,
) -> SubscriberImport:
    """Import a CSV file; ``progress`` hears how many more lines are done.

    ``consent_source`` stands in where a line names none; without either, a line is refused unless it only says that the
    person has left. Nobody who is stored, suppressed or unsubscribed is changed. An import that was cut short may be
    run again. Raises UnreadableSourceError, and has then taken nothing.
    """
    file = read_subscribers(path)
    rejected_file = path.with_suffix(".rejected.csv")
    with _writing(rejected_file):
        rejected_file.unlink(missing_ok=True)
    counts = Counter(dict.fromkeys(Fate, 0))
    while chunk := list(islice(file.rows, _ROWS_AT_A_TIME)):
        rows = [_require_consent(row, consent_source) for row in chunk]
        refused = [row for row in rows if isinstance(row, RefusedRow)]
        readable = [row for row in rows if isinstance(row, SubscriberRow)]
        with database.transaction() as transaction:
            counts.update(_store(transaction, readable, address_key=address_key, now=now))
        counts[Fate.REFUSED] += len(refused)
        _note_refused(rejected_file, refused)
        progress(len(chunk))
    log.info("subscribers imported", **{fate.value: count for fate, count in counts.items()})
    return SubscriberImport(
        counts=dict(counts),
        unknown_columns=file.unknown_columns,
        rejected_file=rejected_file if counts[Fate.REFUSED] else None,
    )


def _require_consent(row: SubscriberRow | RefusedRow, consent_source: str) -> SubscriberRow | RefusedRow:
    """Refuse a row without consent; to know that somebody has left needs none."""
    if isinstance(row, RefusedRow) or row.consent_source or row.status is SubscriberStatus.UNSUBSCRIBED:
        return row
    if consent_source:
        return replace(row, consent_source=consent_source)
    reason = "It names no consent_source; where all gave consent in one place, name it with --consent-source."
    return RefusedRow(line=row.line, reason=reason, email=row.address.text)


def _store(
    transaction: Transaction, rows: Sequence[SubscriberRow], *, address_key: bytes, now: datetime
) -> Iterator[Fate]:
    """Store who is new, and tell the fate of each row."""
    hashes = [hash_address(row.address.normalized, address_key) for row in rows]
    suppressed = find_suppressed(transaction, hashes)
    statuses = find_statuses(transaction, hashes)
    new: dict[bytes, SubscriberRow] = {}
    for address_hash, row in zip(hashes, rows, strict=True):
        if address_hash in suppressed:
            yield Fate.SUPPRESSED
        elif statuses.get(address_hash) is SubscriberStatus.UNSUBSCRIBED:
            yield Fate.UNSUBSCRIBED
        elif address_hash in statuses or address_hash in new:
            yield Fate.DUPLICATE
        else:
            new[address_hash] = row
            yield Fate.ADDED
    add_subscribers(transaction, [_subscriber(row, address_hash, now) for address_hash, row in new.items()])
    record_consents(transaction, _consents(new, now), now=now)


def _subscriber(row: SubscriberRow, address_hash: bytes, now: datetime) -> NewSubscriber:
    return NewSubscriber(
        public_id=secrets.token_bytes(8),
        address=row.address,
        address_hash=address_hash,
        name=row.name,
        topics=row.topics,
        language=row.language,
        status=row.status or SubscriberStatus.ACTIVE,
        created_at=now,
    )


def _consents(new: dict[bytes, SubscriberRow], now: datetime) -> Iterator[tuple[bytes, Consent]]:
    for address_hash, row in new.items():
        if row.consent_source:
            given_at = row.consent_at or now
            yield address_hash, Consent(event=ConsentEvent.IMPORTED, source=row.consent_source, given_at=given_at)
        if row.status is SubscriberStatus.UNSUBSCRIBED:
            yield address_hash, Consent(event=ConsentEvent.WITHDRAWN, source="imported list", given_at=now)


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
