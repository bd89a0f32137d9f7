"""Requests that never come to a point, as somebody sends them who wants the site's memory."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from newsletter.store.database import Database
from newsletter.web.protocol import BoundedProtocol
from site_server import serve_site
from site_stand import a_site

KIB = 1024
HEAD = b"POST /subscribe HTTP/1.1\r\nHost: localhost\r\n"
CHUNKED = HEAD + b"Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n"

#: How each begins, and what it then repeats.
ENDLESS = {
    "path": (b"GET /", b"a" * KIB),
    "one field": (HEAD + b"X-Endless: ", b"a" * KIB),
    "fields": (HEAD, b"X-Field: " + b"a" * KIB + b"\r\n"),
    "trailer fields": (CHUNKED, b"X-Field: " + b"a" * KIB + b"\r\n"),
}


@pytest.fixture
def connection(sqlite_database: Database) -> Iterator[socket.socket]:
    with (
        serve_site(a_site(sqlite_database, now=lambda: datetime.now(UTC)), http=BoundedProtocol) as address,
        socket.create_connection(("127.0.0.1", urlsplit(address).port or 0), timeout=60) as connection,
    ):
        yield connection


def send_until_refused(connection: socket.socket, piece: bytes, *, most: int) -> bool:
    """Send a piece again and again; tell whether the other side hung up before so many bytes."""
    try:
        for _ in range(most // len(piece)):
            connection.sendall(piece)
    except (BrokenPipeError, ConnectionResetError):
        return True
    return False


@pytest.mark.parametrize("part", ENDLESS)
def test_a_request_without_an_end_is_hung_up_on(connection: socket.socket, part: str) -> None:
    begin, piece = ENDLESS[part]
    connection.sendall(begin)

    assert send_until_refused(connection, piece, most=64 * KIB * KIB)


def test_a_long_body_is_none_of_them(connection: socket.socket) -> None:
    body = b"a" * (KIB * KIB)
    connection.sendall(HEAD + f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)

    answer = b"".join(iter(lambda: connection.recv(KIB), b""))
    assert answer.startswith(b"HTTP/1.1 4")
    assert b"too long" not in answer


def test_many_requests_on_one_connection_are_none_of_them(connection: socket.socket) -> None:
    field = b"X-Field: " + b"a" * 8 * KIB + b"\r\n"
    for _ in range(20):
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n" + field + b"\r\n")
        answer = b""
        while not answer.endswith(b"ok\n"):
            piece = connection.recv(KIB)
            assert piece
            answer += piece
        assert answer.startswith(b"HTTP/1.1 200 ")
