"""A scheduler process whose clock is given: it advances to each time that it reads, and says when it is done."""

from __future__ import annotations

import logging
import subprocess
import sys
from datetime import datetime

import structlog

from newsletter.schedule import Scheduler
from newsletter.store.database import Database
from newsletters import a_newsletter


class SchedulerProcess:
    """One of several machines; it may be killed at any moment."""

    def __init__(self, url: str) -> None:
        # By its path, so that the modules beside it are found.
        command = [sys.executable, __file__, url]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def wake(self, now: datetime) -> None:
        """Have it advance, without waiting for that."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{now.isoformat()}\n")
        self._process.stdin.flush()

    def wait(self) -> None:
        """Wait until it has advanced."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "done\n"

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate()


def _run(url: str) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))
    database = Database(url)
    app = a_newsletter(database, mode="send", timezone="Europe/Stockholm")
    scheduler = Scheduler(app)
    for line in sys.stdin:
        scheduler.advance(datetime.fromisoformat(line.strip()))
        print("done", flush=True)  # noqa: T201 - it speaks to the test


if __name__ == "__main__":
    _run(sys.argv[1])
