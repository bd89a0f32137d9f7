"""A worker's seat: the proof that it is alive, which the operating system or Postgres takes back at its death.

On SQLite one process delivers at a time: the seat is a lock on a file beside the database. On Postgres any number do:
the seat is an advisory lock held by a connection of its own. Either is gone the moment the process is, so what a dead
worker had claimed can be taken over at once and not only when its lease runs out.
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from sqlalchemy import func, insert, select

from newsletter.errors import RefusedError, StoreError
from newsletter.store.database import Database, Transaction
from newsletter.store.tables import workers

#: "nl": the first half of our advisory locks' names.
LOCK_CLASS = 0x6E6C


# pg_locks lists the locks of every database on the server, a sister title's among them.
_SEATED = (
    "SELECT objid::bigint FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database "
    "WHERE datname = current_database() AND locktype = 'advisory' AND classid = %s AND granted"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeatedWorker:
    """A process that delivers."""

    host: str
    process: int
    started_at: datetime


@dataclass(frozen=True, slots=True)
class Seat:
    worker: int
    is_exclusive: bool

    def is_dead(self, transaction: Transaction, worker: int) -> bool:
        """Tell whether another worker's seat is empty."""
        if self.is_exclusive:
            return worker != self.worker
        # Held until this transaction ends, so that nobody can sit down meanwhile.
        return bool(transaction.scalar(select(func.pg_try_advisory_xact_lock(LOCK_CLASS, worker))))


@contextmanager
def take_seat(database: Database, *, now: datetime) -> Iterator[Seat]:
    """Sit down as a new worker. Raises RefusedError where another process delivers and only one may."""
    file = database.file
    with _lock_file(file) if file else nullcontext():
        with database.transaction() as transaction:
            worker = _register(transaction, now=now)
        with nullcontext() if file else _lock_advisory(database, worker):
            yield Seat(worker, is_exclusive=file is not None)


def is_seat_empty(transaction: Transaction, worker: int, *, database: Database) -> bool:
    """Tell whether a worker is dead, for who has no seat; ``transaction`` may write.

    On SQLite only where nobody delivers: who does sees to the dead. Nobody can sit down before the transaction ends.
    """
    if database.is_sqlite:
        return not is_seat_taken(database)
    return Seat(0, is_exclusive=False).is_dead(transaction, worker)


def is_seat_taken(database: Database) -> bool:
    """Tell whether some process is delivering."""
    if file := database.file:
        if not _name_lock(file).exists():  # nor is it made here, for another account than the workers' may ask
            return False
        try:
            with _lock_file(file):
                return False
        except RefusedError:
            return True
    with database.snapshot() as snapshot:
        return bool(snapshot.exec_driver_sql(_SEATED, (LOCK_CLASS,)).first())


def list_seated(database: Database) -> list[SeatedWorker]:
    """Return the workers that are delivering, in the order in which they sat down."""
    listed = select(workers).order_by(workers.c.id)
    if database.file:
        if not is_seat_taken(database):
            return []
        listed = select(workers).order_by(workers.c.id.desc()).limit(1)
    with database.snapshot() as snapshot:
        if not database.file:
            seated = snapshot.exec_driver_sql(_SEATED, (LOCK_CLASS,)).scalars()
            listed = listed.where(workers.c.id.in_(list(seated)))
        return [
            SeatedWorker(host=row.host, process=row.process, started_at=row.started_at)
            for row in snapshot.execute(listed)
        ]


def _register(transaction: Transaction, *, now: datetime) -> int:
    row = {"host": socket.gethostname(), "process": os.getpid(), "started_at": now}
    return int(transaction.execute(insert(workers).values(row).returning(workers.c.id)).scalar_one())


@contextmanager
def _lock_file(database_file: Path) -> Iterator[None]:
    with _open_lock(_name_lock(database_file)) as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RefusedError("Another process is delivering from this database already.") from error
        yield


def _name_lock(database_file: Path) -> Path:
    return database_file.with_name(f"{database_file.name}.worker.lock")


def _open_lock(file: Path) -> IO[bytes]:
    try:
        return file.open("ab")
    except OSError as error:
        raise StoreError(f"The lock file {file} cannot be opened: {error}") from error


@contextmanager
def _lock_advisory(database: Database, worker: int) -> Iterator[None]:
    """Hold the lock on a connection of its own, outside any transaction, until the block or the process ends."""
    with database.connection() as connection:
        with connection.begin():
            connection.execute(select(func.pg_advisory_lock(LOCK_CLASS, worker)))
        yield
        with connection.begin():
            connection.execute(select(func.pg_advisory_unlock(LOCK_CLASS, worker)))
