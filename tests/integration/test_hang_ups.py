"""Clients that hang up in the middle of what they send: nobody at the newsletter is to blame, or called."""

from __future__ import annotations

import logging
import socket
import struct
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import urlsplit

import pytest
from litestar import Litestar
from structlog.testing import capture_logs

from desk_stand import an_app
from newsletter.desk.factory import create_desk
from newsletter.store.database import Database
from newsletter.web.protocol import BoundedProtocol
from site_server import serve_site
from site_stand import a_site

_FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
_UPLOAD = b"Content-Type: multipart/form-data; boundary=edge\r\n"
_JSON = b"Content-Type: application/json\r\n"
_LONG = b"Content-Length: 5000\r\n"
_CHUNKED = b"Transfer-Encoding: chunked\r\n"
_FIELD = b'--edge\r\nContent-Disposition: form-data; name="email"\r\n\r\nada'

#: What each sends until it hangs up.
UNFINISHED = {
    "site, form": ("site", b"/subscribe", _FORM + _LONG, b"email=ada"),
    "site, form in chunks": ("site", b"/subscribe", _FORM + _CHUNKED, b"9\r\nemail=ada\r\n"),
    "site, nothing of a form": ("site", b"/subscribe", _FORM + _LONG, b""),
    "site, one click": ("site", b"/unsubscribe/token", _FORM + _LONG, b"List-Unsub"),
    "site, webhook": ("site", b"/hooks/generic", _JSON + _LONG, b"[{"),
    "desk, form": ("desk", b"/desk/sign-in", _FORM + _LONG, b"email=ada"),
    "desk, upload": ("desk", b"/desk/sign-in", _UPLOAD + _LONG, _FIELD),
}


def a_web(kind: str, database: Database) -> Litestar:
    def now() -> datetime:
        return datetime.now(UTC)

    return a_site(database, now=now) if kind == "site" else create_desk(an_app(database, now=now))


def hang_up_after(head: bytes, body: bytes, port: int, *, is_broken: bool) -> None:
    """Send a part of a body once the other side is reading, and close the connection."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        if is_broken:  # closed without a word, as by a telephone that lost its network
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert connection.recv(1024).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)


@pytest.mark.parametrize("http", [BoundedProtocol, "h11"], ids=["by the parser in C", "by the one in Python"])
@pytest.mark.parametrize("is_broken", [False, True], ids=["closed", "broken"])
@pytest.mark.parametrize("what", UNFINISHED)
def test_whoever_hangs_up_in_the_middle_of_a_body_is_no_fault_of_ours(
    sqlite_database: Database,
    caplog: pytest.LogCaptureFixture,
    what: str,
    *,
    is_broken: bool,
    http: type[BoundedProtocol] | Literal["h11"],
) -> None:
    kind, path, fields, body = UNFINISHED[what]
    with capture_logs() as lines, serve_site(a_web(kind, sqlite_database), http=http) as address:
        head = b"POST " + path + b" HTTP/1.1\r\nHost: localhost\r\n" + fields
        hang_up_after(head, body, urlsplit(address).port or 0, is_broken=is_broken)

    assert [line for line in lines if line["log_level"] not in {"debug", "info"}] == []
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
