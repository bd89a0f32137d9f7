"""Writers of one SQLite database wait for each other: threads of a process, and processes."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from newsletter.errors import StoreError
from newsletter.store.database import Database

_THREADS = 6
_TIMES = 20


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "newsletter.db"
    database = Database(f"sqlite:///{file}")
    with database.transaction() as transaction:
        transaction.exec_driver_sql("CREATE TABLE counts (number INTEGER NOT NULL)")
        transaction.exec_driver_sql("INSERT INTO counts VALUES (0)")
    database.close()
    return file


def count_up(database: Database) -> None:
    for _ in range(_TIMES):
        with database.transaction() as transaction:
            (number,) = transaction.exec_driver_sql("SELECT number FROM counts").one()
            transaction.exec_driver_sql("UPDATE counts SET number = ?", (number + 1,))


def test_nothing_is_lost_between_threads_and_processes(file: Path) -> None:
    databases = [Database(f"sqlite:///{file}") for _ in range(2)]  # two know as little of each other as two processes

    with ThreadPoolExecutor(_THREADS) as threads:
        for done in [threads.submit(count_up, databases[number % 2]) for number in range(_THREADS)]:
            done.result()

    with databases[0].snapshot() as snapshot:
        assert snapshot.exec_driver_sql("SELECT number FROM counts").scalar_one() == _THREADS * _TIMES
    for database in databases:
        database.close()


def test_who_has_written_goes_to_the_end_of_the_line(file: Path) -> None:
    busy, patient = (Database(f"sqlite:///{file}") for _ in range(2))
    order: list[str] = []

    def write(database: Database, name: str) -> None:
        with database.transaction():
            order.append(name)

    with ThreadPoolExecutor(1) as threads:
        with busy.transaction():
            waiting = threads.submit(write, patient, "patient")
            wait_until_somebody_is_next(file)
        write(busy, "busy")
        waiting.result()

    assert order == ["patient", "busy"]
    busy.close()
    patient.close()


def wait_until_somebody_is_next(file: Path) -> None:
    with file.with_name(f"{file.name}.turn").open("rb") as place:
        while True:
            try:
                fcntl.flock(place, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            fcntl.flock(place, fcntl.LOCK_UN)
            time.sleep(0.001)


def test_a_turn_ends_with_its_transaction_whatever_ends_that(file: Path) -> None:
    database = Database(f"sqlite:///{file}")

    with pytest.raises(ZeroDivisionError), database.transaction():
        _ = 1 / 0
    with pytest.raises(StoreError), database.transaction() as transaction:
        transaction.exec_driver_sql("SELECT nothing FROM nowhere")
    count_up(database)

    database.close()


def test_a_writer_goes_on_when_a_strangers_transaction_has_ended(file: Path) -> None:
    database = Database(f"sqlite:///{file}")
    stranger = sqlite3.connect(file, isolation_level=None, check_same_thread=False)
    stranger.execute("BEGIN IMMEDIATE")
    has_begun = threading.Event()

    def wait_and_count() -> None:
        has_begun.set()
        count_up(database)

    with ThreadPoolExecutor(1) as threads:
        counting = threads.submit(wait_and_count)
        has_begun.wait()
        with database.snapshot() as snapshot:  # readers wait for nobody
            assert snapshot.exec_driver_sql("SELECT number FROM counts").scalar_one() == 0
        stranger.execute("UPDATE counts SET number = 5")
        stranger.execute("COMMIT")
        counting.result()

    with database.snapshot() as snapshot:
        assert snapshot.exec_driver_sql("SELECT number FROM counts").scalar_one() == 5 + _TIMES
    stranger.close()
    database.close()
