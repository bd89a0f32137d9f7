"""What a worker works with, as the settings want it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.budget import Limits
from newsletter.domain.mailing import DoubtfulPolicy
from newsletter.domain.sender_health import PauseThresholds
from newsletter.engine.shares import Shares
from newsletter.mail.message import Splicer
from newsletter.service.ports import Connect
from newsletter.store.database import Database


@dataclass(frozen=True, kw_only=True)
class Plant:
    """What a worker works with: one newsletter, and one of its relays."""

    database: Database
    clock: Callable[[], datetime]
    connect: Connect
    #: makes the letters of a mailing, by its id
    splicer: Callable[[int], Splicer]
    connections: int
    limits: Limits
    #: the rest of a staged mailing is held when more of its first share failed, in a hundred
    staged_percent: float
    doubtful: DoubtfulPolicy
    thresholds: PauseThresholds
    #: how letters are shared out among relays; None where there is one
    shares: Shares | None = None
    #: the same newsletter with each of its other relays
    beside: tuple[Plant, ...] = ()

    @property
    def each(self) -> tuple[Plant, ...]:
        """One plant for each relay: each has a worker of its own."""
        return (self, *self.beside)
