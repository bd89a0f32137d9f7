"""Looking for subscribers among a million of them, one page at a time.

No page counts or skips rows. Addresses are found by their index. For everything else rows are looked through from the
latest on, in windows of ids: however rare the conditions are, a page looks at no more than so many rows, says that it
was cut short, and the next one goes on from there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, collate, exists, func, literal, not_, or_, select

from newsletter.domain.subscriber_search import FoundSubscriber, Place, Search, SearchPage, Stage
from newsletter.store.database import Transaction
from newsletter.store.segments import is_in
from newsletter.store.subscribers import load_subscriber
from newsletter.store.suppressions import find_suppressed
from newsletter.store.tables import consent_log, subscriber_tags, subscribers, suppressions

_WINDOW = 10_000  # ids
# Of one page, by what each row of them costs: a look at it, or at another table too, whose rows lie anywhere.
_MOST_WINDOWS = 8
_MOST_WINDOWS_OF_NAMES = 6
_MOST_WINDOWS_OF_SUPPRESSED = 3
_MOST_WINDOWS_OF_CONSENTS = 1
_LAST = "\U0010ffff"  # comes after every other letter
_MOST_TAGS = 200


def search_subscribers(transaction: Transaction, search: Search, *, after: Place | None, limit: int) -> SearchPage:
    """Return one page: addresses in their own order, everybody else the latest first."""
    found: list[Any] = []
    place = after or Place(stage=Stage.ADDRESSES if search.text else Stage.NAMES)
    if place.stage is Stage.ADDRESSES:
        rows = transaction.execute(_by_address(transaction, search, place).limit(limit + 1)).all()
        if len(rows) > limit:
            last = Place(stage=Stage.ADDRESSES, subscriber_id=rows[limit - 1].id)
            return SearchPage(people=_dress(transaction, rows[:limit]), next=last)
        found += rows
        place = Place(stage=Stage.NAMES)
        if "@" in search.text:
            return SearchPage(people=_dress(transaction, found), next=None)
    following, is_cut_short = _look_through(transaction, search, place, found, limit=limit)
    return SearchPage(people=_dress(transaction, found), next=following, is_cut_short=is_cut_short)


def list_tag_names(transaction: Transaction) -> tuple[str, ...]:
    """Return the tags that there are, in their order, 200 at most; each is one step in their index."""
    names: list[str] = []
    while len(names) < _MOST_TAGS:
        query = select(func.min(subscriber_tags.c.tag))
        name = transaction.scalar(query.where(subscriber_tags.c.tag > names[-1]) if names else query)
        if name is None:
            break
        names.append(name)
    return tuple(names)


def _look_through(
    transaction: Transaction, search: Search, place: Place, found: list[Any], *, limit: int
) -> tuple[Place | None, bool]:
    """Add to ``found`` until the page is full; return where to go on, and whether there was too much to look at."""
    query = select(subscribers).where(_conditions(transaction, search)).order_by(subscribers.c.id.desc())
    below = place.subscriber_id or (transaction.scalar(select(func.max(subscribers.c.id))) or 0) + 1
    for _ in range(_count_windows(search)):
        window = and_(subscribers.c.id < below, subscribers.c.id >= below - _WINDOW)
        room = limit - len(found)
        rows = transaction.execute(query.where(window).limit(room + 1)).all()
        found += rows[:room]
        if len(rows) > room:
            return Place(stage=Stage.NAMES, subscriber_id=rows[room - 1].id if room else below), False
        below -= _WINDOW
        if below <= 1:
            return None, False
    return Place(stage=Stage.NAMES, subscriber_id=below), True


def _count_windows(search: Search) -> int:
    if search.segment.source:
        return _MOST_WINDOWS_OF_CONSENTS
    if search.text:
        return _MOST_WINDOWS_OF_NAMES
    return _MOST_WINDOWS_OF_SUPPRESSED if search.is_suppressed else _MOST_WINDOWS


def _by_address(transaction: Transaction, search: Search, place: Place) -> Select[*tuple[Any, ...]]:
    address = _binary(transaction, subscribers.c.normalized)
    query = select(subscribers).where(_begins_address(transaction, search.text), _filters(search)).order_by(address)
    if not place.subscriber_id:
        return query
    last = select(subscribers.c.normalized).where(subscribers.c.id == place.subscriber_id)
    # In two steps: to the planner a subquery is no bound of an index.
    return query.where(address > (transaction.scalar(last) or _LAST))


def _conditions(transaction: Transaction, search: Search) -> ColumnElement[bool]:
    if not search.text:
        return _filters(search)
    name = subscribers.c.name
    words = literal(" ").concat(name)
    # SQLite's LIKE knows no case among the letters of ASCII, and is twice as fast as one over lower().
    is_in_name = words.contains if transaction.dialect.name == "sqlite" else words.icontains
    begins_word = [is_in_name(f" {text}", autoescape=True) for text in _spellings(search.text)]
    return and_(name != "", or_(*begins_word), not_(_begins_address(transaction, search.text)), _filters(search))


def _spellings(text: str) -> set[str]:
    """Return what a name may begin with; beyond ASCII, SQLite does not know that two letters differ by case alone."""
    return {text} if text.isascii() else {text, text.lower(), text.title()}


def _filters(search: Search) -> ColumnElement[bool]:
    conditions = [is_in(replace(search.segment, source=""))]
    if search.segment.source:
        given = exists().where(
            consent_log.c.address_hash == subscribers.c.address_hash,
            consent_log.c.source.icontains(search.segment.source, autoescape=True),
        )
        conditions.append(given)
    if search.status:
        conditions.append(subscribers.c.status == search.status)
    if search.is_suppressed:
        standing = exists().where(
            suppressions.c.address_hash == subscribers.c.address_hash, suppressions.c.lifted_at.is_(None)
        )
        conditions.append(standing)
    return and_(*conditions)


def _begins_address(transaction: Transaction, text: str) -> ColumnElement[bool]:
    start = text.lower()
    if transaction.dialect.name == "sqlite":
        return and_(subscribers.c.normalized >= start, subscribers.c.normalized < start + _LAST)
    return subscribers.c.normalized.startswith(start, autoescape=True)


def _binary(transaction: Transaction, column: ColumnElement[str]) -> ColumnElement[str]:
    """Return the column in the order of its bytes, whatever the database's language."""
    return column if transaction.dialect.name == "sqlite" else collate(column, "C")


def _dress(transaction: Transaction, rows: Sequence[Any]) -> tuple[FoundSubscriber, ...]:
    suppressed = find_suppressed(transaction, [row.address_hash for row in rows])
    return tuple(
        FoundSubscriber(subscriber=load_subscriber(row), is_suppressed=row.address_hash in suppressed) for row in rows
    )
