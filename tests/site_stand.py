"""The readers' site for tests, over a database of theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from pathlib import Path

from litestar import Litestar

from builders import a_masthead
from mailing_stand import ADDRESS_KEY
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.token import KeyRing
from newsletter.render.language import Language
from newsletter.render.theme import read_theme
from newsletter.resources import folder
from newsletter.service.take_webhook import Webhooks
from newsletter.site.factory import create_site
from newsletter.store.database import Database

KEYS = KeyRing(b"a signing key of thirty-two bytes or more")


#: no provider has a key
NO_WEBHOOKS = Webhooks(providers={}, policy=BouncePolicy(), token_age=timedelta(days=60))


def a_site(
    database: Database,
    *,
    now: Callable[[], datetime],
    keys: KeyRing = KEYS,
    limits: SignUpLimits | None = None,
    webhooks: Webhooks = NO_WEBHOOKS,
    theme: Path | None = None,
    languages: Sequence[str] = ("en", "ru", "ar"),
) -> Litestar:
    folders = [*([theme] if theme else []), folder("templates") / "issue", folder("templates")]
    return create_site(
        database=database,
        keys=keys,
        address_key=ADDRESS_KEY,
        masthead=a_masthead(),
        limits=limits or SignUpLimits(),
        now=now,
        webhooks=webhooks,
        theme=read_theme(folders, Language("en")),
        languages=languages,
    )
