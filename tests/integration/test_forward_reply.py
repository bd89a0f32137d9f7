"""A reader's answer, from the bounce address to the editors' mailbox, on both databases."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest

from bounce_messages import a_letter
from mailing_stand import ADDRESS_KEY, KEYS, SENDER
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.budget import Limits
from newsletter.domain.letter import Letter
from newsletter.domain.notice import Notice
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.mail.relay import Relay, open_session
from newsletter.mail.report import read_report
from newsletter.service.deliver_notices import deliver_notices
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.forward_reply import MOST_FORWARDED, write_forwarded_reply
from newsletter.service.ports import Session
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.store.bounces import list_reports
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import suppress
from smtp_server import SmtpServer
from stored import SENT_AT, SentMailing, a_mailing

ANN = "ann@example.net"
EDITORS = EmailAddress("desk@review.example.org")
TOMORROW = SENT_AT + timedelta(days=1)


def read(database: Database, *raws: bytes, now: datetime = TOMORROW) -> ReadReport:
    return read_bounces(
        [StoredMessage(f"message {number}", raw) for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=now,
    )


def deliver(database: Database, server: SmtpServer, *, now: datetime = TOMORROW) -> int:
    def write(notice: Notice) -> Letter:
        return write_forwarded_reply(
            notice,
            editors=EDITORS,
            site_name="The River Review",
            database=database,
            sender=SENDER,
            keys=KEYS,
            theme=None,
            now=now,
        )

    async def connect() -> Session:
        return await open_session(Relay(host="127.0.0.1", port=server.port, timeout_seconds=10))

    return asyncio.run(
        deliver_notices(database=database, clock=lambda: now, connect=connect, write=write, limits=Limits())
    )


def received(server: SmtpServer) -> EmailMessage:
    return message_from_bytes(server.letter_to(EDITORS.text).data, policy=policy.default)


def text_of(message: EmailMessage) -> str:
    part = next(message.iter_parts())
    assert isinstance(part, EmailMessage)
    return str(part.get_content())


def an_answer(
    sent: SentMailing, text: str = "Thank you!", *, subject: str = "Re: Issue 1", fields: tuple[str, ...] = ()
) -> bytes:
    answered = f"In-Reply-To: <{sent.token(ANN)}@review.example.org>"
    return a_letter(subject, text, sender=f"Ann Reader <{ANN}>", fields=(answered, *fields))


def rules_of(database: Database) -> list[str]:
    with database.snapshot() as snapshot:
        return [report.fate.rule for report in list_reports(snapshot)]


def test_a_reader_s_answer_reaches_the_editors_who_can_answer_it(database: Database, smtp_server: SmtpServer) -> None:
    raw = an_answer(a_mailing(database), "The weir essay was right.\n\n> leave: https://x.example/unsubscribe\n")

    done = read(database, raw)

    assert (done.forwarded, done.kinds) == ([1], {BounceKind.NOT_BOUNCE: 1})
    assert deliver(database, smtp_server) == 1
    message = received(smtp_server)
    assert message["Subject"] == "A reader wrote: Re: Issue 1"
    assert message["Reply-To"] == ANN
    text = text_of(message)
    assert "> The weir essay was right." in text
    assert "unsubscribing" not in text
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "message/rfc822"
    assert raw.replace(b"\n", b"\r\n") in smtp_server.letter_to(EDITORS.text).data
    assert rules_of(database) == ["reply"]


def test_an_answer_is_forwarded_once_however_often_it_is_read(database: Database) -> None:
    raw = an_answer(a_mailing(database))

    assert [read(database, raw, raw).forwarded, read(database, raw).forwarded] == [[1], []]


def test_the_word_unsubscribe_is_shown_and_not_obeyed(database: Database, smtp_server: SmtpServer) -> None:
    done = read(database, an_answer(a_mailing(database), "Please unsubscribe me, or tell me how."))

    assert not done.unsubscribed
    deliver(database, smtp_server)
    message = received(smtp_server)
    assert message["Subject"] == "A reader wrote about unsubscribing: Re: Issue 1"
    assert f"newsletter subscribers unsubscribe {ANN}" in text_of(message)
    assert rules_of(database) == ["reply that speaks of unsubscribing"]
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, EmailAddress(ANN))
    assert subscriber is not None
    assert subscriber.status is SubscriberStatus.ACTIVE


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param("Schöne Ausgabe, großartig!\n".encode("latin-1"), id="eight bits"),
        pytest.param(b"long " * 400, id="a long line"),
        pytest.param(b"zero \0 and \r bare\n", id="control characters"),
    ],
)
def test_what_a_relay_might_not_take_travels_as_a_file(database: Database, smtp_server: SmtpServer, raw: bytes) -> None:
    letter = an_answer(a_mailing(database)) + raw
    read(database, letter)

    assert deliver(database, smtp_server) == 1
    (attached,) = received(smtp_server).iter_attachments()
    assert attached.get_filename() == "reply-1.eml"
    assert attached.get_content() == letter


def test_an_answer_of_many_megabytes_is_forwarded_with_its_beginning(
    database: Database, smtp_server: SmtpServer
) -> None:
    read(database, an_answer(a_mailing(database), "See my photo\n" + "x" * (1 << 20)))

    assert deliver(database, smtp_server) == 1
    assert "longer than is kept" in text_of(received(smtp_server))


def test_crafted_headers_add_nothing_to_the_letter(database: Database, smtp_server: SmtpServer) -> None:
    sent = a_mailing(database)
    evil = "=?utf-8?q?Hi=0D=0ABcc:_all@example.org?= =?utf-8?q?=3D=3Futf-8=3Fq=3Fx=3F=3D?="
    read(database, an_answer(sent, subject=evil, fields=("Reply-To: nobody at all",)))

    assert deliver(database, smtp_server) == 1
    message = received(smtp_server)
    assert message["Bcc"] is None
    assert smtp_server.recipients == [EDITORS.text]


def test_an_answer_without_an_address_says_so(database: Database, smtp_server: SmtpServer) -> None:
    sent = a_mailing(database)
    fields = (f"In-Reply-To: <{sent.token(ANN)}@review.example.org>", "Reply-To: x@localhost")
    read(database, a_letter("Re: Issue 1", "hello", sender="ann@example.net", fields=fields))

    deliver(database, smtp_server)

    assert received(smtp_server)["Reply-To"] is None


def test_forwarding_never_goes_round_in_circles(database: Database, smtp_server: SmtpServer) -> None:
    sent = a_mailing(database)
    read(database, an_answer(sent))
    deliver(database, smtp_server)
    forwarded = smtp_server.letter_to(EDITORS.text).data
    away = an_answer(sent, "Back on Monday.", subject="Automatic reply: Issue 1")

    done = read(database, forwarded, away, an_answer(sent, fields=("Auto-Submitted: auto-generated",)))

    assert received(smtp_server)["Auto-Submitted"] == "auto-generated"
    assert not done.forwarded
    assert read_report(forwarded).kind is BounceKind.NOT_BOUNCE


def test_one_reader_s_letters_are_forwarded_up_to_a_number_a_day_and_all_kept(database: Database) -> None:
    sent = a_mailing(database)
    raws = [an_answer(sent, f"letter {number}") for number in range(MOST_FORWARDED + 3)]

    assert len(read(database, *raws).forwarded) == MOST_FORWARDED
    assert len(rules_of(database)) == MOST_FORWARDED + 3
    later = TOMORROW + timedelta(days=1, seconds=1)
    assert read(database, an_answer(sent, "one more"), now=later).forwarded == [MOST_FORWARDED + 4]


def test_answers_to_old_letters_and_of_suppressed_readers_are_forwarded(
    database: Database, smtp_server: SmtpServer
) -> None:
    sent = a_mailing(database)
    with database.transaction() as transaction:
        suppress(transaction, hash_address(ANN, ADDRESS_KEY), SuppressionReason.COMPLAINT, evidence={}, now=TOMORROW)
    later = SENT_AT + timedelta(days=400)

    assert read(database, an_answer(sent), now=later).forwarded == [1]
    assert deliver(database, smtp_server, now=later) == 1


def test_a_subscriber_is_known_by_his_address_and_a_stranger_is_only_listed(database: Database) -> None:
    a_mailing(database)
    strange = [
        a_letter("Hello", "Buy our pills.", sender="spam@elsewhere.example"),
        a_letter("Hello", "No sender.", sender=""),
    ]

    done = read(database, a_letter("Hello", "A question.", sender=ANN), *strange)

    assert done.forwarded == [1]
    assert len(rules_of(database)) == 3


def test_forgetting_a_reader_takes_back_what_waits(database: Database, smtp_server: SmtpServer) -> None:
    read(database, an_answer(a_mailing(database)))
    forget_subscriber(EmailAddress(ANN), database=database, address_key=ADDRESS_KEY, now=TOMORROW)

    assert deliver(database, smtp_server) == 0
