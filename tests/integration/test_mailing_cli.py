"""The commands of a mailing, as an operator types them."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from time import sleep

import pytest

from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from project import Project
from smtp_server import SmtpServer

READERS = ("ann@example.org", "ben@example.org")


@pytest.fixture
def project(sqlite_project: Project) -> Project:
    """Give a project with an approved issue and two readers."""
    sqlite_project.environment["NEWSLETTER_SENDING__DOUBTFUL"] = "hold"
    for address in READERS:
        sqlite_project.run("subscribers", "add", address, "--consent-source", "Spring lecture")
    return sqlite_project


@pytest.fixture
def later() -> Iterator[Callable[[Callable[[], object]], None]]:
    """Give a way to have something done half a second from now."""
    timers: list[threading.Timer] = []

    def do_later(act: Callable[[], object]) -> None:
        timers.append(threading.Timer(0.5, act))
        timers[-1].start()

    yield do_later
    for timer in timers:
        timer.join()


@pytest.mark.parametrize(
    ("at", "start"),
    [("2099-03-12T09:00", "2099-03-12 09:00 UTC"), ("2099-03-12T09:00+02:00", "2099-03-12 07:00 UTC")],
)
def test_a_mailing_waits_for_its_time(project: Project, at: str, start: str) -> None:
    said = project.run("issue", "send", "1", "--at", at)

    assert said.startswith(f"Issue 1 goes to 2 subscribers, from {start} on.")
    assert project.read("issue", "report", "1")["status"] == "scheduled"


def test_an_hour_is_the_next_of_its_name(project: Project) -> None:
    now = datetime.now(UTC)
    project.run("issue", "send", "1", "--at", f"{now:%H:%M}")

    [start] = starts_of(project)
    assert 0 < (start - now).total_seconds() <= 24 * 3600
    assert (start.hour, start.minute) == (now.hour, now.minute)


def starts_of(project: Project) -> list[datetime]:
    database = project.open_database()
    with database.snapshot() as snapshot:
        rows = snapshot.exec_driver_sql("SELECT not_before FROM mailings").scalars().all()
    database.close()
    return [datetime.fromisoformat(row).replace(tzinfo=UTC) for row in rows]


def test_a_time_that_is_none_is_refused(project: Project) -> None:
    assert "'soon' is no time" in project.run("issue", "send", "1", "--at", "soon", exit_status=2)


def test_a_mailing_is_paused_and_resumed_and_then_delivered(project: Project, smtp_server: SmtpServer) -> None:
    project.run("issue", "send", "1")
    project.run("issue", "pause", "1")

    paused = project.run("issue", "report", "1")
    assert paused.startswith("Issue 1 is paused: 2 intended = 2 queued")
    assert "Why it is paused: Paused by hand." in paused

    assert "1 is finished: 2 intended = 2 accepted" in project.run("issue", "resume", "1", "--wait")
    assert sorted(smtp_server.recipients) == list(READERS)
    assert "nothing left for it to go on with" in project.run("issue", "resume", "1", exit_status=1)


def test_a_send_that_waits_waits_for_the_time_too(project: Project, smtp_server: SmtpServer) -> None:
    at = datetime.now(UTC) + timedelta(seconds=2)
    said = project.run("issue", "send", "1", "--at", at.isoformat(), "--wait")

    assert datetime.now(UTC) >= at
    assert "1 is finished: 2 intended = 2 accepted" in said
    assert sorted(smtp_server.recipients) == list(READERS)


def test_a_cancelled_mailing_withholds_what_has_not_left(project: Project, smtp_server: SmtpServer) -> None:
    project.run("issue", "send", "1")
    project.run("issue", "cancel", "1")

    report = project.read("issue", "report", "1")
    assert (report["status"], report["withheld"]) == ("cancelled", 2)
    assert "cancelled" in project.run("issue", "resume", "1", "--wait", exit_status=1)
    assert smtp_server.recipients == []


def test_a_mailing_that_the_relay_stops_says_why_and_what_to_do(project: Project, smtp_server: SmtpServer) -> None:
    smtp_server.refuse_senders = "550 5.7.1 not from here"

    advice = project.run("issue", "send", "1", "--wait", exit_status=1)

    assert "newsletter issue resume 1 --wait" in advice
    assert "not from here" in project.run("issue", "report", "1")


def test_doubtful_letters_are_named_and_decided_on(project: Project, smtp_server: SmtpServer) -> None:
    smtp_server.hang_up_behind_dot = {READERS[0]}
    sent = project.run("issue", "send", "1", "--wait")
    assert f"Doubtful: {READERS[0]}" in sent

    assert project.run("issue", "doubtful", "1").split() == [READERS[0]]
    assert "choose" in project.run("issue", "doubtful", "1", "--resend", "--hold", exit_status=2)
    assert project.run("issue", "doubtful", "1", "--hold").startswith("1 letter left as doubtful")
    assert project.run("issue", "doubtful", "1", "--resend").startswith("1 letter queued again")
    assert "Sent again: 1 doubtful letter" in project.run("issue", "resume", "1", "--wait")
    assert smtp_server.recipients.count(READERS[0]) == 2


def test_while_another_process_delivers_send_waits_and_takes_over_what_it_leaves(
    project: Project, later: Callable[[Callable[[], object]], None]
) -> None:
    database = project.open_database()
    with ExitStack() as seat:
        seat.enter_context(take_seat(database, now=datetime.now(UTC)))
        later(seat.close)
        said = project.run("issue", "send", "1", "--wait")
    database.close()

    assert "1 is finished: 2 intended = 2 accepted" in said


def test_while_another_process_delivers_send_waits_until_the_mailing_stops(
    project: Project, later: Callable[[Callable[[], object]], None]
) -> None:
    database = project.open_database()
    with take_seat(database, now=datetime.now(UTC)):
        later(lambda: finish(database))
        said = project.run("issue", "send", "1", "--wait")
    database.close()

    assert "Issue 1 is finished" in said


def finish(database: Database) -> None:
    """End the mailing, as soon as there is one."""
    for _ in range(200):
        with database.transaction() as transaction:
            if transaction.exec_driver_sql("UPDATE mailings SET status = 'finished'").rowcount:
                return
        sleep(0.1)


def read_terminal(ours: int) -> str:
    """Return all that was written to a terminal whose other end is closed: it comes in pieces, and ends in an error."""
    pieces = []
    with os.fdopen(ours, "rb", buffering=0) as terminal, suppress(OSError):
        while piece := terminal.read(65536):
            pieces.append(piece)
    return b"".join(pieces).decode()


def test_a_terminal_shows_how_far_it_is(project: Project) -> None:
    ours, theirs = pty.openpty()
    words = [sys.executable, "-m", "newsletter", "issue", "send", "1", "--wait"]
    ended = subprocess.run(
        words, env=project.environment | {"COLUMNS": "100"}, stderr=theirs, stdout=subprocess.PIPE, check=False
    )
    os.close(theirs)
    shown = read_terminal(ours)

    assert ended.returncode == 0
    assert "Issue 1" in shown
    assert "2/2" in shown


def test_a_report_names_the_domains_that_failed_and_why(project: Project, smtp_server: SmtpServer) -> None:
    project.run("subscribers", "add", "cid@example.net", "--consent-source", "Spring lecture")
    smtp_server.refuse_recipients["ann@example.org"] = "550 5.1.1 no such user"
    project.run("issue", "send", "1")
    project.run("work", "--once")
    report = project.read("issue", "report", "1")

    assert [(each["domain"], each["intended"], each["rejected"]) for each in report["by_domain"]] == [
        ("example.org", 2, 1),
        ("example.net", 1, 0),
    ]
    assert report["by_domain"][0]["reasons"] == report["rejected_reasons"] == {"unknown_user": 1}
    assert report["bounced_reasons"] == {}
    assert "Failed at example.org: 1 of 2 (1 unknown user)" in project.run("issue", "report", "1")


def test_who_waits_for_a_mailing_has_the_notices_delivered_too(project: Project, smtp_server: SmtpServer) -> None:
    project.run("subscribers", "unsubscribe", "ben@example.org")

    said = project.run("issue", "send", "1", "--wait")

    assert "Notices to single readers: 1." in said
    assert smtp_server.recipients == ["ben@example.org", "ann@example.org"]
