"""Announcements and partners at the desk in a browser: by clicking, on a phone and on a desk, without scripts too."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect

from chromium import Chromium
from desk_stand import an_app, appoint, begin_sign_in
from newsletter.desk.factory import create_desk
from newsletter.domain.editor import EditorRole
from newsletter.store.announcements import list_announcements
from newsletter.store.database import Database
from newsletter.store.partners import list_partners
from site_server import serve_site

NOW = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
VIEWS = pytest.mark.parametrize(("width", "runs_scripts"), [(375, False), (1280, True)], ids=["phone", "desk"])


@dataclass
class Stand:
    base: str
    database: Database

    def as_role(self, role: EditorRole, page: Page) -> None:
        token = begin_sign_in(self.database, appoint(self.database, role, now=NOW), now=NOW)
        page.context.add_cookies([{"name": "desk", "value": token, "url": self.base}])


@pytest.fixture
def stand(sqlite_database: Database) -> Iterator[Stand]:
    with serve_site(create_desk(an_app(sqlite_database, now=lambda: NOW))) as base:
        yield Stand(base, sqlite_database)


def press(page: Page, name: str) -> None:
    page.get_by_role("button", name=name, exact=True).click()


def state_of(page: Page, title: str) -> str:
    return page.get_by_role("row").filter(has_text=title).locator(".state").inner_text()


@VIEWS
def test_an_announcement_is_written_refused_mended_changed_and_taken_out(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    def act(page: Page) -> None:
        stand.as_role(EditorRole.EDITOR, page)
        page.goto(f"{stand.base}/desk/announcements")
        expect(page.get_by_text("Nothing is announced yet")).to_be_visible()
        page.get_by_role("link", name="Write an announcement").click()
        page.get_by_label("Title").fill("Lecture on the locks")
        press(page, "Store the announcement")
        expect(page.get_by_text("An event needs the time at which it starts.")).to_be_visible()
        expect(page.get_by_label("Title")).to_have_value("Lecture on the locks")

        page.get_by_label("Begins").fill("2026-12-10T18:00")
        page.get_by_label("Place").fill("The old toll house")
        press(page, "Store the announcement")
        expect(page.get_by_role("status")).to_contain_text("“Lecture on the locks” is stored.")
        assert state_of(page, "Lecture on the locks") == "current"
        expect(page.get_by_role("row").filter(has_text="Lecture on the locks")).to_contain_text("The old toll house")

        page.get_by_role("link", name="Lecture on the locks").click()
        page.get_by_label("Title").fill("Lecture on weirs")
        press(page, "Save the announcement")
        expect(page.get_by_role("status")).to_contain_text("“Lecture on weirs” is saved.")
        page.get_by_role("link", name="Lecture on weirs").click()
        press(page, "Retract the announcement")
        expect(page.get_by_text("no issue takes it")).to_be_visible()
        press(page, "Bring it back")
        expect(page.get_by_role("button", name="Retract the announcement")).to_be_visible()

    chromium.visit(f"{stand.base}/desk/sign-in", act, width=width, runs_scripts=runs_scripts)
    with stand.database.snapshot() as snapshot:
        assert [each.announcement.title for each in list_announcements(snapshot)] == ["Lecture on weirs"]


@VIEWS
def test_a_partner_is_added_refused_mended_weighed_and_retired(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    def act(page: Page) -> None:
        stand.as_role(EditorRole.EDITOR, page)
        page.goto(f"{stand.base}/desk/partners")
        expect(page.get_by_text("There are no partners yet")).to_be_visible()
        page.get_by_role("link", name="Add a partner").click()
        page.get_by_label("Name", exact=True).fill("The Lock Keepers")
        page.get_by_label("Weight").fill("0")
        press(page, "Store the partner")
        expect(page.get_by_text("weight is at least 1, not 0")).to_be_visible()
        page.get_by_label("Weight").fill("2")
        press(page, "Store the partner")
        assert state_of(page, "The Lock Keepers") == "needs an address"

        page.get_by_role("link", name="The Lock Keepers").click()
        page.locator("input[name=url]").fill("https://keepers.example.org/")
        press(page, "Save the partner")
        assert state_of(page, "The Lock Keepers") == "shown"
        page.get_by_role("link", name="The Lock Keepers").click()
        press(page, "Retire the partner")
        expect(page.get_by_text("no issue shows it")).to_be_visible()
        press(page, "Show it again")
        expect(page.get_by_role("button", name="Retire the partner")).to_be_visible()

    chromium.visit(f"{stand.base}/desk/sign-in", act, width=width, runs_scripts=runs_scripts)
    with stand.database.snapshot() as snapshot:
        assert [(each.link.name, each.link.weight) for each in list_partners(snapshot)] == [("The Lock Keepers", 2)]


def test_a_writer_writes_announcements_and_only_looks_at_partners(stand: Stand, chromium: Chromium) -> None:
    def look(page: Page) -> list[bool]:
        stand.as_role(EditorRole.EDITOR, page)
        page.goto(f"{stand.base}/desk/partners/new")
        page.get_by_label("Name", exact=True).fill("The Lock Keepers")
        press(page, "Store the partner")
        stand.as_role(EditorRole.WRITER, page)
        page.goto(f"{stand.base}/desk/partners")
        adds = page.get_by_role("link", name="Add a partner").is_visible()
        page.get_by_role("link", name="The Lock Keepers").click()
        saves = page.get_by_role("button", name="Save the partner").is_visible()
        page.goto(f"{stand.base}/desk/announcements")
        return [adds, saves, page.get_by_role("link", name="Write an announcement").is_visible()]

    assert chromium.visit(f"{stand.base}/desk/sign-in", look, width=375) == [False, False, True]
