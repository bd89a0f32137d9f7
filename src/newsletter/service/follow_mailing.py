"""Follow a mailing while it goes out: its figures at this moment, cheap enough to be asked for every second."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from newsletter.domain.budget import Limits, Wait
from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingReport, MailingStatus
from newsletter.domain.progress import (
    BatchState,
    DoubtfulLetter,
    Fate,
    HeldDoubt,
    Progress,
    RelayAnswer,
    Speed,
    count_undecided,
    tell_progress,
)
from newsletter.service.look_ahead import Outlook, look_ahead
from newsletter.store import batch_figures, delivery_counts, doubt, mailings
from newsletter.store.database import Database, Transaction

_DOMAINS = 12  # shown by themselves
_ANSWERS = 8
_DOUBTFUL = 100
_MANY = 200  # batches that moved; beyond it all are looked at in one go
_FOLLOWED = 16  # mailings whose figures are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """A mailing at one moment."""

    at: datetime
    mailing: Mailing
    progress: Progress
    #: letters a second, over the last half minute; None until letters have left for some seconds
    rate: float | None
    #: letters a second since the first one left
    average: float | None
    #: what it waits for; None while nothing holds it up
    wait: Wait | None
    #: of the last letter that was not tried yet: by the limits, and by the rate
    ends_at: datetime | None
    #: when the next letters are due that no worker has yet
    next_due_at: datetime | None
    #: the latest first
    answers: tuple[RelayAnswer, ...]
    #: the first hundred
    doubtful: tuple[DoubtfulLetter, ...]
    #: the decision to leave them as they are, if it stands
    held: HeldDoubt | None

    @property
    def undecided(self) -> int:
        """Count the doubtful letters that nobody has decided on."""
        return count_undecided(self.progress.counts[DeliveryStatus.DOUBTFUL], self.held)


class MailingFollower:
    """Follows mailings for one process. All is read from the database, whoever delivers.

    The figures of a batch stay what they are until a worker claims it again or an editor decides on it: both show in
    the batch's own row. So only the few batches that moved are read again, and a moment of a mailing to a million
    readers costs what one to ten thousand does.
    """

    def __init__(self, database: Database, limits: Limits) -> None:
        self._database = database
        self._limits = limits
        self._lock = Lock()
        self._followed: OrderedDict[int, _Followed] = OrderedDict()

    def look(self, number: int, *, now: datetime) -> LiveFigures:
        """Return the mailing of issue ``number`` as it stands. Raises NotFoundError if it has none."""
        with self._database.snapshot() as snapshot:
            mailing = mailings.find_issue_mailing(snapshot, number)
            followed = self._find(mailing.id)
            with followed.lock:
                progress = followed.count(snapshot, mailing)
                answers = batch_figures.list_answers(snapshot, mailing.id, limit=_ANSWERS)
                doubtful = batch_figures.list_doubtful(snapshot, mailing.id, limit=_DOUBTFUL)
                rate = followed.measure_rate(mailing, progress, now=now)
                next_due_at = followed.next_due_at
            held = doubt.list_held(snapshot, [mailing.id]) if progress.counts[DeliveryStatus.DOUBTFUL] else {}
        outlook = self._look_ahead(mailing, progress, now)
        by_rate = None
        if rate and progress.left and outlook.wait is None:
            by_rate = now + timedelta(seconds=progress.left / rate)
        return LiveFigures(
            at=now,
            mailing=mailing,
            progress=progress,
            rate=rate,
            average=_average(mailing, progress, now),
            wait=outlook.wait,
            ends_at=max((end for end in (outlook.expected_end_at, by_rate) if end), default=None),
            next_due_at=next_due_at,
            answers=tuple(answers),
            doubtful=tuple(doubtful),
            held=held.get(mailing.id),
        )

    def _find(self, mailing_id: int) -> _Followed:
        with self._lock:
            followed = self._followed.setdefault(mailing_id, _Followed())
            self._followed.move_to_end(mailing_id)
            if len(self._followed) > _FOLLOWED:
                self._followed.popitem(last=False)
            return followed

    def _look_ahead(self, mailing: Mailing, progress: Progress, now: datetime) -> Outlook:
        report = MailingReport(mailing=mailing, counts=dict(progress.counts), withheld_reasons={}, rejected_reasons={})
        return look_ahead(report, database=self._database, limits=self._limits, now=now)


def _average(mailing: Mailing, progress: Progress, now: datetime) -> float | None:
    if mailing.started_at is None:
        return None
    seconds = ((mailing.finished_at or now) - mailing.started_at).total_seconds()
    return progress.tried / seconds if seconds > 0 else None


class _Followed:
    """What is known of one mailing."""

    def __init__(self) -> None:
        self.lock = Lock()
        self._speed = Speed()
        self._status: MailingStatus | None = None
        self._domains: tuple[str, ...] = ()
        self._states: dict[int, BatchState] = {}
        self._figures: dict[int, Counter[Fate]] = {}
        self._total: Counter[Fate] = Counter()

    def count(self, transaction: Transaction, mailing: Mailing) -> Progress:
        """Look again at what can have changed, and add everything up."""
        if mailing.finished_at is not None:
            self._forget_batches()
            domains = delivery_counts.find_largest_domains(transaction, mailing.id, limit=_DOMAINS)
            return tell_progress(delivery_counts.count_fates(transaction, mailing.id, domains=domains))
        if not self._states:
            self._domains = batch_figures.find_large_domains(
                transaction, mailing.id, intended=mailing.intended, limit=_DOMAINS
            )
        states = batch_figures.list_states(transaction, mailing.id)
        moved = {
            number
            for number, state in states.items()
            if number not in self._figures or state.is_claimed or state != self._states.get(number)
        }
        if self._status is not mailing.status:
            if mailing.status is MailingStatus.PAUSED:  # it may have taken rejections back
                moved = set(states)
            self._status = mailing.status
        if moved:
            numbers = None if len(moved) > _MANY else moved
            found = batch_figures.count_batches(transaction, mailing.id, numbers, domains=self._domains)
            for number in moved:
                self._total.subtract(self._figures.get(number, Counter()))
                self._figures[number] = found.get(number, Counter())
                self._total.update(self._figures[number])
        self._states = states
        return tell_progress(self._total)

    def measure_rate(self, mailing: Mailing, progress: Progress, *, now: datetime) -> float | None:
        if mailing.status is MailingStatus.RUNNING:
            return self._speed.note(progress.tried, now=now)
        self._speed.forget()
        return None

    @property
    def next_due_at(self) -> datetime | None:
        """When the next letters are due that no worker has yet."""
        due = (state.due_at for state in self._states.values() if state.due_at and not state.is_claimed)
        return min(due, default=None)

    def _forget_batches(self) -> None:
        self._status, self._states, self._figures, self._total = None, {}, {}, Counter()
