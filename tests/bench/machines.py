"""What several workers do on one Postgres: how fast they settle, share a limit, lay an audience out and claim.

Run as a program it is one of the workers: it says that it is ready, waits for a line, delivers, and says how it went.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from bench.distance import run_proxy
from bench.figure import Figure
from bench.null_relay import NullSession
from bench.smtp_tools import run_sink
from mailing_stand import a_plant, a_rendered_issue, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.domain.budget import Limits
from newsletter.domain.letter import Letter
from newsletter.garbage import collect_seldom
from newsletter.service.ports import Session
from newsletter.store.database import Database, Transaction
from newsletter.store.tables import subscribers
from postgres_server import PostgresServer

_AUDIENCE = 1_000_000
_SETTLED = 120_000
_DISTANT = 4_000
_PER_SECOND = 200
_DOMAIN_PER_SECOND = 20
_SECONDS = 10
_ROUND_TRIP_CONNECTIONS = 4


@dataclass(frozen=True, kw_only=True)
class Shift:
    """What one worker is to do; 0 for a port means a relay that takes everything and costs nothing."""

    url: str
    connections: int
    port: int = 0
    limits: Limits = field(default_factory=Limits)


@dataclass(frozen=True, kw_only=True)
class Deed:
    """What it did: letters by tenths of a second of the clock, and those of the one slow domain."""

    began_at: float
    ended_at: float
    cpu_seconds: float
    tenths: Counter[int]
    slow_tenths: Counter[int]


def measure_machines() -> Iterator[Figure]:
    with run_postgres() as url:
        yield measure_fan_out(url)
        yield from measure_settling(url)
        yield from measure_distance_of_two(url)
        for processes in (2, 4):
            yield measure_limit(url, processes)
        yield measure_domain_limit(url)
        yield measure_silence(url)


def measure_fan_out(url: str) -> Figure:
    """Lay out an audience of a million; the yardstick is Postgres's own copy of as many rows."""
    with a_database(url, _AUDIENCE) as database:
        with database.transaction() as transaction:
            started = time.perf_counter()
            transaction.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM subscribers")
            copy = time.perf_counter() - started
            transaction.exec_driver_sql("DROP TABLE copy")
        started = time.perf_counter()
        mailing = open_a_mailing(database)
        ours = time.perf_counter() - started
        assert mailing.intended == _AUDIENCE
    return Figure(
        name=f"an audience of {_AUDIENCE:,} laid out on Postgres",
        measured=f"{ours:.2f} s",
        yardstick=f"copying the subscribers' table, {copy:.2f} s",
        ratio=ours / copy,
    )


def measure_settling(url: str) -> Iterator[Figure]:
    """Settle small letters to a relay that costs nothing, by one worker and by two."""
    one = _settle(url, 1)
    two = _settle(url, 2)
    yield Figure(
        name="settled on Postgres by two workers, null relays",
        measured=two.words,
        yardstick=f"one worker, {one.words}",
        ratio=two.rate / one.rate,
    )


@dataclass(frozen=True, kw_only=True)
class _Settling:
    """How fast workers settled, and the processor's time for a delivery, theirs and that of Postgres's sessions."""

    rate: float
    workers_cpu: float
    sessions_cpu: float

    @property
    def words(self) -> str:
        costs = f"{self.workers_cpu * 1e6:.0f} + {self.sessions_cpu * 1e6:.0f} µs CPU, worker + Postgres"
        return f"{self.rate:,.0f} deliveries/s ({costs})"


def _settle(url: str, workers: int) -> _Settling:
    with a_database(url, _SETTLED) as database:
        mailing = open_a_mailing(database)
        before = _sessions_seconds(database)
        deeds = _have_worked([Shift(url=url, connections=100)] * workers)
        after = _sessions_seconds(database)
        assert counted(report_on(database, mailing)) == {"accepted": _SETTLED}
    return _Settling(
        rate=_rate(deeds, _SETTLED),
        workers_cpu=sum(deed.cpu_seconds for deed in deeds) / _SETTLED,
        sessions_cpu=(after - before) / _SETTLED,
    )


def _sessions_seconds(database: Database) -> float:
    """Return the processor's time of all sessions that have ended, which Postgres's first process has waited for."""
    with database.snapshot() as snapshot:
        folder = Path(snapshot.exec_driver_sql("SHOW data_directory").scalar_one())
    number = (folder / "postmaster.pid").read_text(encoding="ascii").partition("\n")[0]
    fields = Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    user, system = fields[13], fields[14]  # cutime and cstime (proc(5)), counted from the state
    return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


def measure_distance_of_two(url: str) -> Iterator[Figure]:
    """Deliver to a relay that is 20 ms away, where the way is the limit, by one worker and by two."""
    rates = []
    with run_sink() as sink, run_proxy(sink) as port:
        for workers in (1, 2):
            letters = _DISTANT * workers // 4
            with a_database(url, letters) as database:
                mailing = open_a_mailing(database, a_rendered_issue(words=16_000))
                shift = Shift(url=url, connections=_ROUND_TRIP_CONNECTIONS, port=port)
                rates.append(_rate(_have_worked([shift] * workers), letters))
                assert counted(report_on(database, mailing)) == {"accepted": letters}
    yield Figure(
        name="two workers to a relay 20 ms away",
        measured=f"{rates[1]:.0f} letters/s",
        yardstick=f"one worker, {rates[0]:.0f} letters/s",
        ratio=rates[1] / rates[0],
    )


def measure_limit(url: str, processes: int) -> Figure:
    """Share a limit of 200 letters a second among processes; the yardstick is the limit."""
    letters = _PER_SECOND * (_SECONDS + 3)
    limits = Limits(messages_per_second=_PER_SECOND)
    with a_database(url, letters) as database:
        open_a_mailing(database)
        deeds = _have_worked([Shift(url=url, connections=16, limits=limits)] * processes)
    counts = _count_windows([deed.tenths for deed in deeds], _SECONDS)
    return Figure(
        name=f"a limit of {_PER_SECOND} letters/s over {processes} processes",
        measured=f"{counts[0]:,} in the first {_SECONDS} s, {max(counts):,} at most in any",
        yardstick=f"the limit, {_PER_SECOND * _SECONDS:,}",
        ratio=counts[0] / (_PER_SECOND * _SECONDS),
    )


def measure_domain_limit(url: str) -> Figure:
    """Hold one domain to 20 letters a second over two processes, while the others go at full speed."""
    with _an_empty_database(url) as database:
        add_readers(database, [f"reader{number}@slow.example.net" for number in range(400)])
        add_readers(database, [f"reader{number}@host{number}.example.net" for number in range(4_000)])
        open_a_mailing(database)
        limits = Limits(per_domain_per_second=_DOMAIN_PER_SECOND)
        deeds = _have_worked([Shift(url=url, connections=16, limits=limits)] * 2)
    counts = _count_windows([deed.slow_tenths for deed in deeds], _SECONDS)
    others = sum((deed.tenths - deed.slow_tenths for deed in deeds), Counter[int]())
    took = (max(others) - min(others) + 1) / 10
    return Figure(
        name=f"a limit of {_DOMAIN_PER_SECOND} letters/s to one domain over two processes",
        measured=f"{max(counts)} at most in {_SECONDS} s, while 4,000 to other domains left in {took:.1f} s",
        yardstick=f"the limit, {_DOMAIN_PER_SECOND * _SECONDS}",
        ratio=max(counts) / (_DOMAIN_PER_SECOND * _SECONDS),
    )


def measure_silence(url: str, *, seconds: float = 60) -> Figure:
    """Send on after a minute of silence; the yardstick is what the limit allows in the first second."""
    limits = Limits(messages_per_second=_PER_SECOND)
    shifts = [Shift(url=url, connections=16, limits=limits)] * 2
    with a_database(url, 2 * _PER_SECOND) as database:
        open_a_mailing(database)
        _have_worked(shifts)
        time.sleep(seconds)
        open_a_mailing(database, a_rendered_issue(2))
        deeds = _have_worked(shifts)
    first = _count_windows([deed.tenths for deed in deeds], 1)[0]
    return Figure(
        name=f"the first second after {seconds:.0f} s of silence, a limit of {_PER_SECOND} letters/s",
        measured=f"{first} letters",
        yardstick=f"the limit, {_PER_SECOND}",
        ratio=first / _PER_SECOND,
    )


def _rate(deeds: Sequence[Deed], letters: int) -> float:
    return letters / (max(deed.ended_at for deed in deeds) - min(deed.began_at for deed in deeds))


def _count_windows(counters: Sequence[Counter[int]], seconds: int) -> list[int]:
    """Count the letters of every span of so many seconds, the first one beginning with the first letter."""
    together = sum(counters, Counter[int]())
    first, last = min(together), max(together)
    starts = range(first, max(first + 1, last - seconds * 10 + 2))
    return [sum(together[tenth] for tenth in range(start, start + seconds * 10)) for start in starts]


def _have_worked(shifts: Sequence[Shift]) -> list[Deed]:
    """Have workers deliver in processes of their own, beginning together."""
    with ExitStack() as stack:
        processes = [stack.enter_context(_start(shift)) for shift in shifts]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        return [_read_deed(process.communicate()[0]) for process in processes]


def _start(shift: Shift) -> subprocess.Popen[str]:
    limits = [shift.limits.messages_per_second, shift.limits.per_domain_per_second]
    words = json.dumps([shift.url, shift.connections, shift.port, limits])
    command = [sys.executable, "-m", "bench.machines", words]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _read_deed(output: str) -> Deed:
    began_at, ended_at, cpu_seconds, tenths, slow_tenths = json.loads(output)
    return Deed(
        began_at=began_at,
        ended_at=ended_at,
        cpu_seconds=cpu_seconds,
        tenths=Counter(tenths),
        slow_tenths=Counter(slow_tenths),
    )


class _CountingSession(NullSession):
    """Notes when each letter left."""

    def __init__(self, times: list[tuple[float, bool]]) -> None:
        self._times = times

    async def stage(self, letter: Letter) -> None:
        self._times.append((time.time(), letter.recipient.endswith("@slow.example.net")))


def _work(words: str) -> None:
    collect_seldom()  # as each process of this program does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    url, connections, port, (per_second, per_domain_per_second) = json.loads(words)
    times: list[tuple[float, bool]] = []

    async def connect() -> Session:
        return _CountingSession(times)

    before = time.process_time()
    database = Database(url)
    limits = Limits(messages_per_second=per_second, per_domain_per_second=per_domain_per_second)
    plant = a_plant(database, port=port, connect=None if port else connect, connections=connections, limits=limits)
    print("ready", flush=True)
    sys.stdin.readline()
    began_at = time.time()
    deliver_all(plant)
    ended_at = time.time()
    database.close()
    tenths = [int(at * 10) for at, _ in times]
    slow = [int(at * 10) for at, is_slow in times if is_slow]
    print(json.dumps([began_at, ended_at, time.process_time() - before, tenths, slow]))


@contextmanager
def run_postgres() -> Iterator[str]:
    """Run a server with Postgres's defaults: every commit waits for the disk."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder), is_durable=True)
        server.start()
        try:
            with server.database() as url:
                yield url
        finally:
            server.stop()


@contextmanager
def _an_empty_database(url: str) -> Iterator[Database]:
    database = Database(url)
    database.migrate("base")
    database.migrate()
    try:
        yield database
    finally:
        database.close()


@contextmanager
def a_database(url: str, readers: int) -> Iterator[Database]:
    """Give a database with so many readers, each at a domain that a thousand others are at."""
    with _an_empty_database(url) as database:
        add_readers(database, ["reader1@example.net"])
        with database.transaction() as transaction:
            multiply_reader(transaction, readers)
        with database.connection() as connection:
            connection.exec_driver_sql("COMMIT")
            connection.exec_driver_sql("ANALYZE subscribers")
        yield database


def multiply_reader(transaction: Transaction, readers: int) -> None:
    """Make so many of the one reader there is, each with an address and a public id of their own."""
    own = {
        "id": "number",
        "public_id": "decode(lpad(to_hex(number), 16, '0'), 'hex')",
        "address": "'reader' || number || '@example.net'",
        "normalized": "'reader' || number || '@example.net'",
        "address_hash": "sha256(number::text::bytea)",
    }
    names = [column.name for column in subscribers.c]
    columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
    numbers = f"generate_series(2, {readers}) AS number"
    overriding = "OVERRIDING SYSTEM VALUE"
    transaction.exec_driver_sql(
        f"INSERT INTO subscribers ({columns}) {overriding} SELECT {values} FROM {numbers}, subscribers WHERE id = 1"  # noqa: S608 - names of our own columns
    )


if __name__ == "__main__":
    _work(sys.argv[1])
