"""When an issue is due: the fortnightly rule, the editors' changes to it, and the slots that follow from both.

The rule counts days on the calendar and only then looks at the clock of its zone, so neither daylight saving nor a
year of 53 weeks ever shifts it. Numbers are not computed here: they are given in sequence when an issue is drafted.
"""

from __future__ import annotations

import datetime as dt
from bisect import bisect_left
from dataclasses import dataclass
from enum import StrEnum
from heapq import merge
from itertools import takewhile
from operator import attrgetter
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from newsletter.errors import ConfigurationError, InputError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """Every ``weeks`` weeks from ``first`` on, at the local time ``at``; raises ConfigurationError if it cannot be."""

    first: dt.date
    weeks: int = 2
    at: dt.time
    #: a name of the IANA database
    timezone: str

    def __post_init__(self) -> None:
        if self.weeks < 1:
            raise ConfigurationError(f"[cadence] weeks is {self.weeks}: write 1 or more.")
        if self.at.tzinfo is not None:
            raise ConfigurationError(
                f"[cadence] at is {self.at.isoformat()}: write the local time alone, its zone belongs in timezone."
            )
        try:
            ZoneInfo(self.timezone)
        except (KeyError, ValueError, OSError) as error:  # OSError: "Europe" is a folder of the database
            raise ConfigurationError(
                f'[cadence] timezone {self.timezone!r} is unknown: write a name such as "Europe/Stockholm".'
            ) from error

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.timezone)

    def plans(self, day: dt.date) -> bool:
        return day >= self.first and (day - self.first).days % (7 * self.weeks) == 0

    def days(self) -> Iterator[dt.date]:
        """Give every day that the rule plans, without end."""
        day = self.first
        while True:
            yield day
            day += dt.timedelta(weeks=self.weeks)

    def instant(self, day: dt.date) -> dt.datetime:
        """Tell when ``at`` is on that day, in UTC.

        A time that the clocks skip happens when they have jumped, a time that they show twice at its first showing.
        """
        zone = self.zone
        local = dt.datetime.combine(day, self.at.replace(fold=0), zone)
        instant = local.astimezone(dt.UTC)
        if instant.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None):
            return instant
        # In the gap fold=1 reads the time with the offset after the jump, which gives an instant before it (PEP 495).
        seconds = range(int(local.replace(fold=1).timestamp()), int(instant.timestamp()) + 1)
        offset = instant.astimezone(zone).utcoffset()
        jump = bisect_left(seconds, x=True, key=lambda second: _offset(second, zone) == offset)
        return dt.datetime.fromtimestamp(seconds[jump], dt.UTC)


def _offset(second: int, zone: ZoneInfo) -> dt.timedelta | None:
    return dt.datetime.fromtimestamp(second, zone).utcoffset()


class SlotStatus(StrEnum):
    #: as the rule says
    PLANNED = "planned"
    #: no issue; its window falls to the next slot
    SKIPPED = "skipped"
    #: on another day than the rule says, at the same local time
    MOVED = "moved"
    #: added by the editors beside the rule
    EXTRA = "extra"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotChange:
    """What the editors decided about one slot; the latest change of a slot replaces the earlier ones."""

    #: the slot's own date, which no move alters
    date: dt.date
    #: the status it gets; planned takes a skip or a move back
    status: SlotStatus
    #: always with moved, sometimes with extra, never else
    moved_to: dt.date | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if self.status is SlotStatus.MOVED and self.moved_to is None:
            raise InputError(f"The slot of {self.date} is to be moved: say to which day.")
        if self.moved_to is not None and self.status not in (SlotStatus.MOVED, SlotStatus.EXTRA):
            raise InputError(
                f"The slot of {self.date} cannot be {self.status} and fall on {self.moved_to}: choose one."
            )

    @property
    def day(self) -> dt.date:
        return self.moved_to or self.date


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """The publication times that a slot covers: from ``opens`` to just before ``closes``, both in UTC."""

    #: None: the first slot covers everything before it
    opens: dt.datetime | None
    closes: dt.datetime

    def covers(self, published_at: dt.datetime) -> bool:
        return (self.opens is None or self.opens <= published_at) and published_at < self.closes


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    #: its identity: the date that the rule gave it, or the editors who added it
    date: dt.date
    #: the local day that it falls on
    day: dt.date
    #: the instant that it is due, in UTC
    at: dt.datetime
    status: SlotStatus
    #: empty when skipped
    window: Window
    reason: str

    def __str__(self) -> str:
        return f"{self.date}" if self.day == self.date else f"{self.date} (moved to {self.day})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The rule with the changes made to it.

    Changes are checked by ``skip``, ``move`` and ``add`` before they are stored; stored ones are taken as they are. If
    the rule itself was rewritten since, a move of a date that it no longer plans has no effect.
    """

    cadence: Cadence
    changes: tuple[SlotChange, ...] = ()

    def agenda(self) -> Iterator[Slot]:
        """Give every slot, the skipped ones too, in the order of their days, without end."""
        latest = {change.date: change for change in self.changes}
        standing = sorted(filter(self._stands, latest.values()), key=_order)
        untouched = (
            SlotChange(date=day, status=SlotStatus.PLANNED) for day in self.cadence.days() if day not in latest
        )
        opens: dt.datetime | None = None
        for change in merge(standing, untouched, key=_order):
            at = self.cadence.instant(change.day)
            if change.status is SlotStatus.SKIPPED:
                window = Window(opens=at, closes=at)
            elif opens is None or opens < at:
                window = Window(opens=opens, closes=at)
                opens = at
            else:
                continue  # a rewritten rule fell on the day of a moved slot: one issue a day
            yield Slot(
                date=change.date, day=change.day, at=at, status=change.status, window=window, reason=change.reason
            )

    def slots(self) -> Iterator[Slot]:
        """Give the slots that get an issue, each due strictly after the one before, without end."""
        return (slot for slot in self.agenda() if slot.status is not SlotStatus.SKIPPED)

    def due(self, now: dt.datetime) -> Slot | None:
        """Find the latest slot whose instant has come."""
        return max(takewhile(lambda slot: slot.at <= now, self.slots()), key=attrgetter("at"), default=None)

    def earliest_after(self, instant: dt.datetime) -> Slot:
        return next(slot for slot in self.slots() if slot.at > instant)

    def slot_on(self, date: dt.date) -> Slot | None:
        """Find a slot, skipped or not, by its own date, wherever it was moved."""
        day = next((change.day for change in reversed(self.changes) if change.date == date), date)
        until = takewhile(lambda slot: slot.day <= day, self.agenda())
        return next((slot for slot in until if slot.date == date), None)

    def skip(self, date: dt.date, *, reason: str) -> SlotChange:
        """Give the change that leaves a slot out; raises RefusedError where there is none."""
        self._kept(date)
        return SlotChange(date=date, status=SlotStatus.SKIPPED, reason=reason)

    def move(self, date: dt.date, to: dt.date, *, reason: str) -> SlotChange:
        """Give the change that puts a slot on a free day, beyond its neighbours if need be; raises RefusedError."""
        slot = self._kept(date)
        if to == slot.day:
            raise RefusedError(f"The slot of {date} falls on {to} already: nothing has to change.")
        self._require_free(to)
        if slot.status is SlotStatus.EXTRA:
            return SlotChange(date=date, status=SlotStatus.EXTRA, moved_to=to, reason=reason)
        if to == date:
            return SlotChange(date=date, status=SlotStatus.PLANNED, reason=reason)
        return SlotChange(date=date, status=SlotStatus.MOVED, moved_to=to, reason=reason)

    def add(self, date: dt.date, *, reason: str) -> SlotChange:
        """Give the change that adds a slot on a free day, or takes the skip of that date back; raises RefusedError."""
        self._require_free(date)
        known = self.slot_on(date)
        if known is not None and known.status is not SlotStatus.SKIPPED:
            raise RefusedError(f"{date} belongs to a slot that was moved to {known.day}: move that one back instead.")
        status = SlotStatus.PLANNED if self.cadence.plans(date) else SlotStatus.EXTRA
        return SlotChange(date=date, status=status, reason=reason)

    def _stands(self, change: SlotChange) -> bool:
        return change.status in (SlotStatus.EXTRA, SlotStatus.SKIPPED) or self.cadence.plans(change.date)

    def _kept(self, date: dt.date) -> Slot:
        slot = self.slot_on(date)
        if slot is None:
            raise RefusedError(f"{date} is not the date of a slot: {self._nearest(date)}.")
        if slot.status is SlotStatus.SKIPPED:
            raise RefusedError(f"The slot of {date} is skipped already: {self._nearest(date)}.")
        return slot

    def _require_free(self, day: dt.date) -> None:
        if any(slot.day == day for slot in takewhile(lambda slot: slot.day <= day, self.slots())):
            raise RefusedError(f"{day} has a slot already: choose a free day; {self._nearest(day)}.")

    def _nearest(self, day: dt.date) -> str:
        before = list(takewhile(lambda slot: slot.day <= day, self.slots()))[-1:]
        after = next(slot for slot in self.slots() if slot.day > day)
        if not before:
            return f"the nearest is {after}"
        return f"the nearest are {before[0]} and {after}"


def _order(change: SlotChange) -> tuple[dt.date, dt.date]:
    return change.day, change.date
