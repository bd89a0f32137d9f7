"""The letters of claimed batches, handed to whichever connection is free next."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from math import inf
from typing import NamedTuple

from newsletter.domain.budget import Limits
from newsletter.domain.letter import Letter, Recipient
from newsletter.domain.mailing import Batch, DeliveryId
from newsletter.mail.message import Splicer
from newsletter.service.pace import Pace, WaitingRoom
from newsletter.store.ledger import Claim

_SPLICED_TOGETHER = 16  # by then a splice costs half of what the first one does
_LATE_SECONDS = 0.2  # a letter may leave so long after its time at the relay was over
_IDLE_SECONDS = 10.0  # relays end a session that is silent for minutes, and may count it against us


@dataclass(eq=False, slots=True)
class Load:
    """A claimed batch while its letters are out."""

    batch: Batch
    splicer: Splicer
    #: letters neither settled nor dropped
    open: int
    #: letters that were let go of before they left
    dropped: int = 0
    #: whether letters of it that were out are queued again
    is_queued_again: bool = False
    #: before then, by the loop's clock, others have the relay
    starts_at: float = -inf
    #: when its time at a relay with a limit is over, by the loop's clock: what is late is granted anew, else letters of
    #: a slow process would leave beside those of the next one
    ends_at: float = inf
    #: when the claim was last prolonged
    renewed_at: datetime | None = None
    #: what of it has not left is let go of, also what a connection still has in hand
    is_dropped: bool = False
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def close_one(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.done.set()


class Job(NamedTuple):
    """One letter to deliver, spliced, and the load it belongs to."""

    load: Load
    recipient: Recipient
    letter: Letter


class Feed:
    """Holds what is left of each load. Everything happens in one event loop, so there are no locks."""

    def __init__(self, *, limits: Limits | None = None, low_water: int = 0) -> None:
        limits = limits or Limits()
        self._waiting: deque[tuple[Load, Recipient]] = deque()
        #: those with letters that are neither settled nor dropped
        self._loads: set[Load] = set()
        #: those that wait for their domain
        self._later: WaitingRoom[tuple[Load, Recipient]] = WaitingRoom(limits.per_domain_per_second)
        #: spliced, and those that came back
        self._ready: deque[Job] = deque()
        self._arrival = asyncio.Event()
        self._low_water = low_water
        self._ebb = asyncio.Event()
        self._per_second = limits.mailings_per_second
        self._pace = Pace(limits.mailings_per_second)
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def is_low(self) -> bool:
        """Tell whether few letters are left that need not wait for their domain, and those that did leave in time."""
        return not self._later.is_behind and len(self._waiting) + len(self._ready) <= self._low_water

    @property
    def held_up(self) -> int:
        """How many letters wait for their domain."""
        return len(self._later)

    def __len__(self) -> int:
        return len(self._waiting) + len(self._ready) + len(self._later)

    def load(
        self,
        claim: Claim,
        splicer: Splicer,
        *,
        starts_in: float = 0,
        waits: Mapping[DeliveryId, float] | None = None,
    ) -> Load:
        """Add a batch; its ``done`` is set when every letter of it is settled or dropped.

        A closed feed lets go of it at once: it may have been claimed while the worker was told to stop.

        ``starts_in``: seconds before the first may leave, less than 0 where it is late; ``waits``: the same for those
        that wait for their domain.
        """
        load = Load(batch=claim.batch, splicer=splicer, open=len(claim.recipients))
        self._loads = {each for each in self._loads if not each.done.is_set()} | {load}
        if self._per_second:
            now = asyncio.get_running_loop().time()
            load.starts_at = now + max(0.0, starts_in)
            # What is late since the claim does not move the end; but some letters leave, however slow the claims are.
            ends_at = now + starts_in + len(claim.recipients) / self._per_second
            load.ends_at = max(ends_at, load.starts_at) + _LATE_SECONDS
        if waits:
            for recipient in claim.recipients:
                if seconds := waits.get(recipient.delivery):
                    seconds = max(seconds, starts_in)
                    self._later.add((load, recipient), domain=recipient.address.domain, seconds=seconds)
                else:
                    self._waiting.append((load, recipient))
        else:
            self._waiting.extend((load, recipient) for recipient in claim.recipients)
        if self._per_second:  # what fills a gap comes before what waits for the end of it
            self._waiting = deque(sorted(self._waiting, key=lambda each: each[0].starts_at))
        if not claim.recipients:
            load.done.set()
        if self._closed:
            self.drop_load(load)
        self._arrival.set()
        return load

    async def arrival(self) -> bool:
        """Wait until there is a letter; False once the feed is closed."""
        while not self and not self._closed:
            self._arrival.clear()
            await self._arrival.wait()
        return not self._closed

    async def low(self) -> None:
        """Wait until few letters are left."""
        while not self.is_low:
            self._ebb.clear()
            await self._ebb.wait()

    async def take(self) -> Job | None:
        """Take the next letter, waiting for it and for the pace; None once there was none for some seconds."""
        loop = asyncio.get_running_loop()
        idle_at = loop.time() + _IDLE_SECONDS
        while not self._closed and loop.time() < idle_at:
            if job := self.take_ready():
                return job
            wait = idle_at - loop.time()
            if self and (soon := self._wait_seconds()) is not None:
                wait, idle_at = soon, loop.time() + soon + _IDLE_SECONDS
            self._arrival.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._arrival.wait(), timeout=wait)
        return None

    def take_ready(self) -> Job | None:
        """Take the next letter if there is one now and the pace allows it."""
        if self._closed or not self or self._pace.wait_seconds():
            return None
        if not self._ready:
            self._splice(1 if self._pace.is_limited else _SPLICED_TOGETHER)
        if not self._ready:
            return None
        self._pace.count_one()
        job = self._ready.popleft()
        if self.is_low:
            self._ebb.set()
        return job

    def _splice(self, most: int) -> None:
        """Make the next letters: several right after each other, while the processor has at hand what that takes."""
        while len(self._ready) < most and (chosen := self._choose_next()) is not None:
            load, recipient = chosen
            self._ready.append(Job(load=load, recipient=recipient, letter=load.splicer.splice(recipient)))

    def _choose_next(self) -> tuple[Load, Recipient] | None:
        if self._later:
            due = self._later.take_due()
            for load, _ in self._later.drop_late():  # to be granted anew
                load.dropped += 1
                load.close_one()
                self._ebb.set()
            if due is not None:
                return due
        if self._pace.is_limited:
            now = asyncio.get_running_loop().time()
            while self._waiting and self._waiting[0][0].ends_at < now:
                self.drop_load(self._waiting[0][0])
            if self._waiting and self._waiting[0][0].starts_at > now:
                return None
            if self._waiting:
                self._pace.begin(self._waiting[0][0].starts_at)
        return self._waiting.popleft() if self._waiting else None

    def _wait_seconds(self) -> float | None:
        """Return how long until a letter may leave, as far as that is known now."""
        waits = [0.0] if self._ready else []
        if self._waiting:
            waits.append(self._waiting[0][0].starts_at - asyncio.get_running_loop().time())
        if (seconds := self._later.wait_seconds()) is not None:
            waits.append(seconds)
        return max(min(waits), self._pace.wait_seconds()) if waits else None

    def put_back(self, job: Job) -> None:
        """Return a letter that certainly did not leave. It is let go of where its load was dropped meanwhile."""
        if job.load.is_dropped:
            job.load.dropped += 1
            job.load.close_one()
            return
        self._ready.appendleft(job)
        self._arrival.set()

    def drop_load(self, load: Load) -> None:
        """Let go of a batch that another worker took over, or that was withdrawn."""
        self._drop(lambda each: each is load)

    def drop_mailing(self, mailing: int) -> None:
        """Let go of a mailing that was paused or cancelled; letters that are out settle."""
        self._drop(lambda each: each.batch.mailing == mailing)

    def drop_all(self) -> None:
        """Let go of everything, because the relay takes no more; letters that are out settle."""
        self._drop(lambda _: True)

    def close(self) -> None:
        """Hand out nothing more; who waits is told so, and letters that are out settle."""
        self._closed = True
        self._drop(lambda _: True)
        self._arrival.set()

    def _drop(self, is_dropped: Callable[[Load], bool]) -> None:
        for load in self._loads:
            load.is_dropped = load.is_dropped or is_dropped(load)
        kept = deque((load, recipient) for load, recipient in self._waiting if not is_dropped(load))
        kept_jobs = deque(job for job in self._ready if not is_dropped(job.load))
        dropped = [load for load, _ in self._waiting if is_dropped(load)]
        dropped += [job.load for job in self._ready if is_dropped(job.load)]
        dropped += [load for load, _ in self._later.drop(lambda waiting: is_dropped(waiting[0]))]
        self._waiting, self._ready = kept, kept_jobs
        self._ebb.set()
        for load in dropped:
            load.dropped += 1
            load.close_one()
