"""The readers' pages in a browser: on a phone and on a desk, in light and dark, with scripts and without."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page

from axe import find_barriers, read_axe
from chromium import Chromium, Scheme
from mailing_stand import ADDRESS_KEY, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.article import Article, Section
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.sign_up import SignUp, SignUpLimits
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import ConfirmToken, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.service.request_subscription import request_subscription
from newsletter.store.articles import add_article
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import find_subscriber
from site_server import serve_site
from site_stand import KEYS, a_site

PHONE, DESK = 375, 1280
READER = "reader@example.org"

_IS_WIDER_THAN_THE_SCREEN = "() => document.documentElement.scrollWidth > window.innerWidth"
_SMALL_TARGETS = """() => [...document.querySelectorAll('main a, button, input:not([type=hidden])')]
    .filter(each => !each.closest('.trap'))
    .map(each => each.closest('.choice') ?? each)
    .map(each => [each.getBoundingClientRect(), each])
    .filter(([box, each]) => box.height < 24 && getComputedStyle(each).display !== 'inline')
    .map(([box, each]) => `${each.outerHTML.slice(0, 80)}: ${box.height}`)"""


@dataclass
class Clock:
    """As late as the machine says, and later on demand."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Stand:
    base: str
    database: Database
    clock: Clock

    def find(self, email: str) -> Subscriber:
        with self.database.snapshot() as snapshot:
            subscriber = find_subscriber(snapshot, EmailAddress(email))
        assert subscriber
        return subscriber

    def link(self, page: str, purpose: Purpose, email: str = READER) -> str:
        return f"/{page}/{ReaderToken(self.find(email).public_id).sign(purpose, KEYS)}"

    def confirm_path(self) -> str:
        (notice,) = self.take_notices()
        assert notice.kind is NoticeKind.CONFIRM
        assert notice.requested_at
        return f"/confirm/{ConfirmToken(notice.public_id, notice.requested_at).sign(KEYS)}"

    def take_notices(self) -> list[Notice]:
        taken = []
        with self.database.transaction() as transaction:
            while notice := claim_notice(transaction, now=self.clock()):
                taken.append(notice)
        return taken


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    with Chromium(Path(program)) as browser:
        yield browser


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Stand]:
    file = tmp_path_factory.mktemp("site") / "newsletter.db"
    shutil.copyfile(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    clock = Clock()
    add_readers(database, [READER, "gone@example.org"])
    open_a_mailing(database, now=clock() - timedelta(days=3))
    article = Article(
        headline="The Ferry That Outlived Three Treaties",
        authors=("Aino Salo", "Tomas Brandt"),
        standfirst="Every agreement has failed. The ferry has not.",
        sections=(Section(name="Background", paragraphs=("It began in spring. " * 30,)),),
        biography="Aino Salo teaches history.",
        published_at=clock() - timedelta(days=4),
        tags=("Strait politics",),
    )
    with database.transaction() as transaction:
        add_article(transaction, article, now=clock())
    with serve_site(a_site(database, now=clock)) as base:
        yield Stand(base, database, clock)
    database.close()


def list_paths(stand: Stand) -> dict[str, str]:
    """Return every page that is shown by following a link, by name."""
    request_subscription(
        SignUp(address=EmailAddress("asked@example.org"), topics=Topic.everything(), source="form"),
        client="192.0.2.1",
        limits=SignUpLimits(),
        database=stand.database,
        address_key=ADDRESS_KEY,
        now=stand.clock(),
    )
    asked = stand.find("asked@example.org")
    assert asked.requested_at
    return {
        "front": "/",
        "sign-up": "/subscribe",
        "confirmation": f"/confirm/{ConfirmToken(asked.public_id, asked.requested_at).sign(KEYS)}",
        "expired confirmation": f"/confirm/{ConfirmToken(bytes(8), asked.requested_at).sign(KEYS)}",
        "preferences": stand.link("preferences", Purpose.PREFERENCES),
        "unsubscribe": stand.link("unsubscribe", Purpose.UNSUBSCRIBE),
        "return": stand.link("return", Purpose.RETURN, "gone@example.org"),
        "no link of one's own": "/unsubscribe",
        "issues": "/issues",
        "article": "/articles/1",
        "empty search": "/search",
        "search": "/search?q=ferry",
        "fruitless search": "/search?q=nothing+of+the+kind",
        "nothing here": "/nothing",
    }


@pytest.mark.parametrize(("width", "scheme"), [(PHONE, "light"), (PHONE, "dark"), (DESK, "light")])
def test_nothing_stands_in_anybodys_way_on_any_page(
    stand: Stand, chromium: Chromium, width: int, scheme: Scheme
) -> None:
    source = read_axe()

    def look(page: Page) -> list[str]:
        page.evaluate(source)
        found = find_barriers(page) + [f"small: {target}" for target in page.evaluate(_SMALL_TARGETS)]
        return [*found, *(["wider than the screen"] if page.evaluate(_IS_WIDER_THAN_THE_SCREEN) else [])]

    barriers = {
        name: chromium.visit(stand.base + path, look, width=width, scheme=scheme)
        for name, path in list_paths(stand).items()
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
