"""What came to the bounce address, read into both databases: who is believed, and who is mailed no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest

from bounce_messages import a_letter
from mailing_stand import ADDRESS_KEY, KEYS, open_a_mailing, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, MailingStatus
from newsletter.domain.stored_report import IgnoredReason
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import Suppression, SuppressionReason
from newsletter.domain.token import KeyRing, hash_address
from newsletter.errors import NotFoundError
from newsletter.mail.mailbox import Filing, StoredMessage, keep, read_maildir
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.store.bounces import find_report, list_reports, load_raw
from newsletter.store.consents import list_consents
from newsletter.store.database import Database
from newsletter.store.mailings import save_status
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import list_suppressions_of
from stored import SENT_AT, SentMailing, a_failure, a_mailing, a_spam_report, is_mailed

ANN, BEN = "ann@example.net", "ben@example.net"
TOMORROW = SENT_AT + timedelta(days=1)


def read(database: Database, *raws: bytes, now: datetime = TOMORROW, recipient: str = "") -> ReadReport:
    return read_bounces(
        [StoredMessage(f"message {number}", raw, recipient) for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=now,
    )


def suppressions_of(database: Database, address: str) -> tuple[Suppression, ...]:
    with database.snapshot() as snapshot:
        return list_suppressions_of(snapshot, hash_address(address, ADDRESS_KEY))


def verp(token: str) -> str:
    return f"b+{token}@bounces.example.org"


def failure_of(sent: SentMailing, address: str = ANN, **details: str) -> bytes:
    return a_failure(address, delivered_to=verp(sent.token(address)), **details)


def test_a_dead_address_is_suppressed_with_the_words_that_say_so(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, failure_of(sent))

    assert done.suppressed == [sent.deliveries[ANN]]
    (suppression,) = suppressions_of(database, ANN)
    assert suppression.reason is SuppressionReason.DEAD_ADDRESS
    ((name, words),) = suppression.evidence.items()
    assert name == "bounce 1"
    assert "no such user" in str(words)
    assert is_mailed(database, BEN)


def test_the_next_audience_is_without_a_suppressed_address(database: Database) -> None:
    sent = a_mailing(database)
    read(database, failure_of(sent))

    assert list(a_mailing(database, number=2, sent_at=TOMORROW).deliveries) == [BEN]


@pytest.mark.parametrize(
    ("delivered_to", "returned"),
    [
        pytest.param("b+{token}@bounces.example.org", "Subject: Issue 1\n", id="envelope sender kept"),
        pytest.param(
            "bounces@example.org", "Message-ID: <{token}@review.example.org>\n", id="envelope sender replaced"
        ),
        pytest.param(
            "bounces@example.org",
            "Message-ID: <0100018f@relay.example>\nX-Newsletter-Delivery: {token}\n",
            id="Message-ID replaced",
        ),
        pytest.param("B+{TOKEN}@BOUNCES.EXAMPLE.ORG", "Subject: Issue 1\n", id="upper-cased"),
        pytest.param(
            "SRS0=a1B2=QX=bounces.example.org=b+{token}@forward.example", "Subject: Issue 1\n", id="wrapped by SRS"
        ),
    ],
)
def test_a_report_finds_its_delivery_whatever_a_relay_rewrites(
    database: Database, delivered_to: str, returned: str
) -> None:
    sent = a_mailing(database)
    token = sent.token(ANN)
    fill = {"token": token, "TOKEN": token.upper()}

    done = read(database, a_failure(ANN, delivered_to=delivered_to.format(**fill), returned=returned.format(**fill)))

    assert done.suppressed == [sent.deliveries[ANN]]


def test_a_piped_report_may_be_told_by_its_envelope_alone(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, a_failure(ANN), recipient=verp(sent.token(ANN)))

    assert done.suppressed == [sent.deliveries[ANN]]


def test_a_complaint_suppresses_at_once_though_it_hides_the_address(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, a_spam_report(f"X-Newsletter-Delivery: {sent.token(ANN)}\n"))

    assert done.kinds == {BounceKind.COMPLAINT: 1}
    assert [suppression.reason for suppression in suppressions_of(database, ANN)] == [SuppressionReason.COMPLAINT]
    assert report_on(database, sent.mailing).complaints == 1


def test_soft_failures_that_are_ours_never_suppress(database: Database) -> None:
    for number in range(1, 8):
        now = SENT_AT + timedelta(days=14 * number)
        sent = a_mailing(database, number=number, sent_at=now)
        read(database, failure_of(sent, status="5.7.1", words="550 5.7.1 message rejected as spam"), now=now)

    assert is_mailed(database, ANN)


def test_a_mailbox_in_disuse_is_suppressed_after_three_issues(database: Database) -> None:
    for number in range(1, 4):
        assert is_mailed(database, ANN)
        now = SENT_AT + timedelta(days=14 * number)
        sent = a_mailing(database, number=number, sent_at=now)
        read(database, failure_of(sent, status="5.2.1", words="550 5.2.1 mailbox disabled"), now=now)

    (suppression,) = suppressions_of(database, ANN)
    assert suppression.reason is SuppressionReason.REPEATED_BOUNCES
    assert list(suppression.evidence) == ["bounce 1", "bounce 2", "bounce 3"]


def test_refusals_by_the_relay_count_with_the_reports(database: Database) -> None:
    for number in range(1, 3):
        a_mailing(
            database,
            number=number,
            sent_at=SENT_AT + timedelta(days=14 * number),
            status=DeliveryStatus.REJECTED,
            reply="5.2.1 mailbox disabled",
        )
    now = SENT_AT + timedelta(days=42)
    sent = a_mailing(database, number=3, sent_at=now)
    read(database, failure_of(sent, status="5.2.1", words="550 5.2.1 mailbox disabled"), now=now)

    (suppression,) = suppressions_of(database, ANN)
    assert list(suppression.evidence) == ["delivery 1/1", "delivery 2/1", "bounce 1"]


def test_reports_that_are_read_late_keep_their_days(database: Database) -> None:
    raws = []
    for number in range(1, 4):
        sent_at = SENT_AT + timedelta(days=14 * number)
        sent = a_mailing(database, number=number, sent_at=sent_at)
        date = format_datetime(sent_at + timedelta(hours=1))
        raws.append(failure_of(sent, status="5.2.1", words="550 5.2.1 mailbox disabled", date=date))

    read(database, *raws, now=SENT_AT + timedelta(days=50))

    assert not is_mailed(database, ANN)


@pytest.mark.parametrize("status", [DeliveryStatus.IN_FLIGHT, DeliveryStatus.DOUBTFUL])
def test_a_letter_that_may_have_arrived_may_bounce(database: Database, status: DeliveryStatus) -> None:
    sent = a_mailing(database, status=status)

    assert read(database, failure_of(sent)).suppressed == [sent.deliveries[ANN]]


def ignored(done: ReadReport) -> dict[IgnoredReason, int]:
    assert not done.suppressed
    return dict(done.ignored)


def test_a_report_without_a_token_changes_nobody(database: Database) -> None:
    a_mailing(database)

    assert ignored(read(database, a_failure(ANN))) == {IgnoredReason.UNSIGNED: 1}
    assert is_mailed(database, ANN)


def test_a_forged_token_changes_nobody(database: Database) -> None:
    sent = a_mailing(database)
    forged = sent.token(ANN, KeyRing(b"somebody else's secret of many letters"))

    assert ignored(read(database, a_failure(ANN, delivered_to=verp(forged)))) == {IgnoredReason.FORGED: 1}
    assert is_mailed(database, ANN)


def test_the_token_of_one_letter_never_speaks_for_another_reader(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, a_failure(BEN, delivered_to=verp(sent.token(ANN))))

    assert ignored(done) == {IgnoredReason.CONTRADICTORY: 1}
    assert is_mailed(database, ANN)
    assert is_mailed(database, BEN)


def test_two_tokens_in_one_report_contradict_each_other(database: Database) -> None:
    sent = a_mailing(database)
    returned = f"X-Newsletter-Delivery: {sent.token(BEN)}\n"

    assert ignored(read(database, failure_of(sent, returned=returned))) == {IgnoredReason.CONTRADICTORY: 1}


def test_a_reader_whose_forwarding_fails_is_the_one_of_the_token(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, a_failure("ann.new@elsewhere.example", delivered_to=verp(sent.token(ANN))))

    assert done.suppressed == [sent.deliveries[ANN]]


@pytest.mark.parametrize("status", [DeliveryStatus.QUEUED, DeliveryStatus.REJECTED, DeliveryStatus.DEFERRED])
def test_a_letter_that_was_never_sent_cannot_bounce(database: Database, status: DeliveryStatus) -> None:
    sent = a_mailing(database, status=status)

    assert ignored(read(database, failure_of(sent))) == {IgnoredReason.NOT_SENT: 1}


def test_a_token_that_is_too_old_changes_nobody(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, failure_of(sent), now=SENT_AT + timedelta(days=60, seconds=1))

    assert ignored(done) == {IgnoredReason.TOO_OLD: 1}


def test_a_token_of_a_database_that_is_gone_changes_nobody(database: Database) -> None:
    sent = SentMailing(open_a_mailing(database), {ANN: a_mailing_of_another_database()})

    assert ignored(read(database, failure_of(sent))) == {IgnoredReason.UNKNOWN_DELIVERY: 1}


def a_mailing_of_another_database() -> DeliveryId:
    return DeliveryId(77, 1)


def test_a_report_about_a_forgotten_reader_changes_nobody(database: Database) -> None:
    sent = a_mailing(database)
    forget_subscriber(EmailAddress(ANN), database=database, address_key=ADDRESS_KEY, now=SENT_AT)

    assert ignored(read(database, failure_of(sent))) == {IgnoredReason.FORGOTTEN: 1}


def test_the_same_report_counts_once_by_whatever_way_it_comes(database: Database) -> None:
    sent = a_mailing(database)
    raw = failure_of(sent)
    piped = b"From MAILER-DAEMON Thu Mar 12 10:00:00 2026\nReceived: by mx.example.org\n\twith LMTP\n" + raw

    done = read(database, raw, raw.replace(b"\n", b"\r\n"), piped)

    assert done.duplicates == 2
    assert report_on(database, sent.mailing).bounced_hard == 1


def test_every_message_is_stored_as_it_came(database: Database) -> None:
    a_mailing(database)
    letters = [a_letter("Re: Issue 1", "Thank you, that was good."), b"", b"\x00\xff\n" * 50, a_failure(ANN)[:300]]

    done = read(database, *letters)

    assert done.kinds.total() == 4
    with database.snapshot() as snapshot:
        stored = list_reports(snapshot)
        assert [load_raw(snapshot, report.id) for report in reversed(stored)] == letters
        (letter,) = [report for report in stored if report.fate.words == "Re: Issue 1"]
        assert letter in list_reports(snapshot, kind=BounceKind.NOT_BOUNCE)
        assert list_reports(snapshot, limit=1) == stored[:1]
        with pytest.raises(NotFoundError, match="no bounce 99"):
            find_report(snapshot, 99)
        with pytest.raises(NotFoundError, match="no bounce 99"):
            load_raw(snapshot, 99)


def test_a_message_beyond_the_limits_is_kept_and_changes_nobody(database: Database) -> None:
    sent = a_mailing(database)

    done = read(database, failure_of(sent) + b"x" * (1 << 20))

    assert ignored(done) == {IgnoredReason.UNREADABLE: 1}


def test_a_message_leaves_new_only_once_it_is_stored(database: Database, tmp_path: Path) -> None:
    sent = a_mailing(database)
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1").write_bytes(failure_of(sent))
    (tmp_path / "new" / "2").write_bytes(a_letter("Hello", "What a fine issue."))
    stored_before_moving = []

    def move(message: StoredMessage, _filing: Filing) -> None:
        with database.snapshot() as snapshot:
            stored_before_moving.append(len(list_reports(snapshot)))
        keep(tmp_path, message.name)

    read_bounces(
        read_maildir(tmp_path),
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=TOMORROW,
        on_stored=move,
    )

    assert stored_before_moving == [2, 2]
    assert not list((tmp_path / "new").iterdir())
    assert len(list((tmp_path / "cur").iterdir())) == 2


def status_of(database: Database, address: str) -> SubscriberStatus:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, EmailAddress(address))
    assert subscriber is not None
    return subscriber.status


def test_the_mail_program_s_unsubscribe_button_works(database: Database) -> None:
    sent = a_mailing(database)
    token = sent.token(ANN)

    done = read(database, a_letter(f"unsubscribe-{token}", ""), now=SENT_AT + timedelta(days=900))

    assert done.unsubscribed == [sent.deliveries[ANN]]
    assert status_of(database, ANN) is SubscriberStatus.UNSUBSCRIBED
    assert report_on(database, sent.mailing).unsubscribes == 1
    with database.snapshot() as snapshot:
        assert [consent.source for consent in list_consents(snapshot, hash_address(ANN, ADDRESS_KEY))] == [
            "mail to the bounce address"
        ]


def test_the_bare_word_to_the_unsubscribe_address_is_obeyed(database: Database) -> None:
    sent = a_mailing(database)
    asked = a_letter("Unsubscribe", "", fields=(f"Delivered-To: {verp(sent.token(ANN))}",))

    assert read(database, asked).unsubscribed == [sent.deliveries[ANN]]


def test_the_bare_word_needs_the_token_in_its_address(database: Database) -> None:
    sent = a_mailing(database)
    answer = a_letter("Unsubscribe", "", fields=(f"In-Reply-To: <{sent.token(ANN)}@review.example.org>",))

    done = read(database, answer, a_letter("Unsubscribe", "me"))

    assert not done.unsubscribed
    assert status_of(database, ANN) is SubscriberStatus.ACTIVE


def test_asking_twice_to_leave_is_the_same_as_once(database: Database) -> None:
    sent = a_mailing(database)
    asked = a_letter(f"unsubscribe-{sent.token(ANN)}", "")
    read(database, asked)

    again = read(database, asked + b"\nplease!\n")

    assert not again.unsubscribed
    assert again.kinds == {BounceKind.NOT_BOUNCE: 1}


def test_nobody_leaves_by_a_forged_or_unknown_token(database: Database) -> None:
    sent = a_mailing(database)
    forged = sent.token(ANN, KeyRing(b"somebody else's secret of many letters"))
    unknown = SentMailing(sent.mailing, {ANN: a_mailing_of_another_database()}).token(ANN)

    done = read(database, a_letter(f"unsubscribe-{forged}", ""), a_letter(f"unsubscribe-{unknown}", ""))

    assert not done.unsubscribed
    assert done.ignored.total() == 2
    assert status_of(database, ANN) is SubscriberStatus.ACTIVE


def test_who_was_forgotten_may_still_ask_to_leave(database: Database) -> None:
    sent = a_mailing(database)
    forget_subscriber(EmailAddress(ANN), database=database, address_key=ADDRESS_KEY, now=SENT_AT)

    assert ignored(read(database, a_letter(f"unsubscribe-{sent.token(ANN)}", ""))) == {IgnoredReason.FORGOTTEN: 1}


def test_complaints_beyond_the_threshold_pause_a_running_mailing(database: Database) -> None:
    sent = a_mailing(database, addresses=[f"reader{number}@example.net" for number in range(10)])
    with database.transaction() as transaction:
        save_status(transaction, replace(sent.mailing, status=MailingStatus.RUNNING))
    reports = [
        a_spam_report(f"X-Newsletter-Delivery: {sent.token(address)}\n") for address in list(sent.deliveries)[:3]
    ]

    done = read(database, *reports)

    assert "3 of 10 readers reported the letter as spam" in done.paused[sent.mailing.id]
    assert report_on(database, sent.mailing).mailing.status is MailingStatus.PAUSED
