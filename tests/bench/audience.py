"""How long laying out an audience takes."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from mailing_stand import add_readers, open_a_mailing
from newsletter.store.database import Database, Transaction
from newsletter.store.tables import subscribers

_AUDIENCE = 1_000_000


def measure_audience() -> Figure:
    """Lay out an audience; the yardstick is SQLite's own copy of as many rows."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'newsletter.db'}")
        database.migrate()
        add_readers(database, ["reader1@example.net"])
        with database.transaction() as transaction:
            multiply_reader(transaction, _AUDIENCE)
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


def multiply_reader(transaction: Transaction, readers: int) -> None:
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
