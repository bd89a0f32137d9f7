"""The readers' site for tests, over a database of theirs."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

import uvicorn
from litestar import Litestar

from builders import a_masthead
from mailing_stand import ADDRESS_KEY
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.token import KeyRing
from newsletter.service.take_webhook import Webhooks
from newsletter.site.factory import create_site
from newsletter.store.database import Database

KEYS = KeyRing(b"a signing key of thirty-two bytes or more")


_SECONDS_TO_START = 30

#: no provider has a key
NO_WEBHOOKS = Webhooks(providers={}, policy=BouncePolicy(), token_age=timedelta(days=60))


def a_site(
    database: Database,
    *,
    now: Callable[[], datetime],
    keys: KeyRing = KEYS,
    limits: SignUpLimits | None = None,
    webhooks: Webhooks = NO_WEBHOOKS,
) -> Litestar:
    return create_site(
        database=database,
        keys=keys,
        address_key=ADDRESS_KEY,
        masthead=a_masthead(),
        limits=limits or SignUpLimits(),
        now=now,
        webhooks=webhooks,
    )


@contextmanager
def serve(site: Litestar) -> Iterator[str]:
    """Run the site on a port of its own on loopback; give its address."""
    server = uvicorn.Server(uvicorn.Config(site, access_log=False, log_config=None, lifespan="off"))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        try:
            _wait_for(server)
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def _wait_for(server: uvicorn.Server) -> None:
    deadline = time.monotonic() + _SECONDS_TO_START
    while not server.started:
        assert time.monotonic() < deadline
        time.sleep(0.01)
