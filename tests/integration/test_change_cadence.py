"""Skipped, moved and added slots, and the draft that follows them, on both databases."""

from __future__ import annotations

import datetime as dt
from itertools import islice

import pytest

from draft_builders import an_article
from issue_desk import CADENCE, Desk
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.errors import RefusedError
from newsletter.service.change_cadence import add_slot, list_issue_numbers, load_calendar, move_slot, skip_slot
from newsletter.store import approvals
from newsletter.store.database import Database

_FIRST, _SECOND = dt.date(2026, 12, 3), dt.date(2026, 12, 17)


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def skip(desk: Desk, day: dt.date) -> Draft | None:
    return skip_slot(day, reason="holiday", database=desk.database, cadence=CADENCE, now=desk.now)


def move(desk: Desk, day: dt.date, to: dt.date) -> Draft | None:
    return move_slot(day, to, reason="printer", database=desk.database, cadence=CADENCE, now=desk.now)


def extra(desk: Desk, day: dt.date) -> Draft | None:
    return add_slot(day, reason="election", database=desk.database, cadence=CADENCE, now=desk.now)


def placed(draft: Draft | None) -> tuple[int, dt.date, dt.date]:
    assert draft
    return draft.number, draft.slot, draft.day


def test_without_a_draft_only_the_calendar_changes(desk: Desk) -> None:
    assert skip(desk, _FIRST) is None
    assert placed(desk.draft()) == (40, _SECOND, _SECOND)


def test_a_draft_moves_on_when_its_slot_is_skipped_and_keeps_its_number(desk: Desk) -> None:
    desk.draft()

    assert placed(skip(desk, _FIRST)) == (40, _SECOND, _SECOND)
    assert placed(desk.draft()) == (40, _SECOND, _SECOND)


def test_a_skip_can_be_taken_back(desk: Desk) -> None:
    desk.draft()
    skip(desk, _FIRST)

    assert placed(extra(desk, _FIRST)) == (40, _FIRST, _FIRST)


def test_a_moved_slot_takes_its_draft_along_and_voids_the_approval(desk: Desk) -> None:
    desk.store("One")
    draft = desk.draft()
    desk.approve(draft.number)

    moved = move(desk, _FIRST, dt.date(2026, 12, 5))

    assert placed(moved) == (40, _FIRST, dt.date(2026, 12, 5))
    assert moved
    assert moved.status is IssueStatus.DRAFT
    assert moved.due_at == dt.datetime(2026, 12, 5, 8, 0, tzinfo=dt.UTC)
    with desk.database.snapshot() as snapshot:
        assert approvals.find_standing(snapshot, draft.id) is None


def test_a_change_elsewhere_leaves_the_approval(desk: Desk) -> None:
    desk.store("One")
    desk.approve(desk.draft().number)

    unmoved = skip(desk, _SECOND)

    assert unmoved
    assert unmoved.status is IssueStatus.APPROVED


def test_a_slot_added_before_the_draft_takes_it(desk: Desk) -> None:
    desk.draft()
    skip(desk, _FIRST)

    assert placed(extra(desk, dt.date(2026, 12, 10))) == (40, dt.date(2026, 12, 10), dt.date(2026, 12, 10))


def test_an_extra_slot_may_be_moved(desk: Desk) -> None:
    extra(desk, dt.date(2026, 12, 1))

    move(desk, dt.date(2026, 12, 1), dt.date(2026, 12, 2))

    assert placed(desk.draft()) == (40, dt.date(2026, 12, 1), dt.date(2026, 12, 2))


def test_the_past_is_not_rewritten(desk: Desk) -> None:
    desk.store("", article=an_article())
    desk.publish()

    with pytest.raises(RefusedError, match="lies behind"):
        skip(desk, _FIRST)
    with pytest.raises(RefusedError, match="lies before the last issue"):
        extra(desk, dt.date(2026, 12, 1))
    with pytest.raises(RefusedError, match="lies before the last issue"):
        move(desk, _SECOND, dt.date(2026, 12, 2))


def test_after_an_issue_later_slots_may_change(desk: Desk) -> None:
    desk.store("", article=an_article())
    desk.publish()
    desk.draft()

    assert placed(move(desk, _SECOND, dt.date(2026, 12, 18))) == (41, _SECOND, dt.date(2026, 12, 18))


def test_the_calendar_shows_reasons_and_numbers(desk: Desk) -> None:
    skip(desk, _FIRST)
    desk.draft()

    agenda = list(islice(load_calendar(database=desk.database, cadence=CADENCE).agenda(), 2))

    assert [(str(slot.date), slot.status.value, slot.reason) for slot in agenda] == [
        ("2026-12-03", "skipped", "holiday"),
        ("2026-12-17", "planned", ""),
    ]
    assert list_issue_numbers(database=desk.database) == {_SECOND: 40}
