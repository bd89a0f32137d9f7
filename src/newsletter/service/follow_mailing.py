"""Follow a mailing while it goes out: its figures at this moment, cheap enough to be asked for every second."""

from __future__ import annotations

from collections import Counter, OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

from newsletter.domain.budget import Limits, Wait
from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingReport, MailingStatus
from newsletter.domain.progress import (
    BatchFigures,
    BatchState,
    DoubtfulLetter,
    Fate,
    Progress,
    RelayAnswer,
    Speed,
    tell_progress,
)
from newsletter.service.look_ahead import Outlook, look_ahead
from newsletter.store import batch_figures, mailings
from newsletter.store.database import Database, Transaction
from newsletter.store.delivery_counts import list_letter_counts

_DOMAINS = 12  # shown by themselves
_ANSWERS = 8
_ANSWERING = 4  # batches that the last answers are looked for in
_DOUBTFUL = 100
_MANY = 200  # batches that moved; beyond it all are counted in one go
# A cancellation withholds in all batches, and a pause may take rejections back.
_TOUCHING = {MailingStatus.PAUSED, MailingStatus.CANCELLED}
_FOLLOWED = 16  # mailings whose figures are kept


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveFigures:
    """A mailing at one moment."""

    at: datetime
    mailing: Mailing
    progress: Progress
    #: letters a second, over the last half minute; None until that is known
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


class MailingFollower:
    """Follows mailings for one process. All is read from the database, whoever delivers.

    The figures of a batch stay what they are until a worker claims it again or an editor decides on it: both show in
    the batch's own row. So only the few batches that moved are counted anew, and a moment of a mailing to a million
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
                answers = followed.list_answers(snapshot, mailing.id)
                doubtful = followed.list_doubtful(snapshot, mailing.id)
                rate = followed.speed.note(progress.tried, now=now)
                next_due_at = followed.next_due_at
        outlook = self._look_ahead(mailing, progress, now)
        is_running = mailing.status is MailingStatus.RUNNING
        by_rate = None
        if is_running and rate and progress.left and outlook.wait is None:
            by_rate = now + timedelta(seconds=progress.left / rate)
        return LiveFigures(
            at=now,
            mailing=mailing,
            progress=progress,
            rate=rate if is_running else None,
            average=_average(mailing, progress, now),
            wait=outlook.wait,
            ends_at=max((end for end in (outlook.expected_end_at, by_rate) if end), default=None),
            next_due_at=next_due_at,
            answers=tuple(answers),
            doubtful=tuple(doubtful),
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
        self.speed = Speed()
        self._status: MailingStatus | None = None
        self._domains: tuple[str, ...] | None = None
        self._states: dict[int, BatchState] = {}
        self._figures: dict[int, BatchFigures] = {}
        self._total: Counter[Fate] = Counter()
        self._gone = 0

    def count(self, transaction: Transaction, mailing: Mailing) -> Progress:
        """Count again what can have changed, and add everything up."""
        if self._domains is None:
            self._domains = batch_figures.find_largest_domains(transaction, mailing.id, limit=_DOMAINS)
        # States first: where the database shows later commits to later statements, what changes between them and the
        # figures is counted once more next time, and never missed.
        states = batch_figures.list_states(transaction, mailing.id)
        moved = {
            number
            for number, state in states.items()
            if number not in self._figures or state.is_claimed or state != self._states.get(number)
        }
        if self._status is not mailing.status:
            if mailing.status in _TOUCHING:
                moved = set(states)
            self._status = mailing.status
        # Letters whose time is over leave their batches, and are counted by themselves.
        counted = list_letter_counts(transaction, mailing.id) if mailing.finished_at else []
        if (gone := sum(letter.letters for letter in counted)) != self._gone:
            moved, self._gone = set(states), gone
        if moved:
            numbers = None if len(moved) > _MANY else moved
            found = batch_figures.count_batches(transaction, mailing.id, numbers, domains=self._domains)
            for number in moved:
                if number in self._figures:
                    self._total.subtract(self._figures[number].counts)
                self._figures[number] = found.get(number, BatchFigures())
                self._total.update(self._figures[number].counts)
        self._states = states
        total = self._total.copy()
        for letter in counted:
            domain = letter.domain if letter.domain in self._domains else ""
            total[letter.status, letter.reason or "", domain] += letter.letters
        return tell_progress(total)

    @property
    def next_due_at(self) -> datetime | None:
        """When the next letters are due that no worker has yet."""
        due = (state.due_at for state in self._states.values() if state.due_at and not state.is_claimed)
        return min(due, default=None)

    def list_answers(self, transaction: Transaction, mailing_id: int) -> list[RelayAnswer]:
        answering = sorted(
            (number for number, figures in self._figures.items() if figures.answered_at),
            key=lambda number: self._figures[number].answered_at or datetime.min,  # noqa: DTZ901 - never taken
        )
        return batch_figures.list_answers(transaction, mailing_id, answering[-_ANSWERING:], limit=_ANSWERS)

    def list_doubtful(self, transaction: Transaction, mailing_id: int) -> list[DoubtfulLetter]:
        having = [
            number
            for number, figures in self._figures.items()
            if any(status is DeliveryStatus.DOUBTFUL for status, _, _ in figures.counts)
        ]
        if not having:
            return []
        return batch_figures.list_doubtful(transaction, mailing_id, having[:_MANY], limit=_DOUBTFUL)
