"""What became of a mailing's letters, as counts: by domain, status and reason.

The counts of a batch are written whole whenever it is given back, and taken away while somebody has it. When the
mailing ends they become one sum, which stays when the letters' time is over. So a mailing's letters are at every
instant those of its sum, of its batches, and of what is claimed just now, each counted in one of the three.

Whoever changes letters outside of a claim writes the counts of their batches anew in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Dialect,
    FromClause,
    Insert,
    Select,
    Table,
    and_,
    bindparam,
    case,
    cast,
    delete,
    false,
    func,
    insert,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DeliveryStatus, WithheldReason
from newsletter.domain.progress import Fate
from newsletter.store.database import Transaction
from newsletter.store.mailing_locks import lock_batches, lock_mailing
from newsletter.store.subscribers import domain_of
from newsletter.store.tables import batch_counts, batches, deliveries, delivery_counts, failure_counts, subscribers

#: Of a delivery and the batch that it is in.
IS_IN_BATCH = and_(
    deliveries.c.mailing_id == batches.c.mailing_id,
    deliveries.c.position.between(batches.c.first_position, batches.c.last_position),
)
#: Of a batch: a worker has it, so that its letters are counted one by one.
IS_CLAIMED = batches.c.worker_id.is_not(None)
#: Of a batch: it has doubtful letters, or whoever has it may have made some.
CAN_BE_DOUBTFUL = or_(IS_CLAIMED, batches.c.doubtful > 0)
_FATE = ("domain", "status", "reason", "resent")

# Made once, as that of a count is, since batches are claimed and given back by the thousand.
_DROPPED = delete(batch_counts).where(
    batch_counts.c.mailing_id == bindparam("of_mailing"), batch_counts.c.number == bindparam("of_batch")
)


class FateCount(NamedTuple):
    """Letters to all domains that became the same."""

    status: DeliveryStatus
    #: of withheld and rejected letters, else ""
    reason: str
    is_resent: bool
    letters: int


class DomainCount(NamedTuple):
    """Letters to one domain that became the same."""

    #: "" for readers who were forgotten before, and for letters of batches that no worker has had yet
    domain: str
    #: as it is stored: of some thousand, few are looked at any further
    status: str
    reason: str
    is_resent: bool
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FailureCount:
    """Letters that reports were about, of those whose time is over."""

    domain: str
    kind: BounceKind
    reason: str | None
    letters: int


def count_laid_out(transaction: Transaction, mailing_id: int) -> None:
    """Count the letters of a mailing that opens now; of their domains nothing is known before a worker has them.

    Some are withheld because the issue has nothing for their readers, all others are queued: to look for the one kind
    alone takes a quarter of the time of grouping a million.
    """
    is_withheld = deliveries.c.status == DeliveryStatus.WITHHELD
    withheld = select(func.count()).where(IS_IN_BATCH, is_withheld).correlate(batches).scalar_subquery()
    size = batches.c.last_position - batches.c.first_position + 1
    counted = select(batches.c.mailing_id, batches.c.number, size.label("size"), withheld.label("withheld"))
    laid_out = counted.where(batches.c.mailing_id == mailing_id).cte("laid_out")
    of_batch = (laid_out.c.mailing_id, laid_out.c.number, literal(""))
    fates = (
        (DeliveryStatus.WITHHELD, WithheldReason.NO_TOPIC.value, laid_out.c.withheld),
        (DeliveryStatus.QUEUED, "", laid_out.c.size - laid_out.c.withheld),
    )
    rows = (
        select(*of_batch, literal(status), literal(reason), false(), letters).where(letters > 0)
        for status, reason, letters in fates
    )
    transaction.execute(insert(batch_counts).from_select(_names(batch_counts), union_all(*rows)))


def count_batch(transaction: Transaction, mailing_id: int, number: int) -> None:
    """Count the letters of a batch that is given back now."""
    statement = _write_count(transaction.dialect)
    transaction.execute(statement, {"of_mailing": mailing_id, "of_batch": number})


def drop_count(transaction: Transaction, mailing_id: int, number: int) -> None:
    """Take the counts of a batch away that is claimed now."""
    transaction.execute(_DROPPED, {"of_mailing": mailing_id, "of_batch": number})


def count_anew(transaction: Transaction, mailing_id: int, numbers: Collection[int] | None = None) -> None:
    """Count batches again whose letters were changed outside of a claim, all where none are named.

    What is claimed is left to who has it. The caller holds the batches' rows, so that nobody claims one meanwhile.
    """
    of_mailing = batch_counts.c.mailing_id == mailing_id
    free = select_counted(transaction.dialect).where(batches.c.mailing_id == mailing_id, ~IS_CLAIMED)
    if numbers is None:
        transaction.execute(delete(batch_counts).where(of_mailing))
    else:
        transaction.execute(delete(batch_counts).where(of_mailing, batch_counts.c.number.in_(numbers)))
        free = free.where(batches.c.number.in_(numbers))
    transaction.execute(insert(batch_counts).from_select(_names(batch_counts), free))


def add_up(transaction: Transaction, mailing_id: int) -> None:
    """Make one sum of the batches' counts, since the mailing has ended."""
    of_mailing = batch_counts.c.mailing_id == mailing_id
    fate = [batch_counts.c[name] for name in _FATE]
    summed = (
        select(batch_counts.c.mailing_id, *fate, add_letters(batch_counts))
        .where(of_mailing)
        .group_by(batch_counts.c.mailing_id, *fate)
    )
    new = (sqlite if transaction.dialect.name == "sqlite" else postgresql).insert(delivery_counts)
    added = new.from_select(_names(delivery_counts), summed).on_conflict_do_update(
        index_elements=list(delivery_counts.primary_key.columns),
        set_={"letters": delivery_counts.c.letters + new.excluded.letters},
    )
    transaction.execute(added)
    transaction.execute(delete(batch_counts).where(of_mailing))


def take_apart(transaction: Transaction, mailing_id: int) -> None:
    """Count the batches of a mailing that goes on after its end, instead of its sum; all of its letters are stored."""
    transaction.execute(delete(delivery_counts).filter_by(mailing_id=mailing_id))
    count_anew(transaction, mailing_id)


def has_reduced(transaction: Transaction, mailing_id: int) -> bool:
    """Tell whether some letters of a mailing are only counted any more; they go in the order of their positions."""
    first: int | None = transaction.scalar(select(func.min(deliveries.c.position)).filter_by(mailing_id=mailing_id))
    return first != 1


def give_up_claims(transaction: Transaction, mailing_id: int) -> None:
    """Count also what was claimed when a mailing was cancelled, and never given back."""
    lock_mailing(transaction, mailing_id)
    if numbers := lock_batches(transaction, mailing_id, IS_CLAIMED):
        claimed = update(batches).where(batches.c.mailing_id == mailing_id, batches.c.number.in_(numbers))
        transaction.execute(claimed.values(worker_id=None, lease_until=None))
        count_anew(transaction, mailing_id, numbers)


def list_fates(transaction: Transaction, mailing_id: int) -> list[FateCount]:
    """Return what became of all letters of a mailing."""
    counted = _select_all(transaction.dialect, mailing_id).subquery()
    fate = (counted.c.status, counted.c.reason, counted.c.resent)
    rows = transaction.execute(select(*fate, add_letters(counted)).group_by(*fate))
    return [FateCount(DeliveryStatus(status), reason, bool(resent), count) for status, reason, resent, count in rows]


def list_by_domain(transaction: Transaction, mailing_id: int) -> list[DomainCount]:
    """Return the same by domain, of which a list of a hundred thousand has some thousand."""
    counted = _select_all(transaction.dialect, mailing_id).subquery()
    fate = (counted.c.domain, counted.c.status, counted.c.reason, counted.c.resent)
    rows = transaction.execute(select(*fate, add_letters(counted)).group_by(*fate)).all()
    return [DomainCount._make(row) for row in rows]


def add_domains(letters: Iterable[DomainCount]) -> list[FateCount]:
    """Return what became of letters whatever their domain: the same as ``list_fates``, without asking once more."""
    found: Counter[tuple[str, str, bool]] = Counter()
    for _, status, reason, is_resent, count in letters:
        found[status, reason, is_resent] += count
    return [
        FateCount(DeliveryStatus(status), reason, bool(resent), count)
        for (status, reason, resent), count in found.items()
    ]


def count_statuses(transaction: Transaction, mailing_id: int) -> Counter[DeliveryStatus]:
    """Count the letters of a mailing by status alone."""
    counted = _select_all(transaction.dialect, mailing_id).subquery()
    query = select(counted.c.status, add_letters(counted)).group_by(counted.c.status)
    return Counter({DeliveryStatus(status): letters for status, letters in transaction.execute(query)})


def count_fates(transaction: Transaction, mailing_id: int, *, domains: Sequence[str]) -> Counter[Fate]:
    """Count the letters of a mailing by status, reason and domain; all domains but these are one."""
    counted = _select_all(transaction.dialect, mailing_id).subquery()
    shown = case((counted.c.domain.in_(domains), counted.c.domain), else_="").label("shown")
    fate = (counted.c.status, counted.c.reason, shown)
    rows = transaction.execute(select(*fate, add_letters(counted)).group_by(*fate))
    return Counter({(DeliveryStatus(status), reason, name): letters for status, reason, name, letters in rows})


def find_largest_domains(transaction: Transaction, mailing_id: int, *, limit: int) -> tuple[str, ...]:
    """Return the domains that most letters of a mailing that has ended went to."""
    domain = delivery_counts.c.domain
    query = select(domain).where(delivery_counts.c.mailing_id == mailing_id, domain != "").group_by(domain)
    return tuple(transaction.scalars(query.order_by(func.sum(delivery_counts.c.letters).desc(), domain).limit(limit)))


def list_failure_counts(transaction: Transaction, mailing_id: int) -> list[FailureCount]:
    rows = transaction.execute(select(failure_counts).filter_by(mailing_id=mailing_id))
    return [
        FailureCount(domain=row.domain, kind=BounceKind(row.kind), reason=row.reason or None, letters=row.letters)
        for row in rows
    ]


def add_letters(counts: FromClause) -> ColumnElement[int]:
    """Add up the letters of counts; Postgres would make a number of any size of it."""
    return cast(func.sum(counts.c.letters), BigInteger)


def select_counted(dialect: Dialect) -> Select[Any]:
    """Select the letters of batches as ``batch_counts`` has them, counted one by one."""
    domain, reason = func.coalesce(domain_of(dialect), ""), func.coalesce(deliveries.c.reason, "")
    return (
        select(
            batches.c.mailing_id,
            batches.c.number,
            domain.label("domain"),
            deliveries.c.status,
            reason.label("reason"),
            deliveries.c.resent,
            func.count().label("letters"),
        )
        .join_from(batches, deliveries, IS_IN_BATCH)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .group_by(batches.c.mailing_id, batches.c.number, domain, deliveries.c.status, reason, deliveries.c.resent)
    )


def _select_all(dialect: Dialect, mailing_id: int) -> CompoundSelect[Any]:
    """Select the counts of all letters of a mailing; in one statement, so that none is in two places or in none."""
    claimed = select_counted(dialect).where(batches.c.mailing_id == mailing_id, IS_CLAIMED).subquery()
    return union_all(
        _select_fates(delivery_counts).where(delivery_counts.c.mailing_id == mailing_id),
        _select_fates(batch_counts).where(batch_counts.c.mailing_id == mailing_id),
        _select_fates(claimed),
    )


def _select_fates(counts: FromClause) -> Select[Any]:
    return select(*(counts.c[name] for name in (*_FATE, "letters")))


@cache
def _write_count(dialect: Dialect) -> Insert:
    this = batches.c.mailing_id == bindparam("of_mailing"), batches.c.number == bindparam("of_batch")
    return insert(batch_counts).from_select(_names(batch_counts), select_counted(dialect).where(*this))


def _names(table: Table) -> list[str]:
    return [column.name for column in table.columns]
