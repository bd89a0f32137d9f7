"""The main job, end to end, by the command line: from a published page to who got what, on both databases."""

from __future__ import annotations

import re
import signal
import threading
from collections import Counter
from email import message_from_bytes
from pathlib import Path

import pytest

from newsletter.domain.token import KeyRing, Purpose, ReaderToken, verify_delivery
from newsletter.resources import folder
from project import Project
from smtp_server import ReceivedLetter, SmtpServer
from stored import a_failure

PAGE = folder("examples") / "articles" / "ostrel-review.txt"
REAL_PAGE = Path(__file__).parents[3] / "shared" / "data" / "analyst-issue.txt"
READERS = 1000
CONNECTIONS = 8


def write_readers(file: Path, count: int = READERS) -> list[str]:
    addresses = [f"reader{number:04}@example.net" for number in range(count)]
    rows = [f"{address},Reader {index},form on the site,2026-01-15" for index, address in enumerate(addresses)]
    file.write_text("\n".join(["email,name,consent_source,consent_at", *rows]), encoding="utf-8")
    return addresses


def a_project(tmp_path: Path, database_url: str, smtp_server: SmtpServer) -> Project:
    options = {"NEWSLETTER_SMTP__CONNECTIONS": str(CONNECTIONS), "NEWSLETTER_RENDER__COMPILER": "mrml"}
    return Project(tmp_path / "review", database_url=database_url, relay_port=smtp_server.port, **options)


def set_headlines(project: Project) -> None:
    for article in project.read("articles", "list"):
        if article["needs_headline"]:
            project.run("articles", "edit", str(article["id"]), "--headline", f"What article {article['id']} found")


def open_issue(project: Project, number: int) -> None:
    assert project.read("issue", "draft")["number"] == number
    project.run("issue", "approve", str(number), "--by", "Editor")


def read_texts(letter: ReceivedLetter) -> tuple[str, str, str]:
    """Return the header that leads out, the plain text and the HTML."""
    message = message_from_bytes(letter.data)
    bodies = {
        part.get_content_type(): bytes(part.get_payload(decode=True)).decode()
        for part in message.walk()
        if not part.is_multipart()
    }
    return message["List-Unsubscribe"], bodies["text/plain"], bodies["text/html"]


def links_of(texts: tuple[str, str, str], path: str) -> set[str]:
    assert all(f"/{path}/" in body for body in texts[1:])
    return {token for text in texts for token in re.findall(rf"/{path}/([-_A-Za-z0-9]+)", text)}


def check_links(letters: list[ReceivedLetter], public_ids: dict[str, bytes], keys: KeyRing, *, mailing: int) -> None:
    """Check that every letter has its own reader's links and return path, and nobody else's."""
    for letter in letters:
        (address,) = letter.rcpt_to
        expected = ReaderToken(public_ids[address], mailing)
        texts = read_texts(letter)
        for purpose in (Purpose.UNSUBSCRIBE, Purpose.PREFERENCES):
            assert {ReaderToken.verify(token, purpose, keys) for token in links_of(texts, purpose.value)} == {expected}
        named = verify_delivery(letter.mail_from.removeprefix("b+").partition("@")[0], keys)
        assert named is not None
        assert named.mailing == mailing


def test_from_a_published_page_to_the_next_issues_audience(
    tmp_path: Path, database_url: str, smtp_server: SmtpServer
) -> None:
    project = a_project(tmp_path, database_url, smtp_server)
    page = tmp_path / "page.txt"
    page.write_text(PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    addresses = write_readers(tmp_path / "readers.csv")
    refused, bounced, leaver = addresses[10:15], addresses[20:25], addresses[-1]

    # Articles in, headlines set, and the same page again with one word changed.
    project.run("articles", "import", str(page))
    before = project.read("articles", "list")
    set_headlines(project)
    first_words = before[0]["standfirst"].split()[:6]
    changed = [*first_words[:5], "certainly", first_words[5]]
    page.write_text(
        page.read_text(encoding="utf-8").replace(" ".join(first_words), " ".join(changed)), encoding="utf-8"
    )
    project.run("articles", "import", str(page))
    after = {article["id"]: article for article in project.read("articles", "list")}
    assert sorted(after) == sorted(article["id"] for article in before)
    assert after[before[0]["id"]]["headline"] == f"What article {before[0]['id']} found"
    assert "certainly" in after[before[0]["id"]]["standfirst"]

    # Sent to a thousand; five are refused, one leaves while it is being sent.
    project.run("subscribers", "import", str(tmp_path / "readers.csv"))
    open_issue(project, 1)
    smtp_server.refuse_recipients = dict.fromkeys(refused, "550 5.1.1 no such user")
    first_letter = threading.Event()
    smtp_server.on_letter = lambda _: first_letter.set()
    smtp_server.seconds_per_letter = 0.01
    sending = project.start("issue", "send", "1", "--wait")
    assert first_letter.wait(timeout=60)
    project.run("subscribers", "unsubscribe", leaver)
    smtp_server.seconds_per_letter = 0
    output, errors = sending.communicate(timeout=110)
    assert sending.returncode == 0, errors

    report = project.read("issue", "report", "1")
    assert (report["intended"], report["accepted"], report["rejected"], report["withheld"]) == (1000, 994, 5, 1), output
    assert report["withheld_reasons"]["unsubscribed"] == 1
    assert report["rejected_reasons"] == {"unknown_user": 5}
    assert report["status"] == "finished"
    *letters, goodbye = smtp_server.letters
    assert leaver in goodbye.rcpt_to
    received = Counter(address for letter in letters for address in letter.rcpt_to)
    assert received == Counter(set(addresses) - set(refused) - {leaver})
    check_links(letters, project.public_ids(), project.keys, mailing=1)
    project.run_alone("issue", "send", "1", exit_status=1)

    # Five come back later.
    for address in bounced:
        letter = smtp_server.letter_to(address)
        headers = letter.data.decode().partition("\r\n\r\n")[0].replace("\r\n", "\n")
        failure = a_failure(address, delivered_to=letter.mail_from, returned=headers + "\n")
        project.run("bounces", "read", "-", stdin=failure)
    assert project.read("issue", "report", "1")["bounced_hard"] == 5

    # The next issue goes to all but these eleven.
    (tmp_path / "more.md").write_text(
        "---\ntitle: A bridge reopens\nauthors: [Mira Tolan]\ndate: 2026-01-10\n---\nThe bridge at Ostrel is open.\n\n"
        "It was closed for two years.\n",
        encoding="utf-8",
    )
    project.run("articles", "import", str(tmp_path / "more.md"))
    smtp_server.letters.clear()
    open_issue(project, 2)
    project.run_alone("issue", "send", "2", "--wait")
    assert Counter(smtp_server.recipients) == Counter(set(addresses) - {*refused, *bounced, leaver})


def test_killed_in_mid_send_it_resumes_and_nobody_is_missing(
    tmp_path: Path, database_url: str, smtp_server: SmtpServer
) -> None:
    project = a_project(tmp_path, database_url, smtp_server)
    addresses = write_readers(tmp_path / "readers.csv", 600)
    project.run("articles", "import", str(PAGE))
    set_headlines(project)
    project.run("subscribers", "import", str(tmp_path / "readers.csv"))
    open_issue(project, 1)

    enough = threading.Event()
    smtp_server.on_letter = lambda _: enough.set() if len(smtp_server.letters) >= 150 else None
    sending = project.start("issue", "send", "1", "--wait")
    assert enough.wait(timeout=60)
    sending.send_signal(signal.SIGKILL)
    sending.communicate(timeout=10)
    killed = project.read("issue", "report", "1")
    statuses = ("queued", "in_flight", "accepted", "deferred", "rejected", "withheld", "doubtful")
    assert sum(killed[status] for status in statuses) == killed["intended"] == 600
    assert killed["queued"] > 0

    project.run_alone("issue", "resume", "1", "--wait")
    report = project.read("issue", "report", "1")
    received = Counter(smtp_server.recipients)
    assert set(received) == set(addresses)
    assert sum(received.values()) - len(addresses) <= CONNECTIONS
    assert report["accepted"] == 600
    assert report["status"] == "finished"
    assert report["doubtful_resent"] <= CONNECTIONS


@pytest.mark.skipif(not REAL_PAGE.exists(), reason="the real page lies beside the checkout only where it may be used")
def test_the_real_page_becomes_an_issue_that_is_sent(tmp_path: Path, sqlite_url: str, smtp_server: SmtpServer) -> None:
    project = a_project(tmp_path, sqlite_url, smtp_server)
    project.run("articles", "import", str(REAL_PAGE))
    articles = project.read("articles", "list")
    assert [len(article["authors"]) for article in articles] == [1, 1, 1, 1]
    assert len({article["authors"][0] for article in articles}) == 4
    for article in articles:
        shown = project.read("articles", "show", str(article["id"]))
        assert [section["name"] for section in shown["sections"]] == ["BACKGROUND", "IMPLICATIONS", "CONCLUSIONS"]
        assert shown["needs_headline"]
    project.run("issue", "draft")
    assert "headline" in project.run("issue", "approve", "1", "--by", "Editor", exit_status=1)

    set_headlines(project)
    project.run("subscribers", "add", "ann@example.org", "--consent-source", "asked by letter")
    open_issue(project, 1)
    project.run_alone("issue", "send", "1", "--wait")
    assert smtp_server.recipients == ["ann@example.org"]
