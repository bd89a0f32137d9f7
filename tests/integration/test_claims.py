"""Batches are claimed as far as the limits allow, and given back to be due when their letters may leave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest

from mailing_stand import a_plant, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.budget import Limits, Stretch
from newsletter.engine.claims import Claims, Granted, Held
from newsletter.engine.embedded import deliver_due
from newsletter.engine.plant import Plant
from newsletter.service.feed import Load
from newsletter.store import budgets, ledger
from newsletter.store.database import Database
from newsletter.store.seats import Seat, take_seat
from relay import HANG_UP, ScriptedRelay

_FAR = timedelta(seconds=40)


def now() -> datetime:
    return datetime.now(UTC)


@pytest.fixture
def seat(database: Database) -> Iterator[Seat]:
    with take_seat(database, now=now()) as seat:
        yield seat


def plan_slow_domain(database: Database) -> None:
    """Let a domain be planned for long, by another process."""
    with database.transaction() as transaction:
        budgets.save_budgets(transaction, {"slow.example": budgets.Budget(now() + _FAR)})


def a_mailing_half_to_the_slow_domain(database: Database) -> Plant:
    add_readers(database, [f"reader{number}@slow.example" for number in range(10)])
    add_readers(database, [f"reader@host{number}.example" for number in range(10)])
    open_a_mailing(database)
    plan_slow_domain(database)
    return a_plant(database, limits=Limits(per_domain_per_second=1))


def take(claims: Claims) -> Granted:
    granted = claims.take()
    assert isinstance(granted, Granted)
    return granted


def give_back(
    claims: Claims, granted: Granted, plant: Plant, *, dropped: int = 0, is_queued_again: bool = False
) -> None:
    batch = granted.claim.batch
    load = Load(batch, plant.splicer(batch.mailing), open=0, dropped=dropped, is_queued_again=is_queued_again)
    claims.give_back(load, granted.grant, is_resting=False)


def next_due_in(database: Database) -> timedelta:
    with database.snapshot() as snapshot:
        due_at = ledger.next_due(snapshot)
    assert due_at is not None
    return due_at - now()


@pytest.mark.parametrize("how", [{"dropped": 10}, {"is_queued_again": True}])
def test_a_batch_is_due_at_once_where_letters_could_leave_that_were_granted(
    database: Database, seat: Seat, how: dict[str, int]
) -> None:
    plant = a_mailing_half_to_the_slow_domain(database)
    claims = Claims(plant, seat)
    granted = take(claims)
    give_back(claims, granted, plant, **how)  # type: ignore[arg-type] # one is a count and one is a bool

    assert len(granted.claim.recipients) == 10
    assert next_due_in(database) <= timedelta()


def test_a_batch_with_nothing_but_letters_that_wait_for_their_domain_is_not_claimed_again_and_again(
    database: Database, seat: Seat
) -> None:
    add_readers(database, [f"reader{number}@slow.example" for number in range(10)])
    open_a_mailing(database)
    plan_slow_domain(database)
    plant = a_plant(database, limits=Limits(per_domain_per_second=1))
    claims = Claims(plant, seat)
    granted = take(claims)
    give_back(claims, granted, plant)

    assert granted.claim.recipients == ()
    assert next_due_in(database) > timedelta(seconds=20)
    assert claims.take() is None


async def test_a_letter_queued_again_does_not_wait_for_the_domain_of_others(database: Database) -> None:
    add_readers(database, ["reader@host.example", *(f"reader{number}@slow.example" for number in range(10))])
    mailing = open_a_mailing(database)
    plan_slow_domain(database)
    dots: list[str] = []

    def lose_the_first(_: int, __: int, verb: str, line: str) -> str | None:
        if verb != ".":
            return None
        dots.append(line)
        return HANG_UP if len(dots) == 1 else None

    async with ScriptedRelay(lose_the_first) as relay:
        plant = a_plant(database, port=relay.port, limits=Limits(per_domain_per_second=1))
        await asyncio.to_thread(deliver_due, plant)

    assert counted(report_on(database, mailing)) == {"accepted": 1, "queued": 10}


def test_what_another_process_grants_while_this_one_waits_for_it_is_not_granted_on_top(
    postgres_database: Database,
) -> None:
    database = postgres_database
    add_readers(database, [f"reader{number}@example.net" for number in range(10)])
    open_a_mailing(database)
    plant = a_plant(database, limits=Limits(messages_per_second=10))
    with take_seat(database, now=now()) as seat, ThreadPoolExecutor(1) as thread:
        with database.transaction() as transaction:
            budgets.lock_relay(transaction, now=now())
            taking = thread.submit(Claims(plant, seat).take)
            time.sleep(0.5)
            assert not taking.done()
            budgets.add_stretch(transaction, Stretch(now(), now() + timedelta(seconds=15)), now=now())

        assert taking.result() == Held()
