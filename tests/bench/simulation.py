"""From one worker to thirty-two, simulated: what a commit costs is measured, the rest is arithmetic in order of time.

A connection hands a letter over, which takes one round trip to its relay, and waits for its worker's next commit. A
worker commits for all of its connections that wait, one commit at a time. Postgres works at as many commits at once as
it has processors; each takes a while by itself and a little for each row.
"""

from __future__ import annotations

import heapq
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import count

from bench.figure import Figure
from bench.machines import a_database, run_postgres
from mailing_stand import open_a_mailing, put_in_flight
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy
from newsletter.domain.settlement import Settlement
from newsletter.store import ledger, mailings, progress
from newsletter.store.database import Database
from newsletter.store.seats import take_seat

_FEW, _MANY = 1, 100  # rows of a commit, from which its two parts follow
_COMMITS = 60
_SECONDS = 5.0
_WORKERS = (1, 2, 4, 8, 16, 32)


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Of one commit, in seconds."""

    alone: float
    a_row: float


@dataclass(frozen=True, kw_only=True)
class Setup:
    workers: int
    connections: int
    round_trip: float
    #: of the database's machine
    processors: int
    costs: Costs


@dataclass(slots=True)
class _Worker:
    waiting: int = 0
    is_writing: bool = False


@dataclass(slots=True)
class _Run:
    setup: Setup
    workers: list[_Worker] = field(default_factory=list)
    events: list[tuple[float, int, str, int, int]] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)
    #: commits that wait for a processor: worker and rows
    queue: deque[tuple[int, int]] = field(default_factory=deque)
    busy: int = 0
    letters: int = 0

    def at(self, moment: float, what: str, worker: int, rows: int) -> None:
        heapq.heappush(self.events, (moment, next(self.turns), what, worker, rows))

    def write(self, now: float, number: int) -> None:
        """Have a worker ask for a commit of all that wait."""
        worker = self.workers[number]
        if worker.waiting and not worker.is_writing:
            worker.is_writing, rows, worker.waiting = True, worker.waiting, 0
            self.queue.append((number, rows))
        while self.queue and self.busy < self.setup.processors:
            self.busy += 1
            number, rows = self.queue.popleft()
            self.at(now + self.setup.costs.alone + rows * self.setup.costs.a_row, "written", number, rows)


def simulate(setup: Setup) -> float:
    """Return the letters a second that such workers deliver together."""
    run = _Run(setup, [_Worker() for _ in range(setup.workers)])
    for number in range(setup.workers):
        for connection in range(setup.connections):
            run.at(setup.round_trip * connection / setup.connections, "handed over", number, 1)
    now = 0.0
    while now < _SECONDS:
        now, _, what, number, rows = heapq.heappop(run.events)
        if what == "handed over":
            run.workers[number].waiting += 1
        else:
            run.busy -= 1
            run.letters += rows
            run.workers[number].is_writing = False
            for _ in range(rows):
                run.at(now + setup.round_trip, "handed over", number, 1)
        run.write(now, number)
    return run.letters / _SECONDS


def measure_scaling() -> Iterator[Figure]:
    """Simulate with the costs of this machine; the yardstick is one worker's rate times their number."""
    with run_postgres() as url, a_database(url, 500 * (2 * _COMMITS + 2)) as database:
        costs = measure_commits(database)
    print(f"a commit: {costs.alone * 1e6:.0f} µs and {costs.a_row * 1e6:.1f} µs a row")
    for connections, processors in ((16, 2), (16, 8)):
        one = 0.0
        for workers in _WORKERS:
            setup = Setup(
                workers=workers, connections=connections, round_trip=0.020, processors=processors, costs=costs
            )
            rate = simulate(setup)
            one = one or rate
            yield Figure(
                name=f"{workers} workers of {connections} connections, 20 ms, Postgres on {processors} processors",
                measured=f"{rate:,.0f} letters/s (simulated)",
                yardstick=f"{workers} times one worker",
                ratio=rate / (one * workers),
            )


def measure_commits(database: Database) -> Costs:
    """Time commits of few rows and of many, as the hot path writes them."""
    mailing = open_a_mailing(database)
    now = datetime.now(UTC)
    with database.transaction() as transaction:
        mailings.start_due(transaction, now=now)
    times = {_FEW: 0.0, _MANY: 0.0}
    with take_seat(database, now=now) as seat, database.connection() as connection:
        for rows in times:
            for _ in range(_COMMITS):
                with database.transaction(on=connection) as transaction:
                    claim = ledger.claim_batch(transaction, seat=seat, now=now, doubtful=DoubtfulPolicy.RESEND)
                    assert claim is not None
                    chosen = [recipient.delivery for recipient in claim.recipients[:rows]]
                    put_in_flight(transaction, *chosen, now=now)
                settled = [(claim.batch, _accepted(delivery)) for delivery in chosen]
                started = time.perf_counter()
                with database.transaction(on=connection) as transaction:
                    progress.record(transaction, settled, [], now=now)
                times[rows] += time.perf_counter() - started
    assert mailing.intended
    few, many = times[_FEW] / _COMMITS, times[_MANY] / _COMMITS
    a_row = (many - few) / (_MANY - _FEW)
    return Costs(alone=few - a_row * _FEW, a_row=a_row)


def _accepted(delivery: DeliveryId) -> Settlement:
    return Settlement(
        delivery=delivery, status=DeliveryStatus.ACCEPTED, reply_code=250, reply_text="2.0.0 Ok: queued as 4F1A2B3C"
    )
