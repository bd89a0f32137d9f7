"""Every screen of the desk, as the application itself has them, in the browser: a new screen cannot be forgotten."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from axe import find_barriers, read_axe
from chromium import Chromium
from desk_content import ROLE, approve_draft, fill, list_screens
from desk_stand import an_app, appoint, begin_sign_in
from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import EditorRole
from newsletter.domain.token import EditorToken, Purpose
from newsletter.service.edit_editors import add_editor
from newsletter.service.hand_in import hand_in
from newsletter.service.import_articles import Handed
from newsletter.service.list_imports import keep_list
from newsletter.store.database import Database
from site_server import serve_site

PHONE, DESK = 375, 1280
MOST_BYTES = 150_000
_LEAST_BYTES = 20_000

#: Screens for those who are not signed in.
_OUTSIDE = ("/desk/sign-in", "/desk/invitation/")
#: What is no page of the desk: files, parts of pages, and the letter and the readers' page, which have their own tests.
_NO_PAGES = (".csv", "/thumbnail", "/preview/letter", "articles/1/preview", "/picture", "/count", "/findings")
#: Some in another state.
_STATES = (
    "/desk/issues/41/preview?look=headers",
    "/desk/issues/41/preview?look=text",
    "/desk/subscribers?status=active&topic=news&segment=press",
    "/desk/subscribers?language=fr",
)
#: Reports and the like, which a draft has not, and what a mailed issue has no more.
_MAY_BE_MISSING = ("/report", "/live")

_SMALL_TARGETS = """() => [...document.querySelectorAll('main :is(a, button, summary, input:not([type=hidden]))')]
    .map(each => [each.getBoundingClientRect(), each])
    .filter(([box, each]) => box.height > 0 && box.height < 24 && getComputedStyle(each).display !== 'inline')
    .filter(([, each]) => !(each.type === 'checkbox' && each.labels.length))
    .map(([box, each]) => `${each.outerHTML.slice(0, 80)}: ${box.height}`)"""
_IS_WIDER_THAN_THE_SCREEN = "() => document.documentElement.scrollWidth > window.innerWidth"


@dataclass(kw_only=True)
class Look:
    status: int
    #: that a browser with an empty cache takes from the server, headers too, for the page and all that it loads
    size: int
    is_wide: bool = False
    #: less than 24 pixels high (WCAG 2.5.8)
    small_targets: list[str] = field(default_factory=list)
    barriers: list[str] = field(default_factory=list)


@dataclass(kw_only=True)
class Stand:
    base: str
    paths: list[str]
    token: str


@pytest.fixture(scope="module")
def stand(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Iterator[Stand]:
    """Serve a desk that has something of everything, and an owner who is signed in."""
    file = tmp_path_factory.mktemp("desk") / "newsletter.db"
    shutil.copyfile(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    filled = fill(database)
    app = an_app(database, now=lambda: filled.now)
    approve_draft(filled, app)
    desk = create_desk(app)
    token = begin_sign_in(database, appoint(database, ROLE, now=filled.now), now=filled.now)
    paths = [*list_screens(desk, mailed=filled.mailed, drafted=filled.drafted, named=begin_some_things(app)), *_STATES]
    with serve_site(desk) as base:
        yield Stand(base=base, paths=[path for path in paths if not path.endswith(_NO_PAGES)], token=token)
    database.close()


def begin_some_things(app: App) -> dict[str, str]:
    """Hand in texts and a list, and invite an editor; return what their screens' paths have in them."""
    database, now = app.database, app.now()
    text = Handed(
        name="lighthouse.md", content=b"# The Last Lighthouse Keeper\n\nBy Ines Oduya\n\nHe left in spring.\n"
    )
    tray = hand_in([text], fetch=lambda _url: b"", database=database, now=now)
    keep_list("list.csv", [b"email,name\nann@example.org,Ann\n"], database=database, editor="Ada", now=now)
    address = EmailAddress("new@example.org")
    invited = add_editor(address, name="New", role=EditorRole.WRITER, database=database, now=now)
    assert invited.invited_at is not None
    return {
        "tray": tray,
        "import_id": "1",
        "token": EditorToken(invited.id, invited.invited_at).sign(Purpose.INVITATION, app.keys),
    }


@pytest.fixture(scope="module", params=[PHONE, pytest.param(DESK, marks=pytest.mark.soak)])
def looks(request: pytest.FixtureRequest, stand: Stand) -> dict[str, Look]:
    """Open each screen once, and look at it in light and dark."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    source = read_axe()

    def walk(page: Page) -> dict[str, Look]:
        sizes = count_bytes(page)
        found = {}
        for path in stand.paths:
            page.context.clear_cookies()
            if not path.startswith(_OUTSIDE):
                page.context.add_cookies([{"name": "desk", "value": stand.token, "url": stand.base}])
            page.emulate_media(color_scheme="light")
            sizes.clear()
            answer = page.goto(stand.base + path, wait_until="load")
            assert answer is not None
            look = found[path] = Look(status=answer.status, size=sum(sizes.values()))
            if answer.status != 200:
                continue
            page.evaluate("() => document.querySelectorAll('main details').forEach(each => { each.open = true })")
            page.evaluate(source)
            look.is_wide = page.evaluate(_IS_WIDER_THAN_THE_SCREEN)
            look.small_targets = page.evaluate(_SMALL_TARGETS)
            look.barriers = find_barriers(page)
            page.emulate_media(color_scheme="dark")  # which changes colours alone
            look.barriers += [f"dark: {barrier}" for barrier in find_barriers(page, rule="color-contrast")]
        return found

    with Chromium(Path(program)) as chromium:
        return chromium.visit(f"{stand.base}/desk/sign-in", walk, width=request.param)


def count_bytes(page: Page) -> defaultdict[str, int]:
    """Have the browser count what each answer weighs on the wire, by request; it keeps nothing of former pages."""
    sizes: defaultdict[str, int] = defaultdict(int)

    def count(event: dict[str, Any]) -> None:
        sizes[event["requestId"]] += event["encodedDataLength"]

    session = page.context.new_cdp_session(page)
    session.on("Network.loadingFinished", count)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})
    return sizes


@pytest.mark.timeout(400)  # many screens, on a machine that may be busy
def test_every_screen_was_there_to_be_looked_at(looks: dict[str, Look]) -> None:
    missing = {path: look.status for path, look in looks.items() if look.status != 200}

    assert {path: status for path, status in missing.items() if not path.endswith(_MAY_BE_MISSING)} == {}
    assert len(looks) - len(missing) > 45


def test_nothing_on_any_screen_stands_in_anybodys_way_in_light_or_dark(looks: dict[str, Look]) -> None:
    assert {path: look.barriers for path, look in looks.items() if look.barriers} == {}


def test_no_screen_is_wider_than_it_is(looks: dict[str, Look]) -> None:
    assert [path for path, look in looks.items() if look.is_wide] == []


def test_whatever_is_pressed_is_large_enough(looks: dict[str, Look]) -> None:
    assert {path: look.small_targets for path, look in looks.items() if look.small_targets} == {}


def test_the_first_look_at_any_screen_takes_little_from_the_net(looks: dict[str, Look]) -> None:
    assert {path: look.size for path, look in looks.items() if look.size > MOST_BYTES} == {}
    bare = [path for path, look in looks.items() if look.status == 200 and look.size < _LEAST_BYTES]
    assert bare == [], "pages without style sheet and scripts"
