"""The letters of claimed batches, handed to whichever connection is free next."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from newsletter.domain.letter import Letter, Recipient
from newsletter.domain.mailing import Batch
from newsletter.mail.message import Splicer
from newsletter.store.ledger import Claim


@dataclass(eq=False, slots=True)
class Load:
    """A claimed batch while its letters are out."""

    batch: Batch
    splicer: Splicer
    #: letters neither settled nor dropped
    open: int
    done: asyncio.Event = field(default_factory=asyncio.Event)

    def close_one(self) -> None:
        self.open -= 1
        if self.open == 0:
            self.done.set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One letter to deliver, spliced, and the load it belongs to."""

    load: Load
    recipient: Recipient
    letter: Letter


class Feed:
    """Holds what is left of each load. Everything happens in one event loop, so there are no locks."""

    def __init__(self, *, messages_per_second: float = 0, low_water: int = 0) -> None:
        self._waiting: deque[tuple[Load, Recipient]] = deque()
        self._returned: deque[Job] = deque()
        self._arrival = asyncio.Event()
        self._low_water = low_water
        self._ebb = asyncio.Event()
        self._pace = _Pace(messages_per_second)
        self._closed = False

    @property
    def is_closed(self) -> bool:
        return self._closed

    @property
    def is_low(self) -> bool:
        return len(self) <= self._low_water

    def __len__(self) -> int:
        return len(self._waiting) + len(self._returned)

    def load(self, claim: Claim, splicer: Splicer) -> Load:
        """Add a batch; its ``done`` is set when every letter of it is settled or dropped."""
        load = Load(batch=claim.batch, splicer=splicer, open=len(claim.recipients))
        self._waiting.extend((load, recipient) for recipient in claim.recipients)
        if not claim.recipients:
            load.done.set()
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
        """Take the next letter, waiting for it and for the pace; None once the feed is closed."""
        while await self.arrival():
            if delay := self._pace.wait_seconds():
                await asyncio.sleep(delay)
            elif job := self.take_ready():
                return job
        return None

    def take_ready(self) -> Job | None:
        """Take the next letter if there is one now and the pace allows it."""
        if self._closed or not self or self._pace.wait_seconds():
            return None
        self._pace.count_one()
        if self._returned:
            return self._returned.popleft()
        load, recipient = self._waiting.popleft()
        if self.is_low:
            self._ebb.set()
        return Job(load=load, recipient=recipient, letter=load.splicer.splice(recipient))

    def put_back(self, job: Job) -> None:
        """Return a letter that certainly did not leave."""
        self._returned.append(job)
        self._arrival.set()

    def drop_load(self, load: Load) -> None:
        """Let go of a batch that another worker took over, or that was withdrawn."""
        self._drop(lambda each: each is load)

    def drop_mailing(self, mailing: int) -> None:
        """Let go of a mailing that was paused or cancelled; letters that are out settle."""
        self._drop(lambda each: each.batch.mailing == mailing)

    def close(self) -> None:
        """Hand out nothing more; who waits is told so, and letters that are out settle."""
        self._closed = True
        self._drop(lambda _: True)
        self._arrival.set()

    def _drop(self, is_dropped: Callable[[Load], bool]) -> None:
        kept = deque((load, recipient) for load, recipient in self._waiting if not is_dropped(load))
        kept_jobs = deque(job for job in self._returned if not is_dropped(job.load))
        dropped = [load for load, _ in self._waiting if is_dropped(load)]
        dropped += [job.load for job in self._returned if is_dropped(job.load)]
        self._waiting, self._returned = kept, kept_jobs
        self._ebb.set()
        for load in dropped:
            load.close_one()


class _Pace:
    """At most so many letters a second, evenly spaced, with no catching up after a silence."""

    def __init__(self, per_second: float) -> None:
        self._interval = 1 / per_second if per_second else 0.0
        self._next = 0.0

    def wait_seconds(self) -> float:
        return max(0.0, self._next - time.monotonic()) if self._interval else 0.0

    def count_one(self) -> None:
        if self._interval:
            # A tenth of a second of credit, so that a late wake-up does not lower the rate.
            self._next = max(self._next, time.monotonic() - 0.1) + self._interval
