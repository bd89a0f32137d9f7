"""A worker: one process that delivers claimed batches over several connections. Which ones is an engine's matter."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from newsletter.domain.mailing import DeliveryId, DoubtfulPolicy
from newsletter.domain.reply import Accepted, Outcome, Postponed, Unknown
from newsletter.engine.claims import Claims, Granted, Held
from newsletter.engine.line import Line
from newsletter.engine.plant import Plant
from newsletter.engine.shares import Shares
from newsletter.errors import IllegalMoveError, NewsletterError, NotFoundError, QuotaError, RelayError, find_first
from newsletter.log import log
from newsletter.mail.message import Splicer
from newsletter.service.control_mailing import pause_mailing
from newsletter.service.feed import Feed, Load
from newsletter.service.health import Health
from newsletter.service.ledger_writer import LedgerWriter
from newsletter.service.rest_relay import PATIENCE, rest_relay
from newsletter.store import ledger, mailings, recovery, sender_health
from newsletter.store.ledger import LEASE
from newsletter.store.seats import Seat

_POLL_SECONDS = 0.4  # how soon a pause or a cancel from another process is obeyed
_PATIENCE = timedelta(minutes=15)  # without one acceptance a mailing pauses itself
_BATCHES_OUT = 2  # while the last letters of one batch are out, the next one is under way
_MOST_BATCHES_OUT = 64  # while letters wait for their domain, others have to be under way
_RENEW_AFTER = LEASE / 4  # also of batches of which no letter is committed for long: a relay may take its time
_REFUSALS = 2  # one letter's refusal may be a mistake; two in a row say that our quota is used up


class Worker:
    """Delivers what it is given, over connections that it keeps, until it is stopped."""

    def __init__(self, plant: Plant, seat: Seat) -> None:
        self._plant = plant
        self._claims = Claims(plant, seat)
        self._feed = Feed(limits=plant.limits, low_water=2 * plant.connections)
        self._health: dict[int, Health] = {}
        self._splicers: dict[int, Splicer] = {}
        self._loads: dict[int, set[Load]] = {}
        self._stopping = asyncio.Event()
        self._ending = asyncio.Event()
        self._last_good = plant.clock()
        self._refusals = 0
        #: connections that failed since the relay last accepted a letter
        self._failures = 0
        self._relay = plant.limits.relay
        #: the words by which the relay says that it takes no more for now
        self._refused: str | None = None
        self._heeding = asyncio.Lock()

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def stop(self) -> None:
        """Drain: claim nothing more, let the letters that are out settle."""
        self._stopping.set()

    async def stopped(self) -> None:
        """Wait until the worker is told to stop."""
        await self._stopping.wait()

    async def run(self, drive: Callable[[Worker], Awaitable[None]]) -> None:
        """Deliver what ``drive`` has it deliver. Raises the NewsletterError that ended it, if one did."""
        plant = self._plant
        failure: NewsletterError | None = None
        if plant.shares is not None:
            plant.shares.enter(self._relay)
        try:
            async with (
                LedgerWriter(
                    plant.database, clock=plant.clock, doubtful=plant.doubtful, connections=plant.connections
                ) as writer,
                asyncio.TaskGroup() as tasks,
            ):
                for _ in range(plant.connections):
                    line = Line(plant.connect, self._feed, note=self._note, weigh=self._weigh, ending=self._ending)
                    tasks.create_task(line.keep(writer))
                watch = tasks.create_task(self._watch())
                await drive(self)
                self.close()
                self._ending.set()
                watch.cancel()
        except* NewsletterError as errors:
            failure = find_first(errors)
        if failure is not None:
            raise failure

    def close(self) -> None:
        """Hand out no letter more; those that are out settle."""
        self._feed.close()
        if self._plant.shares is not None:
            self._plant.shares.leave(self._relay)

    def wants_batch(self, out: int) -> bool:
        """Tell whether to claim, with so many batches out: late, so that a batch sees who has left, but in time.

        That is before the connections fall idle.
        """
        most = _MOST_BATCHES_OUT if self._feed.held_up else _BATCHES_OUT
        shares = self._plant.shares
        is_ours = shares is None or shares.may_claim(self._relay)
        return is_ours and out < most and self._feed.is_low and not self._refused

    async def held_up(self) -> None:
        """Wait until another batch is wanted because what is left of those that are out waits for its domain."""
        while True:
            await self._feed.low()
            if self._feed.held_up:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def rest(self, out: set[asyncio.Task[None]], *, until_low: bool) -> set[asyncio.Task[None]]:
        """Wait a moment: until a batch is done, a new one is wanted, or the worker is told to stop."""
        signals: list[asyncio.Task[Any]] = [asyncio.create_task(self._stopping.wait())]
        if until_low and not self._feed.is_low:  # else it is something else that is waited for
            signals.append(asyncio.create_task(self._feed.low()))
        done, _ = await asyncio.wait({*out, *signals}, timeout=_POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        for signal in signals:
            signal.cancel()
        for task in done & out:
            task.result()  # raises what ended it
        return out - done

    async def claim(self, only: tuple[int, int] | None = None) -> Granted | Held | None:
        """Claim the next batch that is due, or the one that is wanted; None if there is none."""
        shares = self._plant.shares
        if shares is not None:
            shares.send_out(self._relay)  # before it is, or another relay could think that all are in
        granted = await asyncio.to_thread(self._claim, only)
        if isinstance(granted, Granted) and not any(self._loads.values()):
            self._last_good = self._plant.clock()  # patience begins with the work, not in a quiet week before
        if shares is not None:
            self._share_out(granted, shares)
        return granted

    def _share_out(self, granted: Granted | Held | None, shares: Shares) -> None:
        match granted:
            case Granted(grant=grant):
                shares.count(self._relay, len(grant.recipients))
            case Held():
                shares.hold(self._relay)
                shares.take_back(self._relay)
            case None:
                shares.take_back(self._relay)

    @property
    def have_others_out(self) -> bool:
        """Tell whether letters may come back that another relay has now."""
        return self._plant.shares is not None and self._plant.shares.have_others_out(self._relay)

    @property
    def expects_batch(self) -> bool:
        """Tell whether there will be something to claim in a moment, though there was nothing the last time."""
        return self._claims.are_due_soon

    def _claim(self, only: tuple[int, int] | None) -> Granted | Held | None:
        granted = self._claims.take(only)
        if not isinstance(granted, Granted):
            return granted
        mailing = granted.claim.batch.mailing
        if mailing not in self._splicers:  # compiling an issue takes as long as five hundred of its letters
            try:
                self._splicers[mailing] = self._plant.splicer(mailing)
            except NotFoundError:  # it was recalled this very moment
                return None
        self._examine(self._health.setdefault(mailing, Health(self._plant.thresholds)), mailing)
        return granted

    def _examine(self, health: Health, mailing: int) -> None:
        """Let a mailing's health begin with what the ledger and the reports say, so that no restart forgets it."""
        if not health.is_begun:
            with self._plant.database.snapshot() as snapshot:
                health.begin(sender_health.count_unseen(snapshot, mailing))

    async def deliver_batch(self, granted: Granted) -> None:
        """See one claimed batch through to its end; whatever engine handed it out."""
        await self._see_through(granted)
        if self._plant.shares is not None:
            self._plant.shares.take_back(self._relay)

    async def _see_through(self, granted: Granted) -> None:
        claim, grant = granted.claim, granted.grant
        mailing = claim.batch.mailing
        health = self._health[mailing]
        now = self._plant.clock()
        load = self._feed.load(
            claim,
            self._splicers[mailing],
            starts_in=(grant.starts_at - now).total_seconds(),
            waits={delivery: (due_at - now).total_seconds() for delivery, due_at in grant.due.items()},
        )
        if claim.found_doubtful and self._plant.doubtful is DoubtfulPolicy.ASK:
            health.ask_about_doubtful()
        if health.pause_reason is not None:
            self._feed.drop_mailing(mailing)
        load.renewed_at = now
        loads = self._loads.setdefault(mailing, set())
        loads.add(load)
        await load.done.wait()
        health.conclude()
        if health.pause_reason is not None:
            # Rejections can be taken back once all of them are recorded.
            await asyncio.gather(*(other.done.wait() for other in loads))
            if health.is_about_relay and self._has_others:
                await self._leave_to_others(mailing, health.pause_reason)
            else:
                await self._pause(mailing, health.pause_reason)
        loads.discard(load)
        await asyncio.to_thread(self._claims.give_back, load, grant, is_resting=self._refusals > 0)
        log.info(
            "batch settled",
            mailing=mailing,
            batch=claim.batch.number,
            letters=len(claim.recipients),
            found_doubtful=claim.found_doubtful,
        )

    async def _weigh(self, error: RelayError) -> None:
        """Pause what is running where the relay's refusal will not pass by itself, or lasts; rest where it passes."""
        if isinstance(error, QuotaError):
            self._count_refusal(str(error))
            return
        self._failures += 1
        lasts = self._plant.clock() - self._last_good > _PATIENCE
        if self._has_others:
            if error.is_lasting or self._failures > self._plant.connections:
                self._refused = str(error)
                self._feed.drop_all()
        elif error.is_lasting or lasts:
            for mailing in [mailing for mailing, loads in self._loads.items() if loads]:
                # Not at once: rejections that other connections still have to record are to be taken back as well.
                health = self._health[mailing]
                health.pause_reason = health.pause_reason or str(error)
                self._feed.drop_mailing(mailing)

    def _count_refusal(self, words: str) -> None:
        self._refusals += 1
        if self._refusals >= _REFUSALS:
            self._refused = words
            self._feed.drop_all()

    async def heed_refusal(self) -> None:
        """Rest, if the relay takes no more from us for now."""
        async with self._heeding:  # once, whoever asks meanwhile
            if self._refused is not None:
                await self._rest_relay(self._refused)

    async def _rest_relay(self, words: str) -> None:
        self._feed.drop_all()
        rest = await asyncio.to_thread(
            rest_relay, words, database=self._plant.database, now=self._plant.clock(), relay=self._relay
        )
        log.warning("the relay takes no more for now", relay=self._relay, until=str(rest.until), refusals=rest.refusals)
        if self._plant.shares is not None:
            self._plant.shares.hold(self._relay, rest.until)
        if self._plant.clock() - rest.refused_since > PATIENCE and not self._has_others:
            for mailing in list(self._health):
                await self._pause(mailing, f"{rest.why}, and has said so for more than a day.")
        self._refused, self._refusals, self._failures = None, 0, 0

    def _note(self, delivery: DeliveryId, outcome: Outcome) -> None:
        if isinstance(outcome, Postponed):
            self._count_refusal(str(outcome.reply))
            return
        if isinstance(outcome, Accepted):
            self._last_good = self._plant.clock()
            self._refusals = self._failures = 0
        if isinstance(outcome, Unknown):
            self._note_queued_again([delivery])
        health = self._health[delivery.mailing]
        health.note(delivery, outcome)
        if isinstance(outcome, Unknown) and self._plant.doubtful is DoubtfulPolicy.ASK:
            health.ask_about_doubtful()
        if health.pause_reason is not None:
            self._feed.drop_mailing(delivery.mailing)

    def _note_queued_again(self, letters: Sequence[DeliveryId]) -> None:
        """Note that batches that are out have letters again that could leave at once."""
        for letter in letters:
            for load in self._loads.get(letter.mailing, ()):
                if load.batch.first_position <= letter.position <= load.batch.last_position:
                    load.is_queued_again = True

    async def _watch(self) -> None:
        """Keep the claims that are held, and obey a pause or a cancel, wherever it comes from."""
        while True:
            await asyncio.sleep(_POLL_SECONDS)
            now = self._plant.clock()
            held = [load for loads in self._loads.values() for load in loads if not load.done.is_set()]
            if due := [load for load in held if load.renewed_at is None or now - load.renewed_at > _RENEW_AFTER]:
                await asyncio.to_thread(self._renew, due, now)
            for mailing in await asyncio.to_thread(self._list_stopped):
                self._feed.drop_mailing(mailing)
                self._health[mailing].begin_anew()

    async def _pause(self, mailing: int, reason: str) -> None:
        blamed = self._health[mailing].blamed
        self._health[mailing] = Health(self._plant.thresholds)
        self._note_queued_again(blamed)
        self._feed.drop_mailing(mailing)
        with suppress(IllegalMoveError, NotFoundError):  # it was cancelled or recalled meanwhile, or has ended
            await asyncio.to_thread(
                pause_mailing,
                mailing,
                reason=reason,
                blamed=blamed,
                database=self._plant.database,
                now=self._plant.clock(),
            )

    @property
    def _has_others(self) -> bool:
        """Tell whether this newsletter has other relays that can send now."""
        return self._plant.shares is not None and self._plant.shares.has_others(self._relay)

    async def _leave_to_others(self, mailing: int, words: str) -> None:
        """Take back what this relay rejected for a fault of ours, and rest it while the others go on."""
        blamed = self._health[mailing].blamed
        self._health[mailing] = Health(self._plant.thresholds)
        self._note_queued_again(blamed)
        await asyncio.to_thread(self._requeue, blamed)
        self._refused = words
        self._feed.drop_all()

    def _requeue(self, blamed: Sequence[DeliveryId]) -> None:
        with self._plant.database.transaction() as transaction:
            recovery.requeue(transaction, blamed, now=self._plant.clock())

    def _renew(self, loads: Sequence[Load], now: datetime) -> None:
        """Prolong claims. Where one was taken over, the commit before the next final dot finds out."""
        with self._plant.database.transaction() as transaction:
            for load in sorted(loads, key=lambda load: load.batch.place):
                ledger.renew(transaction, load.batch, now=now)
        for load in loads:
            load.renewed_at = now

    def _list_stopped(self) -> list[int]:
        with self._plant.database.snapshot() as snapshot:
            running = {mailing.id for mailing in mailings.list_running(snapshot)}
        return [mailing for mailing in self._health if mailing not in running]
