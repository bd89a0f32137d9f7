"""What is refused and what comes back: counted by domain and reason, remembered over restarts, too much a pause."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mailing_stand import (
    ADDRESS_KEY,
    KEYS,
    a_plant,
    add_readers,
    counted,
    deliver_all,
    open_a_mailing,
    report_on,
    work,
)
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingStatus
from newsletter.domain.sender_health import DomainFigures, PauseThresholds, SenderFigures
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.control_mailing import resume_mailing
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.service.report_mailing import report_issue_by_domain
from newsletter.service.reverse_bounce import reverse_bounce
from newsletter.store import sender_health, suppressions
from newsletter.store.database import Database
from newsletter.store.mailings import save_status
from relay import Script, ScriptedRelay
from smtp_server import SmtpServer
from stored import SENT_AT, SentMailing, a_failure, a_mailing, a_spam_report

READERS = [f"reader{number}@example.net" for number in range(1, 21)]
TOMORROW = SENT_AT + timedelta(days=1)
#: Thresholds that twenty readers can reach.
LOW = PauseThresholds(percent=20, outcomes=10, rejections=4)


def refusing(*numbers: int, answer: str = "550 5.1.1 no such user", otherwise: str | None = None) -> Script:
    """Refuse some readers at RCPT, by the numbers in their addresses."""
    refused = {f"reader{number}@example.net" for number in numbers}

    def script(_: int, __: int, verb: str, line: str) -> str | None:
        if verb != "RCPT":
            return None
        return answer if line.partition("<")[2].partition(">")[0] in refused else otherwise

    return script


async def deliver(
    database: Database, script: Script, *, at: datetime | None = None, limits: PauseThresholds = LOW
) -> int:
    """Deliver what is due over a relay that follows ``script``, in a worker of its own; return how many it took."""
    async with ScriptedRelay(script) as relay:
        clock = (lambda: at) if at else (lambda: datetime.now(UTC))
        await work(a_plant(database, port=relay.port, connections=1, thresholds=limits, clock=clock))
    return len(relay.accepted)


def read(database: Database, *raws: bytes, limits: PauseThresholds = PauseThresholds()) -> ReadReport:
    return read_bounces(
        [StoredMessage(f"message {number}", raw, "") for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(pause=limits),
        token_age=timedelta(days=60),
        now=TOMORROW,
    )


def a_running_mailing(database: Database, *, readers: int = 20) -> SentMailing:
    """Store a mailing whose letters were all accepted, and that runs on."""
    sent = a_mailing(database, addresses=[f"reader{number}@example.net" for number in range(1, readers + 1)])
    with database.transaction() as transaction:
        save_status(transaction, replace(sent.mailing, status=MailingStatus.RUNNING))
    return sent


def failures(sent: SentMailing, addresses: list[str], **details: str) -> list[bytes]:
    return [
        a_failure(address, delivered_to=f"b+{sent.token(address)}@bounces.example.org", **details)
        for address in addresses
    ]


def unseen(database: Database, mailing: Mailing) -> SenderFigures:
    with database.snapshot() as snapshot:
        return sender_health.count_unseen(snapshot, mailing.id)


def by_domain(database: Database) -> dict[str | None, DomainFigures]:
    """Return issue 1's figures by domain, and check that they add up to its report."""
    report, domains = report_issue_by_domain(1, database=database)
    assert sum((each.counts for each in domains), Counter()) == Counter(counted(report))
    reasons = sum((each.reasons for each in domains), Counter())
    assert reasons == Counter(report.rejected_reasons) + Counter(report.bounced_reasons)
    came_back = sum((each.came_back for each in domains), Counter())
    assert came_back[BounceKind.HARD] == report.bounced_hard
    assert came_back[BounceKind.SOFT] == report.bounced_soft
    assert came_back[BounceKind.COMPLAINT] == report.complaints
    return {each.domain: each for each in domains}


def test_each_domain_has_its_figures_and_reasons_and_they_add_up(database: Database, smtp_server: SmtpServer) -> None:
    add_readers(database, ["a@one.example", "b@one.example", "c@one.example", "d@two.example", "e@three.example"])
    mailing = open_a_mailing(database)
    smtp_server.refuse_recipients["a@one.example"] = "550 5.1.1 no such user"
    smtp_server.refuse_letters["b@one.example"] = "554 5.7.1 this looks like spam"
    deliver_all(a_plant(database, port=smtp_server.port))
    sent = SentMailing(mailing, {})
    with database.snapshot() as snapshot:
        positions = sender_health.count_by_domain(snapshot, mailing.id)
    assert sum(each.intended for each in positions) == 5
    token = smtp_server.letter_to("d@two.example").mail_from
    read(database, a_failure("d@two.example", delivered_to=token, status="5.2.2", words="552 5.2.2 mailbox full"))
    found = by_domain(database)

    assert sent.mailing.intended == 5
    assert list(found) == ["one.example", "two.example", "three.example"]
    assert found["one.example"].counts == {DeliveryStatus.REJECTED: 2, DeliveryStatus.ACCEPTED: 1}
    assert found["one.example"].reasons == {"unknown_user": 1, "spam_content": 1}
    assert found["two.example"].came_back == {BounceKind.SOFT: 1}
    assert found["two.example"].reasons == {"mailbox_full": 1}
    assert found["three.example"].failed == 0


def test_many_domains_and_erased_readers_share_the_last_row(database: Database) -> None:
    a_mailing(database, addresses=[f"reader@domain{number}.example" for number in range(130)])
    forget_subscriber(EmailAddress("reader@domain7.example"), database=database, address_key=ADDRESS_KEY, now=TOMORROW)
    found = by_domain(database)

    assert len(found) == 101
    assert list(found)[-1] is None
    assert found[None].intended == 30


def test_a_report_that_is_taken_back_counts_no_more(database: Database) -> None:
    sent = a_running_mailing(database)
    read(database, *failures(sent, READERS[:2]), a_spam_report(f"X-Newsletter-Delivery: {sent.token(READERS[2])}\n"))
    before = unseen(database, sent.mailing)
    reverse_bounce(1, database=database, policy=BouncePolicy(), now=TOMORROW)

    assert before == SenderFigures(accepted=20, bounced=2, complaints=1)
    assert unseen(database, sent.mailing) == SenderFigures(accepted=20, bounced=1, complaints=1)
    assert by_domain(database)["example.net"].came_back == {BounceKind.HARD: 1, BounceKind.COMPLAINT: 1}


def test_a_letter_counts_once_however_many_reports_are_about_it(database: Database) -> None:
    sent = a_running_mailing(database)
    complaint = f"X-Newsletter-Delivery: {sent.token(READERS[2])}\n"
    read(
        database,
        *failures(sent, READERS[:1]),
        *failures(sent, READERS[:1], words="550 5.1.1 user unknown"),
        *[a_spam_report(f"Subject: copy {number}\n{complaint}") for number in range(3)],
    )

    assert by_domain(database)["example.net"].came_back == {BounceKind.HARD: 1, BounceKind.COMPLAINT: 1}
    assert unseen(database, sent.mailing) == SenderFigures(accepted=20, bounced=1, complaints=1)
    assert report_on(database, sent.mailing).mailing.status is MailingStatus.RUNNING


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("5.1.1", "550 5.1.1 no such user"),
        ("5.7.1", "554 5.7.1 blocked using spamhaus"),
        ("5.7.26", "550 DMARC failed"),
    ],
)
def test_letters_that_come_back_for_good_pause_a_running_mailing(database: Database, status: str, words: str) -> None:
    sent = a_running_mailing(database)
    first = read(database, *failures(sent, READERS[:3], status=status, words=words), limits=LOW)
    second = read(database, *failures(sent, READERS[3:4], status=status, words=words), limits=LOW)

    assert first.paused == {}
    assert "4 of 20 letters were accepted and came back for good, more than 20" in second.paused[sent.mailing.id]
    assert report_on(database, sent.mailing).mailing.status is MailingStatus.PAUSED


def test_failures_that_may_pass_pause_nothing(database: Database) -> None:
    sent = a_running_mailing(database)
    done = read(database, *failures(sent, READERS, status="5.2.2", words="552 5.2.2 mailbox full"), limits=LOW)

    assert done.paused == {}
    assert unseen(database, sent.mailing) == SenderFigures(accepted=20)


async def test_a_restart_forgets_no_rejection(database: Database) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database)
    await deliver(database, refusing(1, 2, 3, *range(12, 21), answer="451 4.2.1 later"))
    assert counted(report_on(database, mailing)) == {"accepted": 8, "deferred": 12}
    later = datetime.now(UTC) + timedelta(minutes=10)
    await deliver(database, refusing(1, 2, 3, otherwise="451 4.2.1 later"), at=later)
    assert counted(report_on(database, mailing)) == {"accepted": 8, "rejected": 3, "deferred": 9}
    later += timedelta(hours=1)
    taken = await deliver(database, refusing(12), at=later)
    report = report_on(database, mailing)

    assert report.mailing.status is MailingStatus.PAUSED
    assert re.match("4 of 1[23] letters were rejected, more than 20 in a hundred", report.mailing.pause_reason or "")
    assert taken <= 1


async def test_a_process_that_died_before_it_could_pause_leaves_that_to_the_next(database: Database) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database)
    careless = PauseThresholds(outcomes=1000)
    await deliver(database, refusing(1, 2, 3, 4, otherwise="451 4.2.1 later"), limits=careless)
    later = datetime.now(UTC) + timedelta(minutes=10)
    careful = replace(LOW, outcomes=4)
    taken = await deliver(database, refusing(), at=later, limits=careful)

    assert taken == 0
    assert report_on(database, mailing).mailing.status is MailingStatus.PAUSED
    assert counted(report_on(database, mailing)) == {"rejected": 4, "deferred": 16}


async def test_a_mailing_that_an_editor_resumes_pauses_again_only_for_what_comes_on_top(database: Database) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database)
    await deliver(database, refusing(1, 2, 3, 4), limits=replace(LOW, outcomes=4))
    stopped = report_on(database, mailing)
    resume_mailing(mailing.id, database=database, now=datetime.now(UTC))
    await deliver(database, refusing(15, 16, 17), limits=replace(LOW, outcomes=4))
    report = report_on(database, mailing)

    assert stopped.mailing.status is MailingStatus.PAUSED
    assert stopped.counts[DeliveryStatus.REJECTED] == 4
    assert counted(report) == {"accepted": 13, "rejected": 7}
    assert report.mailing.status is MailingStatus.FINISHED


def test_what_comes_back_on_top_of_what_an_editor_has_seen_needs_its_own_threshold(database: Database) -> None:
    sent = a_running_mailing(database)
    read(database, *failures(sent, READERS[:4]), limits=LOW)
    resume_mailing(sent.mailing.id, database=database, now=TOMORROW)
    with database.transaction() as transaction:  # nothing was left to send, so it had ended again
        save_status(transaction, replace(sent.mailing, status=MailingStatus.RUNNING))
    more = read(database, *failures(sent, READERS[4:8]), limits=LOW)
    complaints = [a_spam_report(f"X-Newsletter-Delivery: {sent.token(address)}\n") for address in READERS[8:11]]
    many = read(database, *complaints, limits=LOW)

    assert more.paused == {}
    assert many.paused[sent.mailing.id].startswith(
        "Since the mailing was resumed, 3 readers reported the letter as spam"
    )
    assert unseen(database, sent.mailing) == SenderFigures(bounced=4, complaints=3, is_resumed=True)


@pytest.mark.parametrize("readers", [3, 9])
async def test_a_small_mailing_of_which_all_is_refused_marks_nobody(database: Database, readers: int) -> None:
    add_readers(database, READERS[:readers])
    mailing = open_a_mailing(database)
    await deliver(database, lambda _, __, verb, ___: "550 5.7.1 your server is listed" if verb == "RCPT" else None)
    report = report_on(database, mailing)

    assert counted(report) == {"queued": readers}
    assert report.mailing.status is MailingStatus.PAUSED
    assert "your server is listed" in (report.mailing.pause_reason or "")
    with database.snapshot() as snapshot:
        assert list(suppressions.list_suppressions(snapshot)) == []


async def test_two_readers_own_filters_are_no_fault_of_ours(database: Database) -> None:
    add_readers(database, READERS[:4])
    mailing = open_a_mailing(database)
    await deliver(database, refusing(3, 4, answer="550 5.7.1 not from you"))

    assert counted(report_on(database, mailing)) == {"accepted": 2, "rejected": 2}
    assert report_on(database, mailing).mailing.status is MailingStatus.FINISHED
