"""The whole job by clicking: from `newsletter init` over two editors and a Word file to letters at an SMTP server."""

from __future__ import annotations

import re
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Page, expect

from chromium import Chromium
from project import Project
from smtp_server import SmtpServer
from word_files import WordFile, paragraph, run

READERS = 60
CONNECTIONS = 4
OWNER, SECOND = "owner@example.org", "second@example.org"
PASSWORD = "four odd words, and a comma"  # noqa: S105 - nobody's
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TEXTS = {
    "The Ferry That Stayed": "For three winters the ferry ran on borrowed fuel, and its captain keeps the receipts. ",
    "Readers of the Gauge": "Nobody is paid to walk out to the old gauge each morning, and yet the record has no gap. ",
    "Books of the Land": "A parish clerk drew each field twice, once as it was and once as its owner wished it. ",
}
_SOON = 60_000  # milliseconds, for what another process does


@dataclass
class Stand:
    project: Project
    port: int
    relay: SmtpServer
    #: the one process that serves, schedules and works
    process: subprocess.Popen[str]

    @property
    def desk(self) -> str:
        return f"http://127.0.0.1:{self.port}/desk"

    def kill(self) -> None:
        """End the server as a power cut would."""
        self.process.kill()
        self.process.communicate(timeout=60)

    def start_again(self) -> None:
        self.process = self.project.start("run", "--port", str(self.port))
        wait_until_open(self.process)


@pytest.fixture
def stand(tmp_path: Path, sqlite_url: str, smtp_server: SmtpServer) -> Iterator[Stand]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = int(listener.getsockname()[1])
    options = {
        "NEWSLETTER_RENDER__COMPILER": "mrml",
        "NEWSLETTER_DESK__SECOND_APPROVAL": "true",
        "NEWSLETTER_CADENCE__FIRST": f"{datetime.now(UTC) + timedelta(days=7):%Y-%m-%d}",
        "NEWSLETTER_SMTP__CONNECTIONS": str(CONNECTIONS),
    }
    project = Project(tmp_path / "review", database_url=sqlite_url, relay_port=smtp_server.port, **options)
    project.configure("base_url", f"http://127.0.0.1:{port}")
    readers = "\n".join(["email", *(f"reader{number}@domain{number % 4}.example" for number in range(READERS))])
    (tmp_path / "readers.csv").write_text(readers, encoding="utf-8")
    project.run("subscribers", "import", str(tmp_path / "readers.csv"), "--consent-source", "Spring lecture")
    started = Stand(project, port, smtp_server, project.start("run", "--port", str(port)))
    try:
        wait_until_open(started.process)
        yield started
    finally:
        started.process.terminate()
        started.process.communicate(timeout=60)


def wait_until_open(process: subprocess.Popen[str]) -> None:
    """Wait for the sentence that says where the desk is."""
    assert process.stdout
    assert any(line.startswith("The desk answers at") for line in process.stdout), "the desk did not open"


@contextmanager
def expecting_letter(relay: SmtpServer, address: str) -> Iterator[Callable[[], str]]:
    """Give what waits for a letter to ``address`` and returns its text."""
    came = threading.Event()
    relay.on_letter = lambda letter: came.set() if address in letter.rcpt_to else None

    def wait() -> str:
        assert came.wait(60), f"no letter came to {address}"
        body = message_from_bytes(relay.letter_to(address).data, policy=policy.default).get_body(("plain",))
        assert body
        return str(body.get_content())

    yield wait
    relay.on_letter = None


def a_word_file(headline: str) -> FilePayload:
    told = TEXTS[headline]
    body = [
        paragraph(run(headline), "Title"),
        paragraph(run("By Ann Example")),
        *(paragraph(run(told * 3)) for _ in range(3)),
    ]
    return FilePayload(name=f"{headline}.docx", mimeType=WORD, buffer=WordFile(body=body).write())


def press(page: Page, name: str | re.Pattern[str]) -> None:
    page.get_by_role("button", name=name).click()


def follow(page: Page, name: str) -> None:
    page.get_by_role("link", name=name, exact=True).first.click()


def accept_invitation(page: Page, link: str, name: str) -> None:
    page.goto(link)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("The same once more").fill(PASSWORD)
    press(page, "Choose this password and sign in")
    expect(page.get_by_text(f"Welcome, {name}.")).to_be_visible()


def features(page: Page) -> list[str]:
    return [row.get_attribute("data-title") or "" for row in page.locator("ol[data-slot=feature] .item").all()]


def write(page: Page, box: str, words: str) -> None:
    """Type into a text of the composer, and wait until it is stored."""
    page.locator(box).fill(words)
    with page.expect_response(re.compile("/(texts|words)$")):
        page.locator(box).blur()


def approve(page: Page, desk: str) -> None:
    page.goto(f"{desk}/issues/1/approval")
    press(page, "Approve issue 1 exactly as it is")
    page.wait_for_url("**/issues/1/send")


def heading(page: Page) -> str:
    return page.get_by_role("heading", level=1).inner_text()


@pytest.mark.timeout(600)
def test_the_whole_job_is_done_by_clicking(stand: Stand, chromium: Chromium) -> None:
    added = stand.project.read("editors", "add", OWNER, "--role", "owner")

    def do_the_job(page: Page) -> None:
        desk = stand.desk
        accept_invitation(page, added["invitation"], "Ada Lindqvist")
        other = invite_second(page, stand)
        bring_articles_in(page)
        compose(page, other, desk)
        mend_and_approve(page, other, desk)
        send(page, stand)
        read_report(page)

    chromium.visit(f"{stand.desk}/sign-in", do_the_job, width=1280)

    to_readers = [address for address in stand.relay.recipients if address.startswith("reader")]
    assert len(set(to_readers)) == READERS
    assert len(to_readers) <= READERS + CONNECTIONS  # what was in flight when the server was killed is sent again


def invite_second(page: Page, stand: Stand) -> Page:
    """Invite a second person by a letter; return their browser."""
    follow(page, "Editors")
    page.get_by_label("Address").fill(SECOND)
    page.get_by_label("Role", exact=True).select_option("publisher")
    with expecting_letter(stand.relay, SECOND) as letter:
        press(page, "Invite")
        expect(page.get_by_text(f"An invitation is on its way to {SECOND}.")).to_be_visible()
        found = re.search(r"http://\S+/desk/invitation/\S+", letter())
    assert found
    browser = page.context.browser
    assert browser
    other = browser.new_context(viewport={"width": 1280, "height": 1000}).new_page()
    accept_invitation(other, found[0], "Ben Sample")
    assert other.get_by_role("link", name="Editors", exact=True).count() == 0
    return other


def bring_articles_in(page: Page) -> None:
    follow(page, "Articles")
    page.locator("#files").set_input_files([a_word_file(headline) for headline in TEXTS])
    press(page, "Read, and show me")
    expect(page.get_by_role("heading", name="What was read")).to_be_visible()
    press(page, "Store 3 articles")
    for headline in TEXTS:
        expect(page.get_by_role("link", name=headline)).to_be_visible()


def compose(page: Page, other: Page, desk: str) -> None:
    follow(page, "Issues")
    press(page, "Draft the next issue")
    page.wait_for_url("**/issues/1")
    before = features(page)
    assert len(before) == 2

    # By keyboard, and back by dragging.
    page.locator("ol[data-slot=feature] .item .grip").nth(1).focus()
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("ol[data-slot=feature] .item").first).to_have_attribute("data-title", before[1])
    grips = page.locator("ol[data-slot=feature] .item .grip")
    grips.nth(1).scroll_into_view_if_needed()
    start, end = grips.nth(1).bounding_box(), grips.nth(0).bounding_box()
    assert start
    assert end
    page.mouse.move(start["x"] + 5, start["y"] + 5)
    page.mouse.down()
    page.mouse.move(start["x"] + 5, start["y"] - 10, steps=5)
    page.mouse.move(end["x"] + 5, end["y"] - 5, steps=10)
    page.mouse.up()
    expect(page.locator("ol[data-slot=feature] .item").first).to_have_attribute("data-title", before[0])
    expect(page.locator("#history .told").first).to_contain_text("Ada Lindqvist")

    # Two editors at once: each sees what the other wrote.
    other.goto(f"{desk}/issues/1")
    expect(page.locator("#others")).to_contain_text("Ben Sample is here")
    write(page, "#words-subject", "A ferry, a gauge and some books")
    write(other, "#words-preheader", "Three winters by the old pier, told in one letter")
    expect(other.locator("#words-subject")).to_have_value("A ferry, a gauge and some books")
    expect(page.locator("#words-preheader")).to_have_value("Three winters by the old pier, told in one letter")

    # A headline in place, and at once in the letter.
    write(page, "ol[data-slot=feature] .item >> nth=0 >> form.item-headline textarea", "What the Captain Kept")
    letter = page.frame_locator("#letter iframe:not(.coming)")
    expect(letter.get_by_role("link", name="What the Captain Kept").first).to_be_visible()
    write(page, "#words-note", "TODO: greet the readers")


def mend_and_approve(page: Page, other: Page, desk: str) -> None:
    follow(page, "Check issue 1")
    expect(page.get_by_role("heading", name="1 error stands in the way")).to_be_visible()
    page.locator(".finding.error a").first.click()
    write(page, "#words-note", "Dear readers, winter is over.")
    follow(page, "Check issue 1")
    assert "in the way" not in heading(page) or heading(page) == "Nothing stands in the way"

    # Who wrote last does not approve; an edit takes the other's approval back.
    page.goto(f"{desk}/issues/1/approval")
    assert page.get_by_role("button", name=re.compile("Approve")).count() == 0
    approve(other, desk)
    page.goto(f"{desk}/issues/1")
    write(page, "#words-note", "Dear readers, spring has come.")
    page.goto(f"{desk}/issues/1/approval")
    assert heading(page) == "Not approved yet"
    approve(other, desk)
    other.close()


def send(page: Page, stand: Stand) -> None:
    page.goto(f"{stand.desk}/issues/1/send")
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    page.get_by_label("Not before").fill(f"{tomorrow:%Y-%m-%dT10:07}")  # no slot has that time
    scheduled = page.get_by_role("button", name=re.compile("Send issue 1 to 60 readers on .* at 10:07"))
    scheduled.click()
    page.wait_for_url("**/issues/1/live")
    press(page, "Recall it: nobody gets it yet")
    page.wait_for_url("**/issues/1/send")

    stand.relay.seconds_per_letter = 2
    page.get_by_label("Not before").fill("")
    press(page, "Send issue 1 to 60 readers now")
    page.wait_for_url("**/issues/1/live")
    expect(page.get_by_role("heading", name="It is going out")).to_be_visible(timeout=_SOON)
    press(page, "Pause it where it is")
    expect(page.get_by_role("heading", name="Paused")).to_be_visible(timeout=_SOON)
    press(page, re.compile("Resume: send the .* that are left"))
    expect(page.get_by_role("heading", name="It is going out")).to_be_visible(timeout=_SOON)

    # The server dies while letters are on their way; what it comes back with is the truth.
    with expecting_any_reader(stand.relay):
        stand.kill()
    stand.relay.seconds_per_letter = 0
    stand.start_again()
    page.goto(f"{stand.desk}/issues/1/live")
    expect(page.get_by_role("heading", name="It has gone out")).to_be_visible(timeout=_SOON)
    page.get_by_role("link", name="See the report").click()


@contextmanager
def expecting_any_reader(relay: SmtpServer) -> Iterator[None]:
    """Wait until one letter more has come, so that others are on their way."""
    came = threading.Event()
    relay.on_letter = lambda _letter: came.set()
    assert came.wait(60), "no letter came"
    relay.on_letter = None
    yield


def read_report(page: Page) -> None:
    page.wait_for_url("**/issues/1/report")
    rows = dict(row.split("\t") for row in page.locator("table.sum tr").all_inner_texts())
    intended = int(rows.pop("intended, the sum"))
    assert intended == READERS == sum(map(int, rows.values()))
    assert int(rows["accepted"]) == READERS
