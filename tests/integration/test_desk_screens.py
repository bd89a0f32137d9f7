"""All screens of the desk, as the application itself has them: what was stored stays text, and pages stay small."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from desk_content import ROLE, fill, list_screens, poison
from desk_stand import an_app, appoint, begin_sign_in, borrow_desk
from newsletter.store.database import Database

SCRIPT = "<script>alert('stored')</script>\"'><img src=x onerror=alert(1)>"
RAW = ("<script>alert('stored')", "<img src=x onerror")
MOST_BYTES = 150_000


@dataclass
class Opened:
    client: TestClient[Litestar]
    paths: list[str]


@pytest.fixture
def opened(sqlite_database: Database) -> Iterator[Opened]:
    now = fill(sqlite_database).now
    app = an_app(sqlite_database, now=lambda: now)
    with borrow_desk(app) as desk, TestClient(desk, raise_server_exceptions=False) as client:
        client.cookies.set("desk", begin_sign_in(sqlite_database, appoint(sqlite_database, ROLE, now=now), now=now))
        yield Opened(client, list(list_screens(desk)))


def test_every_screen_opens(opened: Opened) -> None:
    answers = {path: opened.client.get(path, follow_redirects=False).status_code for path in opened.paths}

    assert {path: status for path, status in answers.items() if status >= 500} == {}
    shown = [path for path, status in answers.items() if status == 200]
    assert len(shown) > len(answers) * 2 / 3, sorted(set(answers) - set(shown))


def test_stored_scripts_come_out_as_text_on_every_screen(opened: Opened, sqlite_database: Database) -> None:
    assert poison(sqlite_database, SCRIPT) > 30
    broken, as_text = [], 0
    for path in opened.paths:
        answer = opened.client.get(path, follow_redirects=False)
        if answer.status_code >= 500:
            broken.append(f"{path}: {answer.status_code}")
        if "text/html" in answer.headers.get("Content-Type", ""):
            broken += [f"{path}: {raw}" for raw in RAW if raw in answer.text]
            as_text += "&lt;script&gt;alert(" in answer.text
    assert broken == []
    assert as_text > 5


def test_no_page_has_a_script_or_a_style_of_its_own(opened: Opened) -> None:
    wrong = []
    for path in opened.paths:
        page = opened.client.get(path, follow_redirects=False)
        policy = page.headers.get("Content-Security-Policy", "")
        if "text/html" not in page.headers.get("Content-Type", "") or "style-src 'self'" not in policy:
            continue  # letters have their own styles, and a policy of their own
        inline = re.findall(r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|javascript:", page.text)
        wrong += [f"{path}: {found}" for found in inline]
    assert wrong == []


@pytest.mark.parametrize("path", ["/desk/sign-in", "/desk/"])
def test_the_first_screen_is_small_with_all_that_it_loads(opened: Opened, path: str) -> None:
    if path == "/desk/sign-in":
        opened.client.cookies.clear()
    page = opened.client.get(path)
    files = re.findall(r'(?:src|href)="(/desk/assets/[^"]+)"', page.text)
    weight = len(page.content) + sum(len(opened.client.get(file).content) for file in files)

    assert files
    assert weight <= MOST_BYTES, f"{weight} bytes"
