"""Take rows of a list over: who of them is new, who has left or bounced, and who stays as they are."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow
from newsletter.service.hash_order import HashedRow
from newsletter.store.consents import record_consents
from newsletter.store.database import Transaction
from newsletter.store.subscribers import add_subscribers, find_statuses
from newsletter.store.suppressions import find_suppressed, suppress_all
from newsletter.store.tags import add_tags

#: Addresses of an office, which nobody in it has consented for alone.
_ROLES = frozenset(
    {
        *("abuse", "admin", "billing", "contact", "editor", "enquiries", "hello", "help", "hostmaster", "info", "jobs"),
        *("mail", "marketing", "newsletter", "no-reply", "noreply", "office", "postmaster", "press", "privacy", "root"),
        *("sales", "security", "support", "team", "webmaster"),
    }
)

_RANDOM_BYTES = 7  # of a public id's eight, drawn for each person
_LEFT_THERE = "Has left there, and is active here; nothing was changed."
_BOUNCED_THERE = "Letters came back there, and it is active here; nothing was changed."


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
