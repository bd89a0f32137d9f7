"""What sending an issue would come to, and an order that is held against it."""

from __future__ import annotations

import datetime as dt

import pytest
from sqlalchemy import update

from issue_desk import Desk
from mailing_stand import ADDRESS_KEY, SENDER, add_readers
from newsletter.domain.address import EmailAddress
from newsletter.domain.audience import SendOrder
from newsletter.domain.budget import Limits
from newsletter.domain.issue import IssueStatus
from newsletter.domain.mailing import Launch, Mailing
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import RefusedError
from newsletter.service.forecast_mailing import MailingForecast, forecast_mailing
from newsletter.service.look_ahead import look_ahead
from newsletter.service.open_mailing import open_mailing
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store import mailings, segments
from newsletter.store.database import Database
from newsletter.store.suppressions import suppress
from newsletter.store.tables import subscribers


@pytest.fixture
def desk(database: Database) -> Desk:
    desk = Desk(database)
    desk.store("One", "Two")
    return desk


def forecast(
    desk: Desk,
    number: int,
    *,
    limits: Limits = Limits(),
    segment: str = "",
    first_share: float = 0,
    hold: dt.timedelta = dt.timedelta(),
) -> MailingForecast:
    return forecast_mailing(
        number,
        database=desk.database,
        masthead=desk.masthead,
        limits=limits,
        launch=Launch(not_before=desk.now, first_share=first_share, hold=hold),
        segment=segment,
        now=desk.now,
    )


def send(desk: Desk, number: int, order: SendOrder) -> Mailing:
    return open_mailing(
        number,
        database=desk.database,
        masthead=desk.masthead,
        sender=SENDER,
        relay_host="127.0.0.1",
        launch=Launch(not_before=desk.now),
        now=desk.now,
        order=order,
    )


def readers(count: int, *, of: str = "reader") -> list[str]:
    return [f"{of}{number}@example.net" for number in range(count)]


def put_out(database: Database, address: str, reason: SuppressionReason, *, at: dt.datetime) -> None:
    with database.transaction() as transaction:
        suppress(transaction, hash_address(address, ADDRESS_KEY), reason, evidence={}, now=at)


def test_the_audience_is_counted_by_topic_and_language_and_says_whom_it_leaves_out(desk: Desk) -> None:
    add_readers(desk.database, readers(5))
    add_readers(desk.database, readers(3, of="event"), topics=Topic.EVENTS)
    put_out(desk.database, "reader0@example.net", SuppressionReason.COMPLAINT, at=desk.now)
    put_out(desk.database, "event0@example.net", SuppressionReason.DEAD_ADDRESS, at=desk.now)
    unsubscribe_address(EmailAddress("reader1@example.net"), source="letter", database=desk.database, now=desk.now)
    number = desk.draft().number
    desk.approve(number)
    seen = forecast(desk, number)
    desk.mail(number)

    assert seen.audience.topics == {Topic.everything(): 3, Topic.EVENTS: 2}
    assert seen.audience.languages == {"": 5}
    assert seen.audience.suppressed == {SuppressionReason.COMPLAINT: 1, SuppressionReason.DEAD_ADDRESS: 1}
    assert seen.audience.inactive == {SubscriberStatus.UNSUBSCRIBED: 1}
    assert (seen.audience.readers, seen.no_topic, seen.letters) == (5, 2, 3)
    assert seen.topics == Topic.ARTICLES


def test_who_pauses_beyond_the_first_letters_is_told_apart_and_gets_none(desk: Desk) -> None:
    add_readers(desk.database, readers(5))
    put_out(desk.database, "reader0@example.net", SuppressionReason.COMPLAINT, at=desk.now)
    today = desk.now.date()
    for address, until in {
        "reader0": today + dt.timedelta(9),
        "reader1": today + dt.timedelta(9),
        "reader2": today,
    }.items():
        with desk.database.transaction() as transaction:
            is_reader = subscribers.c.normalized == f"{address}@example.net"
            transaction.execute(update(subscribers).where(is_reader).values(paused_until=until))
    number = desk.draft().number
    desk.approve(number)
    seen = forecast(desk, number)
    mailing = send(desk, number, SendOrder(readers=seen.audience.readers))

    assert (seen.audience.readers, seen.audience.paused) == (3, 1)
    assert seen.audience.suppressed == {SuppressionReason.COMPLAINT: 1}
    assert mailing.intended == seen.audience.readers


def test_a_segment_narrows_the_forecast_as_it_does_the_mailing(desk: Desk) -> None:
    add_readers(desk.database, [*readers(4), "ann@example.org"])
    put_out(desk.database, "reader0@example.net", SuppressionReason.COMPLAINT, at=desk.now)
    with desk.database.transaction() as transaction:
        segments.save_segment(transaction, "Org", Segment(domain="example.org"), now=desk.now)
    number = desk.draft().number
    desk.approve(number)

    assert forecast(desk, number, segment="Org").audience.readers == 1
    assert forecast(desk, number, segment="Org").audience.suppressed == {}
    assert send(desk, number, SendOrder(segment="Org", readers=1)).intended == 1


def test_without_an_approval_there_is_nothing_to_forecast(desk: Desk) -> None:
    with pytest.raises(RefusedError, match="is not approved"):
        forecast(desk, desk.draft().number)


def test_the_end_follows_from_the_limits_and_without_them_the_mailing_before_is_the_measure(desk: Desk) -> None:
    add_readers(desk.database, readers(98))
    number = desk.draft().number
    desk.approve(number)
    limits = Limits(messages_per_second=10)
    hold = dt.timedelta(hours=1)

    assert forecast(desk, number).ends_at is None
    assert forecast(desk, number).former_duration is None
    assert forecast(desk, number, limits=limits).ends_at == desk.now + dt.timedelta(seconds=10)
    staged = forecast(desk, number, limits=limits, first_share=0.1, hold=hold)
    assert staged.ends_at == desk.now + dt.timedelta(seconds=10) + hold


def test_the_end_waits_for_the_domain_that_most_readers_have_where_domains_have_a_rate(desk: Desk) -> None:
    add_readers(desk.database, [*readers(50), *(f"ann@host{number}.example.org" for number in range(30))])
    with desk.database.transaction() as transaction:
        segments.save_segment(transaction, "Org", Segment(domain="host7.example.org"), now=desk.now)
    number = desk.draft().number
    desk.approve(number)
    limits = Limits(per_domain_per_second=2)
    seen = forecast(desk, number, limits=limits).ends_at
    of_segment = forecast(desk, number, limits=limits, segment="Org").ends_at
    mailing = send(desk, number, SendOrder())
    with desk.database.snapshot() as snapshot:
        report = mailings.report(snapshot, mailings.find_mailing(snapshot, mailing.id))
    opened = look_ahead(report, database=desk.database, limits=limits, now=desk.now).expected_end_at

    assert seen == desk.now + dt.timedelta(seconds=25)
    assert of_segment == desk.now + dt.timedelta(seconds=0.5)
    assert opened == mailing.not_before + dt.timedelta(seconds=25)


def an_approved_second_issue(desk: Desk, *, more: int) -> int:
    """Send an issue to ten readers, and approve the next one, which ``more`` readers will get."""
    add_readers(desk.database, readers(10))
    desk.publish()
    add_readers(desk.database, readers(more, of="new"))
    desk.store("Three")
    number = desk.draft().number
    desk.approve(number)
    return number


def test_an_audience_that_changed_by_more_than_a_fifth_has_to_be_confirmed_by_its_number(desk: Desk) -> None:
    number = an_approved_second_issue(desk, more=3)
    seen = forecast(desk, number).audience
    for typed in (None, 10):
        with pytest.raises(RefusedError, match="13 readers, and the last issue went to 10: type the number 13"):
            send(desk, number, SendOrder(readers=13, typed=typed))

    assert (seen.readers, seen.size.is_unusual) == (13, True)
    assert seen.former
    assert (seen.former.intended, seen.former.issue_number) == (10, number - 1)
    assert desk.show(number).draft.status is IssueStatus.APPROVED
    assert send(desk, number, SendOrder(readers=13, typed=13, by="Aino Salo")).intended == 13


def test_a_change_of_a_fifth_needs_no_confirmation(desk: Desk) -> None:
    number = an_approved_second_issue(desk, more=2)

    assert not forecast(desk, number).audience.size.is_unusual
    assert send(desk, number, SendOrder(readers=12)).intended == 12


def test_an_order_for_another_text_or_another_audience_opens_nothing(desk: Desk) -> None:
    number = an_approved_second_issue(desk, more=0)
    with pytest.raises(RefusedError, match="approved anew since you opened this page"):
        send(desk, number, SendOrder(digest="0" * 64))
    with pytest.raises(RefusedError, match="changed from 7 to 10 readers"):
        send(desk, number, SendOrder(readers=7))

    assert desk.show(number).draft.status is IssueStatus.APPROVED
    assert send(desk, number, SendOrder(digest=forecast(desk, number).approval.rendered_digest)).intended == 10
