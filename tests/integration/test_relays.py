"""Several relays: letters are shared out by weight, each keeps its own limits, and one that refuses us is rested."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from mailing_stand import a_plant, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.budget import RELAY, Limits
from newsletter.domain.mailing import Mailing, MailingStatus
from newsletter.engine.embedded import deliver_due
from newsletter.engine.job_engine import JobEngine
from newsletter.engine.plant import Plant
from newsletter.engine.shares import Shares
from newsletter.engine.worker import Worker
from newsletter.store import budgets, jobs, mailings
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from smtp_server import SmtpServer

READERS = 4000


@pytest.fixture
def relays() -> Iterator[tuple[SmtpServer, SmtpServer]]:
    with ExitStack() as stack:
        yield stack.enter_context(SmtpServer()), stack.enter_context(SmtpServer())


def now() -> datetime:
    return datetime.now(UTC)


def a_plant_of_two(
    database: Database,
    relays: tuple[SmtpServer, SmtpServer],
    *,
    weights: tuple[float, float] = (1, 1),
    second: Limits | None = None,
) -> Plant:
    shares = Shares({RELAY: weights[0], "second": weights[1]}, clock=now)
    plants = [replace(a_plant(database, port=relay.port, connections=2), shares=shares) for relay in relays]
    limits = replace(second or Limits(), relay="second")
    return replace(plants[0], beside=(replace(plants[1], limits=limits),))


def a_mailing(database: Database, readers: int = READERS) -> Mailing:
    add_readers(database, [f"reader{number}@host{number % 50}.example.net" for number in range(readers)])
    return open_a_mailing(database)


def rest_of_second(database: Database) -> str:
    with database.snapshot() as snapshot:
        rest = budgets.find_rest(snapshot, relay="second")
    return rest.why if rest else ""


def test_letters_are_shared_out_by_weight(sqlite_database: Database, relays: tuple[SmtpServer, SmtpServer]) -> None:
    mailing = a_mailing(sqlite_database)

    deliver_due(a_plant_of_two(sqlite_database, relays, weights=(3, 1)))

    assert counted(report_on(sqlite_database, mailing)) == {"accepted": READERS}
    first, second = (len(relay.letters) for relay in relays)
    assert first + second == READERS
    assert 2500 <= first <= 3500


def test_a_reserve_gets_nothing_while_the_other_takes_letters(
    sqlite_database: Database, relays: tuple[SmtpServer, SmtpServer]
) -> None:
    a_mailing(sqlite_database, 1500)

    deliver_due(a_plant_of_two(sqlite_database, relays, weights=(1, 0)))

    assert [len(relay.letters) for relay in relays] == [1500, 0]


@pytest.mark.parametrize("refusal", ["550 5.7.1 we do not know this sender", "451 4.7.1 rate limit exceeded"])
def test_a_relay_that_refuses_our_sender_is_rested_and_the_other_sends_everything(
    database: Database, relays: tuple[SmtpServer, SmtpServer], refusal: str
) -> None:
    mailing = a_mailing(database, 1500)
    relays[1].refuse_senders = refusal

    deliver_due(a_plant_of_two(database, relays))

    assert counted(report_on(database, mailing)) == {"accepted": 1500}
    assert len(set(relays[0].recipients)) == 1500
    assert rest_of_second(database)


def test_letters_that_a_relay_rejects_for_a_fault_of_ours_go_out_by_the_other(
    sqlite_database: Database, relays: tuple[SmtpServer, SmtpServer]
) -> None:
    mailing = a_mailing(sqlite_database, 1500)
    blocked = "550 5.7.1 message refused, sender is on our block list"
    relays[1].refuse_letters = {f"reader{number}@host{number % 50}.example.net": blocked for number in range(1500)}

    deliver_due(a_plant_of_two(sqlite_database, relays))

    assert counted(report_on(sqlite_database, mailing)) == {"accepted": 1500}
    assert "refused" in rest_of_second(sqlite_database)


def test_a_relay_that_is_not_there_holds_nobody_up(
    sqlite_database: Database, relays: tuple[SmtpServer, SmtpServer]
) -> None:
    mailing = a_mailing(sqlite_database, 1500)
    plant = a_plant_of_two(sqlite_database, relays)
    gone = replace(plant.beside[0], connect=a_plant(sqlite_database, port=1).connect)

    deliver_due(replace(plant, beside=(gone,)))

    assert counted(report_on(sqlite_database, mailing)) == {"accepted": 1500}
    assert rest_of_second(sqlite_database)


def test_the_quota_of_one_relay_is_its_own(database: Database, relays: tuple[SmtpServer, SmtpServer]) -> None:
    mailing = a_mailing(database, 1500)

    deliver_due(a_plant_of_two(database, relays, second=Limits(messages_per_hour=40)))

    assert counted(report_on(database, mailing)) == {"accepted": 1500}
    assert len(relays[1].letters) == 40
    with database.snapshot() as snapshot:
        assert budgets.list_spendings(snapshot, now=now()) == []
        assert [spent.letters for spent in budgets.list_spendings(snapshot, now=now(), relay="second")] == [40]


async def deliver_by_jobs(plant: Plant, mailing: Mailing) -> None:
    """Deliver as one process does that jobs call, until the mailing has ended."""
    engine = JobEngine(plant.database, staged_percent=5, clock=now)
    with take_seat(plant.database, now=now()) as seat:
        workers = [Worker(each, seat) for each in plant.each]
        running = [asyncio.create_task(worker.run(engine.drive)) for worker in workers]
        try:
            async with asyncio.timeout(30):
                while not await asyncio.to_thread(has_ended, plant.database, mailing):  # noqa: ASYNC110 - no event tells it
                    await asyncio.sleep(0.1)
        finally:
            for worker in workers:
                worker.stop()
            await asyncio.wait_for(asyncio.gather(*running), timeout=30)


def has_ended(database: Database, mailing: Mailing) -> bool:
    with database.snapshot() as snapshot:
        return mailings.find_mailing(snapshot, mailing.id).status is MailingStatus.FINISHED


@pytest.fixture
def jobs_database(postgres_database: Database) -> Database:
    with postgres_database.transaction() as transaction:
        jobs.prepare(transaction)
    return postgres_database


@pytest.mark.parametrize(
    ("weights", "fewest", "most"), [((1, 1), 1500, 2500), ((3, 1), 2500, 3500), ((1, 0), READERS, READERS)]
)
async def test_called_by_jobs_relays_share_letters_by_weight_and_send_all(
    jobs_database: Database,
    relays: tuple[SmtpServer, SmtpServer],
    weights: tuple[float, float],
    fewest: int,
    most: int,
) -> None:
    mailing = a_mailing(jobs_database)

    await deliver_by_jobs(a_plant_of_two(jobs_database, relays, weights=weights), mailing)

    assert counted(report_on(jobs_database, mailing)) == {"accepted": READERS}
    first, second = (len(relay.letters) for relay in relays)
    assert first + second == READERS
    assert fewest <= first <= most


async def test_called_by_jobs_a_relay_that_refuses_our_sender_is_rested_once_and_the_other_sends_everything(
    jobs_database: Database, relays: tuple[SmtpServer, SmtpServer]
) -> None:
    mailing = a_mailing(jobs_database)
    relays[1].refuse_senders = "550 5.7.1 we do not know this sender"

    await deliver_by_jobs(a_plant_of_two(jobs_database, relays), mailing)

    assert counted(report_on(jobs_database, mailing)) == {"accepted": READERS}
    assert len(set(relays[0].recipients)) == READERS
    with jobs_database.snapshot() as snapshot:
        rest = budgets.find_rest(snapshot, relay="second")
    assert rest is not None
    assert rest.refusals == 1
