"""The ledger's writer: one thread that commits for all connections at once.

The cost of making a commit durable is shared by all whose entries are in it, so a commit waits for the others where
they are near: until every connection waits for it, or no further entry has come for a moment. A fast relay gets
commits for all connections, a slow one hardly waits, and where the way to the relay is long nobody waits: there each
moment is one in which nothing is under way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from datetime import datetime
from enum import Enum, auto
from queue import SimpleQueue
from threading import Thread
from types import TracebackType
from typing import NamedTuple, Self

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.domain.reply import Outcome, Rejected
from newsletter.domain.settlement import Settlement, settle
from newsletter.mail.reason import find_reason
from newsletter.service.feed import Job
from newsletter.store import ledger, progress
from newsletter.store.database import Connection, Database
from newsletter.store.progress import Withdrawn

_MOMENT_SECONDS = 0.004  # a commit waits for as long after the last entry
_LONGEST_WAIT_SECONDS = 0.001  # for each connection, after the first entry
_RENEW_AFTER = ledger.LEASE / 3


class Settled(NamedTuple):
    """A letter and what became of it."""

    job: Job
    outcome: Outcome


class Verdict(Enum):
    """Whether a staged letter may have its final dot."""

    RELEASE = auto()
    #: its reader has left, or its mailing was cancelled
    WITHHELD = auto()
    #: another worker has taken its batch over
    TAKEN_OVER = auto()
    #: there was none to decide on
    NONE = auto()


class _Entry(NamedTuple):
    """What one connection wants recorded before its next dot."""

    settled: tuple[Settled, ...]
    starting: Job | None
    verdict: asyncio.Future[Verdict]

    @property
    def jobs(self) -> list[Job]:
        jobs = [settled.job for settled in self.settled]
        return [*jobs, self.starting] if self.starting else jobs

    def answer(self, withdrawn: Withdrawn) -> None:
        for settled in self.settled:
            settled.job.load.close_one()
        if not self.verdict.done():
            self.verdict.set_result(_judge(self.starting, withdrawn))

    def fail(self, error: BaseException) -> None:
        if not self.verdict.done():
            self.verdict.set_exception(error)


class LedgerWriter:
    """Records outcomes, and grants each letter its final dot."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], doubtful: DoubtfulPolicy, connections: int
    ) -> None:
        self._database = database
        self._clock = clock
        self._doubtful = doubtful
        self._connections = connections
        self._loop = asyncio.get_running_loop()
        self._entries: list[_Entry] = []
        #: when the first and the last of them came
        self._first_at = self._last_at = 0.0
        self._is_urgent = False
        self._timer: asyncio.TimerHandle | None = None
        self._is_writing = False
        self._kept = ExitStack()
        self._connection: Connection | None = None
        # A queue and a thread of our own: an executor's future costs as much as a tenth of the commit that it is for.
        self._work: SimpleQueue[Sequence[_Entry] | None] = SimpleQueue()
        self._thread = Thread(target=self._keep_writing, name="ledger")

    async def __aenter__(self) -> Self:
        # One connection for all commits: fetching one from the pool takes as long as a small commit.
        self._connection = self._kept.enter_context(self._database.kept_connection())
        self._thread.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._work.put(None)
        self._thread.join()
        self._kept.close()

    async def commit(
        self, settled: Sequence[Settled], *, starting: Job | None = None, is_urgent: bool = False
    ) -> Verdict:
        """Record outcomes, and that ``starting`` is in flight, durably; then say whether it may be released.

        What is urgent does not wait for others to share the commit with; it shares one with all who are there.
        """
        entry = _Entry(tuple(settled), starting, self._loop.create_future())
        self._last_at = self._loop.time()
        if not self._entries:
            self._first_at = self._last_at
        self._entries.append(entry)
        self._is_urgent = self._is_urgent or is_urgent
        self._look(self._last_at)
        return await entry.verdict

    def _look(self, now: float) -> None:
        """Begin a commit if it is time for one, else look again when it may be."""
        if self._is_writing or not self._entries:
            return
        due_at = min(self._last_at + _MOMENT_SECONDS, self._first_at + _LONGEST_WAIT_SECONDS * self._connections)
        if self._is_urgent or len(self._entries) >= self._connections or due_at <= now:
            entries, self._entries = self._entries, []
            self._is_urgent = False
            self._is_writing = True
            self._work.put(entries)
        elif self._timer is None:
            self._timer = self._loop.call_at(due_at, self._look_again)

    def _look_again(self) -> None:
        self._timer = None
        self._look(self._loop.time())

    def _keep_writing(self) -> None:
        """Write whatever is handed over, in the writer's thread, until there is no more."""
        while (entries := self._work.get()) is not None:
            result: Withdrawn | BaseException
            try:
                result = self._write(entries)
            except BaseException as error:  # noqa: BLE001 - it is raised where the entries came from
                result = error
            self._loop.call_soon_threadsafe(self._answer, entries, result)

    def _write(self, entries: Sequence[_Entry]) -> Withdrawn:
        """Commit what ``entries`` say."""
        now = self._clock()
        settled = [(each.job.load.batch, self._settle(each, now)) for entry in entries for each in entry.settled]
        starting = [(job.load.batch, job.recipient.delivery) for entry in entries if (job := entry.starting)]
        loads = {job.load for entry in entries for job in entry.jobs}
        due = any(load.renewed_at is None or now - load.renewed_at > _RENEW_AFTER for load in loads)
        is_one_statement = not due and not any(settlement.is_suppressing for _, settlement in settled)
        connection = self._connection
        assert connection is not None  # noqa: S101 - for the type checker
        opening = self._database.statement if is_one_statement else self._database.transaction
        with opening(on=connection) as transaction:
            # All or none: a claim prolonged after another was locked would be out of order (store.mailing_locks).
            for load in sorted(loads if due else [], key=lambda load: load.batch.place):
                ledger.renew(transaction, load.batch, now=now)
                load.renewed_at = now
            return progress.record(transaction, settled, starting, now=now)

    def _answer(self, entries: Sequence[_Entry], result: Withdrawn | BaseException) -> None:
        """Tell all who waited for a commit what came of it, and look for the next one."""
        self._is_writing = False
        for entry in entries:
            if isinstance(result, Withdrawn):
                entry.answer(result)
            else:
                entry.fail(result)
        self._look(self._loop.time())

    def _settle(self, settled: Settled, now: datetime) -> Settlement:
        reason, is_decisive = "", False
        if isinstance(settled.outcome, Rejected):
            reply = settled.outcome.reply
            judgement = find_reason(reply.enhanced, str(reply))
            reason, is_decisive = judgement.reason.value, judgement.kind is BounceKind.HARD
        return settle(
            settled.job.recipient,
            settled.outcome,
            now=now,
            doubtful=self._doubtful,
            reason=reason,
            is_decisive=is_decisive,
        )


def _judge(starting: Job | None, withdrawn: Withdrawn) -> Verdict:
    if starting is None:
        return Verdict.NONE
    if not withdrawn.withheld and not withdrawn.taken_over:  # as nearly always, without a hash of either name
        return Verdict.RELEASE
    if starting.recipient.delivery in withdrawn.withheld:
        return Verdict.WITHHELD
    return Verdict.TAKEN_OVER if starting.load.batch in withdrawn.taken_over else Verdict.RELEASE
