"""Bounces on an IMAP server: a real Dovecot, with and without what it can do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec import structs

from bounce_messages import a_letter
from certificate import make_certificate
from dovecot import Dovecot
from newsletter.app import App
from newsletter.errors import ConfigurationError, MailboxError
from newsletter.intake import examine_ways_in, read_mailboxes, take_in, watch_imap
from newsletter.mail.access_token import AccessToken, TokenSource
from newsletter.mail.imap import open_mailbox
from newsletter.mail.imap_account import read_imap_url
from newsletter.mail.mailbox import Filing
from newsletter.store.bounces import list_reports, load_raw
from newsletter.store.database import Database
from newsletters import a_newsletter
from stored import SENT_AT, SentMailing, a_failure, a_mailing, is_mailed
from token_server import TokenServer

ANN, BEN = "ann@example.net", "ben@example.net"
TOMORROW = SENT_AT + timedelta(days=1)
#: A server that can little: no IDLE, no MOVE, no NAMESPACE, and no UID EXPUNGE.
OLD = "IMAP4rev1"
PASSWORD = Dovecot.password


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot() as server:
        yield server


def a_reader(database: Database, dovecot: Dovecot, **keys: object) -> App:
    app = a_newsletter(database, clock=lambda: TOMORROW)
    keys = {"imap_url": dovecot.url, "imap_password": dovecot.password} | keys
    return replace(app, settings=structs.replace(app.settings, bounces=structs.replace(app.settings.bounces, **keys)))


def failure_of(app: App, sent: SentMailing, address: str) -> bytes:
    return a_failure(address, delivered_to=f"b+{sent.token(address, app.keys)}@review.example")


def test_a_report_is_stored_and_moved_to_processed(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot)
    raw = failure_of(app, a_mailing(sqlite_database), ANN)
    dovecot.put(raw)

    done = read_mailboxes(app)

    assert done.kinds.total() == 1
    assert not is_mailed(sqlite_database, ANN)
    assert dovecot.list_messages() == []
    ((moved, flags),) = dovecot.list_messages("Processed")
    assert moved.replace(b"\r\n", b"\n") == raw
    assert b"\\Seen" not in flags


def test_what_changes_nobody_moves_to_unknown_as_unread_as_it_was(sqlite_database: Database, dovecot: Dovecot) -> None:
    dovecot.put(a_letter("Hello", "Who are you?"))
    dovecot.put(a_letter("Once more", "Really, who?"), flags=(b"\\Seen", b"\\Flagged"))

    read_mailboxes(a_reader(sqlite_database, dovecot))

    assert dovecot.list_messages() == []
    unread, read = [set(flags) - {b"\\Recent"} for _, flags in dovecot.list_messages("Unknown")]
    assert (unread, read) == (set(), {b"\\Seen", b"\\Flagged"})


@pytest.mark.parametrize("capability", ["", f"{OLD} UIDPLUS", OLD])
def test_what_others_marked_as_deleted_is_neither_read_nor_expunged(sqlite_database: Database, capability: str) -> None:
    with Dovecot(capability=capability) as dovecot:
        app = a_reader(sqlite_database, dovecot)
        dovecot.put(a_letter("Old", "To be kept a while."), flags=(b"\\Deleted",))
        dovecot.put(failure_of(app, a_mailing(sqlite_database), ANN))

        assert read_mailboxes(app).messages == 1
        assert read_mailboxes(app).messages == 0

        left = [raw for raw, _ in dovecot.list_messages()]
        assert any(b"To be kept a while." in raw for raw in left)
        assert len(left) == (2 if capability == OLD else 1)
        assert len(dovecot.list_messages("Processed")) == 1


def test_folders_stand_where_the_server_wants_them(sqlite_database: Database) -> None:
    with Dovecot(prefix="INBOX.") as dovecot:
        dovecot.put(a_letter("Hello", "Who are you?"))
        read_mailboxes(a_reader(sqlite_database, dovecot))

        assert len(dovecot.list_messages("INBOX.Unknown")) == 1


def test_a_message_stored_but_not_moved_counts_once(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot)
    raw = failure_of(app, a_mailing(sqlite_database), ANN)
    dovecot.put(raw)
    read_mailboxes(app)
    dovecot.put(raw)

    done = read_mailboxes(app)

    assert (done.kinds.total(), done.duplicates) == (0, 1)
    assert dovecot.list_messages() == []


def test_a_server_that_numbers_anew_does_no_harm(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot)
    dovecot.put(failure_of(app, a_mailing(sqlite_database), ANN))
    account = app.imap_account
    assert account
    with open_mailbox(account) as mailbox:
        (before,) = mailbox.read()
        take_in([before], app=app)  # stored; the connection ends before it is moved
    sleep(1.1)  # Dovecot takes the time, in seconds, for the name of its numbering
    for file in dovecot.maildir.glob("dovecot*"):
        file.unlink()
    dovecot.put(a_letter("Hello", "Who are you?"))

    with open_mailbox(account) as mailbox:
        after = list(mailbox.read())
    done = read_mailboxes(app)

    assert before.name not in {message.name for message in after}
    assert (done.kinds.total(), done.duplicates) == (1, 1)
    assert (len(dovecot.list_messages("Processed")), len(dovecot.list_messages("Unknown"))) == (1, 1)


def test_nothing_leaves_the_folder_before_it_is_stored(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot)
    account = app.imap_account
    assert account
    dovecot.put(a_letter("Hello", "Who are you?"))

    with open_mailbox(account) as mailbox:
        assert len(list(mailbox.read())) == 1
        mailbox.finish()
        assert len(dovecot.list_messages()) == 1
        (message,) = mailbox.read()
        mailbox.file(message, Filing.UNKNOWN)
        mailbox.finish()

    assert dovecot.list_messages() == []


def test_of_a_huge_message_only_the_head_is_fetched(sqlite_database: Database, dovecot: Dovecot) -> None:
    dovecot.put(a_letter("Huge", "words\n" * 700_000))

    assert read_mailboxes(a_reader(sqlite_database, dovecot)).messages == 1

    with sqlite_database.snapshot() as snapshot:
        (report,) = list_reports(snapshot)
        assert len(load_raw(snapshot, report.id)) == (1 << 20) + 1
    assert len(dovecot.list_messages("Unknown")[0][0]) > 4_000_000


def test_many_messages_are_read_in_groups(sqlite_database: Database, dovecot: Dovecot) -> None:
    with dovecot.signed_in() as client:
        for number in range(130):
            client.append("INBOX", a_letter(f"Letter {number}", "Hello."))

    assert read_mailboxes(a_reader(sqlite_database, dovecot)).messages == 130

    assert dovecot.list_messages() == []
    assert len(dovecot.list_messages("Unknown")) == 130


@pytest.mark.parametrize("capability", ["", OLD])
def test_the_watch_reads_what_comes(
    sqlite_database: Database, capability: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("newsletter.intake._LONGEST_WAIT_SECONDS", 2.0 if capability else 30.0)
    with Dovecot(capability=capability) as dovecot:
        app = a_reader(sqlite_database, dovecot)
        stopping = threading.Event()
        watch = threading.Thread(target=watch_imap, args=(app, stopping.is_set))
        watch.start()
        sleep(1)
        dovecot.put(failure_of(app, a_mailing(sqlite_database), ANN))
        wait_until(lambda: not is_mailed(sqlite_database, ANN))
        wait_until(lambda: len(dovecot.list_messages("Processed")) == 1)
        stopping.set()
        watch.join(timeout=20)

        assert not watch.is_alive()


def test_the_watch_says_when_the_server_is_gone(sqlite_database: Database) -> None:
    failures: list[str] = []
    with Dovecot() as dovecot:
        app = a_reader(sqlite_database, dovecot)

        def watch() -> None:
            try:
                watch_imap(app, lambda: False)
            except MailboxError as error:
                failures.append(str(error))

        thread = threading.Thread(target=watch)
        thread.start()
        sleep(1)
    thread.join(timeout=30)

    assert not thread.is_alive()
    assert failures[0].startswith("The mailbox at 127.0.0.1 cannot be read:")
    with pytest.raises(MailboxError, match="refused"):
        read_mailboxes(app)


def test_tls_is_verified(sqlite_database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    with Dovecot(certificate=certificate) as dovecot:
        url = f"imaps://news%40review.example@127.0.0.1:{dovecot.tls_port}/INBOX"
        app = a_reader(sqlite_database, dovecot, imap_url=url)
        with pytest.raises(MailboxError, match="certificate verify failed"):
            read_mailboxes(app)

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        dovecot.put(a_letter("Hello", "Who are you?"))
        assert read_mailboxes(app).messages == 1


def test_starttls_is_verified_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificate = make_certificate(tmp_path)
    with Dovecot(certificate=certificate) as dovecot:
        account = replace(read_imap_url(dovecot.url, password=PASSWORD, tokens=None), security="starttls")
        with pytest.raises(MailboxError, match="certificate verify failed"), open_mailbox(account):
            pass

        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.file))
        with open_mailbox(account) as mailbox:
            assert list(mailbox.read()) == []


def test_a_wrong_password_is_told_without_the_address(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot, imap_password="wrong")  # noqa: S106 - so it is

    with pytest.raises(MailboxError, match="refuses to let us read") as refused:
        read_mailboxes(app)
    assert "review.example" not in str(refused.value)


def test_access_tokens_open_the_mailbox_and_a_refused_one_is_renewed_once() -> None:
    with TokenServer() as checker:
        checker.answers = [(401, {}), (200, {"email": "news@review.example"})]
        with Dovecot(token_check=checker.url) as dovecot:
            tokens = iter(["stale", "fresh"])
            source = TokenSource(lambda: AccessToken(next(tokens), timedelta(hours=1)), clock=lambda: TOMORROW)
            account = read_imap_url(dovecot.url, password="", tokens=source)

            with open_mailbox(account) as mailbox:
                assert list(mailbox.read()) == []


def test_the_doctor_opens_the_folder(sqlite_database: Database, dovecot: Dovecot) -> None:
    app = a_reader(sqlite_database, dovecot)

    (sound,) = examine_ways_in(app)
    (ill,) = examine_ways_in(a_reader(sqlite_database, dovecot, imap_password=""))

    assert (sound.check, sound.level, sound.sentence) == ("IMAP", "ok", "The folder INBOX at 127.0.0.1 opens.")
    assert ill.level == "error"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("pop3://ann@example.org/", "is written as imaps"),
        ("imaps://ann@example.org:many/", "is written as imaps"),
        ("imaps://example.org/INBOX", "needs user and host"),
        ("imaps://ann:secret@example.org/INBOX", "imap_password_file"),
    ],
)
def test_an_address_of_a_mailbox_that_cannot_be_used_is_refused(url: str, sentence: str) -> None:
    with pytest.raises(ConfigurationError, match=sentence) as refused:
        read_imap_url(url, password=PASSWORD, tokens=None)
    assert "secret" not in str(refused.value)


def test_a_mailbox_needs_a_password_or_tokens() -> None:
    with pytest.raises(ConfigurationError, match="imap_password_file is not set"):
        read_imap_url("imaps://ann@example.org", password="", tokens=None)


@pytest.mark.parametrize(
    ("url", "port", "security", "folder"),
    [
        ("imaps://ann%40example.org@example.org", 993, "tls", "INBOX"),
        ("imap://ann%40example.org@example.org/INBOX/Back", 143, "starttls", "INBOX/Back"),
        ("imap://ann%40example.org@localhost:1143/", 1143, "none", "INBOX"),
    ],
)
def test_only_on_loopback_a_mailbox_is_read_in_the_clear(url: str, port: int, security: str, folder: str) -> None:
    account = read_imap_url(url, password=PASSWORD, tokens=None)

    assert (account.port, account.security, account.folder) == (port, security, folder)
    assert account.user == "ann@example.org"


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = monotonic() + 30
    while not is_so():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(0.1)
