"""Take a list of subscribers over from a file."""

from __future__ import annotations

import csv
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import islice
from pathlib import Path

import structlog

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow, protect_cell, read_subscribers
from newsletter.store.consents import record_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.subscribers import add_subscribers, find_statuses
from newsletter.store.suppressions import find_suppressed, suppress_all

log = structlog.get_logger(__name__)

# One transaction each. Every row touches a page of each index, wherever its hash falls, and a page that several rows
# of one transaction touch is written once: five times as many rows at a time are a third of the writing. They are held
# in memory, a kilobyte and more each.
_ROWS_AT_A_TIME = 10_000

#: Addresses of an office, which nobody in it has consented for alone.
_ROLES = frozenset(
    {
        *("abuse", "admin", "billing", "contact", "editor", "enquiries", "hello", "help", "hostmaster", "info", "jobs"),
        *("mail", "marketing", "newsletter", "no-reply", "noreply", "office", "postmaster", "press", "privacy", "root"),
        *("sales", "security", "support", "team", "webmaster"),
    }
)

#: So many of their lines are named.
MOST_ROLES = 20
_PUBLIC_ID_BYTES = 8


class Fate(StrEnum):
    """What became of one line."""

    #: stored
    ADDED = "added"
    #: stored already, or a second time in the file; left as it is
    DUPLICATE = "duplicate"
    #: has left before; an import brings nobody back
    UNSUBSCRIBED = "unsubscribed"
    #: suppressed, or bounced in the list that it comes from; not mailed
    SUPPRESSED = "suppressed"
    #: cannot be read, or has no consent
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberImport:
    """What became of a file, or would become of it."""

    #: whose list it was; "" for our own
    system: str
    counts: dict[Fate, int]
    #: lines, from 1, of added addresses that an office shares; the first ones of them
    role_lines: tuple[int, ...]
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
    counts = Counter(dict.fromkeys(Fate, 0))
    roles: list[int] = []
    seen: set[bytes] | None = set() if is_trial else None
    consent_source = consent_source or name_source(file.system)
    with database.roomy_connection() as connection:
        while chunk := list(islice(file.rows, _ROWS_AT_A_TIME)):
            with database.transaction(on=connection) as transaction:
                taken = take_rows(
                    transaction, chunk, address_key=address_key, consent_source=consent_source, now=now, seen=seen
                )
            counts.update(taken.counts)
            roles += taken.role_lines[: MOST_ROLES - len(roles)]
            _note_refused(rejected_file, taken.refused)
            progress(len(chunk))
    log.info("subscribers imported", trial=is_trial, **{fate.value: count for fate, count in counts.items()})
    return SubscriberImport(
        system=file.system,
        counts=dict(counts),
        role_lines=tuple(roles),
        unknown_columns=file.unknown_columns,
        rejected_file=rejected_file if counts[Fate.REFUSED] else None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRows:
    """What became of some rows."""

    counts: Counter[Fate]
    refused: list[RefusedRow]
    #: lines of added addresses that an office shares
    role_lines: list[int]


def take_rows(
    transaction: Transaction,
    rows: Sequence[SubscriberRow | RefusedRow],
    *,
    address_key: bytes,
    consent_source: str,
    now: datetime,
    seen: set[bytes] | None = None,
) -> TakenRows:
    """Store whoever is new among some thousands of rows.

    With ``seen`` it is a trial: nobody is stored, and the set remembers who would have been.
    """
    checked = [_require_consent(row, consent_source) for row in rows]
    refused = [row for row in checked if isinstance(row, RefusedRow)]
    readable = [row for row in checked if isinstance(row, SubscriberRow)]
    sorting = _sort(transaction, readable, address_key=address_key, seen=seen)
    if seen is None:
        _store(transaction, sorting.new, now=now)
    counts = sorting.counts
    counts[Fate.REFUSED] += len(refused)
    role_lines = [row.line for row in sorting.new.values() if _is_role(row.address)]
    return TakenRows(counts=counts, refused=refused, role_lines=role_lines)


def name_source(system: str) -> str:
    """Return where consent was given that a list of another system does not name; "" for our own."""
    return f"{system} list" if system else ""


def _require_consent(row: SubscriberRow | RefusedRow, consent_source: str) -> SubscriberRow | RefusedRow:
    """Refuse a row without consent; to know that somebody has left needs none."""
    if isinstance(row, RefusedRow) or row.consent_source or row.status is SubscriberStatus.UNSUBSCRIBED:
        return row
    if consent_source:
        return row._replace(consent_source=consent_source)
    reason = "It names no consent_source; where all gave consent in one place, name it with --consent-source."
    return RefusedRow(line=row.line, reason=reason, email=row.address.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorting:
    """Who of a chunk is new, by the hash of the address, and what becomes of everybody."""

    new: dict[bytes, SubscriberRow]
    counts: Counter[Fate]


def _sort(
    transaction: Transaction, rows: Sequence[SubscriberRow], *, address_key: bytes, seen: set[bytes] | None
) -> _Sorting:
    """Tell who is new. ``seen`` remembers the new ones of a trial, which stores nobody."""
    hashes = [hash_address(row.address.normalized, address_key) for row in rows]
    suppressed = find_suppressed(transaction, hashes)
    statuses = find_statuses(transaction, hashes)
    new: dict[bytes, SubscriberRow] = {}
    counts: Counter[Fate] = Counter()
    for address_hash, row in zip(hashes, rows, strict=True):
        if address_hash in suppressed:
            counts[Fate.SUPPRESSED] += 1
        elif address_hash in statuses:
            is_gone = statuses[address_hash] is SubscriberStatus.UNSUBSCRIBED
            counts[Fate.UNSUBSCRIBED if is_gone else Fate.DUPLICATE] += 1
        elif address_hash in new or (seen is not None and address_hash[:8] in seen):
            counts[Fate.DUPLICATE] += 1
        else:
            new[address_hash] = row
            counts[Fate.SUPPRESSED if row.is_bounced else Fate.ADDED] += 1
    if seen is not None:
        seen.update(address_hash[:8] for address_hash in new)
    return _Sorting(new=new, counts=counts)


def _store(transaction: Transaction, new: Mapping[bytes, SubscriberRow], *, now: datetime) -> None:
    ids = secrets.token_bytes(_PUBLIC_ID_BYTES * len(new))
    public_ids = (ids[start : start + _PUBLIC_ID_BYTES] for start in range(0, len(ids), _PUBLIC_ID_BYTES))
    add_subscribers(
        transaction,
        [
            NewSubscriber(
                public_id=public_id,
                address=row.address,
                address_hash=address_hash,
                name=row.name,
                topics=row.topics,
                language=row.language,
                status=row.status or SubscriberStatus.ACTIVE,
                created_at=now,
            )
            for public_id, (address_hash, row) in zip(public_ids, new.items(), strict=True)
        ],
    )
    record_consents(transaction, _consents(new, now), now=now)
    evidence = {"source": "imported list", "words": "letters came back before the import"}
    bounced = [address_hash for address_hash, row in new.items() if row.is_bounced]
    suppress_all(transaction, dict.fromkeys(bounced, (SuppressionReason.DEAD_ADDRESS, evidence)), now=now)


def _consents(new: Mapping[bytes, SubscriberRow], now: datetime) -> Iterator[tuple[bytes, Consent]]:
    for address_hash, row in new.items():
        if row.consent_source:
            given_at = row.consent_at or now
            yield address_hash, _imported(row.consent_source, given_at)
        if row.status is SubscriberStatus.UNSUBSCRIBED:
            yield address_hash, Consent(event=ConsentEvent.WITHDRAWN, source="imported list", given_at=now)


@lru_cache  # many gave theirs at one place and time
def _imported(source: str, given_at: datetime) -> Consent:
    return Consent(event=ConsentEvent.IMPORTED, source=source, given_at=given_at)


def _is_role(address: EmailAddress) -> bool:
    return address.normalized.partition("@")[0] in _ROLES


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
