"""The ways in: from where messages to the bounce address reach the service that reads them.

Each way yields messages and lets go of one only after the transaction that stored it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path

import structlog

from newsletter.app import App
from newsletter.mail.mailbox import Filing, StoredMessage, keep, read_maildir
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.store.leases import hold_lease

log = structlog.get_logger(__name__)

_LEASE_NAME = "mailbox"


def take_in(
    messages: Iterable[StoredMessage],
    *,
    app: App,
    on_stored: Callable[[StoredMessage, Filing], None] = lambda _message, _filing: None,
) -> ReadReport:
    """Store messages and do what follows from them, by the rules of the settings."""
    return read_bounces(
        messages,
        database=app.database,
        keys=app.keys,
        policy=app.bounce_policy,
        token_age=timedelta(days=app.settings.bounces.token_days),
        now=app.now(),
        on_stored=on_stored,
    )


def read_mailboxes(app: App) -> None:
    """Read the Maildir that reports are delivered to, if there is one and no other process reads it now."""
    maildir = app.settings.bounces.maildir
    if maildir:
        with hold_lease(app.database, _LEASE_NAME, now=app.now()) as is_ours:
            if is_ours:
                _read_maildir(Path(maildir), app)


def _read_maildir(folder: Path, app: App) -> None:
    done = take_in(read_maildir(folder), app=app, on_stored=lambda message, _filing: keep(folder, message.name))
    if done.kinds:
        log.info("mailbox read", **{str(kind): count for kind, count in done.kinds.items()})
