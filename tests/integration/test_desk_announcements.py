"""Announcements and partners at the desk: written, changed beside another editor, taken out and brought back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from desk_stand import Browser, an_app, open_desk
from issue_desk import Desk
from newsletter.app import App
from newsletter.domain.editor import EditorRole
from newsletter.service.edit_announcement import AnnouncementTexts, edit_announcement, show_texts
from newsletter.service.edit_partner import PartnerTexts, edit_partner, write_partner
from newsletter.store.announcements import find_announcement, list_announcements
from newsletter.store.database import Database
from newsletter.store.partners import find_partner, list_partners

NOW = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
_EVENT = {
    "kind": "event",
    "title": "Open <Day>",
    "starts_at": "2026-12-20T18:00",
    "timezone": "Asia/Tokyo",
    "place": "Pump House",
}


@pytest.fixture
def app(database: Database) -> App:
    return an_app(database, now=lambda: NOW)


@pytest.fixture
def browser(app: App) -> Iterator[Browser]:
    with open_desk(app, role=EditorRole.EDITOR) as browser:
        yield browser


def seen_on(browser: Browser, path: str) -> str:
    return browser.get(path).text.partition('name="seen" value="')[2].partition('"')[0]


def test_an_event_is_written_in_its_own_zone(app: App, browser: Browser) -> None:
    answer = browser.post("/announcements/new", on="/announcements/new", **_EVENT)

    page = browser.follow(answer).text
    assert "“Open &lt;Day&gt;” is stored." in page
    assert "Pump House" in page
    with app.database.snapshot() as snapshot:
        (stored,) = list_announcements(snapshot)
    assert stored.announcement.starts_at == datetime(2026, 12, 20, 18, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert 'value="2026-12-20T18:00"' in browser.get(f"/announcements/{stored.id}").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"title": " "}, "An announcement needs a title."),
        ({"starts_at": ""}, "An event needs the time at which it starts."),
        ({"ends_at": "2026-12-19T18:00"}, "ends cannot be before its starts"),
        ({"timezone": "Nowhere"}, "is no time zone"),
        ({"url": "example.org"}, "is not a web address"),
    ],
)
def test_what_cannot_be_stored_is_said_and_kept(browser: Browser, changes: dict[str, str], sentence: str) -> None:
    answer = browser.post("/announcements/new", on="/announcements/new", **(_EVENT | changes))

    assert answer.status_code == 400
    assert sentence in answer.text.replace("&#39;", "'")
    assert "Pump House" in answer.text


def test_two_editors_of_one_announcement_lose_nothing(app: App, browser: Browser) -> None:
    browser.post("/announcements/new", on="/announcements/new", **_EVENT)
    seen = seen_on(browser, "/announcements/1")
    edit_announcement(1, AnnouncementTexts(place="Lock House"), database=app.database, now=NOW)

    answer = browser.post("/announcements/1", on="/announcements/1", seen=seen, **(_EVENT | {"place": "Boat House"}))

    assert answer.status_code == 409
    assert "Lock House" in answer.text
    assert "Boat House" in answer.text
    again = answer.text.partition('name="seen" value="')[2].partition('"')[0]
    browser.post("/announcements/1", on="/announcements/1", seen=again, **(_EVENT | {"place": "Both"}))
    with app.database.snapshot() as snapshot:
        assert find_announcement(snapshot, 1).announcement.place == "Both"


def test_an_announcement_is_retracted_and_brought_back(app: App, browser: Browser) -> None:
    browser.post("/announcements/new", on="/announcements/new", **_EVENT)

    gone = browser.follow(browser.post("/announcements/1/retract", on="/announcements/1")).text
    assert "is retracted." in gone
    browser.follow(browser.post("/announcements/1/restore", on="/announcements/1"))

    with app.database.snapshot() as snapshot:
        assert find_announcement(snapshot, 1).retracted_at is None


def test_a_saved_announcement_reads_as_it_was_written(app: App, browser: Browser) -> None:
    browser.post("/announcements/new", on="/announcements/new", **_EVENT)
    with app.database.snapshot() as snapshot:
        before = find_announcement(snapshot, 1)

    browser.post(
        "/announcements/1",
        on="/announcements/1",
        seen=seen_on(browser, "/announcements/1"),
        **show_texts(before.announcement),
    )

    with app.database.snapshot() as snapshot:
        assert find_announcement(snapshot, 1) == before


def test_a_partner_is_added_with_a_window_in_the_sites_zone(app: App, browser: Browser) -> None:
    fields = {
        "name": "Night Train Forum",
        "url": "https://example.org",
        "weight": "2",
        "window_from": "2026-12-01T09:00",
    }
    page = browser.follow(browser.post("/partners/new", on="/partners/new", **fields)).text

    assert "Night Train Forum is stored." in page
    with app.database.snapshot() as snapshot:
        (stored,) = list_partners(snapshot)
    assert stored.link.weight == 2
    assert stored.link.window_from == datetime(2026, 12, 1, 9, tzinfo=app.cadence.zone)
    assert 'value="2026-12-01T09:00"' in browser.get(f"/partners/{stored.id}").text


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [({"name": ""}, "needs a name"), ({"weight": "two"}, "is no weight"), ({"weight": "0"}, "weight is at least 1")],
)
def test_a_partner_that_cannot_be_is_refused(browser: Browser, changes: dict[str, str], sentence: str) -> None:
    fields = {"name": "Forum", "url": "https://example.org", "weight": "1"} | changes

    answer = browser.post("/partners/new", on="/partners/new", **fields)

    assert answer.status_code == 400
    assert sentence in answer.text.replace("&#39;", "'")


def test_two_editors_of_one_partner_lose_nothing(app: App, browser: Browser) -> None:
    write_partner(PartnerTexts(name="Forum"), database=app.database, now=NOW)
    seen = seen_on(browser, "/partners/1")
    edit_partner(1, PartnerTexts(text="Theirs"), database=app.database, now=NOW)

    answer = browser.post("/partners/1", on="/partners/1", seen=seen, name="Forum", text="Mine", weight="1")

    assert answer.status_code == 409
    assert "Theirs" in answer.text
    with app.database.snapshot() as snapshot:
        assert find_partner(snapshot, 1).link.text == "Theirs"


def test_a_partner_is_retired_and_shown_again(app: App, browser: Browser) -> None:
    write_partner(PartnerTexts(name="Forum", url="https://example.org"), database=app.database, now=NOW)

    assert "Forum is retired." in browser.follow(browser.post("/partners/1/retire", on="/partners/1")).text
    assert "retired" in browser.get("/partners").text
    browser.post("/partners/1/return", on="/partners/1")

    with app.database.snapshot() as snapshot:
        assert find_partner(snapshot, 1).retired_at is None


def test_what_was_shown_in_which_issue_is_reported(database: Database, browser: Browser) -> None:
    write_partner(PartnerTexts(name="=Forum", url="https://example.org"), database=database, now=NOW)
    desk = Desk(database)
    desk.store("First Story")
    number = desk.publish()

    page, table = browser.get("/partners/report").text, browser.get("/partners/report.csv")

    assert f'<th scope="row">{number}</th><td>=Forum</td>' in page
    assert table.text == f"issue,partner\r\n{number},'=Forum\r\n"
    assert "attachment" in table.headers["Content-Disposition"]


def test_a_writer_sees_partners_and_changes_none(app: App) -> None:
    write_partner(PartnerTexts(name="Forum"), database=app.database, now=NOW)
    with open_desk(app, role=EditorRole.WRITER) as browser:
        assert "Add a partner" not in browser.get("/partners").text
        assert "Save the partner" not in browser.get("/partners/1").text
        assert browser.post("/partners/1", on="/partners", name="Mine").status_code == 403


def test_empty_screens_say_what_to_do_first(browser: Browser) -> None:
    assert "Nothing is announced yet" in browser.get("/announcements").text
    assert "There are no partners yet" in browser.get("/partners").text
    assert "No issue has shown a partner yet" in browser.get("/partners/report").text
