"""Articles at the desk in a browser: by clicking, on a phone and on a desk, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Page

from axe import VIEWS, find_barriers, read_axe
from chromium import Chromium, Scheme
from desk_stand import an_app, appoint, begin_sign_in
from drawing import a_picture_file
from manuscripts import google_article, word_article, word_reviewed
from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.domain.editor import EditorRole
from newsletter.service.edit_article import edit_article
from newsletter.service.import_articles import Handed, import_articles
from newsletter.store.articles import find_article, list_articles
from newsletter.store.database import Database
from newsletter.web.front import create_front
from site_server import serve_site
from site_stand import a_site

NOW = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
PHONE, DESK = 375, 1280

_PAGE = "By Ann Example\n\nA standfirst of the first.\n\nBACKGROUND: Text.\n"


@dataclass
class Stand:
    base: str
    app: App

    def open(self, page: Page, path: str) -> None:
        """Open a page of the desk, signed in as an editor."""
        editor = appoint(self.app.database, EditorRole.EDITOR, now=NOW)
        token = begin_sign_in(self.app.database, editor, now=NOW)
        page.context.add_cookies([{"name": "desk", "value": token, "url": self.base}])
        page.goto(f"{self.base}/desk{path}")

    def take_in(self, *files: tuple[str, bytes]) -> list[int]:
        def refuse(url: str) -> bytes:
            raise AssertionError(url)

        handed = [Handed(name=name, content=content) for name, content in files]
        report = import_articles(handed, fetch=refuse, database=self.app.database, now=NOW)
        return [stored.id for stored in report.added]


@pytest.fixture
def stand(sqlite_database: Database) -> Iterator[Stand]:
    app = an_app(sqlite_database, now=lambda: NOW)
    front = create_front(a_site(sqlite_database, now=lambda: NOW), under={"/desk": create_desk(app)})
    with serve_site(front) as base:
        yield Stand(base, app)


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
@pytest.mark.parametrize("width", [PHONE, DESK])
def test_word_files_are_brought_in_after_a_look(
    stand: Stand, chromium: Chromium, tmp_path: Path, width: int, *, runs_scripts: bool
) -> None:
    for name, manuscript in (("bridge.docx", google_article()), ("review.docx", word_reviewed())):
        (tmp_path / name).write_bytes(manuscript.file.write())

    def act(page: Page) -> str:
        stand.open(page, "/articles")
        page.get_by_label("Files").set_input_files([tmp_path / "bridge.docx", tmp_path / "review.docx"])
        page.get_by_role("button", name="Read, and show me").click()
        look = page.locator("main").inner_text()
        page.get_by_role("button", name="Store 2 articles").click()
        page.get_by_text("Stored: 2 new.").wait_for()
        return look

    look = chromium.visit(stand.base, act, width=width, runs_scripts=runs_scripts)

    assert "Dora Trial deleted “ten”; it is left out." in look
    with stand.app.database.snapshot() as snapshot:
        assert {stored.article.headline for stored in list_articles(snapshot)} == {
            "The Bridge Nobody Ordered",
            "A Reviewed Story",
        }


def test_a_file_is_dropped_onto_the_page(stand: Stand, chromium: Chromium) -> None:
    drop = """(target, text) => {
        const carried = new DataTransfer();
        carried.items.add(new File([text], 'page.txt', {type: 'text/plain'}));
        target.files = carried.files;
    }"""

    def act(page: Page) -> None:
        stand.open(page, "/articles")
        page.get_by_label("Files").evaluate(drop, _PAGE)
        page.get_by_role("button", name="Read, and show me").click()
        page.get_by_role("button", name="Store 1 article").click()
        page.get_by_text("Stored: 1 new.").wait_for()

    chromium.visit(stand.base, act, width=DESK)

    with stand.app.database.snapshot() as snapshot:
        assert len(list_articles(snapshot)) == 1


@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_headline_and_a_picture_are_given_and_seen_as_readers_will(
    stand: Stand, chromium: Chromium, tmp_path: Path, *, runs_scripts: bool
) -> None:
    (article_id,) = stand.take_in(("page.txt", _PAGE.encode()))
    (tmp_path / "ferry.jpg").write_bytes(a_picture_file())

    def act(page: Page) -> tuple[str, bool]:
        stand.open(page, f"/articles/{article_id}")
        page.get_by_label("Headline").fill("The Ferry That Stayed")
        page.get_by_label("A file").set_input_files(tmp_path / "ferry.jpg")
        page.get_by_label("Who made it").fill("Ann Example")
        page.get_by_label("Licence").fill("CC BY 4.0")
        page.get_by_role("button", name="Save the article").click()
        page.get_by_text("The article is saved.").wait_for()
        seen = page.frame_locator("iframe.site")
        heading = seen.get_by_role("heading", level=1).inner_text()
        return heading, bool(seen.locator("figure img").evaluate("each => each.complete && each.naturalWidth > 0"))

    assert chromium.visit(stand.base, act, width=DESK, runs_scripts=runs_scripts) == ("The Ferry That Stayed", True)


def test_two_editors_of_one_headline_see_both(stand: Stand, chromium: Chromium) -> None:
    (article_id,) = stand.take_in(("page.txt", _PAGE.encode()))

    def act(page: Page) -> tuple[str, str]:
        stand.open(page, f"/articles/{article_id}")
        edit_article(article_id, {"headline": "Theirs"}, database=stand.app.database, now=NOW, actor="Ben")
        page.get_by_label("Headline").fill("Mine")
        page.get_by_role("button", name="Save the article").click()
        page.get_by_text("Somebody else has saved this article").wait_for()
        both = page.locator(".theirs").inner_text(), page.get_by_label("Headline").input_value()
        page.get_by_label("Headline").fill("Theirs and Mine")
        page.get_by_role("button", name="Save the article").click()
        page.get_by_text("The article is saved.").wait_for()
        return both

    theirs, mine = chromium.visit(stand.base, act, width=DESK)

    assert "Theirs" in theirs
    assert mine == "Mine"
    with stand.app.database.snapshot() as snapshot:
        assert find_article(snapshot, article_id).article.headline == "Theirs and Mine"


def test_an_article_is_retracted_and_brought_back_by_the_keyboard(stand: Stand, chromium: Chromium) -> None:
    (article_id,) = stand.take_in(("page.txt", _PAGE.encode()))

    def act(page: Page) -> None:
        stand.open(page, f"/articles/{article_id}")
        page.get_by_role("button", name="Retract the article").focus()
        page.keyboard.press("Enter")
        page.get_by_text(f"Article {article_id} is retracted.").wait_for()
        page.get_by_role("button", name="Bring it back").focus()
        page.keyboard.press("Enter")
        page.get_by_text(f"Article {article_id} is back.").wait_for()

    chromium.visit(stand.base, act, width=PHONE)


def test_an_article_is_found_by_its_words(stand: Stand, chromium: Chromium) -> None:
    stand.take_in(("page.txt", _PAGE.encode()), ("ferry.docx", word_article().file.write()))

    def act(page: Page) -> list[str]:
        stand.open(page, "/articles")
        page.get_by_label("Words of the article").fill("receipts captain")
        page.get_by_role("button", name="Find").click()
        page.wait_for_url(re.compile("q=receipts"))
        return page.locator("a.headline").all_inner_texts()

    assert chromium.visit(stand.base, act, width=DESK) == ["The Ferry That Stayed"]


_MARKED = (
    "---\ntitle: A Ferry\nauthor: Ann Example\n---\nThe lead.\n\n## Background\n\nIt was *wide*.\n\nNobody asked.\n"
)


@pytest.mark.parametrize("width", [PHONE, DESK])
@pytest.mark.parametrize("runs_scripts", [True, False], ids=["scripts", "no scripts"])
def test_a_body_is_written_looked_at_and_saved(
    stand: Stand, chromium: Chromium, tmp_path: Path, width: int, *, runs_scripts: bool
) -> None:
    (article_id,) = stand.take_in(("ferry.md", _MARKED.encode()))
    (tmp_path / "ferry.jpg").write_bytes(a_picture_file())

    def act(page: Page) -> tuple[str, str]:
        stand.open(page, f"/articles/{article_id}")
        body = page.get_by_role("textbox", name="Text", exact=True)
        body.fill(body.input_value().replace("*wide*", "[wide](wide.pdf)"))
        seen = page.frame_locator("iframe.site")
        page.get_by_role("button", name="Show what the form has").click()
        refused = seen.get_by_role("alert").inner_text()
        body.fill(body.input_value().replace("[wide](wide.pdf)", "**very** wide"))
        page.get_by_role("button", name="Show what the form has").click()
        weighed = seen.locator("strong").inner_text()
        page.get_by_text("A picture for the text").click()
        page.get_by_label("Its picture file").set_input_files(tmp_path / "ferry.jpg")
        page.get_by_label("What is to be seen in it").fill("A ferry")
        page.get_by_label("Words below it").fill("Ann Example, CC BY 4.0")
        page.get_by_role("button", name="Save the article").click()
        page.get_by_text("Its new picture stands behind the text").wait_for()
        picture = seen.locator(".text figure img")
        picture.scroll_into_view_if_needed()
        assert picture.evaluate("each => each.complete && each.naturalWidth > 0")
        return refused, weighed

    refused, weighed = chromium.visit(stand.base, act, width=width, runs_scripts=runs_scripts)

    assert refused.startswith("Line 3: a link leads to an address")
    assert weighed == "very"
    with stand.app.database.snapshot() as snapshot:
        article = find_article(snapshot, article_id).article
    assert article.sections[0].paragraphs == ("It was very wide.", "Nobody asked.")
    assert "<figcaption>Ann Example, CC BY 4.0</figcaption>" in (article.body_html or "")


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_of_two_editors_of_one_body_the_second_sees_both_and_nothing_stands_in_the_way(
    stand: Stand, chromium: Chromium, width: int, scheme: Scheme
) -> None:
    (article_id,) = stand.take_in(("ferry.md", _MARKED.encode()))
    source = read_axe()

    def open_beside(page: Page) -> Page:
        assert page.context.browser is not None
        other = page.context.browser.new_page()
        stand.open(other, f"/articles/{article_id}")
        return other

    def write(page: Page, was: str, becomes: str) -> None:
        body = page.get_by_role("textbox", name="Text", exact=True)
        body.fill(body.input_value().replace(was, becomes))
        page.get_by_role("button", name="Save the article").click()

    def act(page: Page) -> tuple[str, str, str, list[str]]:
        stand.open(page, f"/articles/{article_id}")
        other = open_beside(page)
        write(other, "wide", "narrow")
        other.get_by_text("The article is saved.").wait_for()
        other.close()
        write(page, "Nobody", "Somebody")
        page.get_by_text("Somebody else has saved this article").wait_for()
        page.get_by_text("All of their text").click()
        both = (
            page.locator(".theirs .difference").inner_text(),
            page.get_by_role("textbox", name="The text as somebody else has saved it").input_value(),
            page.get_by_role("textbox", name="Text", exact=True).input_value(),
        )
        page.get_by_text("Signs for headings").click()
        page.evaluate(source)
        barriers = find_barriers(page)
        write(page, "wide", "narrow")
        page.get_by_text("The article is saved.").wait_for()
        return *both, barriers

    difference, theirs, mine, barriers = chromium.visit(stand.base, act, width=width, scheme=scheme)

    assert "narrow" in difference
    assert theirs == "## Background\n\nIt was *narrow*.\n\nNobody asked."
    assert mine == "## Background\n\nIt was *wide*.\n\nSomebody asked."
    assert barriers == []
    with stand.app.database.snapshot() as snapshot:
        article = find_article(snapshot, article_id).article
    assert article.sections[0].paragraphs == ("It was narrow.", "Somebody asked.")
