"""What the relay allows a second, an hour and a day; what was spent of it, and when the rest can leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: Letters are granted for so long ahead: what a dead process had been granted is lost, and this is little.
GRANTED_AHEAD = timedelta(seconds=15)

_RESERVE = 50  # one in so many of a quota is kept for notices, so that a sign-up need not wait for the next hour


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """At most so many letters in any span of this length."""

    span: timedelta
    letters: int

    @property
    def for_mailings(self) -> int:
        """What newsletters may use of it; the rest is kept for notices."""
        return self.letters - self.letters // _RESERVE

    @property
    def sentence(self) -> str:
        return f"The limit of {self.letters:,} letters {'an hour' if self.span == HOUR else 'a day'} is reached"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What the relay allows; 0 stands for no limit."""

    messages_per_second: float = 0
    messages_per_hour: int = 0
    messages_per_day: int = 0
    per_domain_per_second: float = 0

    @property
    def quotas(self) -> tuple[Quota, ...]:
        given = ((HOUR, self.messages_per_hour), (DAY, self.messages_per_day))
        return tuple(Quota(span=span, letters=letters) for span, letters in given if letters)

    @property
    def are_none(self) -> bool:
        return not (self.quotas or self.messages_per_second or self.per_domain_per_second)


@dataclass(frozen=True, slots=True)
class Spending:
    """So many letters left, the last of them at this time."""

    at: datetime
    letters: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """No letter may leave before this time, and why: a sentence without its full stop."""

    until: datetime
    why: str


class _Window:
    """What was spent of one quota, as time goes on."""

    def __init__(self, quota: Quota, letters: int, spent: Sequence[Spending]) -> None:
        self._quota = quota
        self._letters = letters
        self._spent = deque(sorted(spent, key=lambda spending: spending.at))
        self._total = sum(spending.letters for spending in spent)

    def room(self, now: datetime) -> int:
        """Return how many letters may leave at ``now``, which never goes back."""
        while self._spent and self._spent[0].at <= now - self._quota.span:
            self._total -= self._spent.popleft().letters
        return max(0, self._letters - self._total)

    def spend(self, spending: Spending) -> None:
        self._spent.append(spending)
        self._total += spending.letters

    def find_wait(self, now: datetime) -> Wait | None:
        """Return until when nothing may leave; None if something may."""
        if self.room(now):
            return None
        kept = self._total
        for spending in self._spent:
            kept -= spending.letters
            if kept < self._letters:
                return Wait(until=spending.at + self._quota.span, why=self._quota.sentence)
        return Wait(until=now + self._quota.span, why=self._quota.sentence)  # a quota too small for anything


def count_room(limits: Limits, spent: Sequence[Spending], *, now: datetime, for_notices: bool = False) -> int | None:
    """Return how many letters the quotas allow now; None for as many as one likes."""
    windows = _open_windows(limits, spent, for_notices=for_notices)
    return min((window.room(now) for window in windows), default=None)


def find_quota_wait(
    limits: Limits, spent: Sequence[Spending], *, now: datetime, for_notices: bool = False
) -> Wait | None:
    """Return until when the quotas allow nothing; None if they allow something now."""
    waits = [window.find_wait(now) for window in _open_windows(limits, spent, for_notices=for_notices)]
    return max((wait for wait in waits if wait), key=lambda wait: wait.until, default=None)


def foresee_end(letters: int, limits: Limits, spent: Sequence[Spending], *, start: datetime) -> datetime:
    """Return when the last of so many letters will have left, if nothing but the limits holds them up."""
    left, whole = letters, timedelta()
    if slowest := min(limits.quotas, key=lambda quota: quota.for_mailings / quota.span.total_seconds(), default=None):
        # What is spent in one span is free again in the next: whole spans need no playing through.
        spans = max(0, left // slowest.for_mailings - 1)
        left, whole = left - spans * slowest.for_mailings, spans * slowest.span
    windows = _open_windows(limits, spent)
    at_once = max(1, int(limits.messages_per_second * GRANTED_AHEAD.total_seconds()))
    moment = start
    while left:
        wait = max((wait.until for window in windows if (wait := window.find_wait(moment))), default=moment)
        if wait > moment:
            moment = wait
            continue
        granted = min(left, *(window.room(moment) for window in windows)) if windows else left
        if limits.messages_per_second:
            granted = min(granted, at_once) if windows else left
            moment += timedelta(seconds=granted / limits.messages_per_second)
        for window in windows:
            window.spend(Spending(moment, granted))
        left -= granted
    return moment + whole


def _open_windows(limits: Limits, spent: Sequence[Spending], *, for_notices: bool = False) -> list[_Window]:
    return [_Window(quota, quota.letters if for_notices else quota.for_mailings, spent) for quota in limits.quotas]
