"""What a mailing costs by its size: memory, and processor time a letter, where the relay costs nothing.

Run as a program, it delivers one mailing in a process of its own, so that nothing else counts into its memory.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import structlog

from bench.audience import multiply_reader
from bench.figure import Figure
from mailing_stand import a_plant, a_rendered_issue, add_readers, deliver_all, open_a_mailing
from newsletter.domain.letter import Letter
from newsletter.domain.reply import Accepted, Outcome, Reply
from newsletter.garbage import collect_seldom
from newsletter.service.ports import Session
from newsletter.store.database import Database

_SMALL = 10_000
_LETTER_BYTES = 80_000
_CONNECTIONS = 20


class NullSession:
    """Takes every letter and keeps none."""

    is_distant = False

    async def stage(self, letter: Letter) -> None:
        """Count for nothing: the letter's bytes were made before."""

    async def release(self, following: Letter | None) -> Outcome:  # noqa: ARG002 - it has no use for it
        await asyncio.sleep(0)
        return Accepted(Reply(250, "2.0.0 gone"))

    async def close(self) -> None:
        """Nothing is open."""


def measure_sizes(*sizes: int) -> Iterator[Figure]:
    """Deliver a mailing to 10,000 readers, and larger ones, each compared with it."""
    small_cost, small_memory = _measure(_SMALL)
    for size in sizes:
        cost, memory = _measure(size)
        yield Figure(
            name=f"processor time a letter to {size:,} readers, null relay",
            measured=f"{cost:.0f} µs",
            yardstick=f"the same to {_SMALL:,}, {small_cost:.0f} µs",
            ratio=cost / small_cost,
        )
        yield Figure(
            name=f"memory of a mailing to {size:,} readers, null relay",
            measured=f"{memory:.0f} MB at most",
            yardstick=f"the same to {_SMALL:,}, {small_memory:.0f} MB",
            ratio=memory / small_memory,
        )


def _measure(readers: int) -> tuple[float, float]:
    """Return the µs a letter, and the most megabytes that the delivering process held."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{Path(folder) / 'newsletter.db'}"
        database = Database(url)
        database.migrate()
        add_readers(database, ["reader1@example.net"])
        with database.transaction() as transaction:
            multiply_reader(transaction, readers)
        mailing = open_a_mailing(database, a_rendered_issue(words=_LETTER_BYTES // 5))
        assert mailing.intended == readers
        output = subprocess.run([sys.executable, "-m", "bench.null_relay", url], check=True, capture_output=True)
        with database.snapshot() as snapshot:
            counts = snapshot.exec_driver_sql("SELECT status, count(*) FROM deliveries GROUP BY status").all()
        database.close()
    assert [tuple(count) for count in counts] == [("accepted", readers)]
    seconds, memory = json.loads(output.stdout)
    return seconds / readers * 1e6, memory


def _deliver(url: str) -> None:
    collect_seldom()  # as each process of this program does
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))

    async def connect() -> Session:
        return NullSession()

    database = Database(url)
    started = time.process_time()
    deliver_all(a_plant(database, connect=connect, connections=_CONNECTIONS))
    seconds = time.process_time() - started
    database.close()
    most = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text(encoding="ascii"))
    assert most is not None
    print(json.dumps([seconds, int(most[1]) / 1000]))


if __name__ == "__main__":
    _deliver(sys.argv[1])
