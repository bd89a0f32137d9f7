"""From a checked issue to its report by clicking: web pages and deliverer are processes of their own."""

from __future__ import annotations

import getpass
import re
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from chromium import Chromium
from desk_stand import PASSWORD, appoint
from newsletter.domain.editor import EditorRole
from newsletter.resources import folder
from project import Project
from smtp_server import SmtpServer

pytestmark = pytest.mark.timeout(400)  # a whole job, with processes of their own, on whatever machine

PAGE = folder("examples") / "articles" / "ostrel-review.txt"
READERS = 60
#: Who edits on the command line of this machine, and has an account at the desk too.
EDITED, OTHER = "edited@example.org", "other@example.org"
PHONE, DESK = 375, 1280


@dataclass(frozen=True)
class Stand:
    project: Project
    base: str
    relay: SmtpServer


@pytest.fixture
def stand(tmp_path: Path, sqlite_url: str, smtp_server: SmtpServer) -> Iterator[Stand]:
    """Serve a project with an issue that is ready, sixty readers, and two editors of whom one wrote the last word."""
    port = find_free_port()
    options = {"NEWSLETTER_RENDER__COMPILER": "mrml", "NEWSLETTER_DESK__SECOND_APPROVAL": "true"}
    project = Project(tmp_path / "review", database_url=sqlite_url, relay_port=smtp_server.port, **options)
    project.configure("base_url", f"http://127.0.0.1:{port}")
    readers = "\n".join(["email", *(f"reader{number}@domain{number % 4}.example" for number in range(READERS))])
    (tmp_path / "readers.csv").write_text(readers, encoding="utf-8")
    project.run("subscribers", "import", str(tmp_path / "readers.csv"), "--consent-source", "Spring lecture")
    project.run("articles", "import", str(PAGE))
    for article in project.read("articles", "list"):
        project.run("articles", "edit", str(article["id"]), "--headline", f"What article {article['id']} found")
    project.run("issue", "draft")
    project.run("issue", "edit", "1", "--note", "A first word to our readers")
    database = project.open_database()
    appoint(database, EditorRole.PUBLISHER, now=datetime.now(UTC), email=EDITED, name=getpass.getuser())
    appoint(database, EditorRole.PUBLISHER, now=datetime.now(UTC), email=OTHER, name="Aino Salo")
    database.close()
    with running(project, "serve", "--port", str(port)):
        wait_until_open(port)
        yield Stand(project, f"http://127.0.0.1:{port}/desk", smtp_server)


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def wait_until_open(port: int) -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=60)
    while datetime.now(UTC) < deadline:
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return
    pytest.fail("the desk did not open")


@contextmanager
def running(project: Project, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = project.start(*words)
    try:
        yield process
    finally:
        process.terminate()
        process.communicate(timeout=60)


def sign_in(page: Page, stand: Stand, email: str) -> None:
    page.context.clear_cookies()
    page.goto(f"{stand.base}/sign-in")
    page.get_by_label("Email").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{stand.base}/")


def open_screen(page: Page, stand: Stand, screen: str) -> None:
    page.goto(f"{stand.base}/issues/1/{screen}")


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).click()


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


def approve_by_two(page: Page, stand: Stand) -> None:
    sign_in(page, stand, EDITED)
    open_screen(page, stand, "approval")
    expect(page.get_by_text("You changed this issue last, so another editor approves it.")).to_be_visible()
    assert page.get_by_role("button", name="Approve issue 1").count() == 0
    sign_in(page, stand, OTHER)
    open_screen(page, stand, "approval")
    press(page, "Approve issue 1 exactly as it is")
    page.wait_for_url("**/issues/1/send")


def test_an_issue_goes_out_by_clicking_from_its_approval_to_its_report(stand: Stand, chromium: Chromium) -> None:
    def do_the_job(page: Page) -> None:
        approve_by_two(page, stand)

        # An edit voids the approval, and what it changed is shown before the next one.
        stand.project.run("issue", "edit", "1", "--note", "A second word to our readers")
        open_screen(page, stand, "approval")
        assert heading(page) == "Not approved yet"
        assert page.locator(".changes del").all_inner_texts() == [" first"]
        assert page.locator(".changes ins").all_inner_texts() == [" second"]
        press(page, "Approve issue 1 exactly as it is")

        # Scheduled for tomorrow, and recalled.
        tomorrow = datetime.now(UTC) + timedelta(days=1)
        page.get_by_label("Not before").fill(f"{tomorrow:%Y-%m-%dT10:07}")  # no slot has that time
        named = f"Send issue 1 to 60 readers on {tomorrow:%a} {tomorrow.day} {tomorrow:%B %Y} at 10:07 UTC"
        expect(page.get_by_role("button", name=named)).to_be_visible()
        press(page, named)
        page.wait_for_url("**/issues/1/live")
        assert heading(page).startswith("It leaves at")
        press(page, "Recall it: nobody gets it yet")
        page.wait_for_url("**/issues/1/send")
        assert stand.relay.letters == []

        # Sent now, paused on its way, and resumed, without the page being loaded again.
        stand.relay.seconds_per_letter = 0.3
        page.get_by_label("Not before").fill("")
        expect(page.get_by_role("button", name="Send issue 1 to 60 readers now")).to_be_visible()
        press(page, "Send issue 1 to 60 readers now")
        page.wait_for_url("**/issues/1/live")
        with running(stand.project, "work"):
            expect(page.get_by_role("heading", name="It is going out")).to_be_visible(timeout=30_000)
            press(page, "Pause it where it is")
            expect(page.get_by_role("heading", name="Paused")).to_be_visible()
            expect(page.get_by_text("Paused by Aino Salo.")).to_be_visible()
            assert len(stand.relay.letters) < READERS
            stand.relay.seconds_per_letter = 0
            press(page, re.compile("Resume: send the .* that are left"))
            expect(page.get_by_role("heading", name="It has gone out")).to_be_visible(timeout=60_000)
            expect(page.get_by_text("60 of 60 settled, 100 %")).to_be_visible(timeout=10_000)

        page.get_by_role("link", name="See the report").click()
        page.wait_for_url("**/issues/1/report")
        rows = dict(row.split("\t") for row in page.locator("table.sum tr").all_inner_texts())
        assert int(rows["accepted"]) == int(rows["intended, the sum"]) == READERS
        assert page.get_by_text("It is the first one").is_visible()

    chromium.visit(f"{stand.base}/sign-in", do_the_job, width=DESK)
    assert sorted(set(stand.relay.recipients)) == sorted(stand.relay.recipients)
    assert len(stand.relay.recipients) == READERS


def test_without_scripts_the_same_buttons_do_the_same(stand: Stand, chromium: Chromium) -> None:
    def do_the_job(page: Page) -> None:
        approve_by_two(page, stand)
        page.get_by_label("Not before").fill("")  # which the issue's slot filled in, where it is yet to come
        page.get_by_label("First to so many in a hundred").fill("10")
        press(page, "Forecast again")
        assert page.get_by_text("54 readers, 1 hour after the first share has left").is_visible()
        press(page, "Send issue 1 to 60 readers now")
        page.wait_for_url("**/issues/1/live")
        page.get_by_text("0 of 60 settled").wait_for()
        press(page, "Recall it: nobody gets it yet")
        page.wait_for_url("**/issues/1/send")

    chromium.visit(f"{stand.base}/sign-in", do_the_job, width=PHONE, runs_scripts=False)
