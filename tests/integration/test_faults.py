"""Relays that refuse, drop, stall and talk nonsense, one table of them: the ledger ends right each time.

Whatever the fault, three things hold: the report adds up, nobody is lost or mailed twice but those whom the ledger
names, and nobody is marked for a fault of ours.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import pytest

from mailing_stand import a_plant, add_readers, counted, open_a_mailing, report_on, work
from newsletter.domain.mailing import DoubtfulPolicy, MailingReport, MailingStatus
from newsletter.engine.embedded import EmbeddedEngine
from newsletter.engine.worker import Worker
from newsletter.mail.relay import Relay, open_session
from newsletter.service.ports import Session
from newsletter.store import suppressions
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from relay import HANG_UP, STALL, Script, ScriptedRelay

READERS = [f"reader{number}@example.net" for number in range(1, 21)]
ALL_ACCEPTED = {"accepted": 20}


def always(verb: str, answer: str) -> Script:
    return lambda _, __, asked, ___: answer if asked == verb else None


def on_the_first_connection(verb: str, answer: str, *, letters: int = 3) -> Script:
    """Answer ``answer`` to ``verb`` behind so many letters of the first connection."""
    return lambda number, taken, asked, _: answer if (number, taken, asked) == (1, letters, verb) else None


def after_letters(letters: int, verb: str, answer: str) -> Script:
    """Answer ``answer`` on each connection that has taken so many letters."""
    return lambda _, taken, asked, __: answer if (taken, asked) == (letters, verb) else None


def for_reader(number: int, verb: str, answer: str, *, times: int = 1000) -> Callable[[], Script]:
    """Answer ``answer`` to ``verb`` in the transactions of one reader, so many times."""

    def make() -> Script:
        current: dict[int, str] = {}
        left = [times]

        def script(connection: int, _: int, asked: str, line: str) -> str | None:
            if asked == "RCPT":
                current[connection] = line
            if asked != verb or f"<reader{number}@" not in current.get(connection, "") or not left[0]:
                return None
            left[0] -= 1
            return answer

        return script

    return make


@dataclass(frozen=True, kw_only=True)
class Fault:
    name: str
    #: makes the script, which may have a memory
    script: Callable[[], Script]
    #: the ledger's end; None where nobody may be marked: all are queued, or deferred by a 4yz answer
    counts: dict[str, int] | None = field(default_factory=lambda: ALL_ACCEPTED)
    #: how many letters may have been sent twice, each of them counted as such
    resent: int = 0
    #: words of the sentence with which the mailing pauses; "" where it must not
    pause: str = ""
    #: addresses that are suppressed afterwards: refused readers, never those of a fault of ours
    suppressed: int = 0
    connections: int = 2
    #: how fast the worker's clock runs
    speed: int = 1
    byte_by_byte: bool = False
    #: whether the ledger's end is worth a look on Postgres too
    on_postgres: bool = False


def lost_before_the_dot() -> list[Fault]:
    """List what ends a connection while nothing of the letter can have been delivered."""
    endings = {"hangs up": HANG_UP, "stalls": STALL, "talks nonsense": "banana", "sends bytes": "\x00\x01\x7f"}
    return [
        Fault(
            name=f"{how} at {verb}",
            script=partial(on_the_first_connection, verb, answer, letters=letters_before(verb)),
            on_postgres=how == "hangs up" and verb == "DATA",
        )
        for verb in ("CONNECT", "EHLO", "MAIL", "RCPT", "DATA")
        for how, answer in endings.items()
    ]


def letters_before(verb: str) -> int:
    return 0 if verb in {"CONNECT", "EHLO"} else 3


def lost_behind_the_dot() -> list[Fault]:
    """List what leaves a letter in doubt: it may have arrived. It is sent again, and counted as such."""
    endings = {"hangs up": HANG_UP, "stalls": STALL, "talks nonsense": "banana", "goes ahead again": "354 go ahead"}
    return [
        Fault(
            name=f"{how} behind the dot",
            script=for_reader(5, ".", answer, times=1),
            resent=1,
            on_postgres=how == "hangs up",
        )
        for how, answer in endings.items()
    ]


def about_one_reader() -> list[Fault]:
    refusals = {
        "550 5.1.1 no such user": ({"accepted": 19, "rejected": 1}, 1),
        "550 no such user here": ({"accepted": 19, "rejected": 1}, 1),
        "552 5.2.2 mailbox full": ({"accepted": 19, "rejected": 1}, 0),
        "554 5.7.1 looks like spam": ({"accepted": 19, "rejected": 1}, 0),
        "451 4.2.1 try again later": ({"accepted": 19, "deferred": 1}, 0),
        "450 4.7.1 greylisted": ({"accepted": 19, "deferred": 1}, 0),
        "452-4.2.2 over\r\n452 4.2.2 quota": ({"accepted": 19, "deferred": 1}, 0),
    }
    return [
        Fault(
            name=f"{answer!r} to one reader's {verb}",
            script=for_reader(3, verb, answer),
            counts=counts,
            suppressed=suppressed,
            on_postgres=verb == "RCPT",
        )
        for verb in ("RCPT", ".")
        for answer, (counts, suppressed) in refusals.items()
    ]


def about_us() -> list[Fault]:
    """List what the relay says to everybody: nobody is marked, and the mailing says why it pauses."""
    refusals = {
        "CONNECT": ["554 5.7.1 go away"],
        "EHLO": ["550 5.7.1 your name is not welcome"],
        "MAIL": [
            "550 5.7.1 sender not allowed",
            "553 5.1.8 bad sender's system",
            "530 5.7.0 authentication required",
            "552 5.3.4 too big",
        ],
        "RCPT": [
            "554 5.7.1 client host blocked using a list",
            "550 relaying denied",
            "550 5.1.8 sender address rejected: domain not found",
            "454 4.7.1 relay access denied",
            "451 4.3.0 temporary system problem",
            "451 temporary local problem, please try later",
            "503 5.5.1 bad sequence of commands",
        ],
        "DATA": ["554 5.3.2 system not accepting messages"],
        ".": [
            "550 5.7.26 the sender is unauthenticated: SPF and DKIM did not pass",
            "554 message rejected as spam",
            "552 5.3.4 message too big",
            "550 5.6.0 malformed message",
        ],
    }
    return [
        Fault(
            name=f"{answer!r} to every {verb}",
            script=partial(always, verb, answer),
            counts=None,
            pause=answer.split(maxsplit=1)[1],
            connections=1,
            on_postgres=answer.startswith("550 5.1.8"),
        )
        for verb, answers in refusals.items()
        for answer in answers
    ]


def out_of_reach() -> list[Fault]:
    """List what passes by itself, and is waited for a quarter of an hour."""
    return [
        Fault(
            name=f"{answer!r} to every {verb}, for a quarter of an hour",
            script=partial(always, verb, answer),
            counts=None,
            pause=words,
            connections=1,
            speed=1000,
        )
        for verb, answer, words in (
            ("CONNECT", "421 4.3.2 shutting down", "shutting down"),
            ("CONNECT", HANG_UP, "cannot be used"),
            ("MAIL", "421 4.7.0 closing", "closed the session"),
            ("MAIL", "451 4.1.8 sender's domain not found just now", "refused our sender"),
            ("RCPT", "421 4.4.2 closing", "closed the session"),
        )
    ]


def passing() -> list[Fault]:
    return [
        Fault(
            name="421 after every four letters", script=partial(after_letters, 4, "MAIL", "421 4.7.0 enough for now")
        ),
        Fault(name="421 to RCPT after every seven", script=partial(after_letters, 7, "RCPT", "421 4.7.0 enough")),
        Fault(name="421 to DATA after every seven", script=partial(after_letters, 7, "DATA", "421 4.7.0 enough")),
        Fault(
            name="421 behind one dot: the letter was not taken",
            script=for_reader(5, ".", "421 4.3.2 closing", times=1),
            counts={"accepted": 19, "deferred": 1},
        ),
        Fault(name="451 to one MAIL", script=partial(on_the_first_connection, "MAIL", "451 4.3.0 try again")),
        Fault(
            name="drops in the middle of a letter",
            script=partial(on_the_first_connection, "CONTENT", HANG_UP),
            resent=1,
        ),
        Fault(name="reads no further in a letter", script=partial(on_the_first_connection, "CONTENT", STALL), resent=1),
        Fault(name="replies byte by byte", script=partial(always, "none", ""), byte_by_byte=True, on_postgres=True),
        Fault(name="replies in many lines", script=partial(always, ".", "250-one\r\n250-two\r\n250 three")),
        Fault(name="says everything twice", script=partial(on_the_first_connection, "RCPT", "250 ok\r\n250 ok")),
        Fault(name="says 354 twice", script=partial(on_the_first_connection, "DATA", "354 go\r\n354 go"), resent=1),
        Fault(name="goes ahead without a recipient", script=partial(on_the_first_connection, "RCPT", "354 go ahead")),
        Fault(name="ends a line without its return", script=partial(always, ".", "250-one\n250 two")),
        Fault(name="never ends a reply", script=partial(on_the_first_connection, "MAIL", "250-" + "x" * 70_000)),
        Fault(
            name="never ends a line of dots", script=partial(on_the_first_connection, "EHLO", "." * 70_000, letters=0)
        ),
    ]


FAULTS = [
    *lost_before_the_dot(), *lost_behind_the_dot(), *about_one_reader(), *about_us(), *out_of_reach(), *passing(),
]  # fmt: skip


async def deliver(
    database: Database,
    fault: Fault,
    *,
    pipelining: bool = True,
    doubtful: DoubtfulPolicy = DoubtfulPolicy.RESEND,
    timeout_seconds: float = 0.5,
) -> tuple[ScriptedRelay, MailingReport]:
    """Deliver a mailing to twenty readers over the faulty relay."""
    add_readers(database, READERS)
    mailing = open_a_mailing(database)
    started = datetime.now(UTC)
    script = fault.script()

    def answer(number: int, letters: int, verb: str, line: str) -> str | None:
        says = script(number, letters, verb, line)
        return "250 relay.example.org" if says is None and verb == "EHLO" and not pipelining else says

    async with ScriptedRelay(answer, byte_by_byte=fault.byte_by_byte) as relay:
        plant = a_plant(
            database,
            port=relay.port,
            connections=fault.connections,
            doubtful=doubtful,
            timeout_seconds=timeout_seconds,
            clock=lambda: started + fault.speed * (datetime.now(UTC) - started),
        )
        await work(plant)
    return relay, report_on(database, mailing)


def check_nobody_is_lost_or_mailed_twice(relay: ScriptedRelay, report: MailingReport) -> None:
    """Hold what the relay saw against what the ledger says."""
    counts = counted(report)
    dots = Counter(relay.dotted)
    repeats = sum(dots.values()) - len(dots)
    tried_again = counts.get("rejected", 0) + counts.get("deferred", 0) + counts.get("queued", 0)
    assert repeats <= report.doubtful_resent + tried_again
    accepted = Counter(relay.accepted)
    assert sum(count - 1 for count in accepted.values()) <= report.doubtful_resent
    assert len(accepted) >= counts.get("accepted", 0)
    assert len(accepted) <= counts.get("accepted", 0) + counts.get("doubtful", 0)


def check(database: Database, fault: Fault, relay: ScriptedRelay, report: MailingReport) -> None:
    if fault.counts is None:
        assert set(counted(report)) <= {"queued", "deferred"}
    else:
        assert counted(report) == fault.counts
    assert report.doubtful_resent <= fault.resent
    check_nobody_is_lost_or_mailed_twice(relay, report)
    with database.snapshot() as snapshot:
        assert len(list(suppressions.list_suppressions(snapshot))) == fault.suppressed
    if fault.pause:
        assert report.mailing.status is MailingStatus.PAUSED
        assert fault.pause in (report.mailing.pause_reason or "")
    else:
        assert report.mailing.status is not MailingStatus.PAUSED


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.name)
async def test_the_ledger_ends_right(sqlite_database: Database, fault: Fault) -> None:
    relay, report = await deliver(sqlite_database, fault)

    check(sqlite_database, fault, relay, report)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.on_postgres], ids=lambda fault: fault.name)
async def test_the_ledger_ends_right_on_postgres(postgres_database: Database, fault: Fault) -> None:
    relay, report = await deliver(postgres_database, fault)

    check(postgres_database, fault, relay, report)


@pytest.mark.parametrize(
    "fault",
    [fault for fault in FAULTS if "stalls" not in fault.name and fault.speed == 1],
    ids=lambda fault: fault.name,
)
async def test_the_ledger_ends_right_where_one_command_goes_at_a_time(sqlite_database: Database, fault: Fault) -> None:
    relay, report = await deliver(sqlite_database, fault, pipelining=False)

    check(sqlite_database, fault, relay, report)


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault.resent], ids=lambda fault: fault.name)
async def test_under_hold_nobody_is_mailed_twice_and_who_is_in_doubt_is_named(
    sqlite_database: Database, fault: Fault
) -> None:
    relay, report = await deliver(sqlite_database, fault, doubtful=DoubtfulPolicy.HOLD)
    counts = counted(report)

    assert set(Counter(relay.dotted).values()) == {1}
    assert counts.get("accepted", 0) + counts.get("doubtful", 0) == 20
    assert len(report.doubtful) == counts.get("doubtful", 0) <= fault.resent
    check_nobody_is_lost_or_mailed_twice(relay, report)


async def test_a_relay_that_refuses_our_password_pauses_the_mailing_and_marks_nobody(sqlite_database: Database) -> None:
    add_readers(sqlite_database, READERS)
    mailing = open_a_mailing(sqlite_database)

    def script(_: int, __: int, verb: str, ___: str) -> str | None:
        offer = "250-relay.example.org\r\n250-PIPELINING\r\n250 AUTH PLAIN"
        return {"EHLO": offer, "AUTH": "535 5.7.8 credentials are not accepted"}.get(verb)

    async with ScriptedRelay(script) as relay:

        async def connect() -> Session:
            return await open_session(Relay(host=relay.host, port=relay.port, username="news", password="wrong"))  # noqa: S106

        await work(a_plant(sqlite_database, connect=connect))
    report = report_on(sqlite_database, mailing)

    assert counted(report) == {"queued": 20}
    assert report.mailing.status is MailingStatus.PAUSED
    assert "refused our user name or password" in (report.mailing.pause_reason or "")


@pytest.mark.soak
@pytest.mark.parametrize(
    "fault", [fault for fault in FAULTS if "stalls" in fault.name and fault.speed == 1], ids=lambda fault: fault.name
)
async def test_the_ledger_ends_right_after_a_whole_minute_of_silence(sqlite_database: Database, fault: Fault) -> None:
    relay, report = await deliver(sqlite_database, fault, timeout_seconds=60)

    check(sqlite_database, fault, relay, report)


async def test_a_mailing_of_greylisted_readers_goes_on(sqlite_database: Database) -> None:
    tried: set[str] = set()

    def script(_: int, __: int, verb: str, line: str) -> str | None:
        if verb != "RCPT" or line in tried:
            return None
        tried.add(line)
        return "451 4.7.1 Greylisting in action, please come back later"

    relay, report = await deliver(sqlite_database, Fault(name="", script=lambda: script))

    assert counted(report) == {"deferred": 20}
    assert report.mailing.status is MailingStatus.RUNNING
    assert relay.accepted == []


async def test_a_worker_told_to_stop_while_the_relay_stalls_ends_all_the_same(sqlite_database: Database) -> None:
    add_readers(sqlite_database, READERS)
    mailing = open_a_mailing(sqlite_database)
    async with ScriptedRelay(after_letters(3, "MAIL", STALL)) as relay:
        plant = a_plant(sqlite_database, port=relay.port, connections=1, timeout_seconds=1)
        with take_seat(sqlite_database, now=plant.clock()) as seat:
            worker = Worker(plant, seat)
            working = asyncio.create_task(worker.run(EmbeddedEngine().drive))
            while len(relay.accepted) < 3:  # noqa: ASYNC110 - the relay has no event for it
                await asyncio.sleep(0.01)
            await asyncio.sleep(0.2)
            worker.stop()
            await asyncio.wait_for(working, timeout=20)

    assert counted(report_on(sqlite_database, mailing)) == {"accepted": 3, "queued": 17}


async def test_a_letter_that_is_in_doubt_twice_is_not_sent_a_third_time(database: Database) -> None:
    fault = Fault(name="keeps one letter and hangs up, each time", script=for_reader(5, ".", HANG_UP))
    relay, report = await asyncio.wait_for(deliver(database, fault), timeout=60)

    assert relay.dotted.count("reader5@example.net") == 2
    assert counted(report) == {"accepted": 19, "doubtful": 1}
    assert report.doubtful == ("reader5@example.net",)
    assert report.mailing.status is MailingStatus.FINISHED


async def test_refusals_of_other_connections_are_taken_back_too_when_our_sender_is_refused(database: Database) -> None:
    rejected: list[str] = []

    def script(number: int, _: int, verb: str, line: str) -> str | None:
        if number == 1 and verb == "RCPT":
            rejected.append(line)
            return "550 5.7.1 your server is listed"
        if number > 1 and verb == "MAIL" and len(rejected) >= 3:
            return "550 5.7.1 sender not allowed"
        return "451 4.7.1 slow down" if verb == "RCPT" else None

    _, report = await deliver(database, Fault(name="", script=lambda: script))

    assert report.mailing.status is MailingStatus.PAUSED
    assert set(counted(report)) <= {"queued", "deferred"}
