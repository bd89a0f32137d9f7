"""How many subscribers there are, counted once in a while: pages are looked at more often than the figures change."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from weakref import WeakKeyDictionary

from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.store.database import Database
from newsletter.store.subscribers import count_in, count_subscribers

#: A figure may be this old.
FRESH_FOR = timedelta(minutes=1)

_MOST_SEGMENTS = 500

_Kept = dict[Segment | None, tuple[datetime, dict[SubscriberStatus, int]]]
_kept: WeakKeyDictionary[Database, _Kept] = WeakKeyDictionary()
_lock = Lock()


def count_by_status(*, database: Database, now: datetime) -> dict[SubscriberStatus, int]:
    """Return how many there are of each status, as of a minute ago at most."""

    def count() -> dict[SubscriberStatus, int]:
        with database.snapshot() as snapshot:
            return count_subscribers(snapshot)

    return _recall(None, count, database=database, now=now)


def count_segment(segment: Segment, *, database: Database, now: datetime) -> int:
    """Return how many active subscribers are in a segment, as of a minute ago at most."""

    def count() -> dict[SubscriberStatus, int]:
        with database.snapshot() as snapshot:
            return {SubscriberStatus.ACTIVE: count_in(snapshot, segment)}

    return _recall(segment, count, database=database, now=now)[SubscriberStatus.ACTIVE]


def _recall(
    what: Segment | None,
    count: Callable[[], dict[SubscriberStatus, int]],
    *,
    database: Database,
    now: datetime,
) -> dict[SubscriberStatus, int]:
    with _lock:
        kept = _kept.setdefault(database, {})
        known = kept.get(what)
    if known and timedelta(0) <= now - known[0] < FRESH_FOR:
        return known[1]
    counts = count()
    with _lock:
        if len(kept) >= _MOST_SEGMENTS:
            kept.clear()
        kept[what] = now, counts
    return counts
