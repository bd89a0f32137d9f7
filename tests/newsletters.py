"""A whole newsletter, opened on a test's own database, for tests of what keeps it running."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Literal

from newsletter.app import App
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import NewSubscriber, SubscriberStatus
from newsletter.domain.token import hash_address
from newsletter.settings import Bounces, CadenceSection, Mail, Security, Settings, Site, Smtp
from newsletter.store.database import Database
from newsletter.store.subscribers import add_subscriber

#: When the first slot is due.
SLOT = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def a_newsletter(
    database: Database,
    *,
    mode: Literal["draft", "send"] = "draft",
    relay_port: int = 25,
    maildir: str = "",
    timezone: str = "UTC",
    clock: Callable[[], datetime] = lambda: SLOT,
) -> App:
    """Return a newsletter on a migrated database, whose first slot is due at SLOT."""
    settings = Settings(
        site=Site(name="The Meridian Review", postal_address="12 Harbour Lane, Port Alder"),
        cadence=CadenceSection(first=date(2026, 3, 5), mode=mode, first_number=41, timezone=timezone),
        smtp=Smtp(host="127.0.0.1", port=relay_port, timeout_seconds=5),
        mail=Mail(from_="news@review.example"),
        bounces=Bounces(maildir=maildir),
        security=Security(secret_key="k" * 32, address_key="a" * 32),
    )
    return App(settings=settings, database=database, clock=clock)


def add_reader(
    app: App, address: str = "ada@example.org", *, status: SubscriberStatus = SubscriberStatus.ACTIVE
) -> int:
    """Store a subscriber and return the id."""
    new = NewSubscriber(
        public_id=hash_address(address, b"public")[:8],
        address=EmailAddress(address),
        address_hash=hash_address(address, app.address_key),
        name="Ada Lindqvist",
        status=status,
        created_at=SLOT,
    )
    with app.database.transaction() as transaction:
        return add_subscriber(transaction, new)
