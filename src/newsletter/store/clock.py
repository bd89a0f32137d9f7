"""The time by the database's clock, so that machines whose clocks differ agree on leases, due times and limits."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from newsletter.store.database import Database


class DatabaseClock:
    """Tells this machine's time, less what it was off when last compared. SQLite has no other clock than ours."""

    def __init__(self, database: Database, *, own: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._database = database
        self._own = own
        self._ahead = timedelta()

    def __call__(self) -> datetime:
        return self._own() + self._ahead

    def compare(self) -> None:
        """Look at the database's clock again. Raises StoreError."""
        if self._database.is_sqlite:
            return
        with self._database.snapshot() as snapshot:
            told: datetime = snapshot.execute(select(func.clock_timestamp())).scalar_one()
            self._ahead = told - self._own()
