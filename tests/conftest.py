"""Fixtures that every test may ask for, and a plain word at the end about what could not be tested here."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from newsletter.store.database import Database
from postgres_server import PostgresServer
from project import Project
from smtp_server import SmtpServer

# The folder of the run's one Postgres: named by the first process, inherited by pytest-xdist's workers.
_POSTGRES_FOLDER = "NEWSLETTER_TESTS_POSTGRES_FOLDER"
_GIGABYTE = 2**30
_IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ


# How many examples each property is tried on; `pytest --hypothesis-profile soak` tries a hundred times as many.
settings.register_profile("quick", max_examples=50, deadline=None)
settings.register_profile("soak", max_examples=5000, deadline=None)
settings.load_profile("quick")


def pytest_configure() -> None:
    if not _IS_WORKER:
        os.environ[_POSTGRES_FOLDER] = tempfile.mkdtemp(prefix="newsletter-postgres-", dir=find_memory())


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


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give an SQLite database without rows, migrated once per process; tests copy it."""
    file = tmp_path_factory.mktemp("migrated") / "newsletter.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture(scope="session")
def migrated_template(postgres_server: PostgresServer) -> Iterator[str]:
    """Give the name of a Postgres database without rows, migrated once per process; tests copy it."""
    with postgres_server.database() as url:
        migrate(url)
        yield postgres_server.name_of(url)


@pytest.fixture
def migrated_sqlite_url(sqlite_url: str, migrated_file: Path) -> str:
    """Give the URL of a migrated SQLite file, the one that ``sqlite_url`` names."""
    shutil.copyfile(migrated_file, path_of(sqlite_url))
    return sqlite_url


@pytest.fixture
def migrated_postgres_url(postgres_server: PostgresServer, migrated_template: str) -> Iterator[str]:
    """Give the URL of a migrated Postgres database."""
    with postgres_server.database(template=migrated_template) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgres"])
def migrated_url(request: pytest.FixtureRequest) -> str:
    """Give the URL of a migrated database; each test runs once on SQLite and once on Postgres."""
    url: str = request.getfixturevalue(f"migrated_{request.param}_url")
    return url


@pytest.fixture
def sqlite_database(migrated_sqlite_url: str) -> Iterator[Database]:
    """Give a migrated SQLite database, open; its file is the one that ``sqlite_url`` names."""
    database = Database(migrated_sqlite_url)
    yield database
    database.close()


@pytest.fixture
def postgres_database(migrated_postgres_url: str) -> Iterator[Database]:
    """Give a migrated Postgres database, open."""
    database = Database(migrated_postgres_url)
    yield database
    database.close()


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest) -> Database:
    """Give a migrated database, open; each test runs once on SQLite and once on Postgres."""
    opened: Database = request.getfixturevalue(f"{request.param}_database")
    return opened


@pytest.fixture(scope="session")
def approved_on_sqlite(tmp_path_factory: pytest.TempPathFactory, migrated_file: Path) -> Project:
    """Give a project on SQLite with an approved issue and no readers, made once per process; tests copy it."""
    place = tmp_path_factory.mktemp("approved")
    file = shutil.copyfile(migrated_file, place / "newsletter.db")
    return a_project_with_an_approved_issue(place / "review", f"sqlite:///{file}")


@pytest.fixture(scope="session")
def approved_on_postgres(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer, migrated_template: str
) -> Iterator[Project]:
    """Give the same on Postgres."""
    with postgres_server.database(template=migrated_template) as url:
        yield a_project_with_an_approved_issue(tmp_path_factory.mktemp("approved") / "review", url)


def a_project_with_an_approved_issue(folder: Path, database_url: str) -> Project:
    project = Project(folder, database_url=database_url, relay_port=25, NEWSLETTER_RENDER__COMPILER="mrml")
    project.approve_an_issue()
    return project


@pytest.fixture
def sqlite_project(approved_on_sqlite: Project, sqlite_url: str, tmp_path: Path, smtp_server: SmtpServer) -> Project:
    """Give a project on SQLite with an approved issue, no readers, and ``smtp_server`` for its relay."""
    shutil.copyfile(path_of(approved_on_sqlite.database_url), path_of(sqlite_url))
    return approved_on_sqlite.copy(tmp_path / "review", database_url=sqlite_url, relay_port=smtp_server.port)


@pytest.fixture
def postgres_project(
    approved_on_postgres: Project, postgres_server: PostgresServer, tmp_path: Path, smtp_server: SmtpServer
) -> Iterator[Project]:
    """Give the same on Postgres."""
    original = approved_on_postgres
    with postgres_server.database(template=postgres_server.name_of(original.database_url)) as url:
        yield original.copy(tmp_path / "review", database_url=url, relay_port=smtp_server.port)


@pytest.fixture(params=["sqlite", "postgres"])
def approved_project(request: pytest.FixtureRequest) -> Project:
    """Give a project with an approved issue; each test runs once on SQLite and once on Postgres."""
    project: Project = request.getfixturevalue(f"{request.param}_project")
    return project


def path_of(url: str) -> Path:
    """Return the file of an SQLite URL."""
    return Path(url.removeprefix("sqlite:///"))


def find_memory() -> Path | None:
    """Return the folder that is memory and not a disk, where a database is copied ten times as fast; None without."""
    memory = Path("/dev/shm")  # noqa: S108 - the folder made in it has a name nobody can foretell
    is_roomy = os.access(memory, os.W_OK) and shutil.disk_usage(memory).free > _GIGABYTE
    return memory if is_roomy else None


def migrate(url: str) -> None:
    database = Database(url)
    database.migrate()
    database.close()


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
