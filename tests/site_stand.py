"""The readers' site for tests, over a database of theirs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from litestar import Litestar

from builders import a_masthead
from mailing_stand import ADDRESS_KEY
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.token import KeyRing
from newsletter.site.factory import create_site
from newsletter.store.database import Database

KEYS = KeyRing(b"a signing key of thirty-two bytes or more")


def a_site(database: Database, *, now: Callable[[], datetime], limits: SignUpLimits | None = None) -> Litestar:
    return create_site(
        database=database,
        keys=KEYS,
        address_key=ADDRESS_KEY,
        masthead=a_masthead(),
        limits=limits or SignUpLimits(),
        now=now,
    )
