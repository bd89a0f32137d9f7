"""The composer in a browser: by mouse and keyboard, by two editors at once, on a phone, and without scripts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Locator, Page, expect

from chromium import Chromium, Scheme
from composer_stand import HARVEST, ISLAND, LEAD, RAILWAY, ComposerStand, open_composer
from draft_builders import NOW
from mailing_stand import add_readers
from newsletter.domain.topic import Topic
from newsletter.store.database import Database

PHONE, DESK = 375, 1280

_STARTED = datetime.now(UTC)


@pytest.fixture
def stand(sqlite_database: Database) -> Iterator[ComposerStand]:
    with open_composer(sqlite_database, now=lambda: NOW + (datetime.now(UTC) - _STARTED)) as opened:
        yield opened


def visit(
    chromium: Chromium,
    stand: ComposerStand,
    see: Callable[[Page], None],
    *,
    width: int = DESK,
    scheme: Scheme = "light",
    runs_scripts: bool = True,
) -> None:
    def look(page: Page) -> None:
        complaints: list[str] = []
        page.on("pageerror", lambda error: complaints.append(str(error)))
        stand.sign_in(page)
        page.goto(stand.composer)
        see(page)
        assert complaints == []

    chromium.visit(f"{stand.base}/healthz", look, width=width, scheme=scheme, runs_scripts=runs_scripts)


def join(page: Page, stand: ComposerStand) -> Page:
    """Open the composer for a second editor, in a browser of their own."""
    browser = page.context.browser
    assert browser
    other = browser.new_context(viewport={"width": DESK, "height": 1000}).new_page()
    stand.sign_in(other, name="Tomas Brandt")
    other.goto(stand.composer)
    return other


def features(page: Page) -> Locator:
    return page.locator("#list-features .item")


def has_features(page: Page, *headlines: str) -> None:
    expect(features(page).locator("form.item-headline textarea")).to_have_count(len(headlines))
    for place, headline in enumerate(headlines):
        expect(features(page).nth(place).locator("form.item-headline textarea")).to_have_value(headline)


def drag(page: Page, grip: Locator, onto: Locator) -> None:
    grip.scroll_into_view_if_needed()
    onto.scroll_into_view_if_needed()
    held = grip.element_handle()
    start, end = grip.bounding_box(), onto.bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 8, start["y"] + 8)
    page.mouse.down()
    page.mouse.move(start["x"] + 8, start["y"] - 12, steps=4)
    page.mouse.move(end["x"] + 40, end["y"] + 4, steps=12)
    for step in range(200):  # the row comes after a while, to a pointer that moves
        place = held.bounding_box()
        if place and place["y"] < end["y"] + place["height"]:
            break
        page.mouse.move(end["x"] + 40, end["y"] + 4 + step % 2)
        page.wait_for_timeout(20)
    page.mouse.up()


def test_an_item_is_dragged_to_its_place(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        page.set_viewport_size({"width": DESK, "height": 1600})
        drag(page, features(page).nth(2).locator(".grip"), features(page).nth(0))
        has_features(page, ISLAND, RAILWAY, HARVEST)
        expect(page.locator("#told")).to_contain_text(f"moved “{ISLAND}” before “{RAILWAY}”")
        page.reload()
        has_features(page, ISLAND, RAILWAY, HARVEST)

        drag(page, features(page).nth(1).locator(".grip"), page.locator("#list-lead .item"))
        expect(page.locator("#list-lead .item")).to_have_count(1)
        expect(page.locator("#list-lead form.item-headline textarea")).to_have_value(RAILWAY)
        has_features(page, LEAD, ISLAND, HARVEST)

    visit(chromium, stand, see)


def test_an_item_moves_by_the_keyboard_and_says_where_it_is(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        features(page).nth(0).locator(".grip").focus()
        page.keyboard.press("Alt+ArrowDown")
        has_features(page, HARVEST, RAILWAY, ISLAND)
        expect(page.locator("#told")).to_contain_text("It is number 2 of 3 in Features.")
        expect(features(page).nth(1).locator(".grip")).to_be_focused()
        page.keyboard.press("Alt+ArrowUp")
        has_features(page, RAILWAY, HARVEST, ISLAND)
        page.keyboard.press("Alt+ArrowUp")
        expect(page.locator("#list-lead form.item-headline textarea")).to_have_value(RAILWAY)
        expect(page.locator("#list-lead .grip")).to_be_focused()

    visit(chromium, stand, see)


def test_what_is_typed_is_saved_by_itself_and_shown_in_the_letter(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        headline = features(page).nth(0).locator("form.item-headline textarea")
        headline.fill("Who Owns the Mountain Railway?")
        expect(page.locator("#saved")).to_contain_text(re.compile(r"Saved \d\d:\d\d:\d\d"))
        expect(page.frame_locator("#letter iframe:not(.coming)").locator("body")).to_contain_text(
            "Who Owns the Mountain Railway?"
        )
        expect(headline).to_be_focused()
        page.reload()
        has_features(page, "Who Owns the Mountain Railway?", HARVEST, ISLAND)
        page.locator("#undo").click()
        has_features(page, RAILWAY, HARVEST, ISLAND)
        page.locator("#redo").click()
        has_features(page, "Who Owns the Mountain Railway?", HARVEST, ISLAND)

    visit(chromium, stand, see)


def test_two_editors_see_each_other_and_lose_nothing(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        other = join(page, stand)
        expect(page.locator("#others")).to_contain_text("Tomas Brandt is here")

        writing = features(page).nth(0).locator("form.item-teaser textarea")
        writing.focus()
        page.keyboard.press("Control+End")
        page.keyboard.type(" And more")
        features(other).nth(0).locator(".grip").focus()
        other.keyboard.press("Alt+ArrowDown")
        has_features(other, HARVEST, RAILWAY, ISLAND)
        has_features(page, HARVEST, RAILWAY, ISLAND)
        expect(features(page).nth(1).locator("form.item-teaser textarea")).to_be_focused()
        page.keyboard.type(", still.")
        expect(features(other).nth(1).locator("form.item-teaser textarea")).to_have_value(
            re.compile(r"And more, still\.$")
        )
        other.context.close()

    visit(chromium, stand, see)


def test_one_text_written_by_two_is_shown_twice_until_one_is_chosen(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        other = join(page, stand)
        theirs = features(other).nth(0).locator("form.item-headline textarea")
        theirs.focus()
        other.route("**/pulse", lambda route: route.abort())  # their page has not heard of it yet
        features(page).nth(0).locator("form.item-headline textarea").fill("By Aino")
        expect(page.locator("#saved")).to_contain_text("Saved")
        expect(page.locator("#undo")).to_be_enabled()
        theirs.fill("By Tomas")

        clash = features(other).nth(0).locator(".clash")
        expect(clash).to_contain_text("By Aino")
        expect(clash).to_contain_text("By Tomas")
        expect(features(page).nth(0).locator(".clash")).to_contain_text("By Tomas")
        clash.get_by_role("button", name="Take these words").click()
        expect(clash).to_have_count(0)
        page.locator("h1").click()
        has_features(page, "By Tomas", HARVEST, ISLAND)
        other.context.close()

    visit(chromium, stand, see)


def test_what_could_not_be_saved_survives_a_reload_and_is_saved_then(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        page.route("**/words", lambda route: route.abort())
        features(page).nth(0).locator("form.item-headline textarea").fill("Written on a Train")
        expect(page.locator("#said")).to_contain_text("cannot be reached")
        page.unroute("**/words")
        page.reload()
        has_features(page, "Written on a Train", HARVEST, ISLAND)
        expect(page.locator("#undo")).to_be_enabled()
        assert page.evaluate("() => Object.keys(sessionStorage).filter(key => key.includes(' text-'))") == []

    visit(chromium, stand, see)


def test_something_is_added_from_a_dialog_that_searches(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        features(page).nth(2).get_by_role("button", name="Take out").click()
        has_features(page, RAILWAY, HARVEST)
        page.get_by_role("link", name="Add to the issue").click()
        page.locator("#adding-search").fill("island")
        expect(page.locator("#addable li")).to_have_count(1)
        page.get_by_role("button", name=f"Add: {ISLAND}").click()
        has_features(page, RAILWAY, HARVEST, ISLAND)
        expect(page.locator("#adding")).not_to_be_visible()

    visit(chromium, stand, see)


def test_everything_works_without_scripts(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        features(page).nth(0).get_by_role("button", name="Move down").click()
        has_features(page, HARVEST, RAILWAY, ISLAND)
        headline = features(page).nth(0).locator("form.item-headline")
        headline.locator("textarea").fill("A Better Headline")
        headline.get_by_role("button", name="Save").click()
        has_features(page, "A Better Headline", RAILWAY, ISLAND)
        page.locator("#undo").click()
        has_features(page, HARVEST, RAILWAY, ISLAND)
        features(page).nth(2).get_by_role("button", name="Take out").click()
        has_features(page, HARVEST, RAILWAY)
        page.get_by_role("link", name="Add to the issue").click()
        page.get_by_role("button", name=f"Add: {ISLAND}").click()
        has_features(page, HARVEST, RAILWAY, ISLAND)

    visit(chromium, stand, see, runs_scripts=False)


def test_previews_show_the_letter_in_light_and_dark_without_images(stand: ComposerStand, chromium: Chromium) -> None:
    def see(page: Page) -> None:
        page.goto(f"{stand.composer}/preview")
        colours = [
            page.frame_locator(f"iframe.{scheme}").locator("body").evaluate("each => getComputedStyle(each).background")
            for scheme in ("light", "dark")
        ]
        assert colours[0] != colours[1]
        assert page.locator("iframe.light").evaluate("each => each.contentDocument.scripts.length") == 0
        page.get_by_role("link", name="Text part").click()
        expect(page.locator(".text-part")).to_contain_text("The River Review")

    visit(chromium, stand, see)


def test_the_preview_beside_the_issue_shows_every_side_of_the_letter_and_follows_each_change(
    stand: ComposerStand, chromium: Chromium
) -> None:
    def see(page: Page) -> None:
        letter = page.frame_locator("#letter iframe:not(.coming)")
        frame = page.locator("#letter iframe:not(.coming)")
        teaser = features(page).nth(0).locator("form.item-teaser textarea")
        page.get_by_label("View", exact=True).select_option("Desktop")
        expect(page.locator("#letter")).to_have_class(re.compile("wide"))
        page.get_by_label("Images off").check()
        expect(frame).to_have_attribute("src", re.compile("images=none"))
        page.get_by_label("Dark").check()
        expect(frame).to_have_attribute("src", re.compile("scheme=dark"))
        page.get_by_label("As", exact=True).select_option("News")
        expect(letter.locator("body")).not_to_contain_text(RAILWAY)
        page.get_by_label("As", exact=True).select_option("Everybody")
        page.get_by_label("View", exact=True).select_option("Text part")
        teaser.fill("The line has a price.")
        expect(letter.locator("body")).to_contain_text("The line has a price.")
        expect(frame).to_have_attribute("src", re.compile("look=text"))

    visit(chromium, stand, see)


def test_the_preview_beside_the_issue_is_that_of_a_chosen_subscriber(stand: ComposerStand, chromium: Chromium) -> None:
    add_readers(stand.app.database, ["clara.voss@example.net"], topics=Topic.EVENTS)

    def see(page: Page) -> None:
        readers = page.get_by_label("As", exact=True)
        readers.select_option("A subscriber …")
        address = page.get_by_label("A subscriber’s address")
        address.fill("nobody@example.net")
        address.press("Enter")
        expect(page.locator("#said")).to_contain_text("Nobody with this address")
        address.fill("clara.voss@example.net")
        address.press("Enter")
        expect(readers.locator("option:checked")).to_have_text("c…@example.net")
        letter = page.frame_locator("#letter iframe:not(.coming)").locator("body")
        expect(letter).not_to_contain_text(RAILWAY)
        expect(letter).to_contain_text("Reading a Budget")
        page.locator("#list-events").get_by_role("button", name="Take out").nth(1).click()
        expect(letter).not_to_contain_text("Reading a Budget")
        expect(readers.locator("option:checked")).to_have_text("c…@example.net")

    visit(chromium, stand, see)
