"""Home says what comes next, what it lacks, and what needs a person."""

from __future__ import annotations

import datetime as dt

import pytest

from draft_builders import NOW, an_article
from issue_desk import CADENCE, Desk
from mailing_stand import put_in_flight, record_outcomes
from newsletter.domain.mailing import DeliveryStatus, DoubtfulPolicy
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.settlement import Settlement
from newsletter.service.control_mailing import hold_doubtful, resend_doubtful
from newsletter.service.overlook import Overview, overlook
from newsletter.store import ledger
from newsletter.store.database import Database
from newsletter.store.leases import SCHEDULER_LEASE, hold_lease
from newsletter.store.seats import take_seat
from stored import a_mailing


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def look(desk: Desk) -> Overview:
    return overlook(
        database=desk.database, cadence=CADENCE, first_number=40, thresholds=PauseThresholds(), now=desk.now
    )


def test_before_anything_the_next_slot_is_counted_down_to(desk: Desk) -> None:
    view = look(desk)

    assert (view.number, view.draft, view.last, view.mailings) == (40, None, None, ())
    assert view.left == CADENCE.instant(CADENCE.first) - NOW
    assert view.lacks == ("It has no draft yet; the scheduler opens one when the issue falls due.",)


def test_a_draft_tells_what_it_lacks(desk: Desk) -> None:
    desk.store("ignored", article=an_article(headline="", needs_headline=True))
    desk.draft()

    assert look(desk).lacks == ("1 article in it needs a headline.", "Nobody has approved it.")


def test_an_approved_draft_lacks_nothing(desk: Desk) -> None:
    desk.store("One", "Two")
    desk.approve(desk.draft().number)

    assert look(desk).lacks == ()


def test_a_scheduler_that_sleeps_needs_a_person(desk: Desk) -> None:
    assert [each.screen for each in look(desk).concerns] == ["/doctor"]

    with hold_lease(desk.database, SCHEDULER_LEASE, now=desk.now):
        pass
    assert look(desk).concerns == ()
    desk.now += dt.timedelta(minutes=6)
    assert [each.screen for each in look(desk).concerns] == ["/doctor"]


def doubtful_concerns(desk: Desk) -> list[str]:
    return [each.sentence for each in look(desk).concerns if "may or may not" in each.sentence]


def lose_two_of(desk: Desk, number: int) -> int:
    """Mail an issue to two readers of whose letters nobody knows; return the mailing's id."""
    return a_mailing(desk.database, number=number, sent_at=desk.now, status=DeliveryStatus.DOUBTFUL).mailing.id


def test_doubtful_letters_of_any_mailing_need_a_person_until_somebody_decides(desk: Desk) -> None:
    first, second = lose_two_of(desk, 1), lose_two_of(desk, 2)
    a_mailing(desk.database, number=3, sent_at=desk.now)
    undecided = doubtful_concerns(desk)
    hold_doubtful(first, database=desk.database, now=desk.now, by="Aino Salo")
    held = doubtful_concerns(desk)
    resend_doubtful(second, database=desk.database, now=desk.now, by="Aino Salo")

    assert undecided == [
        f"2 letters of issue {number} may or may not have arrived: send again, or hold." for number in (1, 2)
    ]
    assert held == undecided[1:]
    assert doubtful_concerns(desk) == []


def test_letters_that_become_doubtful_after_a_decision_need_one_of_their_own(desk: Desk) -> None:
    lost = lose_two_of(desk, 1)
    hold_doubtful(lost, database=desk.database, now=desk.now, by="Aino Salo")
    resend_doubtful(lost, database=desk.database, now=desk.now, by="Aino Salo")
    with take_seat(desk.database, now=desk.now) as seat, desk.database.transaction() as transaction:
        claim = ledger.claim_batch(transaction, seat=seat, now=desk.now, doubtful=DoubtfulPolicy.HOLD)
        assert claim
        again = [recipient.delivery for recipient in claim.recipients]
        put_in_flight(transaction, *again, now=desk.now)
        record_outcomes(
            transaction,
            *(Settlement(delivery=delivery, status=DeliveryStatus.DOUBTFUL) for delivery in again),
            now=desk.now,
        )
        ledger.finish_batch(transaction, claim.batch, now=desk.now)
    afterwards = doubtful_concerns(desk)
    hold_doubtful(lost, database=desk.database, now=desk.now, by="Aino Salo")

    assert afterwards == ["2 letters of issue 1 may or may not have arrived: send again, or hold."]
    assert doubtful_concerns(desk) == []


def test_letters_that_are_due_with_nobody_to_send_them_need_a_person(desk: Desk) -> None:
    a_mailing(desk.database, sent_at=desk.now, status=DeliveryStatus.QUEUED)
    said = "Letters are due and no worker is alive to send them"

    def sentences() -> list[str]:
        return [each.sentence.partition(":")[0] for each in look(desk).concerns]

    assert said not in sentences()
    desk.now += dt.timedelta(minutes=1)
    assert said in sentences()
    with take_seat(desk.database, now=desk.now):
        assert said not in sentences()
