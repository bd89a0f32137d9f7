"""How fast letters leave for a relay that is 20 ms away, over one connection and over sixteen."""

from __future__ import annotations

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.figure import Figure
from bench.smtp_tools import run_sink
from mailing_stand import a_plant, a_rendered_issue, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.store.database import Database

_ROUND_TRIP_SECONDS = 0.020
_LETTER_BYTES = 80_000
_LETTERS = 200  # for each connection
_MANY = 16


def measure_distance() -> Iterator[Figure]:
    """Deliver through a proxy that holds every byte for ten milliseconds on its way, there and back."""
    with run_sink() as sink, run_proxy(sink) as port:
        one = _measure(port, connections=1)
        many = _measure(port, connections=_MANY)
    yield Figure(
        name="one connection to a relay 20 ms away",
        measured=f"{one:.1f} letters/s",
        yardstick="one round trip a letter, 50 letters/s",
        ratio=one * _ROUND_TRIP_SECONDS,
    )
    yield Figure(
        name=f"{_MANY} connections to a relay 20 ms away",
        measured=f"{many:.0f} letters/s",
        yardstick="one connection",
        ratio=many / one,
    )


def _measure(port: int, *, connections: int) -> float:
    letters = _LETTERS * connections
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'newsletter.db'}")
        database.migrate()
        add_readers(database, [f"reader{number}@example.net" for number in range(letters)])
        mailing = open_a_mailing(database, a_rendered_issue(words=_LETTER_BYTES // 5))
        started = time.perf_counter()
        deliver_all(a_plant(database, port=port, connections=connections))
        seconds = time.perf_counter() - started
        assert counted(report_on(database, mailing)) == {"accepted": letters}
        database.close()
    return letters / seconds


@contextmanager
def run_proxy(port: int) -> Iterator[int]:
    """Run the proxy to ``port`` in a process of its own, so that its work is not the sender's; gives its port."""
    command = [sys.executable, "-m", "bench.distance", str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as proxy:
        try:
            assert proxy.stdout is not None
            yield int(proxy.stdout.readline())
        finally:
            proxy.terminate()


class _Late(asyncio.Protocol):
    """One end of a connection; what it reads leaves by the other end, half a round trip later."""

    def __init__(self, port: int = 0) -> None:
        self._port = port
        self._loop = asyncio.get_running_loop()
        self.transport: asyncio.Transport | None = None
        self.other: _Late | None = None
        self._early: list[bytes] = []
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if self._port:
            self._task = self._loop.create_task(self._connect())

    async def _connect(self) -> None:
        _, other = await self._loop.create_connection(_Late, "127.0.0.1", self._port)
        self.other, other.other = other, self
        for data in self._early:
            self.data_received(data)

    def data_received(self, data: bytes) -> None:
        # Else the system holds back what it owes for 40 ms, and smtp-sink waits for it (Nagle) with its next reply.
        if self.transport is not None:
            self.transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        if self.other is None:
            self._early.append(data)
        else:
            self._loop.call_later(_ROUND_TRIP_SECONDS / 2, self._pass_on, data)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - however it ended
        if self.other is not None and self.other.transport is not None:
            self._loop.call_later(_ROUND_TRIP_SECONDS / 2, self.other.transport.close)

    def _pass_on(self, data: bytes) -> None:
        if self.other is not None and self.other.transport is not None:
            self.other.transport.write(data)


async def _serve(port: int) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: _Late(port), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
