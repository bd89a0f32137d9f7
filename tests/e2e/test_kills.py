"""Killed with -9 again and again, at random moments: nobody lost, and few mailed twice, each of them known."""

from __future__ import annotations

import random
import signal
import threading
import time
from collections import Counter
from pathlib import Path

import pytest

from project import Project
from smtp_server import SmtpServer

CONNECTIONS = 8
READERS_A_KILL = 400


def wait_for_letters(smtp_server: SmtpServer, more: int) -> None:
    """Wait until ``more`` letters have come since now; TimeoutError after a minute."""
    enough = threading.Event()
    goal = len(smtp_server.letters) + more
    smtp_server.on_letter = lambda _: enough.set() if len(smtp_server.letters) >= goal else None
    if not enough.wait(timeout=60):
        message = f"no {more} letters came within a minute"
        raise TimeoutError(message)


# Each of the five processes takes its time to start, beside others.
@pytest.mark.parametrize(
    "kills", [pytest.param(5, marks=pytest.mark.timeout(300)), pytest.param(50, marks=pytest.mark.soak)]
)
@pytest.mark.parametrize("policy", ["resend", "hold"])
def test_kills_lose_nobody(
    tmp_path: Path, approved_project: Project, smtp_server: SmtpServer, policy: str, kills: int
) -> None:
    project = approved_project
    project.environment["NEWSLETTER_SMTP__CONNECTIONS"] = str(CONNECTIONS)
    project.environment["NEWSLETTER_SENDING__DOUBTFUL"] = policy
    addresses = [f"reader{number:05}@example.net" for number in range(kills * READERS_A_KILL)]
    (tmp_path / "readers.csv").write_text("email\n" + "\n".join(addresses), encoding="utf-8")
    project.run("subscribers", "import", str(tmp_path / "readers.csv"), "--consent-source", "a list")
    project.run("issue", "send", "1")

    moments = random.Random(20260312)  # noqa: S311 - the same moments each time
    for _ in range(kills):
        sending = project.start("issue", "resume", "1", "--wait")
        wait_for_letters(smtp_server, moments.randint(1, 200))
        time.sleep(moments.random() / 100)
        sending.send_signal(signal.SIGKILL)
        sending.communicate(timeout=10)
    project.run_alone("issue", "resume", "1", "--wait")

    report = project.read("issue", "report", "1")
    received = Counter(smtp_server.recipients)
    repeated = sum(received.values()) - len(received)
    named = project.run("issue", "doubtful", "1").split()
    if policy == "resend":
        assert set(received) == set(addresses)
        assert report["accepted"] == len(addresses)
        assert repeated <= kills * CONNECTIONS
        assert not named
    else:
        assert repeated == 0
        assert report["accepted"] + report["doubtful"] == len(addresses)
        assert report["doubtful"] <= kills * CONNECTIONS
        assert len(named) == report["doubtful"]
        assert set(addresses) - set(received) <= set(named)
    print(f"{policy}: {repeated} letters twice, {report['doubtful_resent']} resent, {report['doubtful']} doubtful")  # noqa: T201
