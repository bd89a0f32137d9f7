"""Test letters: the issue as a reader would get it, to anybody, and nothing changes; on both databases."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import pytest
from litestar.testing import TestClient

from mailing_stand import KEYS, SENDER, a_rendered_issue
from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import RenderedIssue
from newsletter.domain.mailing import TEST_MAILING
from newsletter.domain.token import verify_delivery
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NewsletterError, RefusedError
from newsletter.mail.inspection import inspect_letter
from newsletter.mail.message import Splicer, compile_letters
from newsletter.resources import folder
from newsletter.service.find_reader import SAMPLE
from newsletter.service.send_test import MOST_ADDRESSES, write_tests
from project import CommandError, Project
from site_stand import a_site
from smtp_server import SmtpServer

EDITOR = "editor@journal.example"
READER = "ann@example.org"


@pytest.fixture
def project(tmp_path: Path, database_url: str, smtp_server: SmtpServer) -> Project:
    """Make a project with a draft that nobody has approved, and one reader."""
    options = {"NEWSLETTER_RENDER__COMPILER": "mrml"}
    project = Project(tmp_path / "review", database_url=database_url, relay_port=smtp_server.port, **options)
    project.run("subscribers", "add", READER, "--consent-source", "Spring lecture")
    project.run("articles", "import", str(folder("examples") / "articles" / "ostrel-review.txt"))
    project.run("issue", "draft")
    return project


def parse(message: bytes) -> EmailMessage:
    parsed = email.message_from_bytes(message, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def personal_links(message: EmailMessage) -> dict[str, str]:
    """Return the paths of the links that are a reader's own, by what they are for."""
    part = message.get_body(("plain",))
    assert part
    found = re.findall(r"https://review\.example\.org(/(unsubscribe|preferences)/\S+)", part.get_content())
    return {purpose: path for path, purpose in found}


def test_a_draft_goes_to_an_editor_at_once_as_a_reader_would_get_it(project: Project, smtp_server: SmtpServer) -> None:
    said = project.run("issue", "test", "1", "--to", EDITOR)

    received = smtp_server.letter_to(EDITOR)
    message = parse(received.data)
    assert said == f"{EDITOR}: accepted. 250 2.0.0 OK queued as 000001\n"
    assert message["Subject"].startswith("[TEST] ")
    assert message["To"] == EDITOR
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert list(inspect_letter(received.data)) == []
    with pytest.raises(CommandError, match="has no mailing yet"):
        project.run("issue", "report", "1")
    assert project.read("issue", "show", "1")["status"] == "draft"


def test_its_links_open_the_real_pages_and_change_nobody(project: Project, smtp_server: SmtpServer) -> None:
    project.run("issue", "test", "1", "--to", READER, "--as", READER)
    links = personal_links(parse(smtp_server.letter_to(READER).data))
    database = project.open_database()

    with TestClient(a_site(database, now=lambda: datetime.now(UTC), keys=project.keys)) as client:
        asked = client.get(links["unsubscribe"])
        left = client.post(links["unsubscribe"], data={"List-Unsubscribe": "One-Click"})
        offered = client.get(links["preferences"])
        chosen = client.post(links["preferences"], data={"events": "on"})
        emptied = client.post(links["preferences"], data={})
        onward = client.get(re.findall(r'href="(/unsubscribe/[^"]+)"', offered.text)[0])
    database.close()

    pages = (asked, left, offered, chosen, emptied, onward)
    assert [page.status_code for page in pages] == [200, 200, 200, 200, 400, 200]
    assert all("This page was opened from a test letter." in page.text for page in pages)
    reader = project.read("subscribers", "show", READER)
    assert (reader["status"], reader["topics"]) == ("active", ["articles", "events", "news"])


def test_a_report_about_it_changes_nobody(project: Project, smtp_server: SmtpServer) -> None:
    project.run("issue", "test", "1", "--to", READER)
    received = smtp_server.letter_to(READER)
    token = received.mail_from.removeprefix("b+").partition("@")[0]
    delivery = verify_delivery(token, project.keys)
    refusal = (
        f"From: MAILER-DAEMON@relay.example\nTo: {received.mail_from}\nSubject: Undelivered\n"
        f'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\n\n'
        f"--b\nContent-Type: message/delivery-status\n\nFinal-Recipient: rfc822;{READER}\nAction: failed\n"
        f"Status: 5.1.1\n\n--b--\n"
    )
    farewell = f"From: {READER}\nTo: {received.mail_from}\nSubject: unsubscribe-{token}\n\n\n"

    for report in (refusal, farewell):
        project.run("bounces", "read", "-", stdin=report.encode())

    assert delivery is not None
    assert delivery.mailing == TEST_MAILING
    reader = project.read("subscribers", "show", READER)
    assert (reader["status"], reader["suppression"]) == ("active", None)
    assert {listed["ignored_because"] for listed in project.read("bounces", "list")} == {"unknown delivery"}


def test_what_the_relay_says_is_told(project: Project, smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients = {"gone@journal.example": "550 5.1.1 no such user"}
    smtp_server.refuse_letters = {"full@journal.example": "452 4.2.2 mailbox full"}
    addresses = ("gone@journal.example", "full@journal.example", EDITOR)
    options = [option for address in addresses for option in ("--to", address)]

    with pytest.raises(CommandError, match="ended with 1"):
        project.run("issue", "test", "1", *options)

    assert smtp_server.recipients == [EDITOR]


def test_its_outcomes_are_one_document_too(project: Project) -> None:
    document = project.read("issue", "test", "1", "--to", EDITOR)

    assert document["letters"] == [{"to": EDITOR, "outcome": "accepted", "reply": "250 2.0.0 OK queued as 000001"}]


def test_a_subscriber_who_is_not_stored_is_named(project: Project) -> None:
    with pytest.raises(CommandError, match=r"nobody@example\.org is not among the subscribers"):
        project.run("issue", "test", "1", "--to", EDITOR, "--as", "nobody@example.org")


def test_links_that_only_this_machine_reaches_do_not_leave_it(project: Project, smtp_server: SmtpServer) -> None:
    project.configure("base_url", "http://localhost:8080")
    project.configure("host", "relay.journal.example")

    with pytest.raises(CommandError, match="only this machine can reach"):
        project.run("issue", "test", "1", "--to", EDITOR)
    assert smtp_server.letters == []


def a_splicer(rendered: RenderedIssue) -> Splicer:
    return Splicer(compile_letters(rendered, sender=SENDER), sender=SENDER, keys=KEYS, clock=lambda: datetime.now(UTC))


def test_no_two_test_letters_have_one_name() -> None:
    addresses = [EmailAddress(EDITOR)] * MOST_ADDRESSES

    letters = write_tests(a_rendered_issue(), addresses, model=SAMPLE, make_splicer=a_splicer)

    assert len({letter.token for letter in letters}) == MOST_ADDRESSES


@pytest.mark.parametrize(
    ("count", "topics", "error", "words"),
    [
        (MOST_ADDRESSES + 1, Topic.everything(), InputError, "20 addresses at most"),
        (1, Topic.NEWS, RefusedError, "nothing for readers of news"),
    ],
)
def test_a_test_is_no_mailing_and_needs_something_to_say(
    count: int, topics: Topic, error: type[NewsletterError], words: str
) -> None:
    with pytest.raises(error, match=words):
        write_tests(
            a_rendered_issue(),
            [EmailAddress(EDITOR)] * count,
            model=replace(SAMPLE, topics=topics),
            make_splicer=a_splicer,
        )


def test_who_wants_text_alone_has_a_test_of_text_alone() -> None:
    model = replace(SAMPLE, is_text_only=True)

    letter = write_tests(a_rendered_issue(), [EmailAddress(EDITOR)], model=model, make_splicer=a_splicer)[0]

    assert parse(letter.message).get_content_type() == "text/plain"
    assert list(inspect_letter(letter.message)) == []
