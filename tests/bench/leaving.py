"""How many readers can leave at once while a mailing runs: the one-click POST of RFC 8058 against a site of its own."""

from __future__ import annotations

import asyncio
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.figure import Figure
from bench.smtp_tools import run_sink
from mailing_stand import a_rendered_issue, add_readers, open_a_mailing
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.token import KeyRing, Purpose, ReaderToken
from newsletter.store.database import Database
from newsletter.store.subscribers import count_subscribers, list_subscribers
from project import Project

_READERS = 100_000
_LEAVING = 4_000
_CONNECTIONS = 16
_LETTER_BYTES = 80_000
_LATEST_END_SECONDS = 30


def measure_leaving() -> Figure:
    """Let readers leave over keep-alive connections while the worker mails the others; SQLite, a process each."""
    with tempfile.TemporaryDirectory() as place, run_sink() as port:
        url = f"sqlite:///{Path(place) / 'newsletter.db'}"
        project = Project(Path(place) / "project", database_url=url, relay_port=port)
        database = Database(url)
        add_readers(database, [f"reader{number}@example.net" for number in range(_READERS)])
        open_a_mailing(database, a_rendered_issue(words=_LETTER_BYTES // 5))
        tokens = _list_tokens(database, project.keys)
        with _serve(project) as site_port:
            health = asyncio.run(_ask(site_port, [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"] * _LEAVING))
            with _run(project, "work"):
                time.sleep(2)
                left = asyncio.run(_ask(site_port, [_post(token) for token in tokens]))
        with database.snapshot() as snapshot:
            gone = count_subscribers(snapshot)[SubscriberStatus.UNSUBSCRIBED]
        database.close()
    assert gone == _LEAVING, f"{_LEAVING - gone} readers asked to leave and are still there"
    rate, slowest = _LEAVING / left.seconds, statistics.quantiles(left.latencies, n=100)[98]
    return Figure(
        name=f"{_LEAVING:,} of {_READERS:,} readers leave while a mailing runs",
        measured=f"{rate:,.0f} requests/s, p99 {slowest * 1000:.0f} ms",
        yardstick=f"GET /healthz without the mailing, {_LEAVING / health.seconds:,.0f} requests/s",
        ratio=rate / (_LEAVING / health.seconds),
    )


class _Load:
    """How long a number of requests took, together and each."""

    def __init__(self) -> None:
        self.seconds = 0.0
        self.latencies: list[float] = []


async def _ask(port: int, requests: Sequence[bytes]) -> _Load:
    """Send all requests over some connections, each its next one when the last is answered."""
    load = _Load()
    waiting = iter(requests)
    started = time.perf_counter()
    async with asyncio.TaskGroup() as tasks:
        for _ in range(_CONNECTIONS):
            tasks.create_task(_keep_asking(port, waiting, load))
    load.seconds = time.perf_counter() - started
    return load


async def _keep_asking(port: int, waiting: Iterator[bytes], load: _Load) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in waiting:
        started = time.perf_counter()
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200 "), head
        length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
        assert length
        await reader.readexactly(int(length[1]))
        load.latencies.append(time.perf_counter() - started)
    writer.close()


def _post(token: str) -> bytes:
    body = b"List-Unsubscribe=One-Click"
    head = f"POST /unsubscribe/{token} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n"
    return f"{head}Content-Type: application/x-www-form-urlencoded\r\n\r\n".encode() + body


def _list_tokens(database: Database, keys: KeyRing) -> list[str]:
    """Return the links of the last readers of the audience, whose letters leave last."""
    with database.snapshot() as snapshot:
        readers = list(list_subscribers(snapshot))[-_LEAVING:]
    return [ReaderToken(reader.public_id, 1).sign(Purpose.UNSUBSCRIBE, keys) for reader in readers]


@contextmanager
def _serve(project: Project) -> Iterator[int]:
    """Serve the site in a process of its own; give its port."""
    with _run(project, "serve", "--port", "0") as process:
        assert process.stdout
        said = process.stdout.readline()
        found = re.search(r":(\d+)/", said)
        assert found, said
        yield int(found[1])


@contextmanager
def _run(project: Project, *command: str) -> Iterator[subprocess.Popen[str]]:
    # Its log goes nowhere: a pipe that nobody reads would hold it up.
    process = subprocess.Popen(
        [sys.executable, "-m", "newsletter", *command],
        env=project.environment, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=_LATEST_END_SECONDS)
