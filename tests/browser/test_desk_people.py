"""People and dates at the desk, by clicking: on a phone and on a desk, in light and dark, with scripts and without."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import Page, expect

from chromium import Chromium
from desk_stand import SETTINGS, an_app, appoint, begin_sign_in
from mailing_stand import ADDRESS_KEY, KEYS
from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.editor import EditorRole
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import ConsentEvent
from newsletter.domain.topic import Topic
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.add_subscriber import add_subscriber
from newsletter.service.person_record import find_record
from newsletter.service.read_bounces import read_bounces
from newsletter.service.save_segment import save_segment, tag_subscribers
from newsletter.store.database import Database
from site_server import serve_site
from stored import SENT_AT, a_failure, a_mailing

PHONE, DESK = 375, 1280
NOW = SENT_AT + timedelta(days=2)
NAMES = ("Ada Lindqvist", "Bo Marten", "Cyra Halden", "Dag Osmanli", "Edda Okafor", "Finn Brandt")
DEAD = EmailAddress("ada.lindqvist@example.net")


@dataclass
class Stand:
    base: str
    app: App
    token: str

    def sign_in(self, page: Page) -> None:
        page.context.add_cookies([{"name": "desk", "value": self.token, "url": self.base}])

    def open(self, page: Page, path: str) -> None:
        page.goto(f"{self.base}/desk{path}", wait_until="load")


@pytest.fixture
def stand(tmp_path: Path, migrated_file: Path) -> Iterator[Stand]:
    """Serve a desk with readers of whom one is dead, a segment, an issue that went out, and an owner signed in."""
    file = tmp_path / "newsletter.db"
    shutil.copyfile(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    settings = msgspec.structs.replace(
        SETTINGS, security=msgspec.structs.replace(SETTINGS.security, address_key=ADDRESS_KEY.decode())
    )
    app = an_app(database, now=lambda: NOW, settings=settings)
    fill(app)
    token = begin_sign_in(database, appoint(database, EditorRole.OWNER, now=NOW, name="Ottilie Veld"), now=NOW)
    with serve_site(create_desk(app)) as base:
        yield Stand(base, app, token)
    database.close()


def fill(app: App) -> None:
    """Store readers, an issue to them, a bounce of one of them, a letter of another, tags and a segment."""
    database = app.database
    for number, name in enumerate(NAMES):
        add_subscriber(
            address_of(name),
            name=name,
            topics=Topic.everything() if number % 2 else Topic.ARTICLES,
            language="de" if number == 2 else "",
            consent_source="Sign-up sheet, spring lecture",
            database=database,
            address_key=app.address_key,
            now=SENT_AT - timedelta(days=30 - number),
        )
    sent = a_mailing(database, addresses=(), reply="2.0.0 queued as 4F2A")
    words = f"550 5.1.1 <{DEAD}>: Recipient address rejected: no such user here"
    raws = [
        a_failure(DEAD.text, delivered_to=f"b+{sent.token(DEAD.text)}@b.example.org", words=words),
        a_failure("somebody@example.com", words="452 4.2.2 mailbox full", status="4.2.2"),
    ]
    read_bounces(
        [StoredMessage(f"{number}", raw, "") for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=SENT_AT + timedelta(days=1),
    )
    tag_subscribers("press", addresses=[address_of(NAMES[1])], is_taken=False, database=database, now=NOW)
    save_segment("Spring lecture", Segment(source="spring"), database=database, now=NOW)


def address_of(name: str) -> EmailAddress:
    return EmailAddress(f"{name.lower().replace(' ', '.')}@example.net")


def click(page: Page, name: str, *, role: str = "button") -> None:
    page.get_by_role(role, name=name, exact=True).click()  # type: ignore[arg-type]


def said(page: Page) -> str:
    return page.get_by_role("status").inner_text()


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_reader_is_found_put_right_and_let_go(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    def work(page: Page) -> list[str]:
        told = []
        stand.sign_in(page)
        stand.open(page, "/subscribers")
        page.get_by_label("Address or name").fill("lindq")
        if not runs_scripts:
            click(page, "Find")
        expect(page.get_by_role("link", name="b…@example.net")).to_have_count(0)
        click(page, "a…@example.net", role="link")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ada Lindqvist")
        assert DEAD.text not in page.content()
        click(page, "Show the whole address")
        expect(page.locator(".lead")).to_contain_text(DEAD.text)
        page.get_by_label("Language").fill("sv")
        page.get_by_label("news").check()
        click(page, "Save the choices")
        told.append(said(page))
        page.get_by_text("Lift the suppression").first.click()
        page.get_by_label("Why").fill("wrote to us, the mailbox is back")
        click(page, "Lift the suppression")
        told.append(said(page))
        page.get_by_text("Unsubscribe", exact=True).click()
        page.get_by_label("How the wish reached you").fill("a letter")
        click(page, "Unsubscribe this reader")
        told.append(said(page))
        page.get_by_role("link", name="Erase this person …").click()
        click(page, "Erase this person for good")
        told.append(said(page))
        return told

    told = chromium.visit(f"{stand.base}/desk/sign-in", work, width=width, runs_scripts=runs_scripts)

    assert [sentence.split()[0] for sentence in told] == ["Saved.", "The", "Unsubscribed;", "Erased."]
    record = find_record(DEAD, database=stand.app.database, address_key=stand.app.address_key)
    assert record.subscriber is None
    assert record.consents[-1].event is ConsentEvent.WITHDRAWN


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_list_is_imported_by_clicking(
    stand: Stand, chromium: Chromium, tmp_path: Path, *, runs_scripts: bool
) -> None:
    file = tmp_path / "fair.csv"
    people = "".join(f"reader{number}@example.org;Reader {number}\n" for number in range(300))
    file.write_text(f"Contact;Full name\n{people}nobody;Nobody\n", encoding="utf-8")

    def come_to(page: Page, title: str) -> None:
        heading = page.get_by_role("heading", name=title, exact=True)
        for _ in range(100):
            if runs_scripts or heading.count():
                break
            page.reload()
        expect(heading).to_be_visible(timeout=20_000)

    def work(page: Page) -> str:
        stand.sign_in(page)
        stand.open(page, "/subscribers")
        click(page, "Import a list", role="link")
        page.get_by_label("File").set_input_files(file)
        click(page, "Hand in the list")
        page.get_by_label("email", exact=True).select_option("contact")
        page.get_by_label("name", exact=True).select_option("full name")
        page.get_by_label("Where everybody in it gave consent").fill("Book fair")
        click(page, "Try it")
        come_to(page, "What an import would do")
        click(page, "Import 300 new subscribers")
        come_to(page, "Imported")
        return page.locator("main").inner_text()

    text = chromium.visit(f"{stand.base}/desk/sign-in", work, width=DESK, runs_scripts=runs_scripts)

    assert "nobody" in text
    address = EmailAddress("reader299@example.org")
    [consent] = find_record(address, database=stand.app.database, address_key=stand.app.address_key).consents
    assert consent.source == "Book fair"


def test_a_segment_is_made_seen_and_tagged(stand: Stand, chromium: Chromium) -> None:
    def work(page: Page) -> tuple[str, str, str]:
        stand.sign_in(page)
        stand.open(page, "/segments")
        expect(page.get_by_role("cell", name="6", exact=True)).to_be_visible()  # counted by itself
        click(page, "New segment", role="link")
        page.get_by_label("Name").fill("Germans")
        page.get_by_label("Language").fill("de")
        click(page, "Save the segment")
        lead = page.locator(".lead").inner_text()
        page.get_by_label("Tag", exact=True).fill("translate")
        click(page, "Give the tag")
        tagged = said(page)
        click(page, "See them", role="link")
        return lead, tagged, page.get_by_role("table").inner_text()

    lead, tagged, table = chromium.visit(f"{stand.base}/desk/sign-in", work, width=DESK)

    assert lead.startswith("1 active subscriber who read de")
    assert tagged == "1 subscriber tagged translate."
    assert "Cyra Halden" in table


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_bounce_is_read_and_taken_back(stand: Stand, chromium: Chromium, *, runs_scripts: bool) -> None:
    def work(page: Page) -> tuple[str, str]:
        stand.sign_in(page)
        stand.open(page, "/bounces")
        click(page, "unknown user", role="link")
        click(page, "1", role="link")
        marked = page.locator("mark").inner_text()
        click(page, "Take the report back")
        return marked, said(page)

    marked, told = chromium.visit(f"{stand.base}/desk/sign-in", work, width=PHONE, runs_scripts=runs_scripts)

    assert "no such user here" in marked
    assert "a…@example.net" in marked
    assert told == "Report 1 is taken back. The address is mailed again."


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_slots_are_skipped_and_moved_each_with_a_reason(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    def work(page: Page) -> str:
        stand.sign_in(page)
        stand.open(page, "/calendar?year=2027")
        slot = page.locator(".slots li").nth(2)
        slot.get_by_text("Change").click()
        slot.get_by_label("Why").nth(1).fill("the office is closed")
        slot.get_by_role("button", name="Skip the slot").click()
        slot = page.locator(".slots li").nth(4)
        slot.get_by_text("Change").click()
        day = slot.locator("input[name=slot]").first.input_value()
        moved = datetime.fromisoformat(day).date() + timedelta(days=3)
        slot.get_by_label("To which day").fill(str(moved))
        slot.get_by_label("Why").first.fill("a conference")
        slot.get_by_role("button", name="Move the slot").click()
        return page.locator(".slots").inner_text()

    text = chromium.visit(f"{stand.base}/desk/sign-in", work, width=width, runs_scripts=runs_scripts)

    assert "“the office is closed”" in text
    assert "“a conference”" in text
    assert re.search(r"moved\s+from 2027-", text)


def test_the_keyboard_alone_finds_and_suppresses_somebody(stand: Stand, chromium: Chromium) -> None:
    def press_until(page: Page, is_there: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate(f"() => {is_there}"):
                return
        raise AssertionError(is_there)

    def work(page: Page) -> str:
        stand.sign_in(page)
        stand.open(page, "/subscribers/2")
        press_until(page, "document.activeElement.textContent.trim() === 'Suppress the address'")
        page.keyboard.press("Enter")
        press_until(page, "document.activeElement.id === 'suppress-reason'")
        page.keyboard.type("asked by telephone")
        page.keyboard.press("Enter")
        page.wait_for_selector("#said p")
        return said(page)

    told = chromium.visit(f"{stand.base}/desk/sign-in", work, width=DESK)

    assert told.startswith("Suppressed")
