"""The processes that keep running, started as an operator starts them and ended as a service manager ends them."""

from __future__ import annotations

import os
import shutil
import signal
import smtplib
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import monotonic, sleep

import httpx
import pytest

from dovecot import Dovecot
from newsletter.app import App, migrate_database, open_app
from newsletter.domain.notice import NoticeKind
from newsletter.service.init_project import init_project
from newsletter.store import issues, leases
from newsletter.store.bounces import list_reports
from newsletter.store.notices import queue_notice
from newsletter.store.seats import take_seat
from newsletters import SLOT, add_reader
from smtp_server import SmtpServer

_SECONDS = 90


class Process:
    """A `newsletter` command under way."""

    def __init__(self, *words: str, file: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "newsletter", *words],
            env=os.environ | {"NEWSLETTER_CONFIG": str(file)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def url(self) -> str:
        """Wait for the sentence that says where the site is."""
        assert self._process.stdout
        sentence = self._process.stdout.readline()
        assert sentence.startswith("The site answers at http://127.0.0.1:"), self.end()
        return sentence.split()[-1]

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str]:
        """Send the signal and return exit status and standard error."""
        self._process.send_signal(number)
        return self.wait()

    def wait(self) -> tuple[int, str]:
        try:
            _, complaint = self._process.communicate(timeout=_SECONDS)
        finally:
            self.kill()
        return self._process.returncode, complaint

    def kill(self) -> None:
        """Leave nothing behind, whatever the test has come to."""
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


@pytest.fixture
def file(tmp_path: Path, migrated_file: Path, smtp_server: SmtpServer) -> Path:
    """Make a project whose relay is the tests' own, and whose first slot was due years ago."""
    file = init_project(tmp_path / "project", today=SLOT.date())
    text = file.read_text()
    for before, after in (
        ('host = "localhost"\nport = 25', f'host = "127.0.0.1"\nport = {smtp_server.port}'),
        ('from = "" ', 'from = "news@review.example" '),
        ("first = 2026-03-05", "first = 2020-03-05"),
    ):
        assert before in text
        text = text.replace(before, after)
    file.write_text(text)
    shutil.copy(migrated_file, file.parent)
    migrate_database(file)
    return file


@contextmanager
def started(*words: str, file: Path) -> Iterator[Process]:
    process = Process(*words, file=file)
    try:
        yield process
    finally:
        process.kill()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + _SECONDS
    while not is_so():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(0.1)


def queue_welcome(app: App) -> None:
    reader = add_reader(app)
    with app.database.transaction() as transaction:
        queue_notice(transaction, NoticeKind.WELCOME, reader, details={}, now=app.now())


def is_drafted(app: App) -> bool:
    with app.database.snapshot() as snapshot:
        return issues.find_open_draft(snapshot) is not None


def test_run_serves_schedules_and_works_and_ends_in_order(file: Path, smtp_server: SmtpServer) -> None:
    with open_app(file) as app, started("run", "--port", "0", file=file) as process:
        assert httpx.get(f"{process.url()}healthz").text == "ok\n"
        queue_welcome(app)
        wait_until(lambda: smtp_server.recipients == ["ada@example.org"])
        wait_until(lambda: is_drafted(app))

        status, complaint = process.end()

    assert status == 0
    assert "Traceback" not in complaint
    assert "/healthz" not in complaint


def test_run_works_as_soon_as_another_process_has_ended(file: Path, smtp_server: SmtpServer) -> None:
    with open_app(file) as app, ExitStack() as other:
        other.enter_context(take_seat(app.database, now=app.now()))
        with started("run", "--port", "0", file=file) as process:
            process.url()
            queue_welcome(app)
            sleep(1)
            assert smtp_server.recipients == []
            other.close()
            wait_until(lambda: smtp_server.recipients == ["ada@example.org"])

            status, complaint = process.end()

    assert status == 0
    assert "Another process is delivering" in complaint


def test_serve_answers_and_ends_in_order(file: Path) -> None:
    with started("serve", "--port", "0", file=file) as process:
        answer = httpx.get(f"{process.url()}readyz")

        status, complaint = process.end(signal.SIGINT)

    assert (answer.status_code, answer.headers.get("server")) == (200, None)
    assert (status, complaint) == (0, "")


def test_serve_says_when_its_port_is_taken(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        with started("serve", "--port", port, file=file) as process:
            status, complaint = process.wait()

    assert status == 1
    assert f"127.0.0.1:{port} cannot be listened on" in complaint


def test_work_delivers_until_it_is_told_to_stop(file: Path, smtp_server: SmtpServer) -> None:
    with open_app(file) as app, started("work", file=file) as process:
        queue_welcome(app)
        wait_until(lambda: smtp_server.recipients == ["ada@example.org"])

        status, complaint = process.end()

    assert status == 0
    assert "Traceback" not in complaint


def test_work_listens_for_bounces_until_it_is_told_to_stop(file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    file.write_text(f'{file.read_text()}\n[bounces]\nlisten = "127.0.0.1:{port}"\n')
    with open_app(file) as app, started("work", file=file) as process:
        wait_until(lambda: can_connect(port))
        with smtplib.SMTP("127.0.0.1", port, timeout=_SECONDS) as client:
            client.sendmail(
                "ann@example.org", ["postmaster@review.example"], b"Subject: Hello\r\n\r\nIs anybody there?\r\n"
            )
        with app.database.snapshot() as snapshot:
            (report,) = list_reports(snapshot)

        status, complaint = process.end()

    assert (status, report.fate.words) == (0, "Hello")
    assert "Traceback" not in complaint
    assert not can_connect(port)


def test_work_reads_the_imap_folder_as_soon_as_its_server_is_there(file: Path) -> None:
    dovecot = Dovecot()
    keys = f'imap_url = "{dovecot.url}"\nimap_password = "{dovecot.password}"'
    file.write_text(f"{file.read_text()}\n[bounces]\n{keys}\n")
    with started("work", file=file) as process:
        with socket.create_server(("127.0.0.1", dovecot.port)) as silent:
            silent.accept()[0].close()
        with dovecot:
            dovecot.put(b"Subject: Hello\r\n\r\nIs anybody there?\r\n")
            wait_until(lambda: len(dovecot.list_messages("Unknown")) == 1)

            status, complaint = process.end()

    assert status == 0
    assert "The mailbox at 127.0.0.1 cannot be read" in complaint
    assert "Traceback" not in complaint


def can_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def test_work_once_ends_when_nothing_is_due(file: Path, smtp_server: SmtpServer) -> None:
    with open_app(file) as app:
        queue_welcome(app)
    with started("work", "--once", file=file) as process:
        status, _ = process.wait()

    assert status == 0
    assert smtp_server.recipients == ["ada@example.org"]


def test_a_second_worker_on_sqlite_says_that_there_is_one(file: Path) -> None:
    with open_app(file) as app, take_seat(app.database, now=app.now()), started("work", file=file) as process:
        status, complaint = process.wait()

    assert status == 1
    assert "Another process is delivering" in complaint


def test_the_scheduler_drafts_what_is_due_and_ends_in_order(file: Path) -> None:
    with open_app(file) as app, started("schedule", file=file) as process:
        wait_until(lambda: is_drafted(app))

        status, complaint = process.end()
        with app.database.snapshot() as snapshot:
            woken_at = leases.last_release(snapshot, "schedule")

    assert status == 0
    assert "Traceback" not in complaint
    assert woken_at is not None
    assert woken_at <= app.now()
