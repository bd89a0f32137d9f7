"""Ports of loopback, for tests that start servers."""

from __future__ import annotations

import socket

_SECONDS = 20


def find_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int, greeting: bytes) -> bool:
    """Tell whether a server is there and begins with ``greeting``."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=_SECONDS) as connection:
            return connection.recv(len(greeting)) == greeting
    except OSError:
        return False
