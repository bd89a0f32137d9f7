"""The readers' pages in a browser: on a phone and on a desk, in light and dark, with scripts and without."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Page

from axe import VIEWS, find_barriers, read_axe
from chromium import Chromium, Scheme
from newsletter.domain.address import EmailAddress
from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.token import Purpose
from newsletter.domain.topic import Topic
from newsletter.store.subscribers import find_subscriber
from readers_stand import Shown, Stand, open_stand

PHONE, DESK = 375, 1280

_IS_WIDER_THAN_THE_SCREEN = "() => document.documentElement.scrollWidth > window.innerWidth"
_SMALL_TARGETS = """() => [...document.querySelectorAll('main a, button, select, textarea, input:not([type=hidden])')]
    .filter(each => !each.closest('.trap'))
    .map(each => each.closest('.choice') ?? each)
    .map(each => [each.getBoundingClientRect(), each])
    .filter(([box, each]) => box.height < 24 && getComputedStyle(each).display !== 'inline')
    .map(([box, each]) => `${each.outerHTML.slice(0, 80)}: ${box.height}`)"""


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Stand]:
    with open_stand(tmp_path_factory.mktemp("site"), migrated_file) as opened:
        yield opened


@pytest.mark.timeout(600)  # three dozen pages, on a machine that may be busy
@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_nothing_stands_in_anybodys_way_on_any_page(
    stand: Stand, chromium: Chromium, width: int, scheme: Scheme
) -> None:
    source = read_axe()

    def look(shown: Shown) -> Callable[[Page], list[str]]:
        def see(page: Page) -> list[str]:
            shown.act(page)
            page.evaluate(source)
            found = find_barriers(page) + [f"small: {target}" for target in page.evaluate(_SMALL_TARGETS)]
            return [*found, *(["wider than the screen"] if page.evaluate(_IS_WIDER_THAN_THE_SCREEN) else [])]

        return see

    barriers = {
        name: chromium.visit(stand.base + shown.path, look(shown), width=width, scheme=scheme)
        for name, shown in stand.list_pages().items()
    }

    assert {name: found for name, found in barriers.items() if found} == {}


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_reader_signs_up_confirms_chooses_leaves_and_comes_back(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    email = f"ada{width}{runs_scripts}@example.org".lower()
    stand.take_notices()

    def sign_up(page: Page) -> str:
        stand.clock.ahead += timedelta(seconds=10)  # a person takes a while
        page.get_by_label("Your email address").fill(email)
        page.get_by_label("Your name").fill("Ada Lindgren")
        page.get_by_label("News").uncheck()
        page.get_by_role("button", name="Subscribe").click()
        return page.get_by_role("heading", level=1).inner_text()

    def press(name: str) -> str:
        def act(page: Page) -> str:
            page.get_by_role("button", name=name).click()
            return page.get_by_role("heading", level=1).inner_text()

        return chromium.visit(stand.base + path, act, width=width, runs_scripts=runs_scripts)

    def choose(page: Page) -> str:
        page.get_by_label("Events").uncheck()
        page.get_by_role("button", name="Save").click()
        return page.get_by_role("status").inner_text()

    asked = chromium.visit(stand.base, sign_up, width=width, runs_scripts=runs_scripts)
    path = stand.confirm_path()
    welcomed = press("Confirm the subscription")
    path = stand.link("preferences", Purpose.PREFERENCES, email)
    chosen = chromium.visit(stand.base + path, choose, width=width, runs_scripts=runs_scripts)
    reader = stand.find(email)
    path = stand.link("unsubscribe", Purpose.UNSUBSCRIBE, email)
    left = press("Unsubscribe")
    gone = stand.find(email)
    path = stand.link("return", Purpose.RETURN, email)
    back = press("Subscribe again")

    assert (asked, welcomed) == ("Please look into your mailbox", "Welcome")
    assert chosen.startswith("Your choice is saved")
    assert (reader.name, reader.topics) == ("Ada Lindgren", Topic.ARTICLES)
    assert (left, gone.status) == ("You have left", SubscriberStatus.UNSUBSCRIBED)
    assert (back, stand.find(email).status) == ("Welcome back", SubscriberStatus.ACTIVE)


def test_the_keyboard_alone_is_enough_to_sign_up(stand: Stand, chromium: Chromium) -> None:
    stand.take_notices()

    def type_all(page: Page) -> tuple[list[str], str]:
        stand.clock.ahead += timedelta(seconds=10)
        visited = []
        for _ in range(20):
            page.keyboard.press("Tab")
            focused = page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()")
            visited.append(focused)
            if focused == "email":
                page.keyboard.type("keys@example.org")
            if focused == "Subscribe" and page.evaluate("() => document.activeElement.tagName") == "BUTTON":
                page.keyboard.press("Enter")
                break
        page.wait_for_url("**/subscribe")
        return visited, page.get_by_role("heading", level=1).inner_text()

    visited, heading = chromium.visit(stand.base, type_all, width=DESK)

    assert visited[0] == "Skip to the content"
    assert "website" not in visited
    assert heading == "Please look into your mailbox"
    assert stand.find("keys@example.org").status is SubscriberStatus.PENDING


def test_an_article_prints_without_what_only_a_screen_needs(stand: Stand, chromium: Chromium) -> None:
    def look(page: Page) -> tuple[bool, bool]:
        page.emulate_media(media="print")
        return page.get_by_role("navigation").is_visible(), page.get_by_role("heading", level=1).is_visible()

    assert chromium.visit(f"{stand.base}/articles/1", look, width=DESK) == (False, True)


def test_no_page_asks_for_anything_but_itself_and_its_style(stand: Stand, chromium: Chromium) -> None:
    asked: set[str] = set()

    def look(page: Page) -> None:
        page.on("request", lambda request: asked.add(re.sub(r"-[0-9a-f]+\.css", ".css", request.url)))
        page.reload()

    chromium.visit(stand.base, look, width=DESK)

    assert asked == {f"{stand.base}/", f"{stand.base}/assets/site.css"}


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_a_reader_pauses_moves_looks_at_the_data_and_is_deleted(
    stand: Stand, chromium: Chromium, width: int, *, runs_scripts: bool
) -> None:
    old, new = stand.a_reader(), f"moved{width}{runs_scripts}@example.net".lower()
    until = (stand.clock() + timedelta(days=21)).date()
    stand.take_notices()

    def visit(path: str, act: Callable[[Page], str]) -> str:
        return chromium.visit(stand.base + path, act, width=width, runs_scripts=runs_scripts)

    def heading_after(name: str) -> Callable[[Page], str]:
        def act(page: Page) -> str:
            page.get_by_role("button", name=name, exact=True).click()
            return page.get_by_role("heading", level=1).inner_text()

        return act

    def pause(page: Page) -> str:
        page.get_by_label("Your name").fill("Ada Lindgren")
        page.get_by_label("Language you prefer").select_option(label="русский")
        page.get_by_label("Pause until").fill(until.isoformat())
        page.get_by_role("button", name="Save").click()
        return page.get_by_role("status").inner_text()

    def move(page: Page) -> str:
        page.get_by_role("link", name="Change your address").click()
        page.get_by_label("Your new email address").fill(new)
        return heading_after("Change the address")(page)

    preferences = stand.link("preferences", Purpose.PREFERENCES, old)
    paused = visit(preferences, pause)
    reader = stand.find(old)
    asked = visit(preferences, move)
    path = stand.letter_path(NoticeKind.NEW_ADDRESS)
    moved = visit(path, heading_after("Use this address"))
    told = visit(preferences, heading_after("Send me the way to my data"))
    path = stand.letter_path(NoticeKind.DATA)
    shown = visit(path, lambda page: page.get_by_role("main").inner_text())
    deleted = visit(f"{path}/delete", heading_after("Delete everything about me"))

    assert "Issues pass you by until" in paused
    assert (reader.name, reader.language, reader.paused_until) == ("Ada Lindgren", "ru", until)
    assert (asked, moved) == ("Please look into the new mailbox", "The address is changed")
    assert told == "Please look into your mailbox"
    assert new in shown
    assert deleted == "You are deleted"
    with stand.database.snapshot() as snapshot:
        assert find_subscriber(snapshot, EmailAddress(new)) is None


def test_a_form_on_another_site_leads_to_ours_with_the_address_in_it(stand: Stand, chromium: Chromium) -> None:
    documented = (Path(__file__).parents[2] / "docs" / "readers.md").read_text(encoding="utf-8")
    snippet = documented.partition("```html\n")[2].partition("```")[0]
    elsewhere = f"<!doctype html><title>Elsewhere</title>{snippet}".replace("https://letters.example.org", stand.base)

    def sign_up(page: Page) -> tuple[list[str], str]:
        page.get_by_label("Our newsletter by email").fill("elsewhere@example.org")
        page.get_by_role("button", name="Subscribe").click()
        page.wait_for_url(f"{stand.base}/subscribe")
        taken_along = page.get_by_label("Your email address").input_value()
        asked = page.get_by_role("alert").inner_text()
        stand.clock.ahead += timedelta(seconds=10)  # a person takes a while
        page.get_by_role("button", name="Subscribe").click()
        return [taken_along, asked], page.get_by_role("heading", level=1).inner_text()

    with serve_page(elsewhere) as address:
        typed, heading = chromium.visit(address, sign_up, width=PHONE, runs_scripts=False)

    assert "<script" not in snippet
    assert typed == ["elsewhere@example.org", "Please look it over and press the button once more."]
    assert heading == "Please look into your mailbox"
    assert stand.find("elsewhere@example.org").status is SubscriberStatus.PENDING


@contextmanager
def serve_page(html: str) -> Iterator[str]:
    """Serve one page on a port of its own, as another site does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.end_headers()
            self.wfile.write(html.encode())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


def test_the_keyboard_alone_is_enough_to_say_why_one_leaves(stand: Stand, chromium: Chromium) -> None:
    path = stand.link("unsubscribe", Purpose.UNSUBSCRIBE, stand.a_reader())

    def type_all(page: Page) -> tuple[list[str], str]:
        page.get_by_role("button", name="Unsubscribe").press("Enter")
        visited = []
        for _ in range(20):
            page.keyboard.press("Tab")
            focused = page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()")
            visited.append(focused)
            if focused.startswith("cause-"):
                page.keyboard.press("ArrowDown")
            if focused == "words":
                page.keyboard.type("There is too much of it")
            if focused == "Tell the editors":
                page.keyboard.press("Enter")
                break
        page.wait_for_url("**/reason")
        return visited, page.get_by_role("heading", level=1).inner_text()

    visited, heading = chromium.visit(stand.base + path, type_all, width=DESK)

    assert visited[-3:] == ["cause-too_many", "words", "Tell the editors"]
    assert heading == "Thank you"


def test_the_keyboard_alone_is_enough_to_pause_move_see_the_data_and_be_deleted(
    stand: Stand, chromium: Chromium
) -> None:
    old, new = stand.a_reader(), "keys-alone@example.net"
    until = (stand.clock() + timedelta(days=21)).date()
    stand.take_notices()
    preferences = stand.link("preferences", Purpose.PREFERENCES, old)

    def visit(path: str, *steps: tuple[str, str]) -> str:
        """Go from one thing to the next by Tab alone and type there, or press Enter; return what the last page says."""

        def act(page: Page) -> str:
            for name, typed in steps:
                tab_to(page, name)
                if typed:
                    page.keyboard.type(typed)
                else:
                    with page.expect_navigation():
                        page.keyboard.press("Enter")
            return page.get_by_role("main").inner_text()

        return chromium.visit(stand.base + path, act, width=DESK)

    paused = visit(preferences, ("pause", f"{until:%m%d%Y}"), ("Save", ""))
    paused_until = stand.find(old).paused_until
    visit(preferences, ("Change your address", ""), ("email", new), ("Change the address", ""))
    moved = visit(stand.letter_path(NoticeKind.NEW_ADDRESS), ("Use this address", ""))
    visit(preferences, ("Send me the way to my data", ""))
    deleted = visit(stand.letter_path(NoticeKind.DATA), ("See what that means", ""), ("Delete everything about me", ""))

    assert "Issues pass you by until" in paused
    assert paused_until == until
    assert "The address is changed" in moved
    assert "You are deleted" in deleted
    with stand.database.snapshot() as snapshot:
        assert find_subscriber(snapshot, EmailAddress(new)) is None


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the focus is on what has this id, or these words."""
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("() => document.activeElement.id || document.activeElement.textContent.trim()") == name:
            return
    pytest.fail(f"No Tab leads to {name!r}.")
