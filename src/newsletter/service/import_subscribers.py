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
from pathlib import Path

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import (
    RefusedRow,
    SubscriberFile,
    SubscriberRow,
    protect_cell,
    read_subscribers,
)
from newsletter.log import log
from newsletter.service.hash_order import HashedRow, order_by_hash
from newsletter.store.consents import record_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.subscribers import add_subscribers, find_statuses
from newsletter.store.suppressions import find_suppressed, suppress_all
from newsletter.store.tags import add_tags

# One transaction each, a fraction of a second on SQLite. They are held in memory, a kilobyte and more each.
_ROWS_AT_A_TIME = 10_000

#: Addresses of an office, which nobody in it has consented for alone.
_ROLES = frozenset(
    {
        *("abuse", "admin", "billing", "contact", "editor", "enquiries", "hello", "help", "hostmaster", "info", "jobs"),
        *("mail", "marketing", "newsletter", "no-reply", "noreply", "office", "postmaster", "press", "privacy", "root"),
        *("sales", "security", "support", "team", "webmaster"),
    }
)

_MOST_LINES = 20  # of one kind are named
_RANDOM_BYTES = 7  # of a public id's eight, drawn for each person
_LEFT_THERE = "Has left there, and is active here; nothing was changed."
_BOUNCED_THERE = "Letters came back there, and it is active here; nothing was changed."
_NO_CONSENT = "It names no consent_source; where all gave consent in one place, name it with --consent-source."


class Fate(StrEnum):
    """What became of one line."""

    #: stored
    ADDED = "added"
    #: stored already; left as it is
    DUPLICATE = "duplicate"
    #: another line of the file has the same address; only a leaving counts of it
    REPEATED = "repeated"
    #: has left the list that it comes from, or bounced there, and is active here; left as it is
    LEFT_THERE = "left_there"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class TakenRows:
    """What became of some rows."""

    counts: Counter[Fate]
    #: with those that are LEFT_THERE
    refused: list[RefusedRow]
    #: lines of added addresses that an office shares
    role_lines: list[int]
    repeated_lines: list[int]
    left_lines: list[int]


def take_rows(
    transaction: Transaction, rows: Sequence[HashedRow | RefusedRow], *, now: datetime, is_trial: bool
) -> TakenRows:
    """Store whoever is new among some thousands of rows, all that name one address together; in a trial, only tell."""
    refused = [row for row in rows if isinstance(row, RefusedRow)]
    sorting = _sort(transaction, [row for row in rows if not isinstance(row, RefusedRow)])
    if not is_trial:
        _store(transaction, sorting.new, now=now)
    counts = sorting.counts
    counts[Fate.REFUSED] += len(refused)
    role_lines = [row.line for row in sorting.new.values() if _is_role(row.address)]
    return TakenRows(
        counts=counts,
        refused=refused + [_explain_leaving(row) for row in sorting.left],
        role_lines=role_lines,
        repeated_lines=sorting.repeated_lines,
        left_lines=[row.line for row in sorting.left],
    )


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sorting:
    """Who of some rows is new, by the hash of the address, and what becomes of everybody."""

    new: dict[bytes, SubscriberRow]
    counts: Counter[Fate]
    repeated_lines: list[int]
    #: of those who are LEFT_THERE
    left: list[SubscriberRow]


def _sort(transaction: Transaction, rows: Sequence[HashedRow]) -> _Sorting:
    hashes = [address_hash for address_hash, _ in rows]
    suppressed = find_suppressed(transaction, hashes)
    statuses = find_statuses(transaction, hashes)
    new: dict[bytes, SubscriberRow] = {}
    seen: set[bytes] = set()
    counts: Counter[Fate] = Counter()
    repeated_lines: list[int] = []
    left: list[SubscriberRow] = []
    for address_hash, row in rows:
        status = statuses.get(address_hash)
        is_active_here = status is SubscriberStatus.ACTIVE and address_hash not in suppressed
        if is_active_here and _has_left(row):
            left.append(row)
        elif address_hash in seen:
            repeated_lines.append(row.line)
            if address_hash in new and _has_left(row):
                new[address_hash] = _let_leave(new[address_hash], row)
        elif address_hash in suppressed:
            counts[Fate.SUPPRESSED] += 1
        elif status:
            counts[Fate.UNSUBSCRIBED if status is SubscriberStatus.UNSUBSCRIBED else Fate.DUPLICATE] += 1
        else:
            new[address_hash] = row
        seen.add(address_hash)
    counts.update(Fate.SUPPRESSED if row.is_bounced else Fate.ADDED for row in new.values())
    counts += Counter({Fate.REPEATED: len(repeated_lines), Fate.LEFT_THERE: len(left)})
    return _Sorting(new=new, counts=counts, repeated_lines=repeated_lines, left=left)


def _has_left(row: SubscriberRow) -> bool:
    return row.is_bounced or row.status is SubscriberStatus.UNSUBSCRIBED


def _let_leave(row: SubscriberRow, other: SubscriberRow) -> SubscriberRow:
    """Return what a person's first line says, with the leaving that another line of the same person has."""
    has_unsubscribed = SubscriberStatus.UNSUBSCRIBED in {row.status, other.status}
    return row._replace(
        status=SubscriberStatus.UNSUBSCRIBED if has_unsubscribed else row.status,
        is_bounced=row.is_bounced or other.is_bounced,
        unsubscribed_at=row.unsubscribed_at or other.unsubscribed_at,
    )


def _explain_leaving(row: SubscriberRow) -> RefusedRow:
    reason = _BOUNCED_THERE if row.is_bounced else _LEFT_THERE
    return RefusedRow(line=row.line, reason=reason, email=row.address.text)


def _store(transaction: Transaction, new: Mapping[bytes, SubscriberRow], *, now: datetime) -> None:
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
                created_at=_in_past(row.created_at or row.consent_at, now),
                # Who is pending has its time to confirm from now on, however long ago the sign-up was.
                status_since=_left_at(row, now) if row.status is SubscriberStatus.UNSUBSCRIBED else now,
            )
            for public_id, (address_hash, row) in zip(_draw_public_ids(len(new)), new.items(), strict=True)
        ],
    )
    add_tags(transaction, {address_hash: row.tags for address_hash, row in new.items() if row.tags})
    record_consents(transaction, _consents(new, now), now=now)
    evidence = {"source": "imported list", "words": "letters came back before the import"}
    bounced = [address_hash for address_hash, row in new.items() if row.is_bounced]
    suppress_all(transaction, dict.fromkeys(bounced, (SuppressionReason.DEAD_ADDRESS, evidence)), now=now)


def _draw_public_ids(count: int) -> Iterator[bytes]:
    """Draw random ids. They have their first byte in common, and so stand beside each other in their index."""
    first = secrets.token_bytes(1)
    rest = secrets.token_bytes(_RANDOM_BYTES * count)
    return (first + rest[start : start + _RANDOM_BYTES] for start in range(0, len(rest), _RANDOM_BYTES))


def _consents(new: Mapping[bytes, SubscriberRow], now: datetime) -> Iterator[tuple[bytes, Consent]]:
    for address_hash, row in new.items():
        if row.consent_source:
            given_at = row.consent_at or now
            yield address_hash, _imported(row.consent_source, given_at)
        if row.status is SubscriberStatus.UNSUBSCRIBED:
            yield (
                address_hash,
                Consent(event=ConsentEvent.WITHDRAWN, source="imported list", given_at=_left_at(row, now)),
            )


def _left_at(row: SubscriberRow, now: datetime) -> datetime:
    return _in_past(row.unsubscribed_at, now)


def _in_past(moment: datetime | None, now: datetime) -> datetime:
    """Return the moment, or now where it is not known or lies ahead."""
    return moment if moment and moment < now else now


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
