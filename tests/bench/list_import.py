"""How long a million people take to be taken over from a file, and how much memory."""

from __future__ import annotations

import csv
import os
import sqlite3
import tempfile
import time
from pathlib import Path

from bench.figure import Figure
from project import Project

_PEOPLE = 1_000_000
_COLUMNS = ("email", "name", "consent_source", "consent_at", "topics", "language")
_NOWHERE = 9  # the port that discards; nothing is sent there


def measure_import() -> Figure:
    """Import a list into a fresh project on SQLite, in a process of its own.

    The yardstick is Python's own CSV reader and one table without an index.
    """
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        file = folder / "list.csv"
        _write_list(file)
        project = Project(folder / "project", database_url=f"sqlite:///{folder / 'newsletter.db'}", relay_port=_NOWHERE)
        bare = _copy(file, folder / "bare.db")
        started = time.perf_counter()
        with project.start("subscribers", "import", str(file)) as importing:  # what it says fits into its pipes
            _, status, usage = os.wait4(importing.pid, 0)
            seconds = time.perf_counter() - started
            importing.returncode = os.waitstatus_to_exitcode(status)
            assert importing.stderr
            assert importing.returncode == 0, importing.stderr.read()
    return Figure(
        name=f"{_PEOPLE:,} people imported on SQLite",
        measured=f"{seconds:.1f} s, {usage.ru_maxrss / 1024:.0f} MB at most",
        yardstick=f"the file into a bare table, {bare:.1f} s",
        ratio=seconds / bare,
    )


def _write_list(file: Path) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS)
        writer.writerows(
            (
                f"Reader.{number}@mail{number % 500}.example.net",
                f"Reader {number}",
                "Fair",
                f"2026-0{number % 9 + 1}-1{number % 9}T09:00:00Z",
                ("articles", "events", "articles;events", "news")[number % 4],
                ("en", "de", "sv")[number % 3],
            )
            for number in range(_PEOPLE)
        )


def _copy(file: Path, database: Path) -> float:
    started = time.perf_counter()
    with sqlite3.connect(database) as connection, file.open(encoding="utf-8", newline="") as stream:
        connection.execute(f"CREATE TABLE list ({', '.join(_COLUMNS)})")
        rows = csv.reader(stream)
        next(rows)
        connection.executemany("INSERT INTO list VALUES (?, ?, ?, ?, ?, ?)", rows)
    connection.close()
    return time.perf_counter() - started
