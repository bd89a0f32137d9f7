"""Subscribers."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Dialect, Row, Select, bindparam, delete, func, or_, select, update

from newsletter.domain.address import EmailAddress
from newsletter.domain.choice import Choices
from newsletter.domain.segment import Segment
from newsletter.domain.sign_up import SignUp
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, Subscriber, SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import NotFoundError
from newsletter.store.bulk import insert_new_rows, select_having
from newsletter.store.database import Transaction
from newsletter.store.segments import is_in
from newsletter.store.tables import consent_log, subscriber_tags, subscribers
from newsletter.store.unsubscribes import add_unsubscribes, mark_resubscribed

_ROWS_AT_A_TIME = 5_000
_BETWEEN_TAGS = "\n"  # which no tag has

# Made once, since readers leave by the hundred while a mailing runs, and making a statement takes longer than its run.
# In order, so that two transactions which want the same people wait for each other and not in a circle.
_HELD_BY_PUBLIC_ID = (
    select(subscribers)
    .where(subscribers.c.public_id.in_(bindparam("public_ids", expanding=True)))
    .order_by(subscribers.c.id)
    .with_for_update()
)
_LEAVING = (
    update(subscribers)
    .where(subscribers.c.id.in_(bindparam("ids", expanding=True)))
    .where(subscribers.c.status != SubscriberStatus.UNSUBSCRIBED)
    .values(
        status=SubscriberStatus.UNSUBSCRIBED,
        unsubscribed_at=bindparam("unsubscribed_at"),
        unsubscribed_by_mailing=bindparam("unsubscribed_by_mailing"),
    )
    .returning(subscribers.c.id, subscribers.c.address_hash)
)


def add_subscriber(transaction: Transaction, new: NewSubscriber) -> int:
    """Store one subscriber and return the id; the address must not be there yet."""
    add_subscribers(transaction, [new])
    subscriber_id: int = transaction.scalars(select(subscribers.c.id).filter_by(public_id=new.public_id)).one()
    return subscriber_id


def add_subscribers(transaction: Transaction, news: Sequence[NewSubscriber]) -> None:
    """Store many at once. An address that another transaction has stored meanwhile is left as it is."""
    insert_new_rows(transaction, subscribers, _dump(news))


def find_subscriber(transaction: Transaction, address: EmailAddress) -> Subscriber | None:
    return _find(transaction, select(subscribers).filter_by(normalized=address.normalized))


def find_subscriber_by_id(transaction: Transaction, subscriber_id: int) -> Subscriber | None:
    return _find(transaction, select(subscribers).filter_by(id=subscriber_id))


def find_by_public_id(transaction: Transaction, public_id: bytes) -> Subscriber | None:
    return _find(transaction, select(subscribers).filter_by(public_id=public_id))


def find_by_id(transaction: Transaction, subscriber_id: int) -> Subscriber:
    """Raise NotFoundError where nobody, or nobody any more, has that id."""
    subscriber = _find(transaction, select(subscribers).filter_by(id=subscriber_id))
    if subscriber is None:
        raise NotFoundError(f"There is no subscriber {subscriber_id}; who was erased is not found by a number.")
    return subscriber


def find_by_hash(transaction: Transaction, address_hash: bytes) -> Subscriber | None:
    return _find(transaction, select(subscribers).filter_by(address_hash=address_hash))


def hold_by_public_ids(transaction: Transaction, public_ids: Collection[bytes]) -> dict[bytes, Subscriber]:
    """Return those of these people who are stored, whom nobody else changes until the transaction ends."""
    rows = transaction.execute(_HELD_BY_PUBLIC_ID, {"public_ids": list(public_ids)})
    return {row.public_id: load_subscriber(row) for row in rows}


def find_statuses(transaction: Transaction, address_hashes: Collection[bytes]) -> dict[bytes, SubscriberStatus]:
    """Return the status of each of these people who is stored, some thousands at most."""
    query = select(subscribers.c.address_hash, subscribers.c.status)
    rows = select_having(transaction, query, subscribers.c.address_hash, address_hashes)
    return {address_hash: SubscriberStatus(status) for address_hash, status in rows}


def list_subscribers(
    transaction: Transaction,
    *,
    status: SubscriberStatus | None = None,
    segment: Segment | None = None,
    limit: int | None = None,
) -> Iterator[Subscriber]:
    """Stream subscribers in the order in which they came."""
    query = select(subscribers).order_by(subscribers.c.id).limit(limit)
    if segment:
        query = query.where(is_in(segment))
    if status:
        query = query.where(subscribers.c.status == status)
    rows = transaction.execute(query, execution_options={"yield_per": _ROWS_AT_A_TIME})
    return map(load_subscriber, rows)


def count_in(transaction: Transaction, segment: Segment, *, status: SubscriberStatus = SubscriberStatus.ACTIVE) -> int:
    query = select(func.count()).select_from(subscribers).where(is_in(segment), subscribers.c.status == status)
    return transaction.scalar(query) or 0


def stream_with_consent(
    transaction: Transaction, *, segment: Segment | None = None
) -> Iterator[tuple[Subscriber, Consent | None, tuple[str, ...]]]:
    """Stream subscribers, in the order in which they came, with the latest consent that was given, and their tags."""
    given = consent_log.alias()
    latest = (
        select(func.max(given.c.id))
        .where(given.c.address_hash == subscribers.c.address_hash, given.c.event != ConsentEvent.WITHDRAWN)
        .scalar_subquery()
    )
    tags = (
        select(func.aggregate_strings(subscriber_tags.c.tag, _BETWEEN_TAGS))
        .where(subscriber_tags.c.subscriber_id == subscribers.c.id)
        .scalar_subquery()
        .label("tags")
    )
    query = (
        select(subscribers, consent_log.c.event, consent_log.c.source, consent_log.c.given_at, tags)
        .join_from(subscribers, consent_log, consent_log.c.id == latest, isouter=True)
        .order_by(subscribers.c.id)
    )
    if segment:
        query = query.where(is_in(segment))
    for row in transaction.execute(query, execution_options={"yield_per": _ROWS_AT_A_TIME}):
        consent = (
            Consent(event=ConsentEvent(row.event), source=row.source, given_at=row.given_at) if row.event else None
        )
        yield load_subscriber(row), consent, tuple(sorted(row.tags.split(_BETWEEN_TAGS))) if row.tags else ()


def count_subscribers(transaction: Transaction) -> dict[SubscriberStatus, int]:
    """Count them by status; every status is there."""
    rows = transaction.execute(select(subscribers.c.status, func.count()).group_by(subscribers.c.status))
    counted = {SubscriberStatus(status): count for status, count in rows}
    return {status: counted.get(status, 0) for status in SubscriberStatus}


def mark_unsubscribed(
    transaction: Transaction, subscriber_ids: Collection[int], *, mailing: int | None, now: datetime
) -> dict[int, bytes]:
    """Note that readers have left, and by which mailing's link.

    Return those who leave now, with the hashes of their addresses; who had left already is not among them.
    """
    leaving = {"ids": list(subscriber_ids), "unsubscribed_at": now, "unsubscribed_by_mailing": mailing}
    left = {row.id: row.address_hash for row in transaction.execute(_LEAVING, leaving)}
    if left and mailing is not None:
        add_unsubscribes(transaction, left, mailing=mailing, now=now)
    return left


def mark_active(transaction: Transaction, subscriber_id: int) -> bool:
    """Note that the reader has consented, for the first time or again. False if that was so already."""
    consented = {
        "status": SubscriberStatus.ACTIVE,
        "paused_until": None,
        "requested_at": None,
        "unsubscribed_at": None,
        "unsubscribed_by_mailing": None,
        "gave_reason": False,
    }
    result = transaction.execute(
        update(subscribers)
        .where(subscribers.c.id == subscriber_id, subscribers.c.status != SubscriberStatus.ACTIVE)
        .values(consented)
    )
    if result.rowcount == 0:
        return False
    mark_resubscribed(transaction, subscriber_id)
    return True


def mark_requested(transaction: Transaction, subscriber_id: int, wish: SignUp, *, at: datetime) -> None:
    """Note that somebody who receives nothing has asked for it, and what for. What is left empty stays as known."""
    asked: dict[str, Any] = {"requested_at": at, "topics": int(wish.topics)}
    if wish.name:
        asked["name"] = wish.name
    if wish.language:
        asked["language"] = wish.language
    transaction.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(asked))


def delete_pending(transaction: Transaction, subscriber_id: int) -> None:
    """Delete somebody who never confirmed; anybody else is left as they are."""
    pending = subscribers.c.id == subscriber_id, subscribers.c.status == SubscriberStatus.PENDING
    transaction.execute(delete(subscribers).where(*pending))


def delete_unconfirmed(transaction: Transaction, *, before: datetime) -> int:
    """Delete those who asked before then and never confirmed; return how many. Who has left before stays known."""
    asked_then = subscribers.c.requested_at < before
    unconfirmed = delete(subscribers).where(asked_then, subscribers.c.status == SubscriberStatus.PENDING)
    return transaction.execute(unconfirmed).rowcount


def set_choices(transaction: Transaction, subscriber_id: int, choices: Choices) -> None:
    chosen = {
        "topics": int(choices.topics),
        "is_text_only": choices.is_text_only,
        "name": choices.name,
        "language": choices.language,
        "paused_until": choices.paused_until,
    }
    transaction.execute(update(subscribers).where(subscribers.c.id == subscriber_id).values(chosen))


def is_reading(day: date) -> ColumnElement[bool]:
    """Return the condition that nobody's pause reaches beyond a day."""
    return or_(subscribers.c.paused_until.is_(None), subscribers.c.paused_until <= day)


def _find(transaction: Transaction, query: Select[*tuple[Any, ...]]) -> Subscriber | None:
    row = transaction.execute(query).one_or_none()
    return load_subscriber(row) if row else None


def _dump(news: Sequence[NewSubscriber]) -> dict[str, Sequence[Hashable]]:
    """Return the values, column by column."""
    gone, pending = SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.PENDING
    return {
        "public_id": [new.public_id for new in news],
        "address": [new.address.text for new in news],
        "normalized": [new.address.normalized for new in news],
        "address_hash": [new.address_hash for new in news],
        "name": [new.name for new in news],
        "topics": [int(new.topics) for new in news],
        "language": [new.language for new in news],
        "status": [new.status.value for new in news],
        "created_at": [new.created_at for new in news],
        "requested_at": [(new.status_since or new.created_at) if new.status is pending else None for new in news],
        "unsubscribed_at": [(new.status_since or new.created_at) if new.status is gone else None for new in news],
    }


def load_subscriber(row: Row[*tuple[Any, ...]]) -> Subscriber:
    """Return what a whole row of the table says."""
    return Subscriber(
        id=row.id,
        public_id=row.public_id,
        address=EmailAddress(row.address),
        name=row.name,
        topics=Topic(row.topics),
        is_text_only=row.is_text_only,
        language=row.language,
        status=SubscriberStatus(row.status),
        paused_until=row.paused_until,
        created_at=row.created_at,
        requested_at=row.requested_at,
        unsubscribed_at=row.unsubscribed_at,
        unsubscribed_by_mailing=row.unsubscribed_by_mailing,
        gave_reason=row.gave_reason,
    )


def domain_of(dialect: Dialect) -> ColumnElement[str]:
    """Return the domain of a subscriber's address, as a column."""
    find = func.instr if dialect.name == "sqlite" else func.strpos
    return func.substr(subscribers.c.address, find(subscribers.c.address, "@") + 1)
