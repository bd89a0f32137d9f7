"""Postfix's own smtp-sink and smtp-source: the relay and the yardstick of the sending benchmarks."""

from __future__ import annotations

import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

#: smtp-source opens a new connection for every letter unless told -d, and has eight of them.
YARDSTICK_CONNECTIONS = 8


@dataclass(frozen=True, slots=True)
class Sent:
    """What the yardstick did."""

    letters_per_second: float
    #: of smtp-source itself, in µs; where that is more than another day's, the machine is slower today
    cpu_per_letter: float


class MissingToolError(Exception):
    pass


@contextmanager
def run_sink() -> Iterator[int]:
    """Run smtp-sink on a free port of loopback, and end it; gives the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    user = ["-u", "nobody"] if os.geteuid() == 0 else []
    with subprocess.Popen([find_tool("smtp-sink"), *user, f"127.0.0.1:{port}", "256"]) as sink:
        try:
            _wait_for(port)
            yield port
        finally:
            sink.terminate()


def measure_source(port: int, *, letters: int, letter_bytes: int) -> Sent:
    """Have smtp-source send so many letters."""
    command = [
        find_tool("smtp-source"), "-d", "-s", str(YARDSTICK_CONNECTIONS), "-m", str(letters), "-l", str(letter_bytes),
        "-f", "news@example.org", "-t", "reader@example.net", f"127.0.0.1:{port}",
    ]  # fmt: skip
    started, before = time.perf_counter(), _children_seconds()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    seconds, cpu = time.perf_counter() - started, _children_seconds() - before
    return Sent(letters_per_second=letters / seconds, cpu_per_letter=cpu / letters * 1e6)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def find_tool(name: str) -> str:
    """Return the program's path; Debian keeps these where an ordinary user's PATH does not look."""
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if path is None:
        message = f"{name} is missing: apt-get install postfix"
        raise MissingToolError(message)
    return path


def _wait_for(port: int) -> None:
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = "smtp-sink did not start within five seconds"
    raise MissingToolError(message)
