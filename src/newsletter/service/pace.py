"""How fast letters leave one after the other, and those that have to wait for their domain."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from itertools import count
from typing import Generic, TypeVar

_CREDIT_SECONDS = 0.1  # so that a late wake-up does not lower the rate

#: A letter that waited for its domain may leave so long after its time; later it would do so beside letters that others
#: were granted by then.
_LATE_SECONDS = 1.0

_Item = TypeVar("_Item")


class Pace:
    """At most so many letters a second, evenly spaced, with no catching up after a silence. 0: no limit."""

    def __init__(self, per_second: float, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._timer = timer
        self._next = 0.0

    @property
    def is_limited(self) -> bool:
        return self._interval > 0

    def wait_seconds(self) -> float:
        """Return how long to wait before the next letter may leave."""
        return max(0.0, self._next - self._timer()) if self._interval else 0.0

    def count_one(self) -> None:
        if self._interval:
            self._next = max(self._next, self._timer() - _CREDIT_SECONDS) + self._interval

    def begin(self, at: float) -> None:
        """Count nothing before this time, which the timer has reached, as credit: others had the relay."""
        self._next = max(self._next, at)


@dataclass(order=True, slots=True)
class _Entry(Generic[_Item]):
    at: float
    turn: int
    #: its time; ``at`` is behind that where the domain's pace holds it up
    planned_at: float = field(compare=False)
    domain: str = field(compare=False)
    item: _Item = field(compare=False)


class WaitingRoom(Generic[_Item]):
    """Letters that wait for their domain, while those to other domains leave.

    Each has its time already; where they come late all the same, they still leave at their domain's pace, and those who
    are too late do not leave.
    """

    def __init__(self, per_second: float, *, timer: Callable[[], float] = time.monotonic) -> None:
        self._per_second = per_second
        self._timer = timer
        self._entries: list[_Entry[_Item]] = []
        self._paces: dict[str, Pace] = {}
        self._turns = count()
        self._late: list[_Item] = []

    def __len__(self) -> int:
        return len(self._entries)

    @property
    def is_behind(self) -> bool:
        """Tell whether letters whose time has come are not taken as they come."""
        return bool(self._entries) and self._entries[0].at < self._timer() - _LATE_SECONDS / 2

    def add(self, item: _Item, *, domain: str, seconds: float) -> None:
        """Let an item wait for so long."""
        at = self._timer() + seconds
        heappush(self._entries, _Entry(at, next(self._turns), at, domain, item))

    def wait_seconds(self) -> float | None:
        """Return how long the first item still waits; None if there is none."""
        return max(0.0, self._entries[0].at - self._timer()) if self._entries else None

    def take_due(self) -> _Item | None:
        """Take the first item whose time has come, if there is one that is not late."""
        while self._entries and self._entries[0].at <= self._timer():
            entry = heappop(self._entries)
            if entry.planned_at < self._timer() - _LATE_SECONDS:
                self._late.append(entry.item)
                continue
            pace = self._paces.setdefault(entry.domain, Pace(self._per_second, timer=self._timer))
            if not (late := pace.wait_seconds()):
                pace.count_one()
                return entry.item
            heappush(self._entries, replace(entry, at=self._timer() + late, turn=next(self._turns)))
        return None

    def drop_late(self) -> list[_Item]:
        """Take away those that were found to be late, and return them."""
        late, self._late = self._late, []
        return late

    def drop(self, is_dropped: Callable[[_Item], bool]) -> list[_Item]:
        """Take away what is to be dropped, and return it."""
        dropped = [entry.item for entry in self._entries if is_dropped(entry.item)]
        self._entries = [entry for entry in self._entries if not is_dropped(entry.item)]
        heapify(self._entries)
        return dropped
