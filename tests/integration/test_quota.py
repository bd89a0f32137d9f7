"""A relay that takes only so many letters: the mailing goes out all the same, by itself, when it was said to."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from mailing_stand import a_plant, a_rendered_issue, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.budget import HOUR, Limits, Stretch
from newsletter.domain.mailing import Mailing, MailingStatus
from newsletter.engine.claims import Claims, Granted
from newsletter.engine.embedded import EmbeddedEngine, deliver_due, deliver_mailing
from newsletter.engine.plant import Plant
from newsletter.engine.worker import Worker
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resume_mailing
from newsletter.service.forget_old import forget_old
from newsletter.service.grant_letters import grant_notice
from newsletter.service.look_ahead import Outlook, look_ahead
from newsletter.store import budgets
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.tables import batches
from relay import Script, ScriptedRelay

_START = datetime(2026, 3, 12, 9, tzinfo=UTC)


class Clock:
    """Tells a time that goes on like ours, but for jumps: whoever sleeps half a second by it wakes a while later."""

    def __init__(self, *, jump: timedelta = timedelta(seconds=15)) -> None:
        self._jump = jump
        self._began = time.monotonic()
        self._ahead = timedelta()
        self.sleeps = 0

    def __call__(self) -> datetime:
        return _START + timedelta(seconds=time.monotonic() - self._began) + self._ahead

    def sleep(self, _seconds: float) -> None:
        self.sleeps += 1
        self._ahead += self._jump

    def go_on(self, by: timedelta) -> None:
        self._ahead += by


def readers(count: int, domain: str = "example.net") -> list[str]:
    return [f"reader{number}@{domain}" for number in range(1, count + 1)]


def ahead_of(database: Database, mailing: Mailing, limits: Limits, now: datetime) -> Outlook:
    return look_ahead(report_on(database, mailing), database=database, limits=limits, now=now)


def hang_up_after(letters: int, then: Script = lambda *_: None) -> Script:
    """End each session by 421 after so many letters."""

    def script(number: int, taken: int, verb: str, line: str) -> str | None:
        if (verb, taken) == ("MAIL", letters):
            return "421 4.7.0 enough for this session"
        return then(number, taken, verb, line)

    return script


async def test_a_mailing_of_1200_at_500_an_hour_ends_by_itself_when_it_was_announced_to(database: Database) -> None:
    clock, limits = Clock(), Limits(messages_per_hour=500)
    add_readers(database, readers(1200))
    mailing = open_a_mailing(database, now=clock())
    announced = ahead_of(database, mailing, limits, clock()).expected_end_at
    times: list[datetime] = []
    told: list[str] = []

    def note_time(_: int, __: int, verb: str, ___: str) -> None:
        if verb == ".":
            times.append(clock())

    async with ScriptedRelay(hang_up_after(20, note_time)) as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=4, limits=limits)
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=told.append, sleep=clock.sleep)
    report = report_on(database, mailing)

    assert counted(report) == {"accepted": 1200}
    assert set(Counter(relay.accepted).values()) == {1}
    assert report.mailing.status is MailingStatus.FINISHED
    assert report.mailing.finished_at is not None
    assert announced is not None
    assert announced >= _START + timedelta(hours=2)
    assert abs(report.mailing.finished_at - announced) < timedelta(minutes=2)
    assert max(sum(1 for each in times if 0 <= (each - first) / HOUR < 1) for first in times) <= 500
    assert [sentence.partition(";")[0] for sentence in told] == ["The limit of 500 letters an hour is reached"]


async def deliver_at(plant: Plant, clock: Clock, moments: list[timedelta]) -> None:
    """Deliver what may leave at each of these moments, each time as another process."""
    for moment in moments:
        clock.go_on(moment)
        await asyncio.to_thread(deliver_due, plant)


async def test_a_restart_does_not_spend_the_quota_twice(database: Database) -> None:
    clock, limits = Clock(), Limits(messages_per_hour=30, messages_per_day=70)
    add_readers(database, readers(100))
    mailing = open_a_mailing(database, now=clock())
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, clock=clock, limits=limits)
        await deliver_at(plant, clock, [timedelta(), timedelta(), timedelta(minutes=30)])
        first_hour = len(relay.accepted)
        outlook = ahead_of(database, mailing, limits, clock())
        await deliver_at(plant, clock, [timedelta(minutes=31), timedelta(hours=1, minutes=1), timedelta(hours=2)])
        first_day = len(relay.accepted)
        blocked = ahead_of(database, mailing, limits, clock())
        await deliver_at(plant, clock, [timedelta(hours=20), timedelta(hours=1, minutes=1)])

    assert first_hour == 30
    assert outlook.wait is not None
    assert outlook.wait.why == "The limit of 30 letters an hour is reached"
    assert timedelta(minutes=59) < outlook.wait.until - _START < timedelta(minutes=61)
    assert first_day == 69  # one in fifty is kept for notices
    assert blocked.wait is not None
    assert blocked.wait.why == "The limit of 70 letters a day is reached"
    assert counted(report_on(database, mailing)) == {"accepted": 100}


async def test_a_wait_for_the_quota_is_no_quarter_of_an_hour_without_an_acceptance(database: Database) -> None:
    clock, limits = Clock(), Limits(messages_per_hour=10)
    add_readers(database, readers(20))
    mailing = open_a_mailing(database, now=clock())
    async with ScriptedRelay(hang_up_after(5)) as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=1, limits=limits)
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=lambda _: None, sleep=clock.sleep)

    assert counted(report_on(database, mailing)) == {"accepted": 20}


@pytest.mark.parametrize("verb", ["CONNECT", "MAIL", "RCPT", "."])
@pytest.mark.parametrize(
    "answer", ["450 4.7.1 sender rate limit exceeded", "554 5.2.0 the sender's submission quota was exceeded"]
)
async def test_a_relay_that_has_enough_for_now_marks_nobody_and_gets_the_rest_later(
    sqlite_database: Database, verb: str, answer: str
) -> None:
    database, clock = sqlite_database, Clock()
    add_readers(database, readers(20))
    mailing = open_a_mailing(database, now=clock())
    refused_until = clock() + timedelta(minutes=12)
    taken: list[datetime] = []

    def refuse(_: int, __: int, asked: str, ___: str) -> str | None:
        if asked == "." and len(taken) < 5:
            taken.append(clock())
            return None
        is_refused = len(taken) >= 5 and clock() < refused_until
        if verb == "RCPT" and asked == "DATA" and is_refused:
            return "503 5.5.1 no valid recipients"
        return answer if asked == verb and is_refused else None

    async with ScriptedRelay(hang_up_after(5, refuse)) as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=1)
        await asyncio.to_thread(deliver_due, plant)
        resting = report_on(database, mailing)
        outlook = ahead_of(database, mailing, Limits(), clock())
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=lambda _: None, sleep=clock.sleep)
        await deliver_at(plant, clock, [timedelta(hours=1)])  # those that were deferred one by one
    report = report_on(database, mailing)

    assert resting.mailing.status is MailingStatus.RUNNING
    assert resting.counts["rejected"] == 0  # type: ignore[index] # a StrEnum's value is its key
    assert outlook.wait is not None
    assert answer in outlook.wait.why
    assert timedelta(minutes=4) < outlook.wait.until - _START < timedelta(minutes=6)
    assert counted(report) == {"accepted": 20}
    assert set(Counter(relay.accepted).values()) == {1}
    with database.snapshot() as snapshot:
        assert budgets.find_rest(snapshot) is None


async def test_one_letter_refused_in_such_words_holds_up_nobody_else(sqlite_database: Database) -> None:
    database, clock = sqlite_database, Clock()
    add_readers(database, readers(20))
    mailing = open_a_mailing(database, now=clock())

    def refuse_one(_: int, __: int, verb: str, line: str) -> str | None:
        return "450 4.7.1 too many messages, slow down" if verb == "RCPT" and "reader7@" in line else None

    async with ScriptedRelay(refuse_one) as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=1)
        await asyncio.to_thread(deliver_due, plant)

    assert counted(report_on(database, mailing)) == {"accepted": 19, "deferred": 1}


async def test_a_relay_that_has_had_enough_for_more_than_a_day_pauses_the_mailing(sqlite_database: Database) -> None:
    database, clock = sqlite_database, Clock(jump=timedelta(minutes=5))
    add_readers(database, readers(5))
    mailing = open_a_mailing(database, now=clock())

    def refuse(_: int, __: int, verb: str, ___: str) -> str | None:
        return "550 5.4.5 Daily user sending limit exceeded" if verb == "MAIL" else None

    async with ScriptedRelay(refuse) as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=2)
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=lambda _: None, sleep=clock.sleep)
    report = report_on(database, mailing)

    assert report.mailing.status is MailingStatus.PAUSED
    assert "Daily user sending limit exceeded" in (report.mailing.pause_reason or "")
    assert counted(report) == {"queued": 5}
    assert timedelta(hours=26) < clock() - _START < timedelta(hours=29)


async def test_a_domain_keeps_its_rate_while_the_others_run_at_full_speed(database: Database) -> None:
    slow, fast = readers(80, "slow.example"), [f"reader@host{number}.example" for number in range(240)]
    mixed = [address for number in range(80) for address in (slow[number], *fast[3 * number : 3 * number + 3])]
    add_readers(database, mixed)
    mailing = open_a_mailing(database)
    times: dict[str, list[float]] = {"slow": [], "fast": []}

    def note_time(_: int, __: int, verb: str, line: str) -> None:
        if verb == "RCPT":
            times["slow" if "slow.example" in line else "fast"].append(time.monotonic())

    async with ScriptedRelay(note_time) as relay:
        plant = a_plant(database, port=relay.port, connections=4, limits=Limits(per_domain_per_second=20))
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=lambda _: None)

    assert counted(report_on(database, mailing)) == {"accepted": 320}
    # Eighty letters at 20 a second take four seconds. Three others stand behind each of them and do not wait for it.
    assert times["slow"][-1] - times["slow"][0] > 3.5
    assert times["fast"][-1] < times["slow"][-1]
    assert max(bursts(times["slow"], seconds=1)) <= 20 + 4


def bursts(times: list[float], *, seconds: float) -> list[int]:
    return [sum(1 for each in times if 0 <= each - first < seconds) for first in times]


async def test_letters_of_a_slow_domain_come_back_when_it_is_their_turn(database: Database) -> None:
    clock, limits = Clock(jump=timedelta(seconds=5)), Limits(per_domain_per_second=1)
    add_readers(database, readers(40, "slow.example"))
    mailing = open_a_mailing(database, now=clock())
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, clock=clock, connections=1, limits=limits)
        with database.transaction() as transaction:
            # All but the first seconds of the domain are planned already, in another process.
            planned = {"slow.example": budgets.Budget(clock() + timedelta(seconds=40))}
            budgets.save_budgets(transaction, planned)
        await asyncio.to_thread(deliver_due, plant)
        before = counted(report_on(database, mailing))
        outlook = ahead_of(database, mailing, limits, clock())

    assert before == {"queued": 40}
    assert outlook.expected_end_at is not None
    assert timedelta(seconds=75) < outlook.expected_end_at - _START < timedelta(seconds=85)


def test_letters_that_wait_for_their_domain_leave_while_the_relay_is_theirs(database: Database) -> None:
    add_readers(database, readers(160, "slow.example"))
    add_readers(database, [f"reader@host{number}.example" for number in range(340)])
    add_readers(database, readers(500, "slow.example.net"))
    open_a_mailing(database)
    limits = Limits(messages_per_second=100, per_domain_per_second=10)
    plant = a_plant(database, port=25, limits=limits)
    with take_seat(database, now=plant.clock()) as seat:
        claims = Claims(plant, seat)
        mixed = claims.take()
        with database.transaction() as transaction:
            (stretch,) = budgets.list_stretches(transaction, now=plant.clock())
            budgets.cut_stretch(transaction, 1, ends_at=plant.clock())
        alone = claims.take()

    assert isinstance(mixed, Granted)
    assert len(mixed.grant.recipients) >= 340 + 30
    assert max(mixed.grant.due.values()) <= stretch.ends_at
    # Where all are to one domain they have a second: others could have the relay beside them, but for no longer.
    assert isinstance(alone, Granted)
    assert len(alone.grant.recipients) == 11
    assert max(alone.grant.due.values()) <= alone.grant.starts_at + timedelta(seconds=1)


async def test_a_domains_queue_does_not_outlive_its_mailing_for_more_than_a_minute(database: Database) -> None:
    add_readers(database, readers(2000, "slow.example"))
    mailing = open_a_mailing(database)
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, limits=Limits(per_domain_per_second=1))
        async with working(plant):
            await asyncio.sleep(1.5)
            cancel_mailing(mailing.id, database=database, now=plant.clock())
            following = open_a_mailing(database, a_rendered_issue(2))
            await asyncio.sleep(2)
    with database.snapshot() as snapshot:
        due = list(snapshot.scalars(select(batches.c.due_at).where(batches.c.mailing_id == following.id)))

    assert len(due) == 4
    assert max(due) <= plant.clock() + timedelta(minutes=1)


def test_what_is_known_of_a_domain_is_forgotten_once_nothing_of_it_is_planned(database: Database) -> None:
    planned = {
        budgets.RELAY: budgets.Budget(_START),
        "over.example": budgets.Budget(_START),
        "soon.example": budgets.Budget(_START + timedelta(seconds=2)),
        "queued.example": budgets.Budget(_START, _START + timedelta(seconds=2)),
    }
    with database.transaction() as transaction:
        budgets.save_budgets(transaction, planned)

    forget_old(database=database, now=_START + timedelta(seconds=1))

    with database.snapshot() as snapshot:
        known = budgets.load_budgets(snapshot, planned)
    assert set(known) == {budgets.RELAY, "soon.example", "queued.example"}


@pytest.mark.parametrize("limits", [Limits(messages_per_second=100), Limits(messages_per_hour=100_000)])
async def test_limits_that_are_never_reached_cost_nobody_his_letter(database: Database, limits: Limits) -> None:
    add_readers(database, readers(60))
    mailing = open_a_mailing(database)
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, limits=limits)
        await asyncio.to_thread(deliver_due, plant)

    assert counted(report_on(database, mailing)) == {"accepted": 60}


def test_an_unlimited_mailing_promises_nothing(sqlite_database: Database) -> None:
    add_readers(sqlite_database, readers(3))
    mailing = open_a_mailing(sqlite_database, now=_START + timedelta(hours=1))

    scheduled = ahead_of(sqlite_database, mailing, Limits(), _START)

    assert scheduled.expected_end_at is None
    assert scheduled.wait is not None
    assert scheduled.wait.until == _START + timedelta(hours=1)


async def test_two_workers_share_rate_and_quota(postgres_database: Database) -> None:
    database, limits = postgres_database, Limits(messages_per_second=40, messages_per_hour=100)
    add_readers(database, readers(150))
    mailing = open_a_mailing(database)
    times: list[float] = []

    def note_time(_: int, __: int, verb: str, ___: str) -> None:
        if verb == "MAIL":
            times.append(time.monotonic())

    async with ScriptedRelay(note_time) as relay:
        plant = a_plant(database, port=relay.port, limits=limits)
        await asyncio.gather(*(asyncio.to_thread(deliver_due, plant) for _ in range(2)))

    assert counted(report_on(database, mailing)) == {"accepted": 98, "queued": 52}
    # 98 letters at 40 a second take 2.4 s; each worker has a tenth of a second of credit.
    assert times[-1] - times[0] > 2.1
    assert max(bursts(times, seconds=1)) <= 40 * 1.1 + 2 * 5


@asynccontextmanager
async def working(plant: Plant) -> AsyncIterator[None]:
    """Have a worker deliver what is due, as long as the block."""
    with take_seat(plant.database, now=plant.clock()) as seat:
        worker = Worker(plant, seat)
        running = asyncio.create_task(worker.run(EmbeddedEngine().drive))
        try:
            yield
        finally:
            worker.stop()
            await asyncio.wait_for(running, timeout=10)


async def wait_for_letters(times: list[float], count: int) -> None:
    async with asyncio.timeout(20):
        while len(times) < count:  # noqa: ASYNC110 - the relay has no event for it
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("is_stopped", [False, True], ids=["the same process", "a new process"])
async def test_after_a_pause_letters_leave_within_about_a_second_and_no_faster_than_before(
    database: Database, *, is_stopped: bool
) -> None:
    limits = Limits(messages_per_second=10)
    add_readers(database, readers(200))
    mailing = open_a_mailing(database)
    times: list[float] = []

    def note_time(_: int, __: int, verb: str, ___: str) -> None:
        if verb == "MAIL":
            times.append(time.monotonic())

    async with ScriptedRelay(note_time) as relay, AsyncExitStack() as process:
        plant = a_plant(database, port=relay.port, limits=limits)
        await process.enter_async_context(working(plant))
        await wait_for_letters(times, 5)
        # Of seven notices the last has its place behind the fifteen seconds that are granted, and keeps it.
        with database.transaction() as transaction:
            notice_at = max(grant_notice(transaction, "example.org", limits, now=plant.clock()) for _ in range(7))
        pause_mailing(mailing.id, reason="a word is wrong", database=database, now=plant.clock())
        await asyncio.sleep(1)
        before = len(times)
        if is_stopped:
            await process.aclose()
            await process.enter_async_context(working(plant))
        resume_mailing(mailing.id, database=database, now=plant.clock())
        resumed_at = time.monotonic()
        await wait_for_letters(times, before + 20)
        with database.snapshot() as snapshot:
            planned = budgets.list_stretches(snapshot, now=plant.clock())

    assert before < 15
    assert times[before] - resumed_at < 1.2
    assert max(bursts(times, seconds=1)) <= 10 * 1.1 + 1
    assert max(planned, key=lambda each: each.starts_at).starts_at == notice_at


async def test_notices_that_come_while_a_mailing_goes_out_do_not_wait_for_what_is_planned_of_it(
    database: Database,
) -> None:
    limits = Limits(messages_per_second=10)
    add_readers(database, readers(300))
    open_a_mailing(database)
    times: list[float] = []

    def note_time(_: int, __: int, verb: str, ___: str) -> None:
        if verb == "MAIL":
            times.append(time.monotonic())

    async with ScriptedRelay(note_time) as relay:
        plant = a_plant(database, port=relay.port, limits=limits)
        async with working(plant):
            await wait_for_letters(times, 5)
            now = plant.clock()
            with database.transaction() as transaction:
                waits = [grant_notice(transaction, f"{host}.example", limits, now=now) - now for host in "abcd"]
            asked_at = time.monotonic()
            await asyncio.sleep(5)
    notices = [asked_at + wait.total_seconds() for wait in waits]

    assert waits == [timedelta(seconds=number) for number in range(4)]
    # A tenth of a second of credit, and a tenth more for notices.
    assert max(bursts([*times, *notices], seconds=1)) <= 10 * 1.2 + 1
    assert len([each for each in times if asked_at <= each < asked_at + 5]) >= 0.95 * 5 * 10


async def test_what_a_dead_process_was_granted_is_lost_but_never_made_up_for(database: Database) -> None:
    limits = Limits(messages_per_second=10)
    add_readers(database, readers(5))
    open_a_mailing(database)
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, limits=limits)
        planned = Stretch(plant.clock(), plant.clock() + timedelta(seconds=4))
        with database.transaction() as transaction:
            budgets.add_stretch(transaction, planned, now=plant.clock())
        async with working(plant):
            await asyncio.sleep(3.5)
            before = len(relay.accepted)
            await asyncio.sleep(2)

    assert before == 0
    assert len(relay.accepted) == 5


def test_a_second_relays_row_stays_while_somebody_waits_for_it(postgres_database: Database) -> None:
    database = postgres_database
    with database.transaction() as transaction:
        budgets.lock_relay(transaction, now=_START, relay="second")

    def delete_spent() -> None:
        with database.transaction() as transaction:
            budgets.delete_spent(transaction, now=_START)

    def lock_again() -> None:
        with database.transaction() as transaction:
            budgets.lock_relay(transaction, now=_START, relay="second")

    with ThreadPoolExecutor() as threads:
        with database.transaction() as transaction:
            budgets.lock_relay(transaction, now=_START, relay="second")
            deleting = threads.submit(delete_spent)
            time.sleep(0.3)
            locking = threads.submit(lock_again)
            time.sleep(0.3)
        assert deleting.exception(timeout=5) is None
        assert locking.exception(timeout=5) is None
