"""Tags of subscribers."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

from sqlalchemy import delete, exists, insert, literal, not_, select

from newsletter.domain.segment import Segment
from newsletter.store.bulk import insert_new_rows, select_having
from newsletter.store.database import Transaction
from newsletter.store.segments import is_in
from newsletter.store.tables import subscriber_tags, subscribers


def add_tag(transaction: Transaction, tag: str, segment: Segment) -> int:
    """Give a tag to everybody in a segment; return how many had not got it."""
    has_it = exists().where(subscriber_tags.c.subscriber_id == subscribers.c.id, subscriber_tags.c.tag == tag)
    rows = select(subscribers.c.id, literal(tag)).where(is_in(segment), not_(has_it))
    tagging = insert(subscriber_tags).from_select(["subscriber_id", "tag"], rows)
    return transaction.execute(tagging.execution_options(preserve_rowcount=True)).rowcount


def add_tags(transaction: Transaction, tags: Mapping[bytes, Sequence[str]]) -> None:
    """Give tags to some thousands of people at most, by the hashes of their addresses."""
    query = select(subscribers.c.id, subscribers.c.address_hash)
    given = [
        (subscriber_id, tag)
        for subscriber_id, address_hash in select_having(transaction, query, subscribers.c.address_hash, tags)
        for tag in tags[address_hash]
    ]
    columns: dict[str, Sequence[Hashable]] = {
        "subscriber_id": [subscriber_id for subscriber_id, _ in given],
        "tag": [tag for _, tag in given],
    }
    insert_new_rows(transaction, subscriber_tags, columns)


def remove_tag(transaction: Transaction, tag: str, segment: Segment) -> int:
    """Take a tag from everybody in a segment; return how many had it."""
    those = select(subscribers.c.id).where(is_in(segment))
    untagging = delete(subscriber_tags).where(subscriber_tags.c.tag == tag, subscriber_tags.c.subscriber_id.in_(those))
    return transaction.execute(untagging).rowcount


def list_tags(transaction: Transaction, subscriber_id: int) -> tuple[str, ...]:
    query = select(subscriber_tags.c.tag).where(subscriber_tags.c.subscriber_id == subscriber_id)
    return tuple(transaction.scalars(query.order_by(subscriber_tags.c.tag)))
