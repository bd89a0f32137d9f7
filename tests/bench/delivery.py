"""How fast a mailing goes out, as a share of what bare smtp-source sends to the same relay in the same minute.

Run as a program, it delivers one mailing in a process of its own, as a worker is one.
"""

from __future__ import annotations

import json
import logging
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from bench.figure import Figure
from bench.smtp_tools import measure_source, run_sink
from mailing_stand import a_plant, a_rendered_issue, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.garbage import collect_seldom
from newsletter.store.database import Database
from postfix import Postfix
from postgres_server import PostgresServer, find_server_programs

LETTERS = 4000
LETTER_BYTES = 80_000
PAIRS = 7
_CONNECTIONS = 20
_NOWHERE = 9  # the port that discards; nothing is sent there


def measure_deliveries() -> Iterator[Figure]:
    """Measure delivery to smtp-sink and to a real Postfix, with the ledger on SQLite and on a durable Postgres."""
    with run_sink() as port:
        yield _measure("to smtp-sink, 8 connections", port, connections=8)
        yield _measure("to smtp-sink, 20 connections", port, connections=_CONNECTIONS)
        if find_server_programs() is not None:
            with tempfile.TemporaryDirectory() as folder, _run_postgres(Path(folder)) as url:
                yield _measure("to smtp-sink, ledger on Postgres", port, connections=_CONNECTIONS, url=url)
    if os.geteuid() == 0:  # Postfix only starts as root
        with Postfix(next_hop=_NOWHERE, bounces_to=_NOWHERE, more="default_transport = discard:") as postfix:
            yield _measure("to Postfix", postfix.port, connections=_CONNECTIONS)


def _measure(name: str, port: int, *, connections: int, url: str | None = None) -> Figure:
    """Send 80 kB letters with personal links under the strict ledger, alternating with smtp-source; medians."""
    rates, ratios, costs, yardsticks = [], [], [], []
    measure_source(port, letters=LETTERS // 4, letter_bytes=LETTER_BYTES)
    for _ in range(PAIRS):
        yardstick = measure_source(port, letters=LETTERS, letter_bytes=LETTER_BYTES)
        with tempfile.TemporaryDirectory() as folder:
            own_url = url or f"sqlite:///{Path(folder) / 'newsletter.db'}"
            rate, cost = _measure_delivery(own_url, port, connections=connections)
        rates.append(rate)
        costs.append(cost)
        yardsticks.append(yardstick)
        ratios.append(rate / yardstick.letters_per_second)
    their_rate = statistics.median(sent.letters_per_second for sent in yardsticks)
    their_cost = statistics.median(sent.cpu_per_letter for sent in yardsticks)
    return Figure(
        name=f"delivery {name}",
        measured=f"{statistics.median(rates):,.0f} letters/s, {statistics.median(costs):.0f} µs CPU a letter",
        yardstick=f"smtp-source -d -s 8, same relay: {their_rate:,.0f} letters/s, {their_cost:.0f} µs CPU a letter",
        ratio=statistics.median(ratios),
    )


@contextmanager
def _run_postgres(folder: Path) -> Iterator[str]:
    """Run a server with Postgres's defaults: every commit waits for the disk."""
    server = PostgresServer(folder, is_durable=True)
    server.start()
    try:
        with server.database() as url:
            yield url
    finally:
        server.stop()


def _measure_delivery(url: str, port: int, *, connections: int) -> tuple[float, float]:
    """Return letters a second, and the sender's CPU time for each in µs."""
    with _a_database(url) as database:
        mailing = open_a_mailing(database, a_rendered_issue(words=LETTER_BYTES // 5))
        arguments = [url, str(port), str(connections)]
        output = subprocess.run([sys.executable, "-m", "bench.delivery", *arguments], check=True, capture_output=True)
        assert counted(report_on(database, mailing)) == {"accepted": LETTERS}
    seconds, cpu = json.loads(output.stdout)
    return LETTERS / seconds, cpu / LETTERS * 1e6


def _deliver(url: str, port: int, connections: int) -> None:
    collect_seldom()  # as each process of this program does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    database = Database(url)
    plant = a_plant(database, port=port, connections=connections)
    started, before = time.perf_counter(), _cpu_seconds()
    deliver_all(plant)
    print(json.dumps([time.perf_counter() - started, _cpu_seconds() - before]))
    database.close()


@contextmanager
def _a_database(url: str) -> Iterator[Database]:
    """Give a database with the readers, and nothing of what was in it before."""
    database = Database(url)
    database.migrate("base")
    database.migrate()
    add_readers(database, [f"reader{number}@example.net" for number in range(LETTERS)])
    try:
        yield database
    finally:
        database.close()


def _cpu_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    _deliver(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
