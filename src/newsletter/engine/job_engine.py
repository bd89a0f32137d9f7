"""The engine for many machines: Procrastinate, on the ledger's own Postgres, calls workers to batches.

A job says whose turn it is and nothing else. The worker that it calls claims the batch in the ledger like any other,
under a fence; so a job that comes twice, late or to a worker thought dead does no harm. What a job cannot do now (the
relay's limits, a batch that another worker still has) stays in the ledger, and a new job is deferred when it is due.

With several relays a process has a worker for each. A job calls the process: whichever relay's turn it is takes the
batch, since a worker that has to wait for another one's share would wait for ever while that one has no job.

Beside the letters' queue each worker keeps one for upkeep, in a slot of its own, so that no backlog of letters is ever
before it: jobs of workers without a sign of life are given to others, batches without a job get one, and what failed
long ago is forgotten.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, Any

from newsletter.engine.claims import Granted, Held
from newsletter.engine.worker import Worker
from newsletter.errors import ConfigurationError, NewsletterError, StoreError
from newsletter.log import log
from newsletter.service.release_rest import release_rests
from newsletter.store import jobs, mailings
from newsletter.store.database import Database, Transaction
from newsletter.store.seats import LOCK_CLASS

if TYPE_CHECKING:
    import procrastinate

_UPKEEP = "upkeep"
_URGENT = 100  # upkeep comes before anything else, wherever a worker takes from all queues
_LETTER_JOBS = 2  # while the last letters of one batch are out, the next one is under way
_HEARTBEAT_SECONDS = 5.0
_SILENCE_SECONDS = 15.0  # a worker that shows no sign of life for so long is taken for dead
_EVERY_TEN_SECONDS = "* * * * * */10"
_EVERY_HOUR = "7 * * * *"
_KEPT_HOURS = 24  # what failed is kept for so long, to be looked at
_POLL_SECONDS = 0.4
_CONNECT_SECONDS = 10.0
_CLOSING_SECONDS = 5.0  # of an engine whose Postgres is gone
_LOGGERS = ("procrastinate", "psycopg.pool")


class JobEngine:
    def __init__(self, database: Database, *, staged_percent: float, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._staged_percent = staged_percent
        self._clock = clock
        #: those of all workers that this engine drives, one for each relay
        self._calls: list[_Calls] = []

    def submit(self, transaction: Transaction, *, mailing: int | None = None, now: datetime) -> int:
        return jobs.submit(transaction, mailing=mailing, now=now)

    async def drive(self, worker: Worker) -> None:
        await asyncio.to_thread(self._check)
        import procrastinate  # noqa: PLC0415 - an extra, and _check has said so where it is missing
        from procrastinate.exceptions import ConnectorException  # noqa: PLC0415

        _retell_logs()
        _retell_lost_errors(asyncio.get_running_loop())
        connector = procrastinate.PsycopgConnector(
            conninfo=self._database.conninfo, min_size=1, max_size=4, timeout=_CONNECT_SECONDS
        )
        app = procrastinate.App(connector=connector)
        calls = _Calls(worker, self._submit_again, among=self._calls)
        self._add_tasks(app, calls)
        self._calls.append(calls)
        try:
            async with app.open_async():
                await self._run(app, worker, calls)
        except ConnectorException as error:
            raise StoreError(f"The jobs cannot be reached: {error.__cause__ or error}") from error
        finally:
            self._calls.remove(calls)

    def _check(self) -> None:
        with self._database.snapshot() as snapshot:
            schema = jobs.find_schema(snapshot)
        if schema is None or not schema.is_current:
            raise ConfigurationError(
                '[engine] kind is "procrastinate", and its tables are not there or of another version: run '
                "'newsletter migrate'."
            )

    def _add_tasks(self, app: procrastinate.App, calls: _Calls) -> None:
        @app.task(name=jobs.DELIVER_BATCH, queue=jobs.LETTERS)
        async def deliver_batch(mailing: int, number: int) -> None:
            await calls.answer(mailing, number)

        @app.periodic(cron=_EVERY_TEN_SECONDS)
        @app.task(name="revive", queue=_UPKEEP, queueing_lock="revive", priority=_URGENT)
        async def revive(timestamp: int) -> None:  # noqa: ARG001 - of no use: it is now that counts
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_SILENCE_SECONDS):
                log.warning("job taken from a worker without a sign of life", job=job.id, task=job.task_name)
                await app.job_manager.retry_job(job)

        @app.periodic(cron=_EVERY_TEN_SECONDS)
        @app.task(name="sweep", queue=_UPKEEP, queueing_lock="sweep", priority=_URGENT)
        async def sweep(timestamp: int) -> None:  # noqa: ARG001
            await asyncio.to_thread(self._sweep)

        @app.periodic(cron=_EVERY_HOUR)
        @app.task(name="clean", queue=_UPKEEP, queueing_lock="clean", priority=_URGENT)
        async def clean(timestamp: int) -> None:  # noqa: ARG001
            await app.job_manager.delete_old_jobs(
                nb_hours=_KEPT_HOURS, include_failed=True, include_cancelled=True, include_aborted=True
            )

    async def _run(self, app: procrastinate.App, worker: Worker, calls: _Calls) -> None:
        """Run the two workers of Procrastinate until ours is stopped, or one of them ends by itself."""

        def start(queue: str, concurrency: int) -> asyncio.Task[None]:
            running = app.run_worker_async(
                queues=[queue],
                name=queue,
                concurrency=concurrency,
                install_signal_handlers=False,
                delete_jobs="successful",
                update_heartbeat_interval=_HEARTBEAT_SECONDS,
                stalled_worker_timeout=_SILENCE_SECONDS,
            )
            return asyncio.create_task(running)

        running = [start(jobs.LETTERS, _LETTER_JOBS), start(_UPKEEP, 1)]
        stopping = asyncio.create_task(worker.stopped())
        failing = asyncio.create_task(calls.failure())
        is_sound = False
        try:
            await asyncio.wait([*running, stopping, failing], return_when=asyncio.FIRST_COMPLETED)
            is_sound = stopping.done() and not failing.done()
            if is_sound:
                worker.close()  # letters in flight settle, and so the jobs that wait for them end
        finally:
            if not is_sound:
                calls.abandon()
            for task in (*running, stopping, failing):
                task.cancel()
            await asyncio.wait(running, timeout=None if is_sound else _CLOSING_SECONDS)
            for task in running:
                task.cancel()
        if is_sound:
            await calls.settle()
        if failing.done() and not failing.cancelled():
            raise failing.result()
        if not is_sound:
            raise StoreError("The jobs cannot be reached any more. Look at [database] url and the server.")

    def _sweep(self) -> None:
        """See to what no job sees to: the rest of staged mailings, and batches that lost theirs."""
        now = self._clock()
        with self._database.transaction() as transaction:
            mailings.start_due(transaction, now=now)
            release_rests(transaction, percent=self._staged_percent, now=now)
            found = jobs.submit_stranded(transaction, lock_class=LOCK_CLASS, now=now)
        if found:
            log.info("batches without a job handed out again", batches=found)

    def _submit_again(self, mailing: int, number: int) -> None:
        with self._database.transaction() as transaction:
            jobs.submit(transaction, mailing=mailing, number=number, now=self._clock())


class _Calls:
    """What becomes of the jobs that this worker is called to."""

    def __init__(self, worker: Worker, submit_again: Callable[[int, int], None], *, among: Sequence[_Calls]) -> None:
        """``among``: those of all workers of this process, these as well as soon as they are in use."""
        self._worker = worker
        self._submit_again = submit_again
        self._among = among
        self._failure: asyncio.Future[NewsletterError] = asyncio.get_running_loop().create_future()
        #: batches under way; a job may end before its batch does, where all that is left of it waits
        self._out: set[asyncio.Task[None]] = set()
        #: claims under way
        self._claiming = 0

    async def failure(self) -> NewsletterError:
        """Wait for what makes this worker useless."""
        return await asyncio.shield(self._failure)

    def abandon(self) -> None:
        """Let go of every batch, since what it comes to cannot be recorded any more."""
        for task in self._out:
            task.cancel()

    async def answer(self, mailing: int, number: int) -> None:
        """Deliver a batch, as soon as there is room for it and the limits of a relay allow it."""
        held: _Calls | None = None
        try:
            while (taker := await self._find_taker(last=held)) is not None:
                granted = await taker.claim(mailing, number)
                if isinstance(granted, Granted):
                    await taker.see_through(granted)
                if not isinstance(granted, Held):
                    return
                held = taker
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._worker.stopped(), timeout=_POLL_SECONDS)
            await asyncio.to_thread(self._submit_again, mailing, number)
        except NewsletterError as error:
            if not self._failure.done():
                self._failure.set_result(error)
            raise

    async def _find_taker(self, *, last: _Calls | None) -> _Calls | None:
        """Wait until a worker of this process wants a batch; None once this one is told to stop.

        This one is asked first; but ``last`` is the one whose relay could take nothing a moment ago.
        """
        while not self._worker.is_stopping:
            for calls in sorted(self._among, key=lambda each: (each is last, each is not self)):
                if await calls.want_batch():
                    return calls
            await self._worker.rest(set(), until_low=True)
        return None

    async def want_batch(self) -> bool:
        """Tell whether this worker takes a batch now."""
        await self._worker.heed_refusal()
        if self._claiming and len(self._among) > 1:
            return False  # whose turn is next is known once that claim has been counted
        return not self._worker.is_stopping and self._worker.wants_batch(len(self._out) + self._claiming)

    async def claim(self, mailing: int, number: int) -> Granted | Held | None:
        """Claim a batch; None where there is nothing to do."""
        self._claiming += 1
        try:
            return await self._worker.claim((mailing, number))
        finally:
            self._claiming -= 1

    async def see_through(self, granted: Granted) -> None:
        """Deliver a claimed batch; return once the slot may have another one."""
        delivering = asyncio.create_task(self._worker.deliver_batch(granted))
        self._out.add(delivering)
        delivering.add_done_callback(self._note_end)
        # While all that is left of this batch waits for its domain, this slot is for another batch.
        held_up = asyncio.create_task(self._worker.held_up())
        await asyncio.wait({delivering, held_up}, return_when=asyncio.FIRST_COMPLETED)
        held_up.cancel()
        if delivering.done():
            delivering.result()  # raises what ended it

    def _note_end(self, delivering: asyncio.Task[None]) -> None:
        self._out.discard(delivering)
        if delivering.cancelled():
            return
        error = delivering.exception()
        if isinstance(error, NewsletterError) and not self._failure.done():
            self._failure.set_result(error)

    async def settle(self) -> None:
        """Wait until every batch is given back."""
        await asyncio.gather(*self._out)


class _Retold(logging.Handler):
    """Writes another's warnings as one line of our log: while Postgres restarts, each has pages of traceback."""

    def emit(self, record: logging.LogRecord) -> None:
        why = " ".join(record.getMessage().split())
        log.warning("the jobs' machinery reports", logger=record.name, why=why)


def _retell_lost_errors(loop: asyncio.AbstractEventLoop) -> None:
    """Write as one line what ended a task of Procrastinate's that nobody waits for; else asyncio prints a traceback.

    That is so where a job was taken away before it was done, and while Postgres restarts. It comes to light when the
    task is cleared away, which may be after the engine's end; so this stays as long as the loop.
    """
    from procrastinate.exceptions import ProcrastinateException  # noqa: PLC0415

    def retell(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if not isinstance(error, ProcrastinateException):
            loop.default_exception_handler(context)
            return
        why = str(error.__cause__ or error).strip().partition("\n")[0]  # details and hints come below
        log.warning("the jobs' machinery reports", error=type(error).__name__, why=why)

    loop.set_exception_handler(retell)


def _retell_logs() -> None:
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [_Retold(logging.WARNING)], False
