"""The time by the database's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from newsletter.store.clock import DatabaseClock
from newsletter.store.database import Database

_MINUTE = timedelta(minutes=1)


def an_hour_late() -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


def test_a_machine_whose_clock_is_wrong_goes_by_that_of_postgres(postgres_database: Database) -> None:
    clock = DatabaseClock(postgres_database, own=an_hour_late)
    assert datetime.now(UTC) - clock() > timedelta(minutes=59)
    clock.compare()

    assert abs(datetime.now(UTC) - clock()) < _MINUTE
    assert clock().tzinfo is UTC


def test_on_sqlite_there_is_no_other_clock(sqlite_database: Database) -> None:
    clock = DatabaseClock(sqlite_database, own=an_hour_late)
    clock.compare()

    assert datetime.now(UTC) - clock() > timedelta(minutes=59)
