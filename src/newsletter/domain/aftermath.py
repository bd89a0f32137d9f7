"""What came back of a mailing, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.mailing import DeliveryStatus, Mailing

_HOUR = timedelta(hours=1)
_HOURLY = 48  # hours; a span up to here is shown by the hour, a longer one by the day
_MOST_DAYS = 60


class EventKind(StrEnum):
    BOUNCE = "bounce"
    COMPLAINT = "complaint"
    UNSUBSCRIBE = "unsubscribe"


@dataclass(frozen=True, slots=True, kw_only=True)
class BounceGroup:
    """The letters that came back for one reason, with the other side's words."""

    kind: BounceKind
    reason: BounceReason
    letters: int
    #: the deciding words of most reports, each with how many had them
    words: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """What happened in an hour or a day."""

    start: datetime
    counts: Mapping[EventKind, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueFigures:
    """One issue in the comparison."""

    mailing: Mailing
    counts: Mapping[DeliveryStatus, int]
    bounced_hard: int
    bounced_soft: int
    complaints: int
    unsubscribes: int

    @property
    def came_back(self) -> int:
        return self.bounced_hard + self.bounced_soft


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownPartner:
    id: int
    name: str
    url: str
    #: how many issues up to this one had it
    issues: int


def spread(events: Sequence[tuple[datetime, EventKind]], *, start: datetime) -> tuple[Interval, ...]:
    """Count events by the hour since ``start`` where all fell into two days, else by the day, sixty days at most.

    Empty intervals between are there too; what came before the start counts into the first one.
    """
    if not events:
        return ()
    last = max(at for at, _ in events)
    step = _HOUR if (last - start) // _HOUR <= _HOURLY else timedelta(days=1)
    size = min(_MOST_DAYS, max(0, (last - start) // step) + 1)
    counts: list[dict[EventKind, int]] = [dict.fromkeys(EventKind, 0) for _ in range(size)]
    for place, kind in _place(events, start, step):
        counts[min(max(place, 0), size - 1)][kind] += 1
    return tuple(Interval(start=start + number * step, counts=each) for number, each in enumerate(counts))


def start_of_hour(at: datetime, *, since: datetime) -> datetime:
    """Return when the hour began in which ``at`` is counted, of the hours since ``since``."""
    return since + (at - since) // _HOUR * _HOUR


def _place(
    events: Iterable[tuple[datetime, EventKind]], start: datetime, step: timedelta
) -> Iterable[tuple[int, EventKind]]:
    return (((at - start) // step, kind) for at, kind in events)
