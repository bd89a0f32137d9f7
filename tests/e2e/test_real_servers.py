"""A mailing through a real Postfix, whose reports come back by each way in; the next audience is right."""

from __future__ import annotations

import asyncio
import os
import pwd
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic, sleep

import pytest
from msgspec import structs

from dovecot import Dovecot
from exim import Exim
from mailing_stand import add_readers, deliver_all, open_a_mailing, report_on
from network import answers, find_free_port
from newsletter.app import App
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.mailing import DeliveryStatus, Mailing
from newsletter.intake import listen_for_bounces, read_mailboxes, take_in
from newsletter.mail.mailbox import StoredMessage
from newsletter.store.bounces import list_reports
from newsletter.store.database import Database
from newsletters import a_newsletter
from postfix import Postfix
from smtp_server import ReceivedLetter, SmtpServer
from stored import a_mailing, a_spam_report

FINE, GONE, FULL, BIG, LATE, REJECTED = (
    f"{name}@example.net" for name in ("fine", "gone", "full", "big", "late", "rejected")
)
#: What the servers of the readers say to Postfix.
REFUSALS = {
    GONE: "550 5.1.1 No such user here",
    FULL: "552 5.2.2 Mailbox full",
    BIG: "552 5.3.4 Message too big for system",
    LATE: "450 4.2.0 Try again later",
}
MANY = 200
DOMAIN = "review.example"


@contextmanager
def a_maildir() -> Iterator[Path]:
    """Give a Maildir that Postfix may deliver to as nobody."""
    with TemporaryDirectory(prefix="maildir-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        nobody = pwd.getpwnam("nobody")
        for part in ("mail", "mail/new", "mail/cur", "mail/tmp"):
            (folder / part).mkdir()
            if os.geteuid() == 0:
                os.chown(folder / part, nobody.pw_uid, nobody.pw_gid)
        yield folder / "mail"


@contextmanager
def listening(app: App) -> Iterator[None]:
    """Run the listener of the settings."""
    port = int(app.settings.bounces.listen.partition(":")[2])
    stopping = threading.Event()
    thread = threading.Thread(target=lambda: asyncio.run(listen_for_bounces(app, stopping.is_set)))
    thread.start()
    try:
        wait_until(lambda: answers(port, b"220"))
        yield
    finally:
        stopping.set()
        thread.join(timeout=30)


def an_app(database: Database, *, relay_port: int, **bounces: object) -> App:
    app = a_newsletter(database, relay_port=relay_port, clock=lambda: datetime.now(UTC))
    section = structs.replace(app.settings.bounces, **bounces)
    return replace(app, settings=structs.replace(app.settings, bounces=section))


def wait_until(is_so: Callable[[], bool], *, or_show: Callable[[], str] = str, seconds: float = 60) -> None:
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline, f"it did not come about in time\n{or_show()}"
        sleep(0.1)


def all_fates(app: App) -> Counter[tuple[BounceKind, BounceReason | None]]:
    with app.database.snapshot() as snapshot:
        reports = list_reports(snapshot)
    assert all(report.ignored_because is None for report in reports)
    return Counter((report.fate.kind, report.fate.reason) for report in reports)


def is_complete(app: App) -> bool:
    """Gone, full and big fail at once; late is delayed first, and fails when its time is over."""
    kinds = Counter(kind for kind, _ in all_fates(app).elements())
    return kinds[BounceKind.DELAYED] >= 1 and kinds[BounceKind.HARD] + kinds[BounceKind.SOFT] == len(REFUSALS)


def check_next_audience(app: App, mailing: Mailing) -> None:
    fates = all_fates(app)
    assert fates[BounceKind.HARD, BounceReason.UNKNOWN_USER] == 1
    assert fates[BounceKind.SOFT, BounceReason.MAILBOX_FULL] == 1
    assert fates[BounceKind.SOFT, BounceReason.TOO_BIG] == 1
    assert fates[BounceKind.SOFT, BounceReason.EXPIRED] == 1
    counted = report_on(app.database, mailing)
    assert (counted.bounced_hard, counted.bounced_soft) == (1, 3)
    following = a_mailing(app.database, addresses=["new@example.net"], number=2, sent_at=app.now())
    assert set(following.deliveries) == {FINE, FULL, BIG, LATE, "new@example.net"}


@pytest.mark.parametrize(
    ("way", "kept_in"), [("listener", "sqlite"), ("listener", "postgres"), ("maildir", "sqlite"), ("imap", "postgres")]
)
def test_what_postfix_reports_decides_on_the_next_audience(
    request: pytest.FixtureRequest, smtp_server: SmtpServer, way: str, kept_in: str
) -> None:
    database: Database = request.getfixturevalue(f"{kept_in}_database")
    smtp_server.refuse_recipients = dict(REFUSALS)
    with ExitStack() as servers:
        bounces_to, keys = open_way(way, servers)
        postfix = servers.enter_context(
            Postfix(next_hop=smtp_server.port, bounces_to=bounces_to, bounce_domain=DOMAIN, refused=(REJECTED,))
        )
        app = an_app(database, relay_port=postfix.port, **keys)
        add_readers(database, [FINE, *REFUSALS, REJECTED])
        mailing = open_a_mailing(database)
        if way == "listener":
            servers.enter_context(listening(app))

        deliver_all(app.plant())
        wait_until(lambda: read_again(app) and is_complete(app), or_show=postfix.log)

    counted = report_on(database, mailing)
    assert (counted.counts[DeliveryStatus.ACCEPTED], counted.counts[DeliveryStatus.REJECTED]) == (5, 1)
    assert smtp_server.recipients == [FINE]
    check_next_audience(app, mailing)


def test_postfix_keeps_what_its_pipe_could_not_store(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    """Postfix runs the pipe as somebody who cannot read this checkout, so a script stands for `bounces read -`."""
    smtp_server.refuse_recipients = {GONE: REFUSALS[GONE]}
    with a_maildir() as folder:
        program = folder.parent / "store"
        notes = folder / "tmp"
        program.write_text(
            f'#!/bin/sh\n[ "$1 $2" = "- --recipient" ] || exit 64\n'
            f'echo "$3" >> {notes}/names\n[ -e {notes}/works ] || exit 75\ncat > {folder}/new/1\n'
        )
        program.chmod(0o755)
        command = f"{program} - --recipient ${{original_recipient}}"
        with Postfix(next_hop=smtp_server.port, bounces_to=command, bounce_domain=DOMAIN, lifetime="60s") as postfix:
            app = an_app(sqlite_database, relay_port=postfix.port)
            add_readers(sqlite_database, [GONE])
            open_a_mailing(sqlite_database)
            deliver_all(app.plant())
            wait_until((notes / "names").exists, or_show=postfix.log)
            (notes / "works").touch()
            wait_until((folder / "new" / "1").exists, or_show=postfix.log)
            wait_until(lambda: "status=sent (delivered via newsletter service)" in postfix.log(), or_show=postfix.log)
        names = (notes / "names").read_text().split()
        raw = (folder / "new" / "1").read_bytes()

    assert len(names) >= 2
    assert len(set(names)) == 1
    assert raw.startswith(b"Return-Path: <>\n")
    assert len(take_in([StoredMessage("-", raw, names[0])], app=app).suppressed) == 1


def test_what_exim_reports_decides_on_the_next_audience(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    smtp_server.refuse_recipients = dict(REFUSALS)
    bounces_to = find_free_port()
    with Exim(next_hop=smtp_server.port, bounces_to=bounces_to, bounce_domain=DOMAIN) as exim:
        app = an_app(sqlite_database, relay_port=exim.port, listen=f"127.0.0.1:{bounces_to}")
        add_readers(sqlite_database, [FINE, *REFUSALS])
        mailing = open_a_mailing(sqlite_database)
        with listening(app):
            deliver_all(app.plant())
            wait_until(lambda: is_complete(app), or_show=exim.log)

    check_next_audience(app, mailing)


REWRITES = {
    "envelope sender kept": "",
    "envelope sender replaced": (
        f"sender_canonical_maps = static:news@{DOMAIN}\nsender_canonical_classes = envelope_sender"
    ),
    "Message-ID replaced": (
        f"sender_canonical_maps = static:news@{DOMAIN}\nsender_canonical_classes = envelope_sender\n"
        "header_checks = regexp:{ {/^Message-ID:/ REPLACE Message-ID: <0100018f@relay.example.org>} }"
    ),
}


@pytest.mark.parametrize("rewrite", REWRITES)
def test_reports_are_attributed_whatever_the_relay_rewrites(
    sqlite_database: Database, smtp_server: SmtpServer, rewrite: str
) -> None:
    addresses = [f"reader{number:03}@example.net" for number in range(MANY)]
    smtp_server.refuse_recipients = dict.fromkeys(addresses, "550 5.1.1 No such user")
    with (
        a_maildir() as maildir,
        Postfix(next_hop=smtp_server.port, bounces_to=maildir, bounce_domain=DOMAIN, more=REWRITES[rewrite]) as postfix,
    ):
        app = an_app(sqlite_database, relay_port=postfix.port, maildir=str(maildir))
        add_readers(sqlite_database, addresses)
        open_a_mailing(sqlite_database)
        deliver_all(app.plant())
        wait_until(lambda: len(list((maildir / "new").iterdir())) == MANY, or_show=postfix.log)
        sample = next((maildir / "new").iterdir()).read_text()
        done = read_mailboxes(app)

    assert (f"\nTo: news@{DOMAIN}" in sample) is (rewrite != "envelope sender kept")
    assert ("0100018f@relay.example.org" in sample) is (rewrite == "Message-ID replaced")
    assert len(done.suppressed) == MANY
    assert all_fates(app) == {(BounceKind.HARD, BounceReason.UNKNOWN_USER): MANY}


def test_complaints_that_hide_the_reader_are_attributed(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    addresses = [f"reader{number:03}@example.net" for number in range(MANY)]
    app = an_app(sqlite_database, relay_port=smtp_server.port)
    add_readers(sqlite_database, addresses)
    mailing = open_a_mailing(sqlite_database)
    deliver_all(app.plant())

    complaints = [StoredMessage("-", a_spam_report(redact(letter))) for letter in smtp_server.letters]
    done = take_in(complaints, app=app)

    assert not any(b"@example.net" in complaint.raw for complaint in complaints)
    assert len(done.suppressed) == MANY
    assert report_on(sqlite_database, mailing).complaints == MANY


def redact(letter: ReceivedLetter) -> str:
    """Return the head of a letter as a feedback loop shows it: the reader is nowhere in it."""
    head = letter.data.decode().replace("\r\n", "\n").partition("\n\n")[0]
    return head.replace(letter.rcpt_to[0], "redacted@provider.example") + "\n"


def open_way(way: str, servers: ExitStack) -> tuple[int | Path, dict[str, object]]:
    """Return where Postfix delivers the mail of the bounce domain, and the settings that find it there."""
    if way == "listener":
        port = find_free_port()
        return port, {"listen": f"127.0.0.1:{port}"}
    if way == "maildir":
        maildir = servers.enter_context(a_maildir())
        return maildir, {"maildir": str(maildir)}
    dovecot = servers.enter_context(Dovecot())
    return dovecot.maildir, {"imap_url": dovecot.url, "imap_password": dovecot.password}


def read_again(app: App) -> bool:
    read_mailboxes(app)
    return True
