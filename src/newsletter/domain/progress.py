"""How far a mailing is: its figures at one moment, by status and by domain, and how fast they move."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.mailing import DeliveryStatus, WithheldReason

#: Over so long a rate is measured.
_SPAN = timedelta(seconds=30)
#: A shorter time makes no rate: one letter more or less would change it too much.
_SHORTEST = timedelta(seconds=2)
#: A mailing that nothing leaves for so long stands still, unless its letters are few and far between.
_STILL = timedelta(seconds=5)
_TWO = 2  # moments make a rate
_UNTRIED = (DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT)

#: Status, reason ("" without one) and domain ("" for all that are not shown by themselves) of a letter.
Fate = tuple[DeliveryStatus, str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchState:
    """What tells whether a batch's letters can have changed since they were counted."""

    fence: int
    due_at: datetime | None
    is_claimed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A mailing's figures, added up."""

    counts: Mapping[DeliveryStatus, int]
    withheld_reasons: Mapping[WithheldReason, int]
    rejected_reasons: Mapping[str, int]
    #: by domain; "" for all others
    domains: Mapping[str, Mapping[DeliveryStatus, int]]

    @property
    def left(self) -> int:
        """Count the letters that were not tried yet."""
        return sum(self.counts[status] for status in _UNTRIED)

    @property
    def tried(self) -> int:
        settled = (DeliveryStatus.ACCEPTED, DeliveryStatus.DEFERRED, DeliveryStatus.REJECTED, DeliveryStatus.DOUBTFUL)
        return sum(self.counts[status] for status in settled)


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayAnswer:
    """The relay's last words on one letter."""

    at: datetime
    status: DeliveryStatus
    code: int | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubtfulLetter:
    """A letter that may or may not have arrived."""

    position: int
    #: None for a reader who was forgotten
    address: str | None
    tried_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldDoubt:
    """An editor's decision to leave a mailing's doubtful letters as they are."""

    by: str
    at: datetime
    #: how many there were then
    letters: int


def count_undecided(doubtful: int, held: HeldDoubt | None) -> int:
    """Count the doubtful letters that nobody has decided on yet; they only ever become more after a decision."""
    return max(0, doubtful - held.letters) if held else doubtful


def tell_progress(total: Counter[Fate]) -> Progress:
    """Sort what was counted of a whole mailing by what it is asked for."""
    counts: Counter[DeliveryStatus] = Counter()
    withheld: Counter[WithheldReason] = Counter()
    rejected: Counter[str] = Counter()
    domains: dict[str, Counter[DeliveryStatus]] = {}
    for (status, reason, domain), count in (+total).items():
        counts[status] += count
        domains.setdefault(domain, Counter())[status] += count
        if status is DeliveryStatus.WITHHELD:
            withheld[WithheldReason(reason)] += count
        elif status is DeliveryStatus.REJECTED:
            rejected[reason] += count
    return Progress(
        counts={status: counts[status] for status in DeliveryStatus},
        withheld_reasons=withheld,
        rejected_reasons=rejected,
        domains=domains,
    )


class Speed:
    """How many letters a second are tried, by what was seen at the moments at which their number had moved.

    The first of these moments is where the measure begins, so that nothing counts of what was idle before it: while the
    mailing waited for its start, was paused or stood still, or while nobody looked.
    """

    def __init__(self) -> None:
        self._moves: deque[tuple[datetime, int]] = deque()
        self._seen: tuple[datetime, int] | None = None

    def note(self, tried: int, *, now: datetime) -> float | None:
        """Take in how many were tried by now; return the rate, None until letters have left for some seconds."""
        if self._seen is None or tried < self._seen[1] or now - self._seen[0] > _SPAN:
            self.forget()  # or letters were taken back to be sent again
            self._seen = now, tried
        elif now > self._seen[0]:
            if tried > self._seen[1]:
                self._add_move(tried, now=now)
            self._seen = now, tried
        return self._measure(now)

    def forget(self) -> None:
        """Begin anew, since the mailing does not run."""
        self._moves.clear()
        self._seen = None

    def _add_move(self, tried: int, *, now: datetime) -> None:
        if self._stood_still:
            self._moves.clear()
        self._moves.append((now, tried))
        while len(self._moves) > _TWO and self._moves[1][0] <= now - _SPAN:
            self._moves.popleft()

    def _measure(self, now: datetime) -> float | None:
        if not self._moves:
            return None
        (start, before), (end, after) = self._moves[0], self._moves[-1]
        if end - start < _SHORTEST:
            return None
        idle = now - end
        if idle >= _SPAN:
            return 0.0
        # A look between two moves changes nothing; to wait for longer than from one to the next slows it down.
        return (after - before) / (end - start + max(timedelta(), idle - self._interval)).total_seconds()

    @property
    def _stood_still(self) -> bool:
        """Whether nothing had left for long when it was looked at last."""
        if self._seen is None or not self._moves:
            return False
        idle = self._seen[0] - self._moves[-1][0]
        return idle > (_SPAN if len(self._moves) < _TWO else max(_STILL, 4 * self._interval))

    @property
    def _interval(self) -> timedelta:
        """How long it took from one move to the next, on average."""
        return (self._moves[-1][0] - self._moves[0][0]) / (len(self._moves) - 1)
