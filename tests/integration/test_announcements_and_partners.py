"""Announcements and partner links, as editors keep them, on both databases."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import insert

from newsletter.domain.article import AnnouncementKind
from newsletter.errors import InputError, NotFoundError, RefusedError
from newsletter.service.edit_announcement import (
    AnnouncementTexts,
    edit_announcement,
    retract_announcement,
    write_announcement,
)
from newsletter.service.edit_partner import PartnerTexts, edit_partner, retire_partner, write_partner
from newsletter.store import tables
from newsletter.store.announcements import list_announcements
from newsletter.store.database import Database
from newsletter.store.partners import count_shown, list_partners

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
EVENT = AnnouncementTexts(
    kind="event", title=" Open\u200b Day ", starts_at="2026-05-11T10:00", ends_at="2026-05-11T16:00", place="Carrow"
)


def test_an_event_is_in_the_zone_of_its_own_or_else_the_cadences(database: Database) -> None:
    first = write_announcement(EVENT, timezone="Europe/Stockholm", database=database, now=NOW)
    second = write_announcement(
        replace(EVENT, timezone="Asia/Tbilisi", url="https://example.org/"),
        timezone="Europe/Stockholm",
        database=database,
        now=NOW + timedelta(minutes=1),
    )

    assert first.announcement.title == "Open Day"
    assert first.announcement.starts_at == datetime(2026, 5, 11, 8, tzinfo=UTC)
    assert first.announcement.timezone == "Europe/Stockholm"
    assert second.announcement.starts_at == datetime(2026, 5, 11, 6, tzinfo=UTC)
    with database.snapshot() as snapshot:
        assert list_announcements(snapshot) == [second, first]


def test_an_edit_changes_what_it_names_and_empties_what_is_empty(database: Database) -> None:
    stored = write_announcement(EVENT, timezone="UTC", database=database, now=NOW)

    edited = edit_announcement(
        stored.id, AnnouncementTexts(kind="news", ends_at="", place="", text="One.\n\nTwo."), database=database, now=NOW
    )

    assert edited.announcement == replace(
        stored.announcement, kind=AnnouncementKind.NEWS, ends_at=None, place="", text="One.\n\nTwo."
    )


def test_a_retracted_announcement_is_listed_no_more(database: Database) -> None:
    stored = write_announcement(EVENT, timezone="UTC", database=database, now=NOW)
    retract_announcement(stored.id, database=database, now=NOW)

    again = retract_announcement(stored.id, database=database, now=NOW + timedelta(days=1))

    assert again.retracted_at == NOW
    with database.snapshot() as snapshot:
        assert list_announcements(snapshot) == []
        assert list_announcements(snapshot, with_retracted=True) == [again]


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (AnnouncementTexts(kind="party", title="x"), "'party' is no kind of announcement"),
        (AnnouncementTexts(kind="news", title=" "), "needs a title"),
        (AnnouncementTexts(kind="event", title="x"), "needs the time at which it starts"),
        (replace(EVENT, ends_at="2026-05-11T09:00"), "ends cannot be before its starts"),
        (replace(EVENT, show_from="2026-05-02", show_until="2026-05-01"), "show until cannot be before its show from"),
        (replace(EVENT, timezone="Nowhere/Land"), "'Nowhere/Land' is no time zone"),
        (replace(EVENT, starts_at="soon"), "'soon' is not a time"),
        (replace(EVENT, url="example.org"), "must begin with https://"),
    ],
)
def test_an_announcement_that_cannot_be_is_refused(texts: AnnouncementTexts, sentence: str, database: Database) -> None:
    with pytest.raises(InputError, match=sentence):
        write_announcement(texts, timezone="UTC", database=database, now=NOW)


def test_what_does_not_exist_is_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="There is no announcement 99"):
        retract_announcement(99, database=database, now=NOW)
    with pytest.raises(NotFoundError, match="There is no partner link 99"):
        retire_partner(99, database=database, now=NOW)


def test_partner_links_are_added_changed_and_retired(database: Database) -> None:
    texts = PartnerTexts(
        name="Night Train Forum", url="https://night-train.example/", weight=2, window_from="2026-01-01"
    )
    first = write_partner(texts, database=database, now=NOW)
    second = write_partner(PartnerTexts(name="Water Watch"), database=database, now=NOW)

    edited = edit_partner(
        first.id, PartnerTexts(window_from="", window_until="2026-02-01", text="Trains"), database=database, now=NOW
    )
    retired = retire_partner(second.id, database=database, now=NOW)

    assert first.link.window_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert edited.link == replace(
        first.link, window_from=None, window_until=datetime(2026, 2, 1, tzinfo=UTC), text="Trains"
    )
    with database.snapshot() as snapshot:
        assert list_partners(snapshot) == [edited]
        assert list_partners(snapshot, with_retired=True) == [edited, retired]
        assert count_shown(snapshot) == {}


def test_only_mailed_issues_count_as_having_shown_a_partner(database: Database) -> None:
    partner = write_partner(PartnerTexts(name="Water Watch"), database=database, now=NOW)
    with database.transaction() as transaction:
        for number, status in enumerate(("mailed", "mailed", "approved", "draft"), start=1):
            day = NOW.date() + timedelta(weeks=2 * number)
            transaction.execute(insert(tables.slots).values(date=day, status="planned"))
            issue = {"id": number, "number": number, "slot_date": day, "due_at": NOW, "drafted_at": NOW}
            transaction.execute(insert(tables.issues).values(issue | {"status": status}))
            item = {
                "issue_id": number,
                "position": 1,
                "slot": "partner",
                "partner_id": partner.id,
                "reason": "rotation",
            }
            transaction.execute(insert(tables.issue_items).values(item))

    with database.snapshot() as snapshot:
        shown = count_shown(snapshot)

    assert shown == {partner.id: 2}


def test_two_partners_cannot_have_one_name(database: Database) -> None:
    write_partner(PartnerTexts(name="Water Watch"), database=database, now=NOW)
    other = write_partner(PartnerTexts(name="Other"), database=database, now=NOW)

    with pytest.raises(RefusedError, match="Water Watch is partner link 1 already"):
        write_partner(PartnerTexts(name="Water Watch"), database=database, now=NOW)
    with pytest.raises(RefusedError, match="Water Watch is partner link 1 already"):
        edit_partner(other.id, PartnerTexts(name="Water Watch"), database=database, now=NOW)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        (PartnerTexts(), "needs a name"),
        (PartnerTexts(name="x", weight=0), "at least 1, not 0"),
        (PartnerTexts(name="x", url="x"), "must begin with https://"),
        (PartnerTexts(name="x", window_from="soon"), "'soon' is not a date"),
        (PartnerTexts(name="x", window_from="2026-01-02", window_until="2026-01-01"), "must end after it begins"),
    ],
)
def test_a_partner_that_cannot_be_is_refused(texts: PartnerTexts, sentence: str, database: Database) -> None:
    with pytest.raises(InputError, match=sentence):
        write_partner(texts, database=database, now=NOW)
