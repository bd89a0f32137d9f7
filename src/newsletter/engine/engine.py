"""What an engine is: it decides whose turn it is. What is due, and what became of it, stands in the ledger alone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from newsletter.engine.worker import Worker
from newsletter.store.database import Transaction


class Engine(Protocol):
    """Hands batches out to workers. Whichever it is, ``Worker.deliver_batch`` delivers them.

    There are two: ``EmbeddedEngine``, whose workers look into the ledger for what is due, and ``JobEngine``, for which
    Procrastinate calls them.
    """

    def submit(self, transaction: Transaction, *, mailing: int | None = None, now: datetime) -> int:
        """Hand out the batches of a mailing, or all, in the ledger's own transaction; return how many."""

    async def drive(self, worker: Worker) -> None:
        """Have a worker deliver what it is given until it is stopped. Raises the NewsletterError that ended it."""
