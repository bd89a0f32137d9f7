"""What became of a mailing's letters, batch by batch, so that only the batches that moved need be looked at again."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Sequence

from sqlalchemy import case, func, or_, select, union_all

from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.progress import BatchState, DoubtfulLetter, Fate, RelayAnswer
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import CAN_BE_DOUBTFUL, IS_CLAIMED, IS_IN_BATCH, add_letters, select_counted
from newsletter.store.ledger import ANSWERED_AT
from newsletter.store.subscribers import domain_of
from newsletter.store.tables import batch_counts, batches, deliveries, subscribers

_SAMPLE = 2_000  # letters, evenly spaced
_ANSWERING = 4  # batches that the last answers are looked for in, besides those that are claimed


def list_states(transaction: Transaction, mailing_id: int) -> dict[int, BatchState]:
    """Return the state of each batch of a mailing, by its number."""
    query = select(batches.c.number, batches.c.fence, batches.c.due_at, batches.c.worker_id)
    return {
        number: BatchState(fence=fence, due_at=due_at, is_claimed=worker is not None)
        for number, fence, due_at, worker in transaction.execute(query.where(batches.c.mailing_id == mailing_id))
    }


def find_large_domains(transaction: Transaction, mailing_id: int, *, intended: int, limit: int) -> tuple[str, ...]:
    """Return the domains that most letters of a mailing go to, by a sample of them."""
    domain = domain_of(transaction.dialect)
    sample = range(1, intended + 1, intended // _SAMPLE + 1)
    query = (
        select(domain)
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.position.in_(sample))
        .group_by(domain)
        .order_by(func.count().desc(), domain)
        .limit(limit)
    )
    return tuple(transaction.scalars(query))


def find_longest_queue(transaction: Transaction, mailing_id: int, *, intended: int) -> tuple[str, int] | None:
    """Return the domain that most letters of a mailing wait for, and how many, by the same sample; None without any."""
    domain = domain_of(transaction.dialect)
    step = intended // _SAMPLE + 1
    query = (
        select(domain, func.count())
        .join_from(deliveries, subscribers, subscribers.c.id == deliveries.c.subscriber_id)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.position.in_(range(1, intended + 1, step)))
        .where(deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT]))
        .group_by(domain)
        .order_by(func.count().desc(), domain)
        .limit(1)
    )
    row = transaction.execute(query).one_or_none()
    return (row[0], row[1] * step) if row else None


def count_batches(
    transaction: Transaction, mailing_id: int, numbers: Collection[int] | None, *, domains: Sequence[str]
) -> dict[int, Counter[Fate]]:
    """Return what became of the letters of some batches of a mailing that goes on, or of all where none are named.

    All domains but these are one.
    """
    kept = select(batch_counts).where(batch_counts.c.mailing_id == mailing_id)
    claimed = select_counted(transaction.dialect).where(batches.c.mailing_id == mailing_id, IS_CLAIMED)
    if numbers is not None:
        kept = kept.where(batch_counts.c.number.in_(numbers))
        claimed = claimed.where(batches.c.number.in_(numbers))
    letters = union_all(kept, claimed).subquery()  # one statement, so that no batch is counted in both or in neither
    shown = case((letters.c.domain.in_(domains), letters.c.domain), else_="").label("shown")
    fate = (letters.c.number, letters.c.status, letters.c.reason, shown)
    found: defaultdict[int, Counter[Fate]] = defaultdict(Counter)
    for number, status, reason, name, count in transaction.execute(select(*fate, add_letters(letters)).group_by(*fate)):
        found[number][DeliveryStatus(status), reason, name] = count
    return found


def list_answers(transaction: Transaction, mailing_id: int, *, limit: int) -> list[RelayAnswer]:
    """Return the relay's last answers, the latest first; looked for where the last ones can be."""
    latest = (
        select(batches.c.number)
        .where(batches.c.mailing_id == mailing_id, batches.c.answered_at.is_not(None))
        .order_by(batches.c.answered_at.desc(), batches.c.number.desc())
        .limit(_ANSWERING)
    )
    query = (
        select(ANSWERED_AT.label("at"), deliveries.c.status, deliveries.c.reply_code, deliveries.c.reply_text)
        .join_from(batches, deliveries, IS_IN_BATCH)
        .where(batches.c.mailing_id == mailing_id, or_(IS_CLAIMED, batches.c.number.in_(latest)))
        .where(deliveries.c.reply_text.is_not(None), ANSWERED_AT.is_not(None))
        .order_by(ANSWERED_AT.desc(), deliveries.c.position.desc())
        .limit(limit)
    )
    return [
        RelayAnswer(at=row.at, status=DeliveryStatus(row.status), code=row.reply_code, text=row.reply_text)
        for row in transaction.execute(query)
    ]


def list_doubtful(transaction: Transaction, mailing_id: int, *, limit: int) -> list[DoubtfulLetter]:
    """Return the first doubtful letters of a mailing, in the order of their positions."""
    query = (
        select(deliveries.c.position, subscribers.c.address, deliveries.c.first_try_at)
        .join_from(batches, deliveries, IS_IN_BATCH)
        .join(subscribers, subscribers.c.id == deliveries.c.subscriber_id, isouter=True)
        .where(batches.c.mailing_id == mailing_id, CAN_BE_DOUBTFUL)
        .where(deliveries.c.status == DeliveryStatus.DOUBTFUL)
        .order_by(batches.c.number, deliveries.c.position)  # by number first, or SQLite goes through all letters
        .limit(limit)
    )
    return [
        DoubtfulLetter(position=row.position, address=row.address, tried_at=row.first_try_at)
        for row in transaction.execute(query)
    ]
