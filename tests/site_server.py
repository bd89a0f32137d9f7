"""The readers' site, or the desk beside it, answering on loopback in a thread."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal

import uvicorn
from litestar.types import ASGIApp


@contextmanager
def serve_site(site: ASGIApp, *, http: type[asyncio.Protocol] | Literal["auto", "h11"] = "auto") -> Iterator[str]:
    """Serve until the block ends; give the address that the site answers at."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as `newsletter serve` does, which says why
        server = uvicorn.Server(uvicorn.Config(site, http=http, access_log=False, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, name="site")
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
