"""A mailing under control from other processes: stopped in a moment, drained by a signal, opened by one only."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from project import Project
from smtp_server import SmtpServer

READERS = [f"reader{number:03}@example.net" for number in range(300)]
#: Longer than any machine needs; an act that is not obeyed would take the whole mailing, which is fifteen seconds.
PATIENCE = 60.0


@pytest.fixture
def project(approved_project: Project, tmp_path: Path) -> Project:
    """Give a project with an approved issue and three hundred readers, who get twenty letters a second."""
    approved_project.environment["NEWSLETTER_SMTP__MESSAGES_PER_SECOND"] = "20"
    (tmp_path / "readers.csv").write_text("email\n" + "\n".join(READERS), encoding="utf-8")
    approved_project.run("subscribers", "import", str(tmp_path / "readers.csv"), "--consent-source", "a list")
    return approved_project


@contextmanager
def working(project: Project, *words: str) -> Iterator[subprocess.Popen[str]]:
    process = project.start(*words)
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.02)


def letters_after(smtp_server: SmtpServer, act: Callable[[], object]) -> int:
    """Do something; return how many letters still came until none did for a second, which is twenty of them."""
    act()
    at_once = in_a_while = len(smtp_server.letters)
    last = time.monotonic()
    while time.monotonic() < last + 1:
        time.sleep(0.02)
        if len(smtp_server.letters) > in_a_while:
            in_a_while, last = len(smtp_server.letters), time.monotonic()
    return in_a_while - at_once


def test_a_worker_obeys_pause_resume_and_cancel_of_other_processes_within_a_second(
    project: Project, smtp_server: SmtpServer
) -> None:
    with working(project, "work"):
        project.run("issue", "send", "1")
        wait_until(lambda: len(smtp_server.letters) >= 5)
        still_came = letters_after(smtp_server, lambda: project.run("issue", "pause", "1"))
        paused = project.read("issue", "report", "1")

        assert still_came <= 20  # which is what comes in a second
        assert paused["status"] == "paused"
        assert (paused["in_flight"], paused["doubtful"]) == (0, 0)
        assert paused["accepted"] == len(smtp_server.letters)

        project.run("issue", "resume", "1")
        wait_until(lambda: len(smtp_server.letters) >= paused["accepted"] + 5)
        still_came = letters_after(smtp_server, lambda: project.run("issue", "cancel", "1"))
        cancelled = project.read("issue", "report", "1")

    assert still_came <= 20
    assert cancelled["status"] == "cancelled"
    assert cancelled["accepted"] == len(smtp_server.letters) == len(set(smtp_server.recipients))
    assert cancelled["accepted"] + cancelled["withheld"] == len(READERS)


# Draining is the worker's, whatever the ledger.
@pytest.mark.parametrize("approved_project", ["sqlite"], indirect=True)
def test_a_signal_drains_and_leaves_nothing_in_doubt(project: Project, smtp_server: SmtpServer) -> None:
    smtp_server.seconds_per_letter = 0.2  # so that letters are on their way when the signal comes
    with working(project, "issue", "send", "1", "--wait") as sending:
        wait_until(lambda: len(smtp_server.letters) >= 5)
        sending.send_signal(signal.SIGTERM)
        sending.communicate(timeout=PATIENCE)
    drained = project.read("issue", "report", "1")

    assert sending.returncode == 0
    assert (drained["in_flight"], drained["doubtful"], drained["status"]) == (0, 0, "running")
    assert drained["accepted"] == len(smtp_server.letters)
    assert drained["accepted"] + drained["queued"] == len(READERS)

    smtp_server.seconds_per_letter = 0.0
    project.environment["NEWSLETTER_SMTP__MESSAGES_PER_SECOND"] = "0"
    project.run("issue", "resume", "1", "--wait")
    assert sorted(smtp_server.recipients) == READERS


def test_two_that_send_at_the_same_instant_open_one_mailing(project: Project, smtp_server: SmtpServer) -> None:
    project.environment["NEWSLETTER_SMTP__MESSAGES_PER_SECOND"] = "0"
    with (
        working(project, "issue", "send", "1", "--wait") as one,
        working(project, "issue", "send", "1", "--wait") as two,
    ):
        said = [process.communicate(timeout=PATIENCE) for process in (one, two)]

    assert sorted([one.returncode, two.returncode]) == [0, 1]
    refusal = next(complaint for (_, complaint), process in zip(said, (one, two), strict=True) if process.returncode)
    assert "opened already" in refusal
    assert "newsletter issue resume 1" in refusal
    assert sorted(smtp_server.recipients) == READERS
    assert project.read("issue", "report", "1")["accepted"] == len(READERS)


# On Postgres both deliver; on SQLite one of them has the seat.
@pytest.mark.parametrize("approved_project", ["postgres"], indirect=True)
def test_two_that_resume_at_the_same_instant_send_no_letter_twice(project: Project, smtp_server: SmtpServer) -> None:
    project.environment["NEWSLETTER_SMTP__MESSAGES_PER_SECOND"] = "0"
    smtp_server.seconds_per_letter = 0.05  # so that the one has not finished before the other has begun
    project.run("issue", "send", "1")
    resume = ("issue", "resume", "1", "--wait")
    with working(project, *resume) as one, working(project, *resume) as two:
        said = [process.communicate(timeout=PATIENCE)[0] for process in (one, two)]

    assert [one.returncode, two.returncode] == [0, 0]
    assert all("Issue 1 is finished: 300 intended = 300 accepted" in each for each in said)
    assert sorted(smtp_server.recipients) == READERS
