"""What the relay allows a second, an hour and a day; what was spent of it, and when the rest can leave."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

#: The name of the one relay that everybody has.
RELAY = "relay"

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

#: Letters are granted for so long ahead: what a dead process had been granted is lost, and this is little.
GRANTED_AHEAD = timedelta(seconds=15)

_LONGEST_WARM_UP = 60  # days; by then a tenth more a day is three hundred times as many
# One in so many of a quota and of a rate is kept for notices, so that a sign-up waits neither for the next hour nor for
# the letters that are planned already.
_RESERVE = 50

#: What is kept of a rate for notices may be used together within so long, ...
_RESERVE_SPAN = timedelta(seconds=30)

_RESERVE_STEPS = 10  # ... but by one letter in so many, so that no second has a tenth more than the rate


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
class WarmUp:
    """A sender that is new to a relay, or a relay to the world, begins with few letters and has more each day."""

    #: the first of its days, from midnight UTC
    first: date
    #: of that day
    letters: int
    #: by which each day has more than the one before
    growth: float

    def count_allowed(self, moment: datetime) -> int:
        """Return how many letters of mailings may leave in the 24 hours up to a moment."""
        days = min(max(0, (moment.astimezone(UTC).date() - self.first).days), _LONGEST_WARM_UP)
        return int(self.letters * self.growth**days)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a relay allows; 0 stands for no limit."""

    #: the relay's name, under which is written down what was spent
    relay: str = RELAY
    messages_per_second: float = 0
    messages_per_hour: int = 0
    messages_per_day: int = 0
    per_domain_per_second: float = 0
    warm_up: WarmUp | None = None

    @property
    def mailings_per_second(self) -> float:
        """What newsletters may use of the relay's rate; the rest is kept for notices."""
        return self.messages_per_second * (1 - 1 / _RESERVE)

    @property
    def reserve_span(self) -> timedelta:
        """How long what is kept for notices belongs together; there is one letter in it at least."""
        return max(_RESERVE_SPAN, timedelta(seconds=_RESERVE / self.messages_per_second))

    @property
    def are_counted(self) -> bool:
        """Tell whether it has to be known how many letters have left."""
        return bool(self.quotas or self.warm_up)

    @property
    def quotas(self) -> tuple[Quota, ...]:
        given = ((HOUR, self.messages_per_hour), (DAY, self.messages_per_day))
        return tuple(Quota(span=span, letters=letters) for span, letters in given if letters)

    @property
    def are_none(self) -> bool:
        return not (self.are_counted or self.messages_per_second or self.per_domain_per_second)


@dataclass(frozen=True, slots=True)
class Spending:
    """So many letters left, the last of them at this time."""

    at: datetime
    letters: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """A part of a relay's time, in which its letters leave one after another at its rate."""

    starts_at: datetime
    #: from then on the next one may leave
    ends_at: datetime


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
        self._forget(now)
        return max(0, self._letters - self._total)

    def _forget(self, now: datetime) -> None:
        while self._spent and self._spent[0].at <= now - self._quota.span:
            self._total -= self._spent.popleft().letters

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


class _WarmUpWindow(_Window):
    """The same for a warm-up: what it allows grows at each midnight."""

    def __init__(self, warm_up: WarmUp, spent: Sequence[Spending]) -> None:
        super().__init__(Quota(span=DAY, letters=warm_up.letters), warm_up.letters, spent)
        self._warm_up = warm_up

    def room(self, now: datetime) -> int:
        self._forget(now)
        return max(0, self._warm_up.count_allowed(now) - self._total)

    def find_wait(self, now: datetime) -> Wait | None:
        if self.room(now):
            return None
        allowed = self._warm_up.count_allowed(now)
        midnight = datetime.combine(now.astimezone(UTC).date() + DAY, time(), UTC)
        chances = sorted([midnight, *(spending.at + DAY for spending in self._spent)])
        until = next((moment for moment in chances if self._has_room(moment)), now + DAY)
        return Wait(until=until, why=f"While the sender is warmed up, {allowed:,} letters may leave in 24 hours")

    def _has_room(self, moment: datetime) -> bool:
        kept = sum(spending.letters for spending in self._spent if spending.at > moment - DAY)
        return kept < self._warm_up.count_allowed(moment)


def find_gap(taken: Sequence[Stretch], limits: Limits, *, now: datetime) -> Stretch:
    """Return what is free of a relay's time first: no more than is granted at once, and one letter's time at least.

    Only for a relay with a rate. ``taken`` are the stretches in which others have it.
    """
    step = timedelta(seconds=1 / limits.mailings_per_second)
    starts_at, longest = now, max(step, GRANTED_AHEAD)
    for stretch in sorted(taken, key=lambda each: each.starts_at):
        if stretch.starts_at >= starts_at + step:
            return Stretch(starts_at, min(stretch.starts_at, starts_at + longest))
        starts_at = max(starts_at, stretch.ends_at)
    return Stretch(starts_at, starts_at + longest)


def find_reserved(taken: Sequence[Stretch], limits: Limits, *, now: datetime) -> datetime:
    """Return when a notice may leave in what is kept of a relay's rate for notices, beside all that is planned of it.

    Only for a relay with a rate. ``taken`` are the spans that notices before it began, each of ``reserve_span``.
    """
    begun = sorted(stretch.starts_at for stretch in taken)
    most = max(1, int(limits.reserve_span.total_seconds() * limits.messages_per_second / _RESERVE))
    starts_at = now
    if begun:
        starts_at = max(starts_at, begun[-1] + timedelta(seconds=_RESERVE_STEPS / limits.messages_per_second))
    if len(begun) >= most:
        starts_at = max(starts_at, begun[-most] + limits.reserve_span)
    return starts_at


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


def foresee_end(
    letters: int, limits: Limits, spent: Sequence[Spending], *, start: datetime, to_one_domain: int = 0
) -> datetime:
    """Return when the last of so many letters will have left, if nothing but the limits holds them up.

    ``to_one_domain`` of them go to the domain that most go to.
    """
    end = _play_through(letters, limits, spent, start=start)
    if not limits.per_domain_per_second:
        return end
    return max(end, start + timedelta(seconds=to_one_domain / limits.per_domain_per_second))


def _play_through(letters: int, limits: Limits, spent: Sequence[Spending], *, start: datetime) -> datetime:
    left, whole = letters, timedelta()
    if slowest := min(limits.quotas, key=lambda quota: quota.for_mailings / quota.span.total_seconds(), default=None):
        # What is spent in one span is free again in the next: whole spans need no playing through.
        spans = max(0, left // slowest.for_mailings - 1)
        left, whole = left - spans * slowest.for_mailings, spans * slowest.span
    windows = _open_windows(limits, spent)
    at_once = max(1, int(limits.mailings_per_second * GRANTED_AHEAD.total_seconds()))
    moment = start
    while left:
        wait = max((wait.until for window in windows if (wait := window.find_wait(moment))), default=moment)
        if wait > moment:
            moment = wait
            continue
        granted = min(left, *(window.room(moment) for window in windows)) if windows else left
        if limits.messages_per_second:
            granted = min(granted, at_once) if windows else left
            moment += timedelta(seconds=granted / limits.mailings_per_second)
        for window in windows:
            window.spend(Spending(moment, granted))
        left -= granted
    return moment + whole


def _open_windows(limits: Limits, spent: Sequence[Spending], *, for_notices: bool = False) -> list[_Window]:
    windows = [_Window(quota, quota.letters if for_notices else quota.for_mailings, spent) for quota in limits.quotas]
    if limits.warm_up and not for_notices:
        windows.append(_WarmUpWindow(limits.warm_up, spent))
    return windows
