"""Notices, from their row to the reader's mailbox, on both databases."""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest

from newsletter.app import App
from newsletter.domain.budget import Limits, Stretch
from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import Notice, NoticeKind, NoticeSettlement
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import ConfirmToken, Purpose, ReaderToken, hash_address
from newsletter.errors import RelayError, RenderError
from newsletter.mail.outbox import open_outbox
from newsletter.service.deliver_notices import deliver_notices
from newsletter.service.grant_letters import find_wait
from newsletter.service.rest_relay import rest_relay
from newsletter.service.write_notice import write_notice
from newsletter.store import budgets
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice, queue_notice, save_settlement
from newsletter.store.people import list_notices
from newsletter.store.subscribers import mark_unsubscribed
from newsletter.store.suppressions import suppress
from newsletters import SLOT, a_newsletter, add_reader
from smtp_server import SmtpServer


@dataclass
class Clock:
    now: datetime = field(default=SLOT)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def newsletter(database: Database, smtp_server: SmtpServer, clock: Clock) -> App:
    return a_newsletter(database, relay_port=smtp_server.port, clock=clock)


def queue(app: App, kind: NoticeKind, subscriber_id: int, **details: object) -> None:
    with app.database.transaction() as transaction:
        queue_notice(transaction, kind, subscriber_id, details=details, now=app.now())


def write(app: App, notice: Notice) -> Letter:
    return write_notice(notice, masthead=app.masthead(), sender=app.sender, keys=app.keys, theme=None, now=app.now())


def deliver(app: App) -> int:
    return asyncio.run(
        deliver_notices(
            database=app.database,
            clock=app.clock,
            connect=app.connect,
            write=lambda notice: write(app, notice),
            limits=app.limits,
        )
    )


def statuses(app: App, subscriber_id: int) -> list[str]:
    with app.database.snapshot() as snapshot:
        return [notice.status.value for notice in list_notices(snapshot, subscriber_id)]


def received(server: SmtpServer, address: str = "ada@example.org") -> EmailMessage:
    return message_from_bytes(server.letter_to(address).data, policy=policy.default)


@pytest.mark.parametrize(
    ("kind", "status", "page", "purpose"),
    [
        (NoticeKind.KNOWN, SubscriberStatus.ACTIVE, "preferences", Purpose.PREFERENCES),
        (NoticeKind.WELCOME, SubscriberStatus.ACTIVE, "preferences", Purpose.PREFERENCES),
        (NoticeKind.GOODBYE, SubscriberStatus.UNSUBSCRIBED, "return", Purpose.RETURN),
    ],
)
def test_a_notice_reaches_its_reader_with_the_right_link(
    newsletter: App,
    smtp_server: SmtpServer,
    kind: NoticeKind,
    status: SubscriberStatus,
    page: str,
    purpose: Purpose,
) -> None:
    reader = add_reader(newsletter, status=status)
    queue(newsletter, kind, reader, mailing=3)

    assert deliver(newsletter) == 1
    assert statuses(newsletter, reader) == ["accepted"]
    message = received(smtp_server)
    assert message["Auto-Submitted"] == "auto-generated"
    text, html = (part.get_content() for part in message.iter_parts())
    link = re.search(rf"http://localhost:8080/{page}/(\S+)", text)
    assert link
    assert link[0] in html
    public_id = hash_address("ada@example.org", b"public")[:8]
    assert ReaderToken.verify(link[1], purpose, newsletter.keys) == ReaderToken(public_id, 3)
    assert ("/unsubscribe/" in text) is (status is SubscriberStatus.ACTIVE)


def test_a_confirmation_carries_the_link_of_its_sign_up(newsletter: App, smtp_server: SmtpServer) -> None:
    reader = add_reader(newsletter, status=SubscriberStatus.PENDING)
    queue(newsletter, NoticeKind.CONFIRM, reader, requested_at=SLOT.isoformat())

    deliver(newsletter)

    text, _html = (part.get_content() for part in received(smtp_server).iter_parts())
    link = re.search(r"http://localhost:8080/confirm/(\S+)", text)
    assert link
    asked = ConfirmToken.verify(link[1], newsletter.keys)
    assert asked
    assert asked.requested_at == SLOT


def test_a_welcome_leads_to_the_latest_issue(newsletter: App, smtp_server: SmtpServer) -> None:
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter), issue=41)

    deliver(newsletter)

    text, html = (part.get_content().replace("\r\n", "\n") for part in received(smtp_server).iter_parts())
    assert "Read the latest issue now:\nhttp://localhost:8080/issues/41\n" in text
    assert 'href="http://localhost:8080/issues/41"' in html


def test_a_delivered_notice_is_not_sent_again(newsletter: App, smtp_server: SmtpServer) -> None:
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter))

    assert [deliver(newsletter), deliver(newsletter)] == [1, 0]
    assert smtp_server.recipients == ["ada@example.org"]
    assert smtp_server.connections_opened == 1


def test_many_notices_go_over_one_session(newsletter: App, smtp_server: SmtpServer) -> None:
    for name in ("ada", "ben", "cy"):
        queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter, f"{name}@example.org"))

    assert deliver(newsletter) == 3
    assert smtp_server.connections_opened == 1


def test_a_notice_is_tried_again_after_a_passing_refusal(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    smtp_server.refuse_recipients["ada@example.org"] = "450 4.2.1 try again later"

    assert deliver(newsletter) == 1
    assert statuses(newsletter, reader) == ["deferred"]
    smtp_server.refuse_recipients.clear()
    assert deliver(newsletter) == 0
    clock.now += timedelta(minutes=5)
    assert deliver(newsletter) == 1
    assert statuses(newsletter, reader) == ["accepted"]


def test_a_refused_reader_does_not_hold_up_the_others(newsletter: App, smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients["ada@example.org"] = "550 5.1.1 no such user"
    readers = [add_reader(newsletter, f"{name}@example.org") for name in ("ada", "ben")]
    for reader in readers:
        queue(newsletter, NoticeKind.WELCOME, reader)

    deliver(newsletter)

    assert [statuses(newsletter, reader) for reader in readers] == [["rejected"], ["accepted"]]


def test_a_notice_that_may_have_arrived_is_sent_again(newsletter: App, smtp_server: SmtpServer, clock: Clock) -> None:
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    smtp_server.hang_up_behind_dot.add("ada@example.org")

    deliver(newsletter)
    assert statuses(newsletter, reader) == ["queued"]
    clock.now += timedelta(minutes=5)
    deliver(newsletter)

    assert statuses(newsletter, reader) == ["accepted"]
    first, second = (message_from_bytes(letter.data) for letter in smtp_server.letters)
    assert first["Message-ID"] == second["Message-ID"]


def test_a_relay_that_refuses_our_sender_blames_no_reader(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    smtp_server.refuse_senders = "550 5.7.1 you are not welcome"

    with pytest.raises(RelayError, match="sender"):
        deliver(newsletter)
    assert statuses(newsletter, reader) == ["queued"]
    smtp_server.refuse_senders = None
    clock.now += timedelta(minutes=1)
    assert deliver(newsletter) == 1


def test_a_notice_that_cannot_be_written_lets_the_others_pass(newsletter: App, smtp_server: SmtpServer) -> None:
    broken, sound = (add_reader(newsletter, f"{name}@example.org") for name in ("ada", "ben"))
    queue(newsletter, NoticeKind.WELCOME, broken)
    queue(newsletter, NoticeKind.WELCOME, sound)

    def write_one(notice: Notice) -> Letter:
        if notice.address.text.startswith("ada"):
            message = "The template is broken."
            raise RenderError(message)
        return write(newsletter, notice)

    delivery = {"database": newsletter.database, "clock": newsletter.clock, "connect": newsletter.connect}
    with pytest.raises(RenderError):
        asyncio.run(deliver_notices(**delivery, write=write_one, limits=Limits()))  # type: ignore[arg-type]
    asyncio.run(deliver_notices(**delivery, write=write_one, limits=Limits()))  # type: ignore[arg-type]

    assert smtp_server.recipients == ["ben@example.org"]
    assert statuses(newsletter, broken) == ["queued"]


def test_nothing_is_begun_while_stopping(newsletter: App, smtp_server: SmtpServer) -> None:
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter))

    tried = asyncio.run(
        deliver_notices(
            database=newsletter.database,
            clock=newsletter.clock,
            connect=newsletter.connect,
            write=lambda notice: write(newsletter, notice),
            limits=Limits(),
            is_stopping=lambda: True,
        )
    )

    assert tried == 0
    assert smtp_server.recipients == []


def test_notices_that_were_overtaken_are_withheld(newsletter: App, smtp_server: SmtpServer) -> None:
    came_back = add_reader(newsletter, "ada@example.org")
    queue(newsletter, NoticeKind.GOODBYE, came_back)
    queue(newsletter, NoticeKind.CONFIRM, came_back)
    left = add_reader(newsletter, "ben@example.org")
    queue(newsletter, NoticeKind.WELCOME, left)
    with newsletter.database.transaction() as transaction:
        mark_unsubscribed(transaction, [left], mailing=None, now=SLOT)

    deliver(newsletter)

    assert smtp_server.recipients == []
    assert statuses(newsletter, came_back) == ["withheld", "withheld"]
    assert statuses(newsletter, left) == ["withheld"]


def test_a_suppressed_address_gets_no_notice(newsletter: App, smtp_server: SmtpServer) -> None:
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    address_hash = hash_address("ada@example.org", newsletter.address_key)
    with newsletter.database.transaction() as transaction:
        suppress(transaction, address_hash, SuppressionReason.COMPLAINT, evidence={}, now=SLOT)

    deliver(newsletter)

    assert smtp_server.recipients == []
    assert statuses(newsletter, reader) == ["withheld"]


def test_the_notice_of_a_dead_process_is_sent_by_another(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    with newsletter.database.transaction() as transaction:
        lost = claim_notice(transaction, now=SLOT)
    assert lost

    assert deliver(newsletter) == 0
    clock.now += timedelta(minutes=10)
    assert deliver(newsletter) == 1
    assert smtp_server.recipients == ["ada@example.org"]
    with newsletter.database.transaction() as transaction:
        late = NoticeSettlement(status=DeliveryStatus.REJECTED, reply="550 too late")
        save_settlement(transaction, lost, late, now=clock.now)
    assert statuses(newsletter, reader) == ["accepted"]


def test_an_outbox_takes_notices_too(newsletter: App, tmp_path: Path) -> None:
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter))

    asyncio.run(
        deliver_notices(
            database=newsletter.database,
            clock=newsletter.clock,
            connect=lambda: open_outbox(tmp_path / "outbox"),
            write=lambda notice: write(newsletter, notice),
            limits=Limits(),
        )
    )

    (file,) = (tmp_path / "outbox").iterdir()
    assert b"Delivered-To: ada@example.org" in file.read_bytes()


def limited(app: App, **limits: float) -> App:
    return replace(
        app, settings=msgspec.structs.replace(app.settings, smtp=msgspec.structs.replace(app.settings.smtp, **limits))
    )


def test_a_notice_counts_against_the_quota_and_waits_for_it(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    sender = limited(newsletter, messages_per_hour=2)
    readers = [add_reader(newsletter, f"{name}@example.org") for name in ("ada", "ben", "cy")]
    for reader in readers:
        queue(newsletter, NoticeKind.WELCOME, reader)

    assert deliver(sender) == 2
    assert deliver(sender) == 0
    assert [statuses(newsletter, reader) for reader in readers] == [["accepted"], ["accepted"], ["queued"]]
    assert smtp_server.connections_opened == 1
    clock.now += timedelta(hours=1)
    assert deliver(sender) == 1


def test_what_newsletters_leave_of_a_quota_is_there_for_notices(newsletter: App, clock: Clock) -> None:
    sender = limited(newsletter, messages_per_hour=100)
    with newsletter.database.transaction() as transaction:
        budgets.add_spending(transaction, 98, now=clock.now)
        assert find_wait(transaction, sender.limits, now=clock.now) is not None
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter))

    assert deliver(sender) == 1


def test_notices_keep_the_pace_of_relay_and_domain(newsletter: App, smtp_server: SmtpServer) -> None:
    sender = limited(newsletter, messages_per_second=10, per_domain_per_second=5)
    for name in ("ada", "ben", "cy"):
        queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter, f"{name}@example.org"))
    started = time.monotonic()

    assert deliver(sender) == 3
    assert time.monotonic() - started >= 0.4
    assert len(smtp_server.recipients) == 3


def test_a_notice_that_waits_for_its_pace_is_given_back_when_it_is_time_to_stop(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    sender = limited(newsletter, messages_per_second=0.01)
    with newsletter.database.transaction() as transaction:
        budgets.add_stretch(transaction, Stretch(clock.now, clock.now + timedelta(minutes=5)), now=clock.now)
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)
    asked: list[bool] = []

    def is_stopping() -> bool:
        asked.append(True)
        return len(asked) > 2

    tried = asyncio.run(
        deliver_notices(
            database=sender.database,
            clock=sender.clock,
            connect=sender.connect,
            write=lambda notice: write(sender, notice),
            limits=sender.limits,
            is_stopping=is_stopping,
        )
    )

    assert tried == 0
    assert statuses(newsletter, reader) == ["queued"]
    assert smtp_server.recipients == []


def test_while_the_relay_takes_no_more_no_notice_is_tried(
    newsletter: App, smtp_server: SmtpServer, clock: Clock
) -> None:
    rest_relay("450 4.7.1 too many messages", database=newsletter.database, now=clock.now)
    queue(newsletter, NoticeKind.WELCOME, add_reader(newsletter))

    assert deliver(newsletter) == 0
    assert smtp_server.connections_opened == 0
    clock.now += timedelta(minutes=5)
    assert deliver(newsletter) == 1


def test_a_quota_that_the_relay_speaks_of_defers_a_notice_and_rejects_nobody(
    newsletter: App, smtp_server: SmtpServer
) -> None:
    smtp_server.refuse_recipients["ada@example.org"] = "550 5.7.1 hourly sending limit reached"
    reader = add_reader(newsletter)
    queue(newsletter, NoticeKind.WELCOME, reader)

    assert deliver(newsletter) == 1
    assert statuses(newsletter, reader) == ["deferred"]
