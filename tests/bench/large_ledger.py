"""What a claim costs beside the deliveries of older issues, and what it costs to drop one of these.

Run as a program with a number of mailings and of rows in each, it measures that alone.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from bench.figure import Figure
from bench.machines import a_database
from mailing_stand import open_a_mailing
from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.store import ledger, mailings
from newsletter.store.database import Connection, Database
from newsletter.store.seats import take_seat
from postgres_server import PostgresServer

_READERS = 20_000
_CLAIMS = 30
_MAILINGS, _ROWS = 8, 500_000  # for `make bench`; with more of both for docs/scaling.md

#: As rows stand after a mailing, in the order of their positions.
_FILL = """
    INSERT INTO deliveries (mailing_id, position, subscriber_id, status, attempts, first_try_at, settled_at, reply_code,
        reply_text, resent)
    SELECT {mailing}, number, number, 'accepted', 1, now(), now(), 250, '2.0.0 Ok: queued as ' || number, false
    FROM generate_series(1, {rows}) AS number
"""
_CONSTRAINTS = """
    SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint
    WHERE conrelid = 'deliveries'::regclass AND contype IN ('p', 'u')
"""


def measure_large_ledger(older: int = _MAILINGS, rows: int = _ROWS) -> Iterator[Figure]:
    """Claim beside so many older mailings of so many rows; the yardstick is a claim in an empty ledger."""
    with tempfile.TemporaryDirectory() as folder:
        server = PostgresServer(Path(folder))
        server.start()
        try:
            with (
                server.database() as empty_url,
                a_database(empty_url, _READERS) as empty_ledger,
                server.database() as url,
                a_database(url, _READERS) as database,
            ):
                open_a_mailing(empty_ledger)
                mailing = open_a_mailing(database).id
                seconds, size = _fill(database, mailing, older, rows)
                empty, full = _time_claims(empty_ledger, database)
                yield Figure(
                    name=f"a claim beside {older * rows:,} older deliveries ({size})",
                    measured=f"{full * 1000:.2f} ms (laid out in {seconds:.0f} s)",
                    yardstick=f"the same in an empty ledger, {empty * 1000:.2f} ms",
                    ratio=full / empty,
                )
                dropping = _time_drop(database, mailing + 1)
                yield Figure(
                    name=f"the {rows:,} deliveries of an old mailing dropped",
                    measured=f"{dropping:.1f} s, {dropping / rows * 1e6:.1f} µs a row",
                    yardstick="none",
                    ratio=None,
                )
        finally:
            server.stop()


def _time_claims(*ledgers: Database) -> list[float]:
    """Return each ledger's median time of a claim of five hundred, taken in turn; each claim is taken back."""
    now = datetime.now(UTC)
    times: list[list[float]] = [[] for _ in ledgers]
    with ExitStack() as stack:
        seated = [
            (stack.enter_context(database.connection()), stack.enter_context(take_seat(database, now=now)))
            for database in ledgers
        ]
        for connection, _ in seated:
            mailings.start_due(connection, now=now)
            connection.commit()
        for _ in range(_CLAIMS):
            for (connection, seat), taken in zip(seated, times, strict=True):
                begun = connection.begin()
                started = time.perf_counter()
                claim = ledger.claim_batch(connection, seat=seat, now=now, doubtful=DoubtfulPolicy.RESEND)
                taken.append(time.perf_counter() - started)
                assert claim is not None
                assert len(claim.recipients) == 500
                begun.rollback()
    return [statistics.median(taken) for taken in times]


def _fill(database: Database, mailing: int, older: int, rows: int) -> tuple[float, str]:
    """Lay out older deliveries as fast as may be: without indexes, which are built at the end."""
    started = time.perf_counter()
    with database.connection() as connection:
        _run(connection, "SET maintenance_work_mem = '1GB'")
        constraints = connection.exec_driver_sql(_CONSTRAINTS).all()
        for name, _ in constraints:
            _run(connection, f"ALTER TABLE deliveries DROP CONSTRAINT {name}")
        for number in range(1, older + 1):
            _run(connection, _FILL.format(mailing=mailing + number, rows=rows))
        for name, definition in constraints:
            _run(connection, f"ALTER TABLE deliveries ADD CONSTRAINT {name} {definition}")
        connection.commit()
        seconds = time.perf_counter() - started
        size: str = connection.exec_driver_sql(
            "SELECT pg_size_pretty(pg_total_relation_size('deliveries'))"
        ).scalar_one()
        connection.rollback()
        analysing = connection.execution_options(isolation_level="AUTOCOMMIT")
        analysing.exec_driver_sql("VACUUM (ANALYZE) deliveries")
    return seconds, size


def _time_drop(database: Database, mailing: int) -> float:
    started = time.perf_counter()
    with database.transaction() as transaction:
        transaction.exec_driver_sql("DELETE FROM deliveries WHERE mailing_id = %s", (mailing,))
    return time.perf_counter() - started


def _run(connection: Connection, statement: str) -> None:
    connection.exec_driver_sql(statement.replace("%", "%%"))


if __name__ == "__main__":
    for figure in measure_large_ledger(int(sys.argv[1]), int(sys.argv[2])):
        print(f"{figure.name} | {figure.measured} | {figure.yardstick} | {figure.ratio}")
