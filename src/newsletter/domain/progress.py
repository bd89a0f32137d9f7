"""How far a mailing is: its figures at one moment, by status and by domain, and how fast they move."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.mailing import DeliveryStatus, WithheldReason

#: Over so long a rate is measured.
_SPAN = timedelta(seconds=30)
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
    """How many letters a second are tried, by what was seen at the last few moments."""

    def __init__(self) -> None:
        self._seen: deque[tuple[datetime, int]] = deque()

    def note(self, tried: int, *, now: datetime) -> float | None:
        """Take in how many were tried by now; return the rate, None until two moments are known."""
        if self._seen and tried < self._seen[-1][1]:  # letters were taken back to be sent again
            self._seen.clear()
        if not self._seen or now > self._seen[-1][0]:
            self._seen.append((now, tried))
        while len(self._seen) > 2 and self._seen[1][0] <= now - _SPAN:  # noqa: PLR2004 - two moments make a rate
            self._seen.popleft()
        (start, before), (end, after) = self._seen[0], self._seen[-1]
        seconds = (end - start).total_seconds()
        return (after - before) / seconds if seconds > 0 else None
