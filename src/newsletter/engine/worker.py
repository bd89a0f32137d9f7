"""The embedded engine: one process that claims batches from the ledger and delivers them over several connections."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog

from newsletter.domain.mailing import DeliveryId, DoubtfulPolicy
from newsletter.domain.reply import Accepted, Outcome, Unknown
from newsletter.errors import IllegalMoveError, NewsletterError, RelayError, WithdrawnError, find_first
from newsletter.mail.message import Splicer
from newsletter.service.control_mailing import pause_mailing
from newsletter.service.deliver import deliver
from newsletter.service.feed import Feed, Load
from newsletter.service.health import Health, PauseThresholds
from newsletter.service.ledger_writer import LedgerWriter
from newsletter.service.ports import Connect
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from newsletter.store.ledger import Claim
from newsletter.store.seats import Seat

log = structlog.get_logger(__name__)

_POLL_SECONDS = 0.4  # how soon a pause or a cancel from another process is obeyed
_FIRST_REST_SECONDS = 0.5
_LONGEST_REST_SECONDS = 60.0
_PATIENCE = timedelta(minutes=15)  # without one acceptance a mailing pauses itself
_BATCHES_OUT = 2  # while the last letters of one batch are out, the next one is under way


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What a worker works with."""

    database: Database
    clock: Callable[[], datetime]
    connect: Connect
    #: makes the letters of a mailing, by its id
    splicer: Callable[[int], Splicer]
    connections: int
    messages_per_second: float
    doubtful: DoubtfulPolicy
    thresholds: PauseThresholds


class Worker:
    """Delivers whatever is due, until it is stopped or, on request, until nothing is due."""

    def __init__(self, plant: Plant, seat: Seat) -> None:
        self._plant = plant
        self._seat = seat
        self._feed = Feed(messages_per_second=plant.messages_per_second, low_water=2 * plant.connections)
        self._health: dict[int, Health] = {}
        self._splicers: dict[int, Splicer] = {}
        self._loads: dict[int, set[Load]] = {}
        self._stopping = asyncio.Event()
        self._ending = asyncio.Event()
        self._last_good = plant.clock()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Drain: claim nothing more, let the letters that are out settle."""
        self._stopping.set()

    async def run(self, *, until_idle: bool) -> None:
        """Work. Raises the NewsletterError that ended it, if one did."""
        plant = self._plant
        failure: NewsletterError | None = None
        try:
            async with (
                LedgerWriter(
                    plant.database, clock=plant.clock, doubtful=plant.doubtful, connections=plant.connections
                ) as writer,
                asyncio.TaskGroup() as tasks,
            ):
                for _ in range(plant.connections):
                    tasks.create_task(self._keep_connection(writer))
                watch = tasks.create_task(self._watch())
                await self._claim_batches(until_idle=until_idle)
                self._ending.set()
                watch.cancel()
        except* NewsletterError as errors:
            failure = find_first(errors)
        if failure is not None:
            raise failure

    async def _claim_batches(self, *, until_idle: bool) -> None:
        out: set[asyncio.Task[None]] = set()
        while not self._stopping.is_set():
            # A batch is claimed late, so that it sees who has left, but before the connections fall idle.
            wants_batch = len(out) < _BATCHES_OUT and self._feed.is_low
            claim = await asyncio.to_thread(self._claim) if wants_batch else None
            if claim is not None:
                if not out:
                    self._last_good = self._plant.clock()  # patience begins with the work, not in a quiet week before
                out.add(asyncio.create_task(self._deliver_batch(claim)))
            elif wants_batch and until_idle and not out:
                break
            else:
                out = await self._rest(out, until_low=not wants_batch)
        self._feed.close()
        await asyncio.gather(*out)

    async def _rest(self, out: set[asyncio.Task[None]], *, until_low: bool) -> set[asyncio.Task[None]]:
        """Wait a moment: until a batch is done, a new one is wanted, or the worker is told to stop."""
        signals: list[asyncio.Task[Any]] = [asyncio.create_task(self._stopping.wait())]
        if until_low:
            signals.append(asyncio.create_task(self._feed.low()))
        done, _ = await asyncio.wait({*out, *signals}, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for signal in signals:
            signal.cancel()
        for task in done & out:
            task.result()  # raises what ended it
        return out - done

    def _claim(self) -> Claim | None:
        now = self._plant.clock()
        with self._plant.database.transaction() as transaction:
            mailings.start_due(transaction, now=now)
            claim = ledger.claim_batch(transaction, seat=self._seat, now=now, doubtful=self._plant.doubtful)
        if claim is not None:
            mailing = claim.batch.mailing
            if mailing not in self._splicers:  # compiling an issue takes as long as five hundred of its letters
                self._splicers[mailing] = self._plant.splicer(mailing)
            self._health.setdefault(mailing, Health(self._plant.thresholds))
        return claim

    async def _deliver_batch(self, claim: Claim) -> None:
        """See one batch through, from its claim to its end."""
        mailing = claim.batch.mailing
        health = self._health[mailing]
        load = self._feed.load(claim, self._splicers[mailing])
        if claim.found_doubtful and self._plant.doubtful is DoubtfulPolicy.ASK:
            health.ask_about_doubtful()
            self._feed.drop_mailing(mailing)
        loads = self._loads.setdefault(mailing, set())
        loads.add(load)
        await load.done.wait()
        if health.pause_reason is not None:
            # Rejections can be taken back once all of them are recorded.
            await asyncio.gather(*(other.done.wait() for other in loads))
            await self._pause(mailing, health.pause_reason)
        loads.discard(load)
        await asyncio.to_thread(self._finish, claim)
        log.info(
            "batch settled",
            mailing=mailing,
            batch=claim.batch.number,
            letters=len(claim.recipients),
            found_doubtful=claim.found_doubtful,
        )

    def _finish(self, claim: Claim) -> None:
        with self._plant.database.transaction() as transaction:
            ledger.finish_batch(transaction, claim.batch, now=self._plant.clock())

    async def _keep_connection(self, writer: LedgerWriter) -> None:
        """Deliver over one connection; open a new one when it is lost, after a rest that grows with each failure."""
        rest = _FIRST_REST_SECONDS
        while await self._feed.arrival():
            good_before = self._last_good
            try:
                session = await self._plant.connect()
                try:
                    await deliver(self._feed, session=session, ledger=writer, note=self._note)
                finally:
                    await session.close()
            except WithdrawnError as error:
                log.info("letter withdrawn", why=str(error))
            except RelayError as error:
                rest = _FIRST_REST_SECONDS if self._last_good > good_before else min(rest * 2, _LONGEST_REST_SECONDS)
                log.warning("connection to the relay ended", why=str(error), rest_seconds=rest)
                await self._weigh(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), timeout=rest)

    async def _weigh(self, error: RelayError) -> None:
        """Pause what is running where the relay's refusal will not pass by itself, or lasts."""
        lasts = self._plant.clock() - self._last_good > _PATIENCE
        if error.is_lasting or lasts:
            for mailing in [mailing for mailing, loads in self._loads.items() if loads]:
                await self._pause(mailing, str(error))

    def _note(self, delivery: DeliveryId, outcome: Outcome) -> None:
        if isinstance(outcome, Accepted):
            self._last_good = self._plant.clock()
        health = self._health[delivery.mailing]
        health.note(delivery, outcome)
        if isinstance(outcome, Unknown) and self._plant.doubtful is DoubtfulPolicy.ASK:
            health.ask_about_doubtful()
        if health.pause_reason is not None:
            self._feed.drop_mailing(delivery.mailing)

    async def _watch(self) -> None:
        """Obey a pause or a cancel, wherever it comes from."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            for mailing in await asyncio.to_thread(self._list_stopped):
                self._feed.drop_mailing(mailing)

    async def _pause(self, mailing: int, reason: str) -> None:
        blamed = self._health[mailing].blamed
        self._health[mailing] = Health(self._plant.thresholds)
        self._feed.drop_mailing(mailing)
        with suppress(IllegalMoveError):  # it was cancelled meanwhile
            await asyncio.to_thread(
                pause_mailing,
                mailing,
                reason=reason,
                blamed=blamed,
                database=self._plant.database,
                now=self._plant.clock(),
            )

    def _list_stopped(self) -> list[int]:
        with self._plant.database.snapshot() as snapshot:
            running = {mailing.id for mailing in mailings.list_running(snapshot)}
        return [mailing for mailing in self._health if mailing not in running]
