"""A mailing followed while it goes out: its figures are those of the ledger, whoever delivers and whoever decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import event

from mailing_stand import (
    a_plant,
    add_readers,
    deliver_all,
    open_a_mailing,
    put_in_flight,
    record_outcomes,
    report_on,
)
from newsletter.domain.budget import Limits
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, Mailing, MailingStatus
from newsletter.domain.settlement import Settlement
from newsletter.errors import NotFoundError
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resend_doubtful, resume_mailing
from newsletter.service.follow_mailing import LiveFigures, MailingFollower
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from smtp_server import SmtpServer
from stored import SENT_AT, a_mailing

NO_LIMITS = Limits()


@pytest.fixture
def follower(database: Database) -> MailingFollower:
    return MailingFollower(database, NO_LIMITS)


def look(follower: MailingFollower, database: Database, mailing: Mailing, *, at: datetime | None = None) -> LiveFigures:
    """Return the figures, and check them against the ledger's own report."""
    figures = follower.look(1, now=at or datetime.now(UTC))
    report = report_on(database, mailing)
    assert figures.progress.counts == report.counts
    assert {reason: count for reason, count in report.withheld_reasons.items() if count} == dict(
        figures.progress.withheld_reasons
    )
    assert sum(sum(counts.values()) for counts in figures.progress.domains.values()) == report.mailing.intended
    return figures


def counted_statements(database: Database) -> Iterator[list[str]]:
    statements: list[str] = []
    engine = database._engine  # noqa: SLF001 - what is sent is the point

    def hook(*arguments: object) -> None:
        statements.append(str(arguments[2]))

    event.listen(engine, "before_cursor_execute", hook)
    yield statements
    event.remove(engine, "before_cursor_execute", hook)


def test_before_during_and_after_the_figures_are_those_of_the_ledger(
    database: Database, follower: MailingFollower, smtp_server: SmtpServer
) -> None:
    add_readers(database, [f"reader{number}@domain{number % 3}.example" for number in range(1200)])
    mailing = open_a_mailing(database)
    before = look(follower, database, mailing)
    smtp_server.refuse_recipients["reader5@domain2.example"] = "550 5.1.1 no such user"
    deliver_all(a_plant(database, port=smtp_server.port))
    after = look(follower, database, mailing)

    assert (before.progress.left, before.progress.tried, before.mailing.status) == (1200, 0, MailingStatus.SCHEDULED)
    assert (after.progress.left, after.progress.tried, after.mailing.status) == (0, 1200, MailingStatus.FINISHED)
    assert after.progress.rejected_reasons == {"unknown_user": 1}
    assert after.progress.domains["domain2.example"] == {DeliveryStatus.ACCEPTED: 399, DeliveryStatus.REJECTED: 1}
    assert len(after.answers) == 8
    assert {answer.code for answer in after.answers} <= {250, 550}


def test_only_batches_that_moved_are_counted_again(database: Database, follower: MailingFollower) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(1600)])
    mailing = open_a_mailing(database, now=SENT_AT)
    look(follower, database, mailing)
    with take_seat(database, now=SENT_AT) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=SENT_AT)
        claim = ledger.claim_batch(transaction, seat=seat, now=SENT_AT, doubtful=DoubtfulPolicy.HOLD)
        assert claim
        first = claim.recipients[0].delivery
        put_in_flight(transaction, first, now=SENT_AT)
    moving = look(follower, database, mailing)
    with database.transaction() as transaction:
        record_outcomes(
            transaction,
            Settlement(delivery=first, status=DeliveryStatus.ACCEPTED, reply_code=250, reply_text="2.0.0 queued"),
            now=SENT_AT,
        )
        ledger.finish_batch(transaction, claim.batch, now=SENT_AT)
    settled = look(follower, database, mailing)
    listening = counted_statements(database)
    statements = next(listening)
    again = follower.look(1, now=SENT_AT)
    next(listening, None)

    assert moving.progress.counts[DeliveryStatus.IN_FLIGHT] == 1
    assert settled.progress.counts[DeliveryStatus.ACCEPTED] == again.progress.counts[DeliveryStatus.ACCEPTED] == 1
    assert not [statement for statement in statements if "count(*)" in statement and "batches" in statement]


def test_a_cancellation_shows_in_every_batch_at_once(database: Database, follower: MailingFollower) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(600)])
    mailing = open_a_mailing(database)
    look(follower, database, mailing)
    cancel_mailing(mailing.id, database=database, now=datetime.now(UTC), by="Aino Salo")
    figures = look(follower, database, mailing)

    assert figures.progress.counts[DeliveryStatus.WITHHELD] == 600
    assert figures.rate is None


def test_doubtful_letters_are_named_and_gone_once_they_are_queued_again(
    database: Database, follower: MailingFollower
) -> None:
    sent = a_mailing(database, status=DeliveryStatus.DOUBTFUL)
    figures = look(follower, database, sent.mailing)
    resend_doubtful(sent.mailing.id, database=database, now=SENT_AT, by="Aino Salo")

    assert [letter.address for letter in figures.doubtful] == ["ann@example.net", "ben@example.net"]
    assert look(follower, database, sent.mailing).doubtful == ()


def test_a_rate_is_what_was_seen_since_letters_began_to_leave_and_foretells_the_end(
    database: Database, follower: MailingFollower
) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(30)])
    mailing = open_a_mailing(database, now=SENT_AT)
    with database.transaction() as transaction:
        mailings.start_due(transaction, now=SENT_AT)

    def accept(*positions: int) -> None:
        sent = [DeliveryId(mailing.id, position) for position in positions]
        settled = [
            Settlement(delivery=each, status=DeliveryStatus.ACCEPTED, reply_code=250, reply_text="ok") for each in sent
        ]
        with database.transaction() as transaction:
            put_in_flight(transaction, *sent, now=SENT_AT)
            record_outcomes(transaction, *settled, now=SENT_AT)

    waiting = look(follower, database, mailing, at=SENT_AT)
    with take_seat(database, now=SENT_AT) as seat, database.transaction() as transaction:
        assert ledger.claim_batch(transaction, seat=seat, now=SENT_AT, doubtful=DoubtfulPolicy.HOLD)
    accept(*range(1, 11))
    first = look(follower, database, mailing, at=SENT_AT + timedelta(seconds=20))
    accept(*range(11, 21))
    second = look(follower, database, mailing, at=SENT_AT + timedelta(seconds=25))

    assert (waiting.rate, waiting.ends_at, first.rate, first.ends_at) == (None, None, None, None)
    assert (second.rate, second.average) == (2, 0.8)
    assert second.ends_at == SENT_AT + timedelta(seconds=30)


def test_a_paused_mailing_says_why_and_has_no_rate(database: Database, follower: MailingFollower) -> None:
    add_readers(database, ["ann@example.net"])
    mailing = open_a_mailing(database)
    pause_mailing(mailing.id, reason="Paused by hand.", database=database, now=datetime.now(UTC), by="Aino Salo")
    figures = look(follower, database, mailing)
    resume_mailing(mailing.id, database=database, now=datetime.now(UTC), by="Aino Salo")

    assert (figures.mailing.pause_reason, figures.rate, figures.ends_at) == ("Paused by hand.", None, None)
    assert look(follower, database, mailing).mailing.status is MailingStatus.RUNNING


def test_the_limits_foretell_the_end(database: Database) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(98)])
    mailing = open_a_mailing(database, now=SENT_AT)
    figures = look(MailingFollower(database, Limits(messages_per_second=10)), database, mailing, at=SENT_AT)

    assert figures.ends_at == SENT_AT + timedelta(seconds=10)


def test_an_issue_without_a_mailing_cannot_be_followed(follower: MailingFollower) -> None:
    with pytest.raises(NotFoundError, match="no mailing yet"):
        follower.look(1, now=SENT_AT)
