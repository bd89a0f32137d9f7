"""Fixtures that every test may ask for, and a plain word at the end about what could not be tested here."""

from __future__ import annotations

import os
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from postgres_server import PostgresServer
from smtp_server import SmtpServer

# The folder of the run's one Postgres: named by the first process, inherited by pytest-xdist's workers.
_POSTGRES_FOLDER = "NEWSLETTER_TESTS_POSTGRES_FOLDER"
_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


def pytest_configure() -> None:
    if not _IS_WORKER:
        os.environ[_POSTGRES_FOLDER] = tempfile.mkdtemp(prefix="newsletter-postgres-")


def pytest_unconfigure() -> None:
    if not _IS_WORKER:
        PostgresServer(Path(os.environ.pop(_POSTGRES_FOLDER))).stop()


@pytest.fixture(scope="session")
def postgres_server() -> PostgresServer:
    """Give a running Postgres, one per test run; the test is skipped where Postgres is not installed."""
    server = PostgresServer(Path(os.environ[_POSTGRES_FOLDER]))
    server.start()
    return server


@pytest.fixture
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the URL of a fresh and empty Postgres database."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """Give the URL of an SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'newsletter.db'}"


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a fresh and empty database; each test runs once on SQLite and once on Postgres."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def smtp_server() -> Iterator[SmtpServer]:
    """Give a relay on loopback that keeps every letter, and refuses what the test tells it to."""
    with SmtpServer() as server:
        yield server


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say what was skipped, each reason once."""
    reasons = Counter(
        report.longrepr[2].removeprefix("Skipped: ")
        for report in terminalreporter.stats.get("skipped", [])
        if isinstance(report.longrepr, tuple)
    )
    if not reasons:
        return
    terminalreporter.section("not tested on this machine")
    for reason, count in reasons.most_common():
        terminalreporter.line(f"{count} {'test' if count == 1 else 'tests'}: {reason}")
