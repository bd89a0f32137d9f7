"""What handlers ask for by name: the site's collaborators, and the token in a link."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from litestar.di import NamedDependency
from litestar.params import FromPath

from newsletter.domain.issue import Masthead
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import KeyRing, ReaderToken
from newsletter.gatherer import Gatherer
from newsletter.service.take_webhook import Webhooks
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Farewell:
    """All that letting readers go takes.

    It is one value, since Litestar resolves several dependencies of a handler in a task each, which would cost as much
    as all else that a reader's leaving does.
    """

    keys: KeyRing
    masthead: Masthead
    #: many of them in one transaction
    departures: Gatherer[ReaderToken, Subscriber | None]


TheDatabase: TypeAlias = NamedDependency[Database]
TheKeys: TypeAlias = NamedDependency[KeyRing]
TheMasthead: TypeAlias = NamedDependency[Masthead]
#: the key that addresses are hashed under
AddressKey: TypeAlias = NamedDependency[bytes]
Limits: TypeAlias = NamedDependency[SignUpLimits]
TheFarewell: TypeAlias = NamedDependency[Farewell]
TheWebhooks: TypeAlias = NamedDependency[Webhooks]
#: among which readers may choose: BCP 47 tags, and what each is called by those who read it
Languages: TypeAlias = NamedDependency[Mapping[str, str]]
#: the time of the request, UTC
Now: TypeAlias = NamedDependency[datetime]
Token: TypeAlias = FromPath[str]
