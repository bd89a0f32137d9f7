"""The engine for many machines: jobs of Procrastinate call workers to the batches that the ledger has due."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from mailing_stand import a_plant, a_rendered_issue, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.budget import Limits
from newsletter.domain.mailing import DoubtfulPolicy, Mailing, MailingStatus
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.job_engine import JobEngine
from newsletter.engine.plant import Plant
from newsletter.engine.worker import Worker
from newsletter.errors import ConfigurationError
from newsletter.service.control_mailing import pause_mailing, resume_mailing
from newsletter.store import first_share, jobs, ledger, mailings
from newsletter.store.database import Database
from newsletter.store.seats import LOCK_CLASS, take_seat
from smtp_server import SmtpServer

_PATIENCE_SECONDS = 60


@pytest.fixture
def database(postgres_database: Database) -> Database:
    with postgres_database.transaction() as transaction:
        jobs.prepare(transaction)
    return postgres_database


def now() -> datetime:
    return datetime.now(UTC)


def count_jobs(database: Database, status: str = "todo") -> int:
    with database.snapshot() as snapshot:
        query = text("SELECT count(*) FROM procrastinate_jobs WHERE queue_name = 'letters' AND status::text = :status")
        return int(snapshot.execute(query, {"status": status}).scalar_one())


def a_mailing(database: Database, readers: int = 1200, *, first_share: float = 0) -> Mailing:
    add_readers(database, [f"reader{number}@host{number % 7}.example.net" for number in range(readers)])
    return open_a_mailing(database, a_rendered_issue(), first_share=first_share, hold=timedelta(hours=1))


@asynccontextmanager
async def working(plant: Plant) -> AsyncIterator[Worker]:
    """Have a worker do what jobs call it to, as long as the block."""
    engine = JobEngine(plant.database, staged_percent=5, clock=plant.clock)
    with take_seat(plant.database, now=plant.clock()) as seat:
        worker = Worker(plant, seat)
        task = asyncio.create_task(worker.run(engine.drive))
        try:
            yield worker
        finally:
            worker.stop()
            await asyncio.wait_for(task, timeout=_PATIENCE_SECONDS)


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(_PATIENCE_SECONDS):
        while True:
            if await asyncio.to_thread(is_so):
                return
            await asyncio.sleep(0.05)


def has_ended(database: Database, mailing: Mailing) -> bool:
    with database.snapshot() as snapshot:
        return mailings.find_mailing(snapshot, mailing.id).status is MailingStatus.FINISHED


def test_each_batch_has_a_job_as_soon_as_its_mailing_is_open(database: Database) -> None:
    a_mailing(database)

    assert count_jobs(database) == 3


def test_what_is_rolled_back_leaves_no_job(database: Database) -> None:
    mailing = a_mailing(database)

    def take_it_back() -> None:
        with database.transaction() as transaction:
            transaction.execute(text("DELETE FROM procrastinate_jobs"))
            assert jobs.submit(transaction, mailing=mailing.id, now=now()) == 3
            raise LookupError

    with pytest.raises(LookupError):
        take_it_back()
    assert count_jobs(database) == 3


def test_no_batch_has_two_jobs_that_wait(database: Database) -> None:
    mailing = a_mailing(database)

    with database.transaction() as transaction:
        assert jobs.submit(transaction, mailing=mailing.id, now=now()) == 0


async def test_workers_deliver_what_jobs_call_them_to(database: Database, smtp_server: SmtpServer) -> None:
    mailing = a_mailing(database)
    plant = a_plant(database, port=smtp_server.port)

    async with working(plant), working(plant):
        await until(lambda: has_ended(database, mailing))

    assert counted(report_on(database, mailing)) == {"accepted": 1200}
    assert len(smtp_server.recipients) == len(set(smtp_server.recipients)) == 1200
    assert count_jobs(database) == count_jobs(database, "doing") == count_jobs(database, "succeeded") == 0


async def test_a_worker_that_is_told_to_stop_leaves_the_rest_to_others(
    database: Database, smtp_server: SmtpServer
) -> None:
    mailing = a_mailing(database)
    async with working(a_plant(database, port=smtp_server.port)):
        await until(lambda: len(smtp_server.letters) >= 10)

    stopped = counted(report_on(database, mailing))
    assert set(stopped) <= {"accepted", "queued"}
    assert count_jobs(database, "doing") == 0

    async with working(a_plant(database, port=smtp_server.port)):
        await until(lambda: has_ended(database, mailing))
    assert len(smtp_server.recipients) == len(set(smtp_server.recipients)) == 1200


async def test_a_paused_mailing_has_its_jobs_again_when_it_is_resumed(
    database: Database, smtp_server: SmtpServer
) -> None:
    mailing = a_mailing(database)
    pause_mailing(mailing.id, reason="by hand", database=database, now=now())
    async with working(a_plant(database, port=smtp_server.port)):
        await until(lambda: count_jobs(database) + count_jobs(database, "doing") == 0)
        assert not smtp_server.letters

        resume_mailing(mailing.id, database=database, now=now())
        await until(lambda: has_ended(database, mailing))

    assert counted(report_on(database, mailing)) == {"accepted": 1200}


async def test_a_limited_relay_gets_no_more_than_it_takes(database: Database, smtp_server: SmtpServer) -> None:
    mailing = a_mailing(database, 60)
    plant = a_plant(database, port=smtp_server.port, limits=Limits(messages_per_hour=30))

    async with working(plant):
        await until(lambda: len(smtp_server.letters) == 30)  # one in fifty is kept for notices, and 30 have no fiftieth

    assert counted(report_on(database, mailing)) == {"accepted": 30, "queued": 30}
    assert count_jobs(database) == 1


async def test_letters_that_wait_for_their_domain_hold_up_no_others(
    database: Database, smtp_server: SmtpServer
) -> None:
    add_readers(database, [f"reader{number}@slow.example.net" for number in range(1000)])
    add_readers(database, [f"reader{number}@host{number}.example.net" for number in range(1000)])
    mailing = open_a_mailing(database)
    plant = a_plant(database, port=smtp_server.port, limits=Limits(per_domain_per_second=2))

    async with working(plant):
        await until(lambda: sum("slow" not in recipient for recipient in smtp_server.recipients) == 1000)

    assert counted(report_on(database, mailing))["queued"] > 900


def test_the_held_rest_of_a_staged_mailing_has_no_job_until_it_is_released(database: Database) -> None:
    mailing = a_mailing(database, first_share=0.5)
    assert count_jobs(database) == 2  # of 600 each share

    with database.transaction() as transaction:
        first_share.release_rest(transaction, mailing.id, now=now())

    assert count_jobs(database) == 4


def test_a_batch_without_a_job_is_stranded_only_while_no_living_worker_has_it(database: Database) -> None:
    a_mailing(database, 100)
    with database.transaction() as transaction:
        transaction.execute(text("DELETE FROM procrastinate_jobs"))
        mailings.start_due(transaction, now=now())

    with take_seat(database, now=now()) as seat:
        with database.transaction() as transaction:
            ledger.claim_batch(transaction, seat=seat, now=now(), doubtful=DoubtfulPolicy.RESEND)
        with database.transaction() as transaction:
            assert jobs.submit_stranded(transaction, lock_class=LOCK_CLASS, now=now()) == 0
    with database.transaction() as transaction:
        assert jobs.submit_stranded(transaction, lock_class=LOCK_CLASS, now=now()) == 1


async def test_the_batch_of_a_dead_worker_is_taken_over(database: Database, smtp_server: SmtpServer) -> None:
    mailing = a_mailing(database, 100)
    with database.transaction() as transaction:  # it was called by the only job, and died
        transaction.execute(text("UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL"))
    with take_seat(database, now=now()) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=now())
        ledger.claim_batch(transaction, seat=seat, now=now(), doubtful=DoubtfulPolicy.RESEND)

    async with working(a_plant(database, port=smtp_server.port)):
        await until(lambda: has_ended(database, mailing))

    assert counted(report_on(database, mailing)) == {"accepted": 100}


async def test_the_end_of_a_job_that_was_taken_away_is_one_line_of_the_log(
    database: Database, smtp_server: SmtpServer, capfd: pytest.CaptureFixture[str]
) -> None:
    mailing = a_mailing(database, 60)
    smtp_server.seconds_per_letter = 0.05
    with capture_logs() as lines:
        async with working(a_plant(database, port=smtp_server.port)):
            await until(lambda: len(smtp_server.letters) >= 10)
            with database.transaction() as transaction:
                transaction.execute(text("DELETE FROM procrastinate_jobs WHERE queue_name = 'letters'"))
            await until(lambda: has_ended(database, mailing))
        gc.collect()

    told = [line["why"] for line in lines if line.get("error") == "ConnectorException"]
    assert len(told) == 1
    assert told[0].startswith("Job was not found")
    assert "Traceback" not in capfd.readouterr().err


async def test_what_is_not_procrastinates_own_is_left_to_asyncio(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail() -> None:
        raise LookupError("not of the jobs")

    with capture_logs() as lines:
        async with working(a_plant(database)):
            task = asyncio.create_task(fail())
            await asyncio.wait([task])
            del task
            gc.collect()

    assert [record.message.partition("\n")[0] for record in caplog.records if record.name == "asyncio"] == [
        "Task exception was never retrieved"
    ]
    assert [line for line in lines if "error" in line] == []


def test_the_tables_come_and_go_with_the_configuration(postgres_database: Database) -> None:
    with postgres_database.transaction() as transaction:
        assert jobs.find_schema(transaction) is None
        jobs.prepare(transaction)
        jobs.prepare(transaction)
        schema = jobs.find_schema(transaction)
        assert schema is not None
        assert schema.is_current
        jobs.remove(transaction)
        assert jobs.find_schema(transaction) is None
        jobs.prepare(transaction)


def test_older_tables_are_brought_up_to_date_by_the_scripts_that_came_since(postgres_database: Database) -> None:
    with postgres_database.transaction() as transaction:
        jobs.prepare(transaction)
        latest = jobs.find_schema(transaction)
        # As they were one version ago: jobs that failed could not be tried again.
        transaction.execute(text("DROP FUNCTION procrastinate_retry_job_v2"))
        transaction.execute(text("ALTER TYPE procrastinate_job_event_type RENAME VALUE 'retried' TO 'unknown'"))
        transaction.execute(text("UPDATE job_schemas SET version = '03.03.00_01_pre_priority_lock_fetch_job'"))
        older = jobs.find_schema(transaction)
        assert older is not None
        assert not older.is_current

        jobs.prepare(transaction)

        assert jobs.find_schema(transaction) == latest
        assert (
            transaction.scalar(text("SELECT count(*) FROM pg_proc WHERE proname = 'procrastinate_retry_job_v2'")) == 1
        )


async def test_without_its_tables_the_engine_says_what_to_do(postgres_database: Database) -> None:
    engine = JobEngine(postgres_database, staged_percent=5, clock=now)
    with take_seat(postgres_database, now=now()) as seat:
        worker = Worker(a_plant(postgres_database), seat)

        with pytest.raises(ConfigurationError, match="newsletter migrate"):
            await worker.run(engine.drive)


def test_on_sqlite_there_is_nothing_to_hand_out(sqlite_database: Database) -> None:
    with sqlite_database.transaction() as transaction:
        assert EmbeddedEngine().submit(transaction, now=now()) == 0
        assert jobs.submit(transaction, now=now()) == 0
        with pytest.raises(ConfigurationError, match="Postgres"):
            jobs.prepare(transaction)
