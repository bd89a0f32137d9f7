"""`make bench`: measure each figure of docs/scaling.md, with its yardstick in the same run.

Nothing here passes or fails: a figure that moved is for a person to explain.
"""

from __future__ import annotations

import logging
import statistics
import subprocess
import sys
import tempfile
import time
import timeit
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from bench.bounces import measure_bounces
from bench.delivery import LETTER_BYTES, measure_delivery
from bench.figure import Figure
from bench.pace import measure_pace
from bench.preflight import measure_preflight
from bench.rendering import measure_rendering
from bench.signature import measure_signature
from bench.smtp_tools import MissingToolError
from mailing_stand import KEYS, SENDER, a_rendered_issue, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.topic import Topic
from newsletter.mail.message import Splicer, compile_letters
from newsletter.store.database import Database, Transaction
from newsletter.store.tables import subscribers
from postgres_server import PostgresServer, find_server_programs

_AUDIENCE = 1_000_000
_SPLICES = 4_000
_STARTS = 7
_NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(f"{'figure':58} {'ratio':>6}  {'measured':46} yardstick")
    for figure in _measure_all():
        ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
        print(f"{figure.name:58} {ratio:>6}  {figure.measured:46} {figure.yardstick}", flush=True)


def _measure_all() -> Iterator[Figure]:
    yield _measure_splice()
    yield _measure_audience()
    yield _measure_help()
    yield measure_preflight()
    yield from measure_rendering()
    yield measure_bounces()
    yield measure_signature()
    try:
        yield measure_pace()
        yield from measure_delivery(connections=8)
        yield from measure_delivery(connections=20)
        if find_server_programs() is not None:
            with tempfile.TemporaryDirectory() as folder:
                server = PostgresServer(Path(folder))
                server.start()
                try:
                    with server.database() as url:
                        yield from measure_delivery(connections=20, url=url)
                finally:
                    server.stop()
    except MissingToolError as error:
        print(f"Delivery was not measured: {error}")


def _measure_splice() -> Figure:
    """Splice 80 kB letters; the yardstick is a plain copy of as many bytes."""
    splicer = Splicer(
        compile_letters(a_rendered_issue(words=LETTER_BYTES // 5), sender=SENDER),
        sender=SENDER,
        keys=KEYS,
        clock=lambda: _NOW,
    )
    recipient = Recipient(
        delivery=DeliveryId(1, 1), address=EmailAddress("reader@example.net"), public_id=bytes(8), topics=Topic.ARTICLES
    )
    content = splicer.splice(recipient).content
    ours = _time(lambda: splicer.splice(recipient))
    copy = _time(lambda: bytes(bytearray(content)))
    return Figure(
        name=f"splice of a letter of {len(content) // 1000} kB",
        measured=f"{ours * 1e6:.1f} µs",
        yardstick=f"two copies of its bytes, {copy * 1e6:.1f} µs",
        ratio=ours / copy,
    )


def _measure_audience() -> Figure:
    """Lay out an audience; the yardstick is SQLite's own copy of as many rows."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'newsletter.db'}")
        database.migrate()
        add_readers(database, ["reader1@example.net"])
        with database.transaction() as transaction:
            _multiply_reader(transaction, _AUDIENCE)
        with database.transaction() as transaction:
            started = time.perf_counter()
            transaction.exec_driver_sql("CREATE TABLE copy AS SELECT * FROM subscribers")
            copy = time.perf_counter() - started
        started = time.perf_counter()
        mailing = open_a_mailing(database)
        ours = time.perf_counter() - started
        database.close()
    assert mailing.intended == _AUDIENCE
    return Figure(
        name=f"an audience of {_AUDIENCE:,} laid out on SQLite",
        measured=f"{ours:.2f} s",
        yardstick=f"copying the subscribers' table, {copy:.2f} s",
        ratio=ours / copy,
    )


def _multiply_reader(transaction: Transaction, readers: int) -> None:
    """Make so many of the one reader there is, each with an address and a public id of their own."""
    own = {
        "id": "number",
        "public_id": "CAST(printf('%08d', number) AS BLOB)",
        "address": "'reader' || number || '@example.net'",
        "normalized": "'reader' || number || '@example.net'",
        "address_hash": "randomblob(32)",
    }
    names = [column.name for column in subscribers.c]
    columns, values = ", ".join(names), ", ".join(own.get(name, name) for name in names)
    numbers = "SELECT 2 UNION ALL SELECT number + 1 FROM numbers WHERE number < ?"
    rows = f"SELECT {values} FROM numbers, subscribers WHERE id = 1"  # noqa: S608 - names of our own columns
    multiply = f"WITH RECURSIVE numbers (number) AS ({numbers}) INSERT INTO subscribers ({columns}) {rows}"
    transaction.exec_driver_sql(multiply, (readers,))


def _measure_help() -> Figure:
    """Start `newsletter --help`; the yardstick is an interpreter that starts and ends."""
    ours = _time_command([sys.executable, "-m", "newsletter", "--help"])
    bare = _time_command([sys.executable, "-c", "pass"])
    return Figure(
        name="newsletter --help",
        measured=f"{ours:.2f} s",
        yardstick=f"python -c pass, {bare:.2f} s",
        ratio=ours / bare,
    )


def _time(work: Callable[[], object]) -> float:
    """Return the seconds of one call, the best of five runs."""
    return min(timeit.repeat(work, number=_SPLICES, repeat=5)) / _SPLICES


def _time_command(command: list[str]) -> float:
    """Return the seconds of a whole process, the median of several."""
    times = []
    for _ in range(_STARTS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


if __name__ == "__main__":
    main()
