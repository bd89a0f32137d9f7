"""Several workers on one Postgres, as on several machines: one dies, is stopped or cut off, or the server restarts.

Nobody is lost, and few are mailed twice: at most one letter for each connection of a worker that went away.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from sqlalchemy import text

from conftest import find_memory
from hosts import Hosts
from newsletter.domain.mailing import MailingStatus
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from postgres_server import PostgresServer
from project import Project
from smtp_server import SmtpServer

CONNECTIONS = 4
PATIENCE = 110.0  # seconds
#: No machine that these tests are run on delivers fewer letters a second.
SLOWEST = 50
#: How many letters there are for each thing that happens to a worker.
READERS = 1200


@pytest.fixture
def own_server() -> Iterator[PostgresServer]:
    """Give a Postgres that may be restarted, since no other test is on it, and that keeps what it has committed."""
    with TemporaryDirectory(prefix="newsletter-postgres-", dir=find_memory()) as place:
        server = PostgresServer(Path(place), is_durable=True)
        server.start()
        try:
            yield server
        finally:
            server.stop()


def a_project(place: Path, url: str, relay: SmtpServer, *, engine: str, readers: int) -> Project:
    """Make a project whose issue 1 is on its way to so many readers, and which no worker delivers yet."""
    options = {
        "NEWSLETTER_SMTP__CONNECTIONS": str(CONNECTIONS),
        "NEWSLETTER_RENDER__COMPILER": "mrml",
        "NEWSLETTER_ENGINE__KIND": engine,
    }
    relay.seconds_per_letter = 0.02
    project = Project(place / "review", database_url=url, relay_port=relay.port, **options)
    project.configure("host", relay.host)
    addresses = [f"reader{number:05}@example.net" for number in range(readers)]
    (place / "readers.csv").write_text("email\n" + "\n".join(addresses), encoding="utf-8")
    project.run("subscribers", "import", str(place / "readers.csv"), "--consent-source", "a list")
    project.approve_an_issue()
    project.run("issue", "send", "1")
    return project


@contextmanager
def working(
    project: Project, workers: int, *, start: Callable[..., subprocess.Popen[str]] | None = None
) -> Iterator[list[subprocess.Popen[str]]]:
    """Have workers deliver during the block; at its end they are told to stop."""
    begin = start or partial(project.start, errors=None)
    processes = [begin("work") for _ in range(workers)]
    try:
        yield processes
        for process in processes:
            process.send_signal(signal.SIGTERM)
        for process in processes:
            process.communicate(timeout=PATIENCE)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def wait_until(is_so: Callable[[], bool], *, patience: float = PATIENCE) -> None:
    deadline = time.monotonic() + patience
    while not is_so():
        assert time.monotonic() < deadline, "it did not come about in time"
        time.sleep(0.05)


def wait_for_letters(relay: SmtpServer, more: int) -> None:
    goal = len(relay.letters) + more
    wait_until(lambda: len(relay.letters) >= goal)


def wait_for_the_end(database: Database, readers: int) -> None:
    def has_ended() -> bool:
        with database.snapshot() as snapshot:
            return mailings.find_issue_mailing(snapshot, 1).status is MailingStatus.FINISHED

    wait_until(has_ended, patience=PATIENCE + readers / SLOWEST)


def shift_leases(database: Database, process: subprocess.Popen[str], hours: int) -> None:
    """Let the claims that one worker has end so much later."""
    shift = """
        UPDATE batches SET lease_until = lease_until + make_interval(hours => :hours)
        WHERE worker_id IN (SELECT id FROM workers WHERE process = :process)
    """
    with database.transaction() as transaction:
        transaction.execute(text(shift), {"hours": hours, "process": process.pid})


def judge(project: Project, relay: SmtpServer, readers: int) -> int:
    """Check that nobody is lost, and return how many letters came twice."""
    report = project.read("issue", "report", "1")
    received = Counter(relay.recipients)
    assert len(received) == readers
    assert report["accepted"] == readers
    return received.total() - readers


@pytest.mark.parametrize("rounds", [1, pytest.param(20, marks=pytest.mark.soak)])
@pytest.mark.parametrize("engine", ["embedded", "procrastinate"])
def test_the_letters_of_a_killed_worker_go_out_by_another(
    tmp_path: Path, postgres_url: str, smtp_server: SmtpServer, engine: str, rounds: int
) -> None:
    readers = READERS * rounds
    project = a_project(tmp_path, postgres_url, smtp_server, engine=engine, readers=readers)
    database = project.open_database()
    with working(project, 2) as processes:
        for _ in range(rounds):
            wait_for_letters(smtp_server, 100)
            victim = processes.pop(0)
            victim.kill()
            victim.communicate()
            if rounds > 1:
                processes.append(project.start("work", errors=None))
        wait_for_the_end(database, readers)
        assert [process.poll() for process in processes] == [None] * len(processes)
    database.close()

    twice = judge(project, smtp_server, readers)
    assert twice <= CONNECTIONS * rounds
    print(f"{engine}, {rounds} killed: {twice} letters twice")  # noqa: T201


@pytest.mark.parametrize("rounds", [1, pytest.param(5, marks=pytest.mark.soak)])
@pytest.mark.parametrize("engine", ["embedded", "procrastinate"])
def test_a_worker_that_was_stopped_past_its_lease_neither_sends_nor_settles(
    tmp_path: Path, postgres_url: str, smtp_server: SmtpServer, engine: str, rounds: int
) -> None:
    readers = READERS * rounds
    project = a_project(tmp_path, postgres_url, smtp_server, engine=engine, readers=readers)
    if rounds > 1:
        smtp_server.seconds_per_letter = 0.2  # else the other worker has delivered everything before the first wakes
    database = project.open_database()
    with working(project, 2) as processes:
        for _ in range(rounds):
            wait_for_letters(smtp_server, 100)
            processes[0].send_signal(signal.SIGSTOP)
            if rounds > 1:  # for as long as it takes; else the lease is said to have run out
                time.sleep(ledger.LEASE.total_seconds() + 5)
            else:
                shift_leases(database, processes[0], hours=-1)
                wait_for_letters(smtp_server, 500)
                # By its own clock no lease has run out, so it renews none: what nobody took has to be its own again.
                shift_leases(database, processes[0], hours=1)
            processes[0].send_signal(signal.SIGCONT)
        wait_for_the_end(database, readers)
    assert [process.returncode for process in processes] == [0, 0]
    database.close()

    twice = judge(project, smtp_server, readers)
    assert twice <= CONNECTIONS * rounds
    print(f"{engine}, {rounds} stopped past the lease: {twice} letters twice")  # noqa: T201


@pytest.mark.parametrize("rounds", [1, pytest.param(10, marks=pytest.mark.soak)])
@pytest.mark.parametrize("engine", ["embedded", "procrastinate"])
def test_workers_survive_a_restart_of_postgres(
    tmp_path: Path, own_server: PostgresServer, smtp_server: SmtpServer, engine: str, rounds: int
) -> None:
    readers = READERS * rounds
    with own_server.database() as url:
        project = a_project(tmp_path, url, smtp_server, engine=engine, readers=readers)
        with working(project, 2) as processes:
            for number in range(rounds):
                wait_for_letters(smtp_server, 100)
                own_server.restart(mode=("fast", "immediate")[number % 2])
            database = project.open_database()
            wait_for_the_end(database, readers)
            assert [process.poll() for process in processes] == [None, None]
        database.close()
        twice = judge(project, smtp_server, readers)

    assert twice <= 2 * CONNECTIONS * rounds
    print(f"{engine}, {rounds} restarts of Postgres: {twice} letters twice")  # noqa: T201


@pytest.mark.parametrize("seconds", [5, pytest.param(60, marks=pytest.mark.soak)])
@pytest.mark.parametrize("engine", ["embedded", "procrastinate"])
def test_a_worker_cut_off_from_postgres_stops_sending_and_comes_back(tmp_path: Path, engine: str, seconds: int) -> None:
    readers = READERS * 2
    with ExitStack() as stack:
        hosts = stack.enter_context(Hosts())
        place = stack.enter_context(TemporaryDirectory(prefix="newsletter-postgres-", dir=find_memory()))
        server = PostgresServer(Path(place), address=hosts.database)
        server.start()
        stack.callback(server.stop)
        relay = SmtpServer()
        relay.host = hosts.relay
        stack.enter_context(relay)
        url = stack.enter_context(server.database())
        project = a_project(tmp_path, url, relay, engine=engine, readers=readers)
        far = stack.enter_context(working(project, 1, start=lambda *words: hosts.start(project, *words)))
        wait_for_letters(relay, 200)
        hosts.cut_database()
        time.sleep(1)
        before = len(relay.letters)
        time.sleep(seconds)
        assert len(relay.letters) == before
        hosts.join_database()
        wait_for_letters(relay, 200)
        database = project.open_database()
        with working(project, 1):
            wait_for_the_end(database, readers)
        assert far[0].poll() is None
        database.close()
        twice = judge(project, relay, readers)

    assert twice <= CONNECTIONS
    print(f"{engine}, {seconds} s without Postgres: {twice} letters twice")  # noqa: T201
