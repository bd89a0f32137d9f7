"""The whole report of an issue: it adds up, says why letters came back, and stands beside the issues before."""

from __future__ import annotations

import csv
import io
from collections import Counter
from datetime import timedelta

from sqlalchemy import select

from mailing_stand import ADDRESS_KEY, KEYS
from newsletter.domain.aftermath import EventKind
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.budget import Limits
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.token import ReaderToken, hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.control_mailing import resend_doubtful
from newsletter.service.follow_mailing import MailingFollower
from newsletter.service.read_bounces import read_bounces
from newsletter.service.reduce_old import reduce_old
from newsletter.service.report_in_full import FullReport, report_in_full, write_report
from newsletter.service.unsubscribe import unsubscribe_by_links
from newsletter.store.database import Database
from newsletter.store.tables import mailing_totals
from stored import SENT_AT, SentMailing, a_failure, a_mailing, a_spam_report

READERS = [f"reader{number}@example.net" for number in range(1, 8)]


def read(database: Database, *raws: bytes) -> None:
    read_bounces(
        [StoredMessage(f"message {number}", raw, "") for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=SENT_AT + timedelta(hours=5),
    )


def failed(sent: SentMailing, address: str, words: str, *, status: str = "5.1.1") -> bytes:
    returned_to = f"b+{sent.token(address)}@bounces.example.org"
    return a_failure(address, delivered_to=returned_to, status=status, words=words)


def a_reported_issue(database: Database) -> FullReport:
    a_mailing(database, addresses=READERS[:4], number=1)
    sent = a_mailing(database, addresses=READERS[4:], number=2, sent_at=SENT_AT)
    read(
        database,
        failed(sent, READERS[0], "550 5.1.1 no such user"),
        failed(sent, READERS[1], "550 5.1.1 no such user"),
        failed(sent, READERS[2], "552 5.2.2 mailbox full", status="5.2.2"),
        a_spam_report(f"X-Newsletter-Delivery: {sent.token(READERS[3])}\n"),
    )
    return report_in_full(2, database=database)


def test_it_adds_up_and_says_why_letters_came_back_in_the_words_that_decided(database: Database) -> None:
    full = a_reported_issue(database)

    assert sum(full.report.counts.values()) == full.report.mailing.intended == 7
    assert sum((domain.counts for domain in full.domains), Counter()) == Counter({DeliveryStatus.ACCEPTED: 7})
    assert [(group.kind, group.reason, group.letters) for group in full.bounces] == [
        (BounceKind.HARD, BounceReason.UNKNOWN_USER, 2),
        (BounceKind.SOFT, BounceReason.MAILBOX_FULL, 1),
    ]
    assert full.bounces[0].words[0][1] == 2
    assert "no such user" in full.bounces[0].words[0][0]
    assert sum(group.letters for group in full.bounces) == full.report.bounced_hard + full.report.bounced_soft
    assert sum(interval.counts[EventKind.COMPLAINT] for interval in full.intervals) == full.report.complaints == 1
    assert sum(interval.counts[EventKind.BOUNCE] for interval in full.intervals) == 3


def test_issues_before_stand_beside_it_the_latest_first(database: Database) -> None:
    full = a_reported_issue(database)
    compared = [
        (figures.mailing.issue_number, figures.counts[DeliveryStatus.ACCEPTED], figures.came_back, figures.complaints)
        for figures in full.compared
    ]

    assert compared == [(2, 7, 3, 1), (1, 4, 0, 0)]
    assert [figures.mailing.issue_number for figures in report_in_full(1, database=database).compared] == [1]


def test_who_left_by_its_link_counts_in_its_hour(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS)
    public_id = hash_address(READERS[0], b"public")[:8]
    link = ReaderToken(public_id, sent.mailing.id)
    unsubscribe_by_links([link], database=database, now=SENT_AT + timedelta(hours=2.5))
    intervals = report_in_full(1, database=database).intervals

    assert [interval.counts[EventKind.UNSUBSCRIBE] for interval in intervals] == [0, 0, 1]
    assert report_in_full(1, database=database).compared[0].unsubscribes == 1


def test_totals_are_written_down_at_the_end_and_again_when_doubtful_letters_were_resent(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, status=DeliveryStatus.DOUBTFUL)

    def kept() -> dict[str, int]:
        with database.snapshot() as snapshot:
            return dict(snapshot.execute(select(mailing_totals.c.status, mailing_totals.c.letters)).all())

    assert kept() == {"doubtful": 7}
    resend_doubtful(sent.mailing.id, database=database, now=SENT_AT)
    assert report_in_full(1, database=database).compared[0].counts == {DeliveryStatus.QUEUED: 7}


def test_what_comes_back_later_stands_in_the_next_report(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS)
    before = report_in_full(1, database=database)
    read(database, failed(sent, READERS[0], "550 5.1.1 no such user"))
    after = report_in_full(1, database=database)

    assert (before.report.bounced_hard, after.report.bounced_hard) == (0, 1)
    assert [domain.failed for domain in before.domains] == [0]
    assert [domain.failed for domain in after.domains] == [1]


def test_report_and_live_page_say_the_same_when_letters_are_only_counted_any_more(database: Database) -> None:
    a_mailing(database, addresses=READERS)
    follower = MailingFollower(database, Limits())
    before, followed = report_in_full(1, database=database), follower.look(1, now=SENT_AT)
    reduce_old(database=database, keep=timedelta(days=60), now=SENT_AT + timedelta(days=400))

    assert report_in_full(1, database=database) == before
    assert follower.look(1, now=SENT_AT).progress == followed.progress


def test_as_csv_every_figure_is_a_line_and_no_cell_a_formula(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS)
    read(database, failed(sent, READERS[0], "=HYPERLINK(1) 550 no such user"))
    stream = io.StringIO(newline="")
    write_report(report_in_full(1, database=database), stream)
    rows = list(csv.DictReader(io.StringIO(stream.getvalue(), newline="")))
    in_sum = {row["figure"]: int(row["count"]) for row in rows if row["section"] == "sum"}

    assert in_sum.pop("intended") == sum(in_sum.values()) == 7
    assert not [cell for row in rows for cell in row.values() if cell.startswith(("=", "+", "-", "@"))]
    assert hash_address(READERS[0], ADDRESS_KEY).hex() not in stream.getvalue()
