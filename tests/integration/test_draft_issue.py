"""From stored articles to a draft, on both databases."""

from __future__ import annotations

import datetime as dt
from concurrent.futures import ThreadPoolExecutor

import pytest

from draft_builders import NOW, an_article
from issue_desk import CADENCE, Desk
from newsletter.domain.cadence import Cadence
from newsletter.domain.issue import IssueStatus, ItemSlot
from newsletter.domain.partner import PartnerLink
from newsletter.errors import NotFoundError
from newsletter.service.arrange_issue import edit_issue
from newsletter.service.change_cadence import move_slot, skip_slot
from newsletter.service.show_issue import list_issues
from newsletter.store import issues, partners
from newsletter.store.database import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def test_the_first_draft_takes_the_first_slot_and_the_first_number(desk: Desk) -> None:
    lead, feature = desk.store("One", "Two")

    draft = desk.draft(first_number=40)

    assert (draft.number, draft.slot, draft.status) == (40, dt.date(2026, 12, 3), IssueStatus.DRAFT)
    assert draft.due_at == dt.datetime(2026, 12, 3, 8, 0, tzinfo=dt.UTC)
    assert [(item.slot, item.article_id, item.reason) for item in draft.items] == [
        (ItemSlot.LEAD, lead, "new"),
        (ItemSlot.FEATURE, feature, "new"),
    ]


def test_a_draft_is_opened_even_with_nothing_to_put_in(desk: Desk) -> None:
    assert desk.draft().items == ()


def test_drafting_again_gives_the_same_draft(desk: Desk) -> None:
    desk.store("One")

    assert desk.draft() == desk.draft()


def test_callers_at_the_same_instant_get_the_same_draft(desk: Desk) -> None:
    desk.store("One", "Two")

    with ThreadPoolExecutor(4) as pool:
        drafts = list(pool.map(lambda _: desk.draft(), range(8)))

    assert all(draft == drafts[0] for draft in drafts)
    assert len(list_issues(database=desk.database, masthead=desk.masthead)) == 1


def test_a_draft_that_nobody_touched_follows_the_store(desk: Desk) -> None:
    desk.draft()
    (article,) = desk.store("Late")

    assert [item.article_id for item in desk.draft().items] == [article]


def test_a_draft_that_an_editor_touched_stays_as_it_is(desk: Desk) -> None:
    number = desk.draft().number
    edit_issue(number, note="Winter timetables are out.", database=desk.database, now=desk.now)
    (article,) = desk.store("Late")

    assert desk.draft().items == ()
    assert [stored.id for stored in desk.show(number).waiting] == [article]


def test_an_upcoming_slot_is_drafted_before_it_is_due(desk: Desk) -> None:
    desk.now = NOW - dt.timedelta(days=10)

    assert desk.draft().slot == dt.date(2026, 12, 3)


def test_the_next_draft_knows_what_readers_have_had(desk: Desk) -> None:
    desk.store("One", article=an_article(headline="One", tags=["Suldan"], published_at=NOW))
    with desk.database.transaction() as transaction:
        for name in "abcde":
            partners.add_partner(transaction, PartnerLink(name=name, url=f"https://{name}.example/"))
    desk.publish()
    (missed,) = desk.store("Missed", age_days=20)
    desk.store("Two", article=an_article(headline="Two", tags=["Suldan"], published_at=desk.now))

    draft = desk.draft()

    assert (draft.number, draft.slot) == (41, dt.date(2026, 12, 17))
    assert [(item.slot, item.article_id) for item in draft.items][:3] == [
        (ItemSlot.LEAD, 3),
        (ItemSlot.FEATURE, missed),
        (ItemSlot.EARLIER, 1),
    ]
    assert [item.reason for item in draft.items] == [
        "new since 40",
        "missed issue 40",
        "also on Suldan, issue 40",
        "shown in 0 issues, weight 1",
        *["shown in 1 issue, weight 1"] * 3,
    ]


def test_overdue_slots_are_drafted_one_after_the_other(desk: Desk) -> None:
    desk.now += dt.timedelta(days=60)
    desk.store("One")
    desk.publish(days_later=0)

    assert desk.draft().slot == dt.date(2026, 12, 17)


def test_numbers_follow_each_other_whatever_is_skipped(desk: Desk) -> None:
    desk.store("One")
    desk.publish()
    skip_slot(dt.date(2026, 12, 17), reason="", database=desk.database, cadence=CADENCE, now=desk.now)

    draft = desk.draft()

    assert (draft.number, draft.slot) == (41, dt.date(2026, 12, 31))


def test_a_higher_first_number_moves_the_sequence_on(desk: Desk) -> None:
    desk.store("One")
    desk.publish()

    assert desk.draft(first_number=100).number == 100


def test_a_draft_follows_a_rewritten_rule(desk: Desk) -> None:
    desk.draft()
    weekly = Cadence(first=dt.date(2026, 12, 4), weeks=1, at=dt.time(10), timezone="UTC")

    draft = desk.draft(cadence=weekly)

    assert (draft.number, draft.slot, draft.due_at.hour) == (40, dt.date(2026, 12, 4), 10)


def test_another_time_of_day_never_drafts_a_day_that_is_mailed(desk: Desk) -> None:
    desk.store("One")
    desk.publish()
    later = Cadence(first=dt.date(2026, 12, 3), at=dt.time(11), timezone="Europe/Stockholm")

    assert desk.draft(cadence=later).slot == dt.date(2026, 12, 17)


def test_after_a_moved_issue_the_next_day_counts(desk: Desk) -> None:
    desk.store("One")
    move_slot(
        dt.date(2026, 12, 3), dt.date(2026, 12, 5), reason="", database=desk.database, cadence=CADENCE, now=desk.now
    )
    desk.publish()

    with desk.database.snapshot() as snapshot:
        (published,) = issues.list_published(snapshot)

    assert (published.number, published.date, published.subject) == (40, dt.date(2026, 12, 5), "One")
    assert desk.draft().slot == dt.date(2026, 12, 17)


def test_issues_are_listed_with_their_subjects(desk: Desk) -> None:
    desk.store("One")
    desk.publish()
    desk.store("Two")
    desk.draft()

    listed = list_issues(database=desk.database, masthead=desk.masthead)

    assert [(draft.number, draft.status.value, subject) for draft, subject in listed] == [
        (41, "draft", "Two"),
        (40, "mailed", "One"),
    ]


def test_a_mailed_issue_waits_for_nothing(desk: Desk) -> None:
    desk.store("One")
    number = desk.publish()
    desk.store("Two")

    assert desk.show(number).waiting == ()


def test_an_unknown_issue_is_not_found(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="There is no issue 7"):
        desk.show(7)
