"""The ledger's writer: one thread that commits for all connections at once.

While one commit is under way the entries of all other connections gather, and the next commit takes them together, so
that the cost of making a commit durable is shared. Commits follow each other no faster than every few milliseconds,
unless all connections wait for one: a fast relay gets larger groups, a slow one never waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from types import TracebackType
from typing import Self

from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import Batch, DeliveryId, DoubtfulPolicy
from newsletter.domain.reply import Outcome, Rejected
from newsletter.domain.settlement import Settlement, settle
from newsletter.mail.reason import find_reason
from newsletter.service.feed import Job
from newsletter.store import ledger
from newsletter.store.database import Connection, Database

_COMMIT_SECONDS = 0.0003  # for each connection


@dataclass(frozen=True, slots=True)
class Settled:
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


@dataclass(frozen=True, slots=True)
class _Entry:
    """What one connection wants recorded before its next dot."""

    settled: tuple[Settled, ...]
    starting: Job | None
    verdict: asyncio.Future[Verdict]


class LedgerWriter:
    """Records outcomes, and grants each letter its final dot."""

    def __init__(
        self, database: Database, *, clock: Callable[[], datetime], doubtful: DoubtfulPolicy, connections: int
    ) -> None:
        self._database = database
        self._connections = connections
        self._next_commit = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._clock = clock
        self._doubtful = doubtful
        self._entries: list[_Entry] = []
        self._work = asyncio.Event()
        self._kept = ExitStack()
        self._connection: Connection | None = None
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        # One connection for all commits: fetching one from the pool takes as long as a small commit.
        self._connection = self._kept.enter_context(self._database.connection())
        self._task = asyncio.create_task(self._run())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        self._thread.shutdown()
        self._kept.close()

    async def commit(self, settled: Sequence[Settled], *, starting: Job | None = None) -> Verdict:
        """Record outcomes, and that ``starting`` is in flight, durably; then say whether it may be released."""
        entry = _Entry(tuple(settled), starting, asyncio.get_running_loop().create_future())
        self._entries.append(entry)
        self._call_for_commit()
        return await entry.verdict

    def _call_for_commit(self) -> None:
        """Have the entries committed: at once if every connection waits, else when the last commit is old enough."""
        loop = asyncio.get_running_loop()
        if len(self._entries) >= self._connections or loop.time() >= self._next_commit:
            self._work.set()
        elif self._timer is None:
            self._timer = loop.call_at(self._next_commit, self._work.set)

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            await self._work.wait()
            self._work.clear()
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            entries, self._entries = self._entries, []
            self._next_commit = loop.time() + _COMMIT_SECONDS * self._connections
            try:
                verdicts = await loop.run_in_executor(self._thread, self._write, entries)
            except Exception as error:  # noqa: BLE001 - whoever waits must learn of it, whatever it is
                for entry in entries:
                    if not entry.verdict.cancelled():
                        entry.verdict.set_exception(error)
            else:
                for entry, verdict in zip(entries, verdicts, strict=True):
                    for settled in entry.settled:
                        settled.job.load.close_one()
                    if not entry.verdict.cancelled():
                        entry.verdict.set_result(verdict)

    def _write(self, entries: Sequence[_Entry]) -> list[Verdict]:
        now = self._clock()
        with self._database.transaction(on=self._connection) as transaction:
            standing = {batch: ledger.renew(transaction, batch, now=now) for batch in _batches(entries)}
            settlements = [
                self._settle(settled, now)
                for entry in entries
                for settled in entry.settled
                if standing[settled.job.load.batch]
            ]
            ledger.record_outcomes(transaction, settlements, now=now)
            starting = [entry.starting for entry in entries if entry.starting and standing[entry.starting.load.batch]]
            deliveries = [job.recipient.delivery for job in starting]
            withdrawn = ledger.mark_in_flight(transaction, deliveries, now=now)
        return [_judge(entry.starting, standing, withdrawn) for entry in entries]

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


def _batches(entries: Sequence[_Entry]) -> dict[Batch, None]:
    """Return each batch that these entries touch, once, in order."""
    jobs = [settled.job for entry in entries for settled in entry.settled]
    jobs += [entry.starting for entry in entries if entry.starting]
    return dict.fromkeys(job.load.batch for job in jobs)


def _judge(starting: Job | None, standing: Mapping[Batch, bool], withdrawn: Collection[DeliveryId]) -> Verdict:
    if starting is None:
        return Verdict.NONE
    if not standing[starting.load.batch]:
        return Verdict.TAKEN_OVER
    return Verdict.WITHHELD if starting.recipient.delivery in withdrawn else Verdict.RELEASE
