"""What became of letters is kept as counts, and they are those of the letters at every instant."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailing_stand import (
    ADDRESS_KEY,
    a_plant,
    a_rendered_issue,
    add_readers,
    count_one_by_one,
    deliver_all,
    open_a_mailing,
    put_in_flight,
    record_outcomes,
    report_on,
)
from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, Mailing, MailingStatus
from newsletter.domain.settlement import Settlement
from newsletter.service.control_mailing import cancel_mailing, pause_mailing, resend_doubtful, resume_mailing
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.reduce_old import reduce_old
from newsletter.service.report_mailing import report_issue_by_domain
from newsletter.store import delivery_counts, ledger, mailings
from newsletter.store.database import Database
from newsletter.store.ledger import Claim
from newsletter.store.seats import Seat, take_seat
from newsletter.store.tables import batch_counts
from smtp_server import SmtpServer
from stored import SENT_AT

LATER = SENT_AT + timedelta(hours=1)
READERS = [f"reader{number}@domain{number % 7}.example" for number in range(1200)]
ACCEPTED, DEFERRED, DOUBTFUL = DeliveryStatus.ACCEPTED, DeliveryStatus.DEFERRED, DeliveryStatus.DOUBTFUL


@pytest.fixture
def mailing(database: Database) -> Mailing:
    """Open a mailing of three batches, the first of which has 500 letters."""
    add_readers(database, READERS)
    return open_a_mailing(database, now=SENT_AT)


@pytest.fixture
def seat(database: Database) -> Iterator[Seat]:
    with take_seat(database, now=SENT_AT) as taken:
        yield taken


def claim(database: Database, seat: Seat, *, now: datetime = SENT_AT) -> Claim:
    with database.transaction() as transaction:
        mailings.start_due(transaction, now=now)
        claimed = ledger.claim_batch(transaction, seat=seat, now=now, doubtful=DoubtfulPolicy.HOLD)
    assert claimed
    return claimed


def settle(database: Database, claimed: Claim, status: DeliveryStatus, *, reason: str | None = None) -> None:
    """Let all letters of a claimed batch end so, and give it back."""
    letters = [recipient.delivery for recipient in claimed.recipients]
    with database.transaction() as transaction:
        put_in_flight(transaction, *letters, now=SENT_AT)
        record_outcomes(
            transaction,
            *(
                Settlement(
                    delivery=letter,
                    status=status,
                    reason=reason,
                    next_try_at=LATER if status is DEFERRED else None,
                )
                for letter in letters
            ),
            now=SENT_AT,
        )
        ledger.finish_batch(transaction, claimed.batch, now=SENT_AT)


def deliver(database: Database, seat: Seat, *fates: DeliveryStatus) -> None:
    """Let each batch end in one of these ways."""
    for fate in fates:
        settle(database, claim(database, seat), fate, reason="unspecified" if fate is DeliveryStatus.REJECTED else None)


def known_domains(database: Database, mailing: Mailing) -> Counter[str]:
    """Count the letters by domain, and check them against the ledger by status."""
    with database.snapshot() as snapshot:
        letters = delivery_counts.list_by_domain(snapshot, mailing.id)
        by_status = delivery_counts.count_statuses(snapshot, mailing.id)
        assert by_status == count_one_by_one(snapshot, mailing.id)
    found: Counter[str] = Counter()
    for letter in letters:
        found[letter.domain] += letter.letters
    assert found.total() == len(READERS)
    return found


def kept_batches(database: Database) -> set[int]:
    with database.snapshot() as snapshot:
        return set(snapshot.scalars(select(batch_counts.c.number)))


def test_letters_of_a_claimed_batch_are_counted_one_by_one_and_kept_when_it_is_given_back(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    assert (known_domains(database, mailing), kept_batches(database)) == ({"": 1200}, {1, 2, 3})
    claimed = claim(database, seat)
    assert kept_batches(database) == {2, 3}
    assert known_domains(database, mailing)[""] == 700
    settle(database, claimed, DEFERRED)

    assert kept_batches(database) == {1, 2, 3}
    assert known_domains(database, mailing)["domain3.example"] == 71


def test_a_batch_that_is_claimed_again_is_counted_anew(database: Database, mailing: Mailing, seat: Seat) -> None:
    deliver(database, seat, DEFERRED, ACCEPTED)
    again = claim(database, seat, now=LATER)
    settle(database, again, ACCEPTED)

    assert again.batch.number == 1
    assert report_on(database, mailing).counts[ACCEPTED] == 1000
    assert known_domains(database, mailing)["domain3.example"] == 143


def test_at_the_end_one_sum_is_left(database: Database, mailing: Mailing, seat: Seat) -> None:
    deliver(database, seat, ACCEPTED, DeliveryStatus.REJECTED, ACCEPTED)

    assert kept_batches(database) == set()
    assert known_domains(database, mailing)["domain3.example"] == 171
    assert report_on(database, mailing).rejected_reasons == {"unspecified": 500}


def test_doubtful_letters_that_are_sent_again_after_the_end_are_counted_batch_by_batch(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, DOUBTFUL, ACCEPTED, ACCEPTED)
    assert resend_doubtful(mailing.id, database=database, now=LATER) == 500
    assert kept_batches(database) == {1, 2, 3}
    reopened = report_on(database, mailing)
    settle(database, claim(database, seat, now=LATER), ACCEPTED)
    ended = report_on(database, mailing)

    assert (reopened.counts[DeliveryStatus.QUEUED], reopened.doubtful_resent) == (500, 500)
    assert (ended.counts[ACCEPTED], ended.mailing.status) == (1200, MailingStatus.FINISHED)
    assert known_domains(database, mailing)["domain3.example"] == 171


def test_doubtful_letters_that_are_sent_again_meanwhile_are_counted_too(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, DOUBTFUL)
    claim(database, seat)
    resend_doubtful(mailing.id, database=database, now=LATER)

    assert report_on(database, mailing).counts[DeliveryStatus.QUEUED] == 1200
    known_domains(database, mailing)


def test_rejections_that_a_pause_takes_back_are_counted(database: Database, mailing: Mailing, seat: Seat) -> None:
    deliver(database, seat, DeliveryStatus.REJECTED)
    blamed = [DeliveryId(mailing.id, position) for position in (1, 500)]
    pause_mailing(mailing.id, reason="Our fault.", database=database, now=SENT_AT, blamed=blamed)

    assert report_on(database, mailing).counts[DeliveryStatus.QUEUED] == 702
    resume_mailing(mailing.id, database=database, now=LATER)
    assert claim(database, seat, now=LATER).batch.number == 1
    known_domains(database, mailing)


def test_what_was_under_way_when_a_mailing_was_cancelled_is_counted_when_it_comes_back(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, ACCEPTED)
    claimed = claim(database, seat)
    letters = [recipient.delivery for recipient in claimed.recipients]
    with database.transaction() as transaction:
        put_in_flight(transaction, letters[0], now=SENT_AT)
    cancel_mailing(mailing.id, database=database, now=SENT_AT)
    meanwhile = report_on(database, mailing)
    with database.transaction() as transaction:
        record_outcomes(transaction, Settlement(delivery=letters[0], status=ACCEPTED), now=SENT_AT)
        ledger.finish_batch(transaction, claimed.batch, now=SENT_AT)

    assert (meanwhile.counts[DeliveryStatus.IN_FLIGHT], meanwhile.counts[DeliveryStatus.WITHHELD]) == (1, 699)
    assert report_on(database, mailing).counts[ACCEPTED] == 501
    known_domains(database, mailing)


def test_a_claim_that_was_taken_over_is_nobodys_to_give_back(database: Database, mailing: Mailing, seat: Seat) -> None:
    first = claim(database, seat)
    second = claim(database, seat, now=SENT_AT + 2 * ledger.LEASE)
    with database.transaction() as transaction:
        ledger.finish_batch(transaction, first.batch, now=SENT_AT)
    assert kept_batches(database) == {2, 3}
    settle(database, second, ACCEPTED)

    assert report_on(database, mailing).counts[ACCEPTED] == 500
    known_domains(database, mailing)


def test_a_batch_is_given_back_once(database: Database, mailing: Mailing, seat: Seat) -> None:
    claimed = claim(database, seat)
    settle(database, claimed, ACCEPTED)
    with database.transaction() as transaction:
        ledger.finish_batch(transaction, claimed.batch, now=SENT_AT)

    assert known_domains(database, mailing)[""] == 700


def test_a_reader_who_is_forgotten_stays_in_the_count_of_the_domain(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, DEFERRED)
    forget_subscriber(EmailAddress(READERS[3]), database=database, address_key=ADDRESS_KEY, now=SENT_AT)
    assert known_domains(database, mailing)["domain3.example"] == 71
    settle(database, claim(database, seat), ACCEPTED)
    settle(database, claim(database, seat), ACCEPTED)
    settle(database, claim(database, seat, now=LATER), ACCEPTED)

    # Claimed again, its domain was not known any more.
    assert known_domains(database, mailing)["domain3.example"] == 170
    report, domains = report_issue_by_domain(1, database=database)
    assert sum(domain.intended for domain in domains) == report.mailing.intended


def test_letters_that_are_only_counted_any_more_are_not_sent_again(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, DOUBTFUL, ACCEPTED, DOUBTFUL)
    much_later = SENT_AT + timedelta(days=400)
    reduce_old(database=database, keep=timedelta(days=60), now=much_later, rows=500, steps=1)

    assert resend_doubtful(mailing.id, database=database, now=much_later) == 0
    assert report_on(database, mailing).counts[DOUBTFUL] == 700
    assert report_on(database, mailing).mailing.status is MailingStatus.FINISHED


def test_a_claim_that_never_came_back_from_a_cancelled_mailing_is_counted_before_its_letters_go(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    claimed = claim(database, seat)
    with database.transaction() as transaction:
        put_in_flight(transaction, claimed.recipients[0].delivery, now=SENT_AT)
    cancel_mailing(mailing.id, database=database, now=SENT_AT)
    much_later = SENT_AT + timedelta(days=400)
    reduce_old(database=database, keep=timedelta(days=60), now=much_later, rows=400, steps=1)
    begun = report_on(database, mailing).counts
    reduce_old(database=database, keep=timedelta(days=60), now=much_later)

    assert (begun[DeliveryStatus.IN_FLIGHT], begun[DeliveryStatus.WITHHELD]) == (1, 1199)
    assert report_on(database, mailing).counts == begun
    with database.snapshot() as snapshot:
        assert count_one_by_one(snapshot, mailing.id) == {}


def test_while_workers_deliver_the_sum_and_the_domains_add_up_at_every_look(
    database: Database, smtp_server: SmtpServer
) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database, a_rendered_issue(1), now=datetime.now(UTC))
    sending = threading.Thread(target=lambda: deliver_all(a_plant(database, port=smtp_server.port, connections=4)))
    sending.start()
    looks = 0
    while sending.is_alive():
        report, domains = report_issue_by_domain(1, database=database)
        assert sum(report.counts.values()) == sum(domain.intended for domain in domains) == len(READERS)
        looks += 1
    sending.join()

    assert looks > 3
    assert known_domains(database, mailing)["domain3.example"] == 171


def test_a_migration_counts_what_is_stored(database: Database, mailing: Mailing, seat: Seat) -> None:
    deliver(database, seat, ACCEPTED, DEFERRED, DOUBTFUL)
    settle(database, claim(database, seat, now=LATER), ACCEPTED)
    ended = known_domains(database, mailing)
    running = open_a_mailing(database, a_rendered_issue(2), now=LATER)
    settle(database, claim(database, seat, now=LATER), DEFERRED)
    claim(database, seat, now=LATER)
    reports = [report_on(database, each) for each in (mailing, running)]
    database.migrate("0025")
    database.migrate()

    assert [report_on(database, each) for each in (mailing, running)] == reports
    assert known_domains(database, mailing) == known_domains(database, running) == ended
    with database.snapshot() as snapshot:
        assert snapshot.scalar(select(func.count(batch_counts.c.number.distinct()))) == 2


def test_a_migration_adds_what_is_stored_of_a_mailing_to_what_is_only_counted_any_more(
    database: Database, mailing: Mailing, seat: Seat
) -> None:
    deliver(database, seat, ACCEPTED, ACCEPTED, DOUBTFUL)
    before = report_on(database, mailing).counts
    much_later = SENT_AT + timedelta(days=400)
    reduce_old(database=database, keep=timedelta(days=60), now=much_later, rows=300, steps=1)
    with database.transaction() as transaction:  # as it was before: the sum held only those that are gone
        delivery_counts.take_apart(transaction, mailing.id)
        letters = select(func.sum(batch_counts.c.letters)).where(batch_counts.c.mailing_id == mailing.id)
        assert transaction.scalar(letters) == 900
        transaction.exec_driver_sql(
            "INSERT INTO delivery_counts (mailing_id, domain, status, reason, resent, letters)"
            " VALUES (1, 'domain3.example', 'accepted', '', false, 300)"
        )
    database.migrate("0026")
    with database.connection() as connection:
        connection.exec_driver_sql("DROP TABLE batch_counts")
        connection.exec_driver_sql("ALTER TABLE batches DROP COLUMN answered_at")
        connection.exec_driver_sql("ALTER TABLE batches DROP COLUMN doubtful")
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0025'")
        connection.commit()
    database.migrate()

    assert report_on(database, mailing).counts == before
