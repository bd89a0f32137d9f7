"""Home says what comes next, what it lacks, and what needs a person."""

from __future__ import annotations

import datetime as dt

import pytest

from draft_builders import NOW, an_article
from issue_desk import CADENCE, Desk
from newsletter.domain.sender_health import PauseThresholds
from newsletter.service.overlook import Overview, overlook
from newsletter.store.database import Database
from newsletter.store.leases import SCHEDULER_LEASE, hold_lease


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
