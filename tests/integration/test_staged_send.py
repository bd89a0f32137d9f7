"""A first share goes out, and the rest follows unless too much of it fails or somebody stops it."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from mailing_stand import a_plant, add_readers, counted, open_a_mailing, report_on, work
from newsletter.domain.budget import Limits
from newsletter.domain.mailing import DeliveryId, FirstShare, Mailing, MailingStatus
from newsletter.engine.embedded import deliver_mailing
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resume_mailing
from newsletter.service.look_ahead import look_ahead
from newsletter.store.database import Database
from newsletter.store.tables import bounces
from relay import Script, ScriptedRelay

_START = datetime(2026, 3, 12, 9, tzinfo=UTC)
_HOLD = timedelta(minutes=60)
READERS = [f"reader{number:04}@example.net" for number in range(400)]


class Clock:
    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> datetime:
        return self.now

    def sleep(self, _seconds: float) -> None:
        self.now += timedelta(minutes=1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


def a_staged_mailing(database: Database, *, share: float = 0.1, readers: int = 400) -> Mailing:
    add_readers(database, READERS[:readers])
    return open_a_mailing(database, now=_START, first_share=share, hold=_HOLD)


def refuse_one_in(count: int) -> Script:
    """Refuse some of the readers, whoever comes first."""
    asked: list[str] = []

    def script(_: int, __: int, verb: str, line: str) -> str | None:
        if verb != "RCPT":
            return None
        asked.append(line)
        return "550 5.2.1 mailbox disabled" if len(asked) % count == 0 else None

    return script


async def deliver(database: Database, clock: Clock, script: Script = lambda *_: None) -> ScriptedRelay:
    async with ScriptedRelay(script) as relay:
        await work(a_plant(database, port=relay.port, clock=clock, connections=1))
    return relay


async def test_the_first_share_leaves_and_the_rest_follows_after_its_time(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database)
    first = await deliver(database, clock)
    held = report_on(database, mailing)
    clock.now += timedelta(minutes=59)
    early = await deliver(database, clock)
    clock.now += timedelta(minutes=1)
    rest = await deliver(database, clock)

    assert mailing.first_share == 40
    assert counted(held) == {"accepted": 40, "queued": 360}
    assert held.mailing.status is MailingStatus.RUNNING
    assert held.mailing.rest_at == _START + _HOLD
    assert early.accepted == []
    assert sorted(first.accepted + rest.accepted) == READERS
    assert report_on(database, mailing).mailing.status is MailingStatus.FINISHED


async def test_the_first_share_is_drawn_by_lot(database: Database, clock: Clock) -> None:
    a_staged_mailing(database, share=0.25)
    first = await deliver(database, clock)

    # In each quarter of the list about a quarter was drawn: 25 of 100, and hardly ever fewer than 8 or more than 45.
    quarters = [sum(address in READERS[start : start + 100] for address in first.accepted) for start in (0, 100, 200)]
    assert all(8 <= count <= 45 for count in quarters)


async def test_a_share_that_fails_holds_the_rest_and_says_why(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database)
    await deliver(database, clock, refuse_one_in(10))
    clock.now += _HOLD
    rest = await deliver(database, clock)
    report = report_on(database, mailing)

    assert rest.accepted == []
    assert report.mailing.status is MailingStatus.PAUSED
    assert (report.mailing.pause_reason or "").startswith("Of the first 40 letters 4 were rejected and 0 came back")

    resume_mailing(mailing.id, database=database, now=clock())
    after = await deliver(database, clock)
    assert len(after.accepted) == 360
    assert counted(report_on(database, mailing)) == {"accepted": 396, "rejected": 4}


async def test_what_bounces_meanwhile_counts_too(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database)
    await deliver(database, clock)
    with database.transaction() as transaction:
        for position in range(1, 8):
            transaction.execute(bounces.insert().values(a_bounce(DeliveryId(mailing.id, position))))
    clock.now += _HOLD
    await deliver(database, clock)

    reason = report_on(database, mailing).mailing.pause_reason or ""
    assert reason.startswith("Of the first 40 letters 0 were rejected and 7 came back, more than 5 in a hundred")


def a_bounce(delivery: DeliveryId) -> dict[str, object]:
    return {
        "report_digest": hashlib.sha256(str(delivery).encode()).digest(), "received_at": _START, "kind": "hard",
        "rule": "test", "words": "no such user", "mailing_id": delivery.mailing, "position": delivery.position,
        "report": b"-",
    }  # fmt: skip


async def test_a_few_failures_of_a_small_share_hold_nobody(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database, readers=40)
    await deliver(database, clock, refuse_one_in(2))
    clock.now += _HOLD
    await deliver(database, clock)

    assert counted(report_on(database, mailing)) == {"accepted": 38, "rejected": 2}


@pytest.mark.parametrize("act", [pause_mailing, cancel_mailing])
async def test_somebody_may_stop_the_rest(database: Database, clock: Clock, act: Callable[..., Mailing]) -> None:
    mailing = a_staged_mailing(database)
    await deliver(database, clock)
    reason = {"reason": "a word is wrong"} if act is pause_mailing else {}
    act(mailing.id, database=database, now=clock(), **reason)
    clock.now += _HOLD
    rest = await deliver(database, clock)

    assert rest.accepted == []
    assert counted(report_on(database, mailing))["accepted"] == 40


async def test_the_rest_may_be_sent_before_its_time(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database)
    await deliver(database, clock)
    resume_mailing(mailing.id, database=database, now=clock(), with_rest=True)
    rest = await deliver(database, clock)

    assert len(rest.accepted) == 360


async def test_whoever_waits_sees_both_stages_through(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database, readers=100)
    told: list[str] = []
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, clock=clock)
        await asyncio.to_thread(deliver_mailing, plant, mailing.id, tell=told.append, sleep=clock.sleep)

    assert counted(report_on(database, mailing)) == {"accepted": 100}
    assert len(told) == 1
    assert told[0].startswith("The first 10 letters have left, and the rest is held to see what comes back;")
    assert told[0].endswith("the next letters leave at 2026-03-12 10:00 UTC.")


async def test_the_end_reckons_with_the_hold(database: Database, clock: Clock) -> None:
    mailing = a_staged_mailing(database)
    limits = Limits(messages_per_second=500 / 49)  # of which newsletters have ten
    before = look_ahead(report_on(database, mailing), database=database, limits=limits, now=clock())
    await deliver(database, clock)
    held = look_ahead(report_on(database, mailing), database=database, limits=limits, now=clock())

    assert before.expected_end_at == _START + _HOLD + timedelta(seconds=40)
    assert held.expected_end_at == _START + _HOLD + timedelta(seconds=36)
    assert held.wait is not None
    assert held.wait.until == _START + _HOLD


@pytest.mark.parametrize(("share", "first"), [(0.001, 1), (0.5, 2), (0.9, None)])
def test_a_share_of_few_is_somebody_and_never_everybody(database: Database, share: float, first: int | None) -> None:
    assert a_staged_mailing(database, share=share, readers=3).first_share == first


def test_a_share_is_beyond_its_limit_from_three_failures_on() -> None:
    assert not FirstShare(tried=10, rejected=2, bounced=0).is_beyond(5)
    assert FirstShare(tried=10, rejected=2, bounced=1).is_beyond(5)
    assert not FirstShare(tried=60, rejected=3, bounced=0).is_beyond(5)
    assert not FirstShare(tried=0, rejected=0, bounced=0).is_beyond(0)
