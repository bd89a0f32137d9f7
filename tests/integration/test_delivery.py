"""Delivery over SMTP: what goes right, what an editor stops, what waits. Relays at fault have ``test_faults.py``."""

from __future__ import annotations

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailing_stand import (
    ADDRESS_KEY,
    KEYS,
    a_plant,
    add_readers,
    counted,
    deliver_all,
    open_a_mailing,
    put_in_flight,
    report_on,
    work,
)
from newsletter.domain.address import EmailAddress
from newsletter.domain.budget import Limits
from newsletter.domain.choice import Choices
from newsletter.domain.mailing import DeliveryId, DoubtfulPolicy, Mailing, MailingReport, MailingStatus
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.token import Purpose, ReaderToken, hash_address, verify_delivery
from newsletter.engine.claims import Claims, Granted, Held
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.worker import Worker
from newsletter.errors import NewsletterError, StoreError
from newsletter.mail.outbox import open_outbox
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resume_mailing
from newsletter.store import ledger, mailings, suppressions
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.subscribers import find_subscriber, set_choices
from relay import HANG_UP, Script, ScriptedRelay
from smtp_server import SmtpServer

ADDRESSES = [f"reader{number}@example.net" for number in range(1, 21)]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


async def delivered(
    database: Database, script: Script, *, doubtful: DoubtfulPolicy = DoubtfulPolicy.RESEND, connections: int = 2
) -> tuple[ScriptedRelay, MailingReport]:
    """Deliver a mailing to twenty readers over a relay that follows ``script``."""
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    async with ScriptedRelay(script) as relay:
        plant = a_plant(database, port=relay.port, doubtful=doubtful, connections=connections, timeout_seconds=0.5)
        await work(plant)
    return relay, report_on(database, mailing)


def only_for(address: str, verb: str, answer: str) -> Script:
    """Answer ``answer`` to ``verb`` in the transaction of one recipient."""
    current = {"line": ""}

    def script(number: int, _: int, asked: str, line: str) -> str | None:
        if asked == "RCPT":
            current[str(number)] = line
        return answer if asked == verb and address in current.get(str(number), "") else None

    return script


def once(script: Script) -> Script:
    """Follow ``script`` until it has answered something, and then no more."""
    used: list[str] = []

    def follow(number: int, letters: int, asked: str, line: str) -> str | None:
        answer = None if used else script(number, letters, asked, line)
        used.extend([answer] if answer else [])
        return answer

    return follow


def test_every_reader_gets_one_letter_with_her_own_links(database: Database, smtp_server: SmtpServer) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    deliver_all(a_plant(database, port=smtp_server.port, connections=4))

    assert sorted(smtp_server.recipients) == sorted(ADDRESSES)
    for address in ADDRESSES:
        letter = smtp_server.letter_to(address)
        content = letter.data.decode().replace("=\r\n", "")
        reader = hash_address(address, b"public")[:8]
        links = {Purpose.UNSUBSCRIBE: set(re.findall("u/([-_A-Za-z0-9]+)", content))}
        links[Purpose.PREFERENCES] = set(re.findall("p/([-_A-Za-z0-9]+)", content))
        for purpose, tokens in links.items():
            assert {ReaderToken.verify(token, purpose, KEYS) for token in tokens} == {ReaderToken(reader, mailing.id)}
        named = verify_delivery(letter.mail_from.removeprefix("b+").partition("@")[0], KEYS)
        assert named is not None
        assert named.mailing == mailing.id
    report = report_on(database, mailing)
    assert counted(report) == {"accepted": 20}
    assert report.mailing.status is MailingStatus.FINISHED


def test_who_wants_text_alone_gets_no_html(database: Database, smtp_server: SmtpServer) -> None:
    add_readers(database, ["plain@example.net", "whole@example.net"])
    with database.transaction() as transaction:
        reader = find_subscriber(transaction, EmailAddress("plain@example.net"))
        assert reader
        set_choices(transaction, reader.id, Choices(topics=reader.topics, is_text_only=True))
    open_a_mailing(database)

    deliver_all(a_plant(database, port=smtp_server.port, connections=1))

    kinds = {name: b"text/html" in smtp_server.letter_to(f"{name}@example.net").data for name in ("plain", "whole")}
    assert kinds == {"plain": False, "whole": True}
    assert b"\r\nContent-Type: text/plain; " in smtp_server.letter_to("plain@example.net").data


async def test_a_refused_reader_is_rejected_and_a_dead_address_suppressed(database: Database) -> None:
    _, report = await delivered(database, only_for(ADDRESSES[2], "RCPT", "550 5.1.1 no such user here"))

    assert counted(report) == {"accepted": 19, "rejected": 1}
    assert report.rejected_reasons == {"unknown_user": 1}
    with database.snapshot() as snapshot:
        assert suppressions.is_suppressed(snapshot, hash_address(ADDRESSES[2], ADDRESS_KEY))


@pytest.mark.parametrize("verb", ["RCPT", "DATA", "."])
async def test_a_deferred_letter_waits_and_the_connection_goes_on(database: Database, verb: str) -> None:
    relay, report = await delivered(database, only_for(ADDRESSES[2], verb, "451 4.2.1 try again later"), connections=1)

    assert counted(report) == {"accepted": 19, "deferred": 1}
    assert report.next_try_at is not None
    assert report.mailing.status is MailingStatus.RUNNING
    assert relay.connections == 1


async def test_a_letter_lost_behind_the_dot_pauses_the_mailing_under_ask(database: Database) -> None:
    script = once(only_for(ADDRESSES[4], ".", HANG_UP))
    _, report = await delivered(database, script, doubtful=DoubtfulPolicy.ASK, connections=1)

    assert report.doubtful == (ADDRESSES[4],)
    assert report.mailing.status is MailingStatus.PAUSED
    assert "may or may not have arrived" in (report.mailing.pause_reason or "")


async def test_what_a_dead_worker_left_in_flight_pauses_the_mailing_under_ask(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    with take_seat(database, now=datetime.now(UTC)) as dead, database.transaction() as transaction:
        now = datetime.now(UTC)
        mailings.start_due(transaction, now=now)
        ledger.claim_batch(transaction, seat=dead, now=now, doubtful=DoubtfulPolicy.ASK)
        put_in_flight(transaction, DeliveryId(mailing.id, 3), now=now)
    async with ScriptedRelay() as relay:
        await work(a_plant(database, port=relay.port, doubtful=DoubtfulPolicy.ASK))
    report = report_on(database, mailing)

    assert relay.accepted == []
    assert counted(report) == {"queued": 19, "doubtful": 1}
    assert report.mailing.status is MailingStatus.PAUSED


async def test_too_many_rejections_pause_the_mailing(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)

    def refuse_some(_: int, __: int, verb: str, line: str) -> str | None:
        return "550 5.1.1 no such user" if verb == "RCPT" and re.search("reader[1-5]@", line) else None

    async with ScriptedRelay(refuse_some) as relay:
        thresholds = PauseThresholds(percent=5, outcomes=10, rejections=5)
        await work(a_plant(database, port=relay.port, connections=1, thresholds=thresholds))
    report = report_on(database, mailing)

    assert report.mailing.status is MailingStatus.PAUSED
    assert report.rejected_reasons == {"unknown_user": 5}
    # The letter whose envelope left together with the alarm is still delivered.
    assert counted(report) == {"accepted": 6, "rejected": 5, "queued": 9}


async def while_sending(database: Database, act: str) -> tuple[ScriptedRelay, Mailing]:
    """Start a slow delivery, and pause or cancel it from elsewhere after some letters."""
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, connections=1, limits=Limits(messages_per_second=10))
        working = asyncio.create_task(work(plant))
        while len(relay.accepted) < 3:  # noqa: ASYNC110 - the relay has no event for it
            await asyncio.sleep(0.02)
        if act == "pause":
            pause_mailing(mailing.id, reason="a word is wrong", database=database, now=plant.clock())
        else:
            cancel_mailing(mailing.id, database=database, now=plant.clock())
        await asyncio.wait_for(working, timeout=5)
    return relay, mailing


async def test_a_pause_from_another_process_is_obeyed_within_a_second(database: Database) -> None:
    relay, mailing = await while_sending(database, "pause")
    sent = len(relay.accepted)

    assert sent < 15
    assert counted(report_on(database, mailing)) == {"accepted": sent, "queued": 20 - sent}

    resume_mailing(mailing.id, database=database, now=datetime.now(UTC))
    async with ScriptedRelay() as second:
        await work(a_plant(database, port=second.port))
    assert sorted(relay.accepted + second.accepted) == sorted(ADDRESSES)


async def test_a_cancel_from_another_process_withholds_the_rest(database: Database) -> None:
    relay, mailing = await while_sending(database, "cancel")
    sent = len(relay.accepted)

    assert sent < 15
    assert counted(report_on(database, mailing)) == {"accepted": sent, "withheld": 20 - sent}


async def test_a_worker_told_to_stop_leaves_nothing_in_doubt(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port, connections=4)
        with take_seat(database, now=plant.clock()) as seat:
            worker = Worker(plant, seat)
            working = asyncio.create_task(worker.run(EmbeddedEngine().drive))
            while not relay.accepted:  # noqa: ASYNC110 - the relay has no event for it
                await asyncio.sleep(0.005)
            worker.stop()
            await asyncio.wait_for(working, timeout=5)
    report = report_on(database, mailing)

    assert set(counted(report)) <= {"accepted", "queued"}
    assert report.counts["accepted"] == len(relay.accepted)  # type: ignore[index] # a StrEnum's value is its key


async def test_a_worker_told_to_stop_while_it_claims_a_batch_gives_it_back(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    loop, take = asyncio.get_running_loop(), Claims.take

    async with ScriptedRelay() as relay:
        plant = a_plant(database, port=relay.port)
        with take_seat(database, now=plant.clock()) as seat:
            worker = Worker(plant, seat)

            def take_while_stopped(claims: Claims, only: tuple[int, int] | None = None) -> Granted | Held | None:
                granted = take(claims, only)
                loop.call_soon_threadsafe(worker.stop)
                return granted

            monkeypatch.setattr(Claims, "take", take_while_stopped)
            await asyncio.wait_for(worker.run(EmbeddedEngine().drive), timeout=5)
        monkeypatch.undo()
        stopped = counted(report_on(database, mailing))
        await work(plant)

    assert stopped == {"queued": 20}
    assert counted(report_on(database, mailing)) == {"accepted": 20}


async def test_a_connection_that_rests_does_not_hold_up_the_end(database: Database) -> None:
    def refuse_the_second(number: int, _: int, verb: str, __: str) -> str | None:
        return "421 4.7.0 too many connections" if verb == "CONNECT" and number > 1 else None

    started = time.monotonic()
    _, report = await delivered(database, refuse_the_second, connections=8)

    assert counted(report) == {"accepted": 20}
    assert time.monotonic() - started < 5


async def test_a_mailing_that_was_cancelled_cannot_pause_itself_and_the_worker_goes_on(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)

    def cancel_then_refuse(_: int, __: int, verb: str, ___: str) -> str | None:
        if verb != "MAIL":
            return None
        with database.snapshot() as snapshot:
            status = mailings.find_mailing(snapshot, mailing.id).status
        if status is MailingStatus.RUNNING:
            cancel_mailing(mailing.id, database=database, now=datetime.now(UTC))
        return "550 5.7.1 sender not allowed"

    async with ScriptedRelay(cancel_then_refuse) as relay:
        await work(a_plant(database, port=relay.port, connections=1))

    assert counted(report_on(database, mailing)) == {"withheld": 20}


async def test_a_deferred_letter_is_tried_again_when_it_is_due(database: Database) -> None:
    _, report = await delivered(database, only_for(ADDRESSES[2], "RCPT", "450 4.2.0 greylisted"))
    later = datetime.now(UTC) + timedelta(minutes=6)
    async with ScriptedRelay() as relay:
        await work(a_plant(database, port=relay.port, clock=lambda: later))

    assert relay.accepted == [ADDRESSES[2]]
    assert counted(report_on(database, report.mailing)) == {"accepted": 20}


async def test_an_outbox_folder_takes_letters_in_place_of_a_relay(database: Database, tmp_path: Path) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    await work(a_plant(database, connect=lambda: open_outbox(tmp_path / "outbox")))
    letters = sorted((tmp_path / "outbox").glob("*.eml"))

    assert len(letters) == 20
    assert letters[0].read_bytes().startswith(b"Return-Path: <b+")
    assert counted(report_on(database, mailing)) == {"accepted": 20}


async def test_an_outbox_that_cannot_be_written_pauses_the_mailing(database: Database, tmp_path: Path) -> None:
    add_readers(database, ADDRESSES)
    mailing = open_a_mailing(database)
    (tmp_path / "outbox").write_text("a file in the folder's place")
    await work(a_plant(database, connect=lambda: open_outbox(tmp_path / "outbox")))

    assert report_on(database, mailing).mailing.status is MailingStatus.PAUSED


async def test_a_database_that_fails_ends_the_work_with_its_error(database: Database) -> None:
    add_readers(database, ADDRESSES)
    open_a_mailing(database)

    async def fail() -> None:
        raise StoreError("The database is gone.")

    plant = a_plant(database, connect=fail)  # type: ignore[arg-type] # it never returns a session
    with pytest.raises(NewsletterError, match="gone"):
        await asyncio.wait_for(work(plant), timeout=5)
