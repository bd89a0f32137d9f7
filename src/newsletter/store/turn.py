"""Whose turn it is to write to a SQLite file: threads of a process, and processes, one after the other.

SQLite has no queue. It gives its write lock to whoever asks at the right moment, and a process that commits all the
time, as one that delivers does, asks again before any other has looked: readers who left meanwhile waited for a tenth
of a second and more. So writers stand in line: there is one place at its head, and who has written goes to the end.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from newsletter.errors import StoreError

#: for how many seconds a writer waits for others, in each place
PATIENCE = 15
_LOOK_SECONDS = 0.0005  # how soon to look again, where nobody wakes who waits


class Turn:
    """The line of one process; ``file`` None is a database of memory, which no other process knows."""

    def __init__(self, file: Path | None) -> None:
        self._head = file.with_name(f"{file.name}.turn") if file else None
        self._thread = threading.Lock()
        self._lock: int | None = None

    @contextmanager
    def of_this_thread(self) -> Iterator[None]:
        """Keep the other threads of this process from writing; one is woken at once when the block ends."""
        if not self._thread.acquire(timeout=PATIENCE):
            raise StoreError(f"The database failed: another thread has been writing for {PATIENCE} seconds.")
        try:
            yield
        finally:
            self._thread.release()

    def begin(self, cursor: Any) -> None:  # noqa: ANN401 - SQLAlchemy's name for the driver's cursor
        """Begin a transaction that has the write lock. Raises sqlite3.OperationalError when others keep it for long."""
        # SQLite's own waiting looks again after 1, 2, 5, 10 and more milliseconds.
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            with self._at_the_head():
                _insist(lambda: _take_write_lock(cursor))
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")

    def close(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def _at_the_head(self) -> Iterator[None]:
        """Be the next process to write, until that one may; the system gives the place free when a process dies."""
        if self._head is None:
            yield
            return
        if self._lock is None:
            self._lock = os.open(self._head, os.O_RDONLY | os.O_CREAT, 0o644)
        lock = self._lock
        _insist(lambda: _take_place(lock))
        try:
            yield
        finally:
            fcntl.flock(lock, fcntl.LOCK_UN)


def _insist(attempt: Callable[[], Exception | None]) -> None:
    """Try until it succeeds. Raises what stands in the way when that lasts."""
    latest = time.monotonic() + PATIENCE
    while obstacle := attempt():
        if time.monotonic() > latest:
            raise obstacle
        time.sleep(_LOOK_SECONDS)


def _take_place(lock: int) -> Exception | None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return sqlite3.OperationalError("database is locked")
    return None


def _take_write_lock(cursor: Any) -> Exception | None:  # noqa: ANN401 - as above
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return error
    return None
