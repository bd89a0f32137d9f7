"""The ledger on both databases: claims, fences, and what a dead worker leaves."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from mailing_stand import (
    ADDRESS_KEY,
    a_rendered_issue,
    add_readers,
    counted,
    open_a_mailing,
    put_in_flight,
    record_outcomes,
    report_on,
)
from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import (
    DeliveryId,
    DeliveryStatus,
    DoubtfulPolicy,
    Launch,
    Mailing,
    MailingStatus,
    WithheldReason,
)
from newsletter.domain.reply import Deferred, Outcome, Postponed, Reply
from newsletter.domain.settlement import Settlement, settle
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import RefusedError
from newsletter.service.control_mailing import (
    cancel_mailing,
    hold_doubtful,
    pause_mailing,
    resend_doubtful,
    resume_mailing,
)
from newsletter.store import audience_layout, ledger, mailings, progress, recovery, subscribers, suppressions
from newsletter.store.database import Database, Transaction
from newsletter.store.ledger import Claim
from newsletter.store.progress import Withdrawn
from newsletter.store.seats import Seat, is_seat_taken, take_seat
from postgres_server import PostgresServer

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
ADDRESSES = [f"reader{number}@example.net" for number in range(1, 6)]
OVER_QUOTA = Reply(450, "4.7.0 You have used up your hourly quota")
BUSY = Reply(451, "4.3.0 Try again later")


def claim(
    database: Database, seat: Seat, *, now: datetime = NOW, doubtful: DoubtfulPolicy = DoubtfulPolicy.RESEND
) -> Claim | None:
    with database.transaction() as transaction:
        mailings.start_due(transaction, now=now)
        return ledger.claim_batch(transaction, seat=seat, now=now, doubtful=doubtful)


def must_claim(database: Database, seat: Seat, *, now: datetime = NOW) -> Claim:
    claimed = claim(database, seat, now=now)
    assert claimed is not None
    return claimed


@contextmanager
def a_commit(database: Database, kind: str) -> Iterator[Transaction]:
    """Open what one commit of the ledger's writer is: a transaction, or a statement that commits itself."""
    opening = database.statement if kind == "statement" else database.transaction
    with database.kept_connection() as kept, opening(on=kept) as transaction:
        yield transaction


def start(database: Database, *deliveries: DeliveryId) -> None:
    with database.transaction() as transaction:
        assert put_in_flight(transaction, *deliveries, now=NOW) == Withdrawn()


def record(database: Database, *settlements: Settlement, now: datetime = NOW) -> None:
    with database.transaction() as transaction:
        record_outcomes(transaction, *settlements, now=now)


def finish(database: Database, claimed: Claim, *, now: datetime = NOW) -> None:
    with database.transaction() as transaction:
        ledger.finish_batch(transaction, claimed.batch, now=now)


def a_settlement(position: int, status: DeliveryStatus, *, next_try_at: datetime | None = None) -> Settlement:
    return Settlement(
        delivery=DeliveryId(1, position), status=status, reply_code=250, reply_text="ok", next_try_at=next_try_at
    )


def an_open_mailing(database: Database, *, issue: int = 1) -> Mailing:
    return open_a_mailing(database, a_rendered_issue(issue), now=NOW)


def test_the_audience_is_fixed_when_the_mailing_opens(database: Database) -> None:
    add_readers(database, ADDRESSES)
    with database.transaction() as transaction:
        suppressions.suppress(
            transaction, hash_address(ADDRESSES[0], ADDRESS_KEY), SuppressionReason.EDITOR, evidence={}, now=NOW
        )
    mailing = an_open_mailing(database)
    add_readers(database, ["too-late@example.net"])

    assert mailing.intended == 4
    assert counted(report_on(database, mailing)) == {"queued": 4}


def test_who_wants_no_topic_that_the_issue_has_is_withheld(database: Database) -> None:
    add_readers(database, ADDRESSES[:2])
    add_readers(database, ADDRESSES[2:3], topics=Topic.NEWS)
    report = report_on(database, an_open_mailing(database))

    assert counted(report) == {"queued": 2, "withheld": 1}
    assert report.withheld_reasons[WithheldReason.NO_TOPIC] == 1


def test_an_issue_has_one_mailing(database: Database) -> None:
    add_readers(database, ADDRESSES)
    an_open_mailing(database)
    with database.transaction() as transaction:
        first = mailings.find_issue_mailing(transaction, 1)

    with pytest.raises(RefusedError), database.transaction() as transaction:
        audience_layout.add_mailing(
            transaction,
            kind=first.kind,
            issue_id=1,
            approval_id=first.approval_id,
            topics=Topic.ARTICLES,
            opened_at=NOW,
            launch=Launch(not_before=NOW),
        )


def test_no_letter_leaves_before_its_time(database: Database) -> None:
    add_readers(database, ADDRESSES)
    an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        assert claim(database, seat, now=NOW - timedelta(minutes=1)) is None
        assert claim(database, seat, now=NOW) is not None


def test_a_batch_is_claimed_once_and_given_back_when_it_is_done(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        assert [recipient.address for recipient in claimed.recipients] == [EmailAddress(text) for text in ADDRESSES]
        assert claim(database, seat) is None
        record(database, *(a_settlement(position, DeliveryStatus.ACCEPTED) for position in range(1, 6)))
        finish(database, claimed)

    report = report_on(database, mailing)
    assert counted(report) == {"accepted": 5}
    assert report.mailing.status is MailingStatus.FINISHED


def test_who_leaves_or_is_suppressed_after_the_opening_gets_nothing(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with database.transaction() as transaction:
        leaver = subscribers.find_subscriber(transaction, EmailAddress(ADDRESSES[0]))
        assert leaver is not None
        subscribers.mark_unsubscribed(transaction, [leaver.id], mailing=mailing.id, now=NOW)
        suppressed = hash_address(ADDRESSES[1], ADDRESS_KEY)
        suppressions.suppress(transaction, suppressed, SuppressionReason.COMPLAINT, evidence={}, now=NOW)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)

    report = report_on(database, mailing)
    assert len(claimed.recipients) == 3
    assert report.withheld_reasons[WithheldReason.UNSUBSCRIBED] == 1
    assert report.withheld_reasons[WithheldReason.SUPPRESSED] == 1
    assert report.unsubscribes == 1


@pytest.mark.parametrize("kind", ["statement", "transaction"])
def test_who_leaves_while_the_letter_is_on_its_way_is_withheld_before_its_final_dot(
    database: Database, kind: str
) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        must_claim(database, seat)
    with database.transaction() as transaction:
        leaver = subscribers.find_subscriber(transaction, EmailAddress(ADDRESSES[0]))
        assert leaver is not None
        subscribers.mark_unsubscribed(transaction, [leaver.id], mailing=None, now=NOW)
    starting = [DeliveryId(mailing.id, position) for position in (1, 2, 3)]
    with a_commit(database, kind) as transaction:
        withdrawn = put_in_flight(transaction, *starting, now=NOW).withheld

    assert withdrawn == {DeliveryId(mailing.id, 1)}
    report = report_on(database, mailing)
    assert counted(report) == {"queued": 2, "in_flight": 2, "withheld": 1}
    assert report.withheld_reasons[WithheldReason.UNSUBSCRIBED] == 1


def test_a_deferred_letter_brings_its_batch_back_when_it_is_due(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        record(database, a_settlement(1, DeliveryStatus.DEFERRED, next_try_at=LATER))
        record(database, *(a_settlement(position, DeliveryStatus.ACCEPTED) for position in range(2, 6)))
        finish(database, claimed)
        assert claim(database, seat) is None
        assert report_on(database, mailing).next_try_at == LATER
        with database.snapshot() as snapshot:
            assert ledger.next_due(snapshot) == LATER

        again = must_claim(database, seat, now=LATER)
    assert [recipient.delivery.position for recipient in again.recipients] == [1]
    assert again.recipients[0].attempts == 1
    assert again.recipients[0].first_try_at == NOW


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (DoubtfulPolicy.RESEND, {"queued": 5}),
        (DoubtfulPolicy.HOLD, {"queued": 4, "doubtful": 1}),
        (DoubtfulPolicy.ASK, {"queued": 4, "doubtful": 1}),
    ],
)
def test_what_a_dead_worker_left_in_flight_is_taken_over_by_the_next(
    database: Database, policy: DoubtfulPolicy, expected: dict[str, int]
) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as dead:
        must_claim(database, dead)
        start(database, DeliveryId(mailing.id, 2))
    with take_seat(database, now=NOW) as seat:
        claimed = claim(database, seat, doubtful=policy)

    assert claimed is not None
    assert claimed.found_doubtful == 1
    report = report_on(database, mailing)
    assert counted(report) == expected
    assert report.doubtful == (() if policy is DoubtfulPolicy.RESEND else (ADDRESSES[1],))


def test_a_worker_that_was_taken_over_can_neither_send_nor_settle(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as slow:
        old = must_claim(database, slow)
    with take_seat(database, now=NOW) as seat:
        new = must_claim(database, seat, now=NOW + ledger.LEASE + timedelta(seconds=1))

    delivery = old.recipients[0].delivery
    settled, starting = [(old.batch, a_settlement(2, DeliveryStatus.ACCEPTED))], [(old.batch, delivery)]
    with database.transaction() as transaction:
        assert not ledger.renew(transaction, old.batch, now=NOW)
        assert ledger.renew(transaction, new.batch, now=NOW)
        assert progress.record(transaction, settled, starting, now=NOW) == Withdrawn(taken_over=frozenset({old.batch}))
    assert new.batch.fence == old.batch.fence + 1
    assert counted(report_on(database, mailing)) == {"queued": 5}


@pytest.mark.parametrize("kind", ["statement", "transaction"])
def test_of_one_commit_the_standing_batch_is_recorded_and_the_lost_one_is_not(database: Database, kind: str) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(1, 602)])
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as slow:
        first, second = must_claim(database, slow), must_claim(database, slow)
    with take_seat(database, now=NOW) as seat:
        must_claim(database, seat)
    settled = [(second.batch, a_settlement(601, DeliveryStatus.REJECTED)._replace(is_suppressing=True))]
    starting = [(first.batch, DeliveryId(mailing.id, 1)), (second.batch, DeliveryId(mailing.id, 501))]
    with a_commit(database, kind) as transaction:
        withdrawn = progress.record(transaction, settled, starting, now=NOW)

    assert withdrawn == Withdrawn(taken_over=frozenset({first.batch}))
    assert counted(report_on(database, mailing)) == {"queued": 599, "in_flight": 1, "rejected": 1}
    with database.snapshot() as snapshot:
        assert suppressions.is_suppressed(snapshot, hash_address("reader601@example.net", ADDRESS_KEY))


def test_a_living_workers_batch_is_taken_over_only_after_its_lease(postgres_database: Database) -> None:
    database = postgres_database
    add_readers(database, ADDRESSES)
    an_open_mailing(database)
    with take_seat(database, now=NOW) as slow, take_seat(database, now=NOW) as other:
        must_claim(database, slow)
        assert claim(database, other, now=NOW + ledger.LEASE) is None
        assert claim(database, other, now=NOW + ledger.LEASE + timedelta(seconds=1)) is not None


def test_on_sqlite_one_process_delivers_at_a_time(sqlite_database: Database) -> None:
    database = sqlite_database
    assert not is_seat_taken(database)
    with take_seat(database, now=NOW):
        assert is_seat_taken(database)
        with pytest.raises(RefusedError, match="Another process"), take_seat(database, now=NOW):
            pass
    assert not is_seat_taken(database)


def test_a_taken_seat_is_seen_on_postgres(postgres_database: Database) -> None:
    database = postgres_database
    assert not is_seat_taken(database)
    with take_seat(database, now=NOW) as one, take_seat(database, now=NOW) as other:
        assert is_seat_taken(database)
        assert one.worker != other.worker
    assert not is_seat_taken(database)


def test_a_seat_at_a_sister_title_on_the_same_server_is_none_here(
    postgres_server: PostgresServer, migrated_template: str, postgres_database: Database
) -> None:
    with postgres_server.database(template=migrated_template) as url:
        sister = Database(url)
        with take_seat(sister, now=NOW):
            assert is_seat_taken(sister)
            assert not is_seat_taken(postgres_database)
        sister.close()


def test_positions_count_from_one_in_the_order_of_the_subscribers(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)

    with database.snapshot() as snapshot:
        rows = snapshot.execute(
            text("SELECT position, subscriber_id FROM deliveries WHERE mailing_id = :mailing ORDER BY position"),
            {"mailing": mailing.id},
        ).all()
    assert [row.position for row in rows] == list(range(1, len(ADDRESSES) + 1))
    assert [row.subscriber_id for row in rows] == sorted(row.subscriber_id for row in rows)


def test_a_paused_mailing_stands_still_until_it_is_resumed(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    pause_mailing(mailing.id, reason="a word is wrong", database=database, now=NOW)
    with take_seat(database, now=NOW) as seat:
        assert claim(database, seat) is None
        assert report_on(database, mailing).mailing.pause_reason == "a word is wrong"
        pause_mailing(mailing.id, reason="again", database=database, now=NOW)
        resume_mailing(mailing.id, database=database, now=NOW)
        resume_mailing(mailing.id, database=database, now=NOW)

        assert claim(database, seat) is not None
    assert report_on(database, mailing).mailing.pause_reason is None


def test_a_cancelled_mailing_withholds_the_rest_even_from_a_worker_that_has_claimed_it(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        start(database, DeliveryId(mailing.id, 1))
        cancel_mailing(mailing.id, database=database, now=NOW)
        with database.transaction() as transaction:
            withdrawn = put_in_flight(transaction, DeliveryId(mailing.id, 2), now=NOW).withheld
        record(database, a_settlement(1, DeliveryStatus.ACCEPTED))
        finish(database, claimed)

    report = report_on(database, mailing)
    assert withdrawn == {DeliveryId(mailing.id, 2)}
    assert counted(report) == {"accepted": 1, "withheld": 4}
    assert report.withheld_reasons[WithheldReason.CANCELLED] == 4
    assert report.mailing.status is MailingStatus.CANCELLED
    with pytest.raises(RefusedError):
        resend_doubtful(mailing.id, database=database, now=NOW)


def test_an_editor_may_send_the_doubtful_again_or_hold_them(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        record(database, *(a_settlement(position, DeliveryStatus.ACCEPTED) for position in range(2, 6)))
        record(database, a_settlement(1, DeliveryStatus.DOUBTFUL))
        finish(database, claimed)
        assert report_on(database, mailing).mailing.status is MailingStatus.FINISHED
        assert hold_doubtful(mailing.id, database=database, now=NOW) == 1

        assert resend_doubtful(mailing.id, database=database, now=NOW) == 1
        assert [each.delivery.position for each in must_claim(database, seat).recipients] == [1]
    report = report_on(database, mailing)
    assert report.doubtful_resent == 1
    assert report.mailing.status is MailingStatus.RUNNING


def test_the_days_of_a_recipient_begin_when_the_relay_says_something_about_her(database: Database) -> None:
    add_readers(database, ADDRESSES[:1])
    mailing = an_open_mailing(database)
    first_tries = []
    outcomes: list[Outcome] = [Postponed(OVER_QUOTA), Postponed(OVER_QUOTA), Deferred(BUSY), Deferred(BUSY)]
    for day, outcome in enumerate(outcomes):
        moment = NOW + timedelta(days=day)
        with take_seat(database, now=moment) as seat:
            claimed = must_claim(database, seat, now=moment)
            (recipient,) = claimed.recipients
            start(database, recipient.delivery)
            settlement = settle(
                recipient, outcome, now=moment, doubtful=DoubtfulPolicy.RESEND, reason="", is_decisive=False
            )
            record(database, settlement, now=moment)
            finish(database, claimed, now=moment)
        first_tries.append(recipient.first_try_at)

    assert first_tries == [None, None, None, NOW + timedelta(days=2)]
    assert counted(report_on(database, mailing)) == {"deferred": 1}


def test_rejections_that_were_about_us_are_taken_back(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        record(database, *(a_settlement(position, DeliveryStatus.REJECTED) for position in range(1, 5)))
        finish(database, claimed)
    with database.transaction() as transaction:
        recovery.requeue(transaction, [DeliveryId(mailing.id, 3)], now=NOW)

    assert counted(report_on(database, mailing)) == {"queued": 2, "rejected": 3}


def test_of_a_mailing_that_has_ended_no_rejection_is_taken_back(database: Database) -> None:
    add_readers(database, ADDRESSES)
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        claimed = must_claim(database, seat)
        record(database, *(a_settlement(position, DeliveryStatus.REJECTED) for position in range(1, 6)))
        finish(database, claimed)
    with database.transaction() as transaction:
        recovery.requeue(transaction, [DeliveryId(mailing.id, 3)], now=NOW)

    report = report_on(database, mailing)
    assert (counted(report), report.mailing.status) == ({"rejected": 5}, MailingStatus.FINISHED)


def test_the_last_batch_ends_the_mailing(database: Database) -> None:
    add_readers(database, [f"reader{number}@example.net" for number in range(1, 602)])
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        for expected in (MailingStatus.RUNNING, MailingStatus.FINISHED):
            claimed = must_claim(database, seat)
            positions = range(claimed.batch.first_position, claimed.batch.last_position + 1)
            record(database, *(a_settlement(position, DeliveryStatus.ACCEPTED) for position in positions))
            finish(database, claimed)
            assert report_on(database, mailing).mailing.status is expected


def test_a_mailing_to_nobody_ends_like_any_other(database: Database) -> None:
    mailing = an_open_mailing(database)
    with take_seat(database, now=NOW) as seat:
        finish(database, must_claim(database, seat))

    assert mailing.intended == 0
    assert report_on(database, mailing).mailing.status is MailingStatus.FINISHED


def test_the_database_itself_refuses_a_second_delivery_to_one_subscriber(sqlite_database: Database) -> None:
    database = sqlite_database
    add_readers(database, ADDRESSES[:1])
    an_open_mailing(database)
    assert database.file is not None
    with sqlite3.connect(database.file) as connection, pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO deliveries (mailing_id, position, subscriber_id) VALUES (1, 99, 1)")
    connection.close()
