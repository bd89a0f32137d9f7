"""Leases, on both databases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest

from newsletter.store.database import Database
from newsletter.store.leases import LEASE, hold_lease, last_release, renew_lease, take_lease

NOW = datetime(2026, 3, 5, 9, 0, tzinfo=UTC)


def test_of_many_at_once_one_gets_the_lease(database: Database) -> None:
    barrier = Barrier(4)

    def take(owner: str) -> bool:
        barrier.wait(timeout=10)
        with database.transaction() as transaction:
            return take_lease(transaction, "task", owner=owner, until=NOW + LEASE, now=NOW)

    with ThreadPoolExecutor(4) as threads:
        taken = list(threads.map(take, ["ada", "ben", "cy", "dee"]))

    assert sorted(taken) == [False, False, False, True]


def test_a_lease_that_is_held_is_refused_to_others_and_free_again_afterwards(database: Database) -> None:
    with hold_lease(database, "task", now=NOW) as first, hold_lease(database, "task", now=NOW) as second:
        assert (first, second) == (True, False)

    with hold_lease(database, "task", now=NOW) as third:
        assert third


def test_a_failure_gives_the_lease_back(database: Database) -> None:
    with pytest.raises(RuntimeError), hold_lease(database, "task", now=NOW):
        raise RuntimeError

    with hold_lease(database, "task", now=NOW) as again:
        assert again


def test_the_lease_of_a_dead_process_runs_out(database: Database) -> None:
    with database.transaction() as transaction:
        take_lease(transaction, "task", owner="dead", until=NOW + LEASE, now=NOW)

    with hold_lease(database, "task", now=NOW + LEASE - timedelta(seconds=1)) as too_early:
        assert not too_early
    with hold_lease(database, "task", now=NOW + LEASE) as in_time:
        assert in_time


def test_only_the_owner_prolongs_a_lease(database: Database) -> None:
    with database.transaction() as transaction:
        take_lease(transaction, "task", owner="ada", until=NOW + LEASE, now=NOW)

        assert renew_lease(transaction, "task", owner="ada", until=NOW + 2 * LEASE)
        assert not renew_lease(transaction, "task", owner="ben", until=NOW + 3 * LEASE)
        assert last_release(transaction, "task") == NOW + 2 * LEASE


def test_a_released_lease_says_when_its_work_was_last_done(database: Database) -> None:
    with database.snapshot() as snapshot:
        assert last_release(snapshot, "task") is None

    with hold_lease(database, "task", now=NOW):
        pass

    with database.snapshot() as snapshot:
        assert last_release(snapshot, "task") == NOW
