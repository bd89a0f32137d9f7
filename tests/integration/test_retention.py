"""Retention: after a while nobody can tell who got a letter, and every report says what it said before."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import text

from mailing_stand import (
    ADDRESS_KEY,
    KEYS,
    a_plant,
    a_rendered_issue,
    add_readers,
    counted,
    deliver_all,
    open_a_mailing,
    report_on,
)
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryStatus, Mailing
from newsletter.domain.token import ReaderToken, hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.control_mailing import cancel_mailing
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import find_record
from newsletter.service.read_bounces import read_bounces
from newsletter.service.reduce_old import reduce_old
from newsletter.service.report_mailing import report_issue_by_domain
from newsletter.service.unsubscribe import unsubscribe_by_links
from newsletter.store.database import Database
from newsletter.store.delivery_counts import add_up, take_apart
from smtp_server import SmtpServer
from stored import SENT_AT, a_failure, a_mailing, a_spam_report

KEEP = timedelta(days=400)
LATER = SENT_AT + KEEP + timedelta(days=1)
READERS = [
    f"reader{number}@{domain}" for number in range(10) for domain in ("example.org", "example.net", "example.com")
]


def a_mailing_of_every_fate(database: Database) -> Mailing:
    """Mail an issue: some readers refused, some came back, one complained, one left, one was forgotten."""
    sent = a_mailing(database, addresses=READERS)
    with database.transaction() as transaction:
        for position, status, reason, resent in (
            (1, "rejected", "no_such_address", False),
            (2, "rejected", "mailbox_full", False),
            (3, "withheld", "suppressed", False),
            (4, "withheld", "no_topic", False),
            (5, "doubtful", None, True),
        ):
            values = {"position": position, "status": status, "reason": reason, "resent": resent}
            transaction.execute(
                text(
                    "UPDATE deliveries SET status = :status, reason = :reason, resent = :resent "
                    "WHERE position = :position"
                ),
                values,
            )
        take_apart(transaction, sent.mailing.id)  # which counts them as they are now
        add_up(transaction, sent.mailing.id)
    came_back = [
        a_failure(READERS[6], delivered_to=f"b+{sent.token(READERS[6])}@b.example.org"),
        a_failure(READERS[6], delivered_to=f"b+{sent.token(READERS[6])}@b.example.org", words="550 5.1.1 gone"),
        a_failure(
            READERS[7], delivered_to=f"b+{sent.token(READERS[7])}@b.example.org", status="4.2.2", words="452 full"
        ),
        a_spam_report(f"Message-ID: <{sent.token(READERS[8])}@example.org>"),
    ]
    read_bounces(
        [StoredMessage(f"report {number}", report, "") for number, report in enumerate(came_back)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=SENT_AT + timedelta(hours=3),
    )
    leaver = ReaderToken(hash_address(READERS[9], b"public")[:8], sent.mailing.id)
    unsubscribe_by_links([leaver], database=database, now=SENT_AT + timedelta(hours=4))
    forget_subscriber(EmailAddress(READERS[10]), database=database, address_key=ADDRESS_KEY, now=SENT_AT)
    return sent.mailing


def count_rows(database: Database, table: str, where: str = "1 = 1") -> int:
    with database.snapshot() as snapshot:
        return int(snapshot.execute(text(f"SELECT count(*) FROM {table} WHERE {where}")).scalar_one())  # noqa: S608


def reported(database: Database) -> object:
    """Return all that the report of issue 1 says, but the names of those whose letter is in doubt."""
    report, domains = report_issue_by_domain(1, database=database)
    assert sum(report.counts.values()) == report.mailing.intended
    parts = (report.counts, report.withheld_reasons, report.rejected_reasons, report.bounced_reasons)
    events = (report.bounced_hard, report.bounced_soft, report.complaints, report.unsubscribes, report.doubtful_resent)
    by_domain = [(each.domain, +each.counts, +each.came_back, +each.reasons) for each in domains]
    return parts, events, by_domain, report.mailing


def test_a_report_says_the_same_when_its_letters_are_only_counted_any_more(database: Database) -> None:
    a_mailing_of_every_fate(database)
    before = reported(database)

    reduce_old(database=database, keep=KEEP, now=LATER)

    assert reported(database) == before
    assert count_rows(database, "deliveries") == 0


def test_it_says_so_after_every_step_too(database: Database) -> None:
    a_mailing_of_every_fate(database)
    before = reported(database)
    left: list[int] = []

    while not left or left[-1]:
        reduce_old(database=database, keep=KEEP, now=LATER, rows=7, steps=1)
        left.append(count_rows(database, "deliveries"))
        assert reported(database) == before

    assert left == [23, 16, 9, 2, 0]


def test_nothing_is_left_that_says_who_got_what(database: Database) -> None:
    a_mailing_of_every_fate(database)

    reduce_old(database=database, keep=KEEP, now=LATER)

    record = find_record(EmailAddress(READERS[6]), database=database, address_key=ADDRESS_KEY)
    assert (record.deliveries, record.bounces, record.notices) == ((), (), ())
    assert record.suppression is not None
    assert count_rows(database, "bounces", "address_hash IS NOT NULL OR words <> '' OR length(report) > 0") == 0
    assert count_rows(database, "notices") == count_rows(database, "notices", "settled_at IS NULL")


def test_what_is_younger_is_left_alone(database: Database) -> None:
    a_mailing_of_every_fate(database)
    stored = [count_rows(database, table) for table in ("deliveries", "bounces", "notices")]

    reduce_old(database=database, keep=KEEP, now=SENT_AT + KEEP - timedelta(days=1))

    assert [count_rows(database, table) for table in ("deliveries", "bounces", "notices")] == stored
    assert count_rows(database, "bounces", "emptied_at IS NULL") == stored[1]


def test_a_mailing_that_goes_on_is_never_reduced(database: Database) -> None:
    add_readers(database, READERS)
    running = open_a_mailing(database, now=SENT_AT)

    reduce_old(database=database, keep=KEEP, now=LATER)

    assert counted(report_on(database, running)) == {DeliveryStatus.QUEUED: len(READERS)}
    assert count_rows(database, "deliveries") == len(READERS)


def test_a_cancelled_mailing_is_reduced_like_a_finished_one(database: Database) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database, now=SENT_AT)
    cancel_mailing(mailing.id, database=database, now=SENT_AT)

    reduce_old(database=database, keep=KEEP, now=LATER)

    assert counted(report_on(database, mailing)) == {DeliveryStatus.WITHHELD: len(READERS)}
    assert count_rows(database, "deliveries") == 0


def test_a_running_mailing_goes_on_while_an_old_one_is_reduced(database: Database, smtp_server: SmtpServer) -> None:
    a_mailing_of_every_fate(database)
    before = reported(database)
    running = open_a_mailing(database, a_rendered_issue(2), now=datetime.now(UTC))
    reader = threading.Thread(
        target=lambda: reduce_slowly(database, lambda: count_rows(database, "delivery_counts") >= 0)
    )

    reader.start()
    deliver_all(a_plant(database, port=smtp_server.port))
    reader.join()

    report = report_on(database, running)
    assert report.counts[DeliveryStatus.ACCEPTED] == report.mailing.intended == len(smtp_server.letters)
    assert reported(database) == before


def reduce_slowly(database: Database, look: Callable[[], bool]) -> None:
    for _ in range(40):
        reduce_old(
            database=database, keep=KEEP, now=max(LATER, datetime.now(UTC) + KEEP - timedelta(days=1)), rows=1, steps=1
        )
        assert look()
