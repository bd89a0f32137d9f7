"""Erased is erased: no byte of an address is left in SQLite's file or in the log beside it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from mailing_stand import ADDRESS_KEY, KEYS, add_readers
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.token import hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.read_bounces import read_bounces
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from stored import SENT_AT, a_failure, a_mailing

ERASED = "zaphod.unmistakable@heart.example.net"


def forget(database: Database, address: str) -> None:
    forget_subscriber(EmailAddress(address), database=database, address_key=ADDRESS_KEY, now=SENT_AT)


def is_stored(database: Database, address: str) -> bool:
    with database.snapshot() as snapshot:
        return find_subscriber(snapshot, EmailAddress(address)) is not None


def log_of(database: Database) -> Path:
    assert database.file
    return database.file.with_name(f"{database.file.name}-wal")


def files_with(database: Database, words: str) -> list[str]:
    """Return the names of the database's files in which ``words`` stand."""
    assert database.file
    files = sorted(database.file.parent.glob(f"{database.file.name}*"))
    return [file.name for file in files if words.encode() in file.read_bytes()]


def test_no_byte_of_an_erased_address_is_left_whatever_quoted_it(sqlite_database: Database) -> None:
    database = sqlite_database
    sent = a_mailing(database, addresses=[ERASED], reply=f"2.0.0 queued for {ERASED}")
    add_readers(database, ["other@example.net"])
    report = a_failure(ERASED, delivered_to=f"b+{sent.token(ERASED)}@b.example.org", words=f"550 no {ERASED}" * 100)
    read_bounces(
        [StoredMessage("report", report, "")],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=SENT_AT + timedelta(hours=2),
    )
    unsubscribe_address(EmailAddress(ERASED), source="a letter", database=database, now=SENT_AT)
    before = files_with(database, "zaphod.unmistakable")

    forget(database, ERASED)

    assert before
    assert files_with(database, "zaphod.unmistakable") == []
    assert files_with(database, "other@example.net")


def test_nor_among_many_whose_rows_have_moved(sqlite_database: Database) -> None:
    addresses = [f"reader{number:05}.unmistakable@example.net" for number in range(2_000)]
    shuffled = sorted(addresses, key=lambda address: hash_address(address, b"shuffled"))
    for start in range(0, len(shuffled), 100):
        add_readers(sqlite_database, shuffled[start : start + 100])
    erased = shuffled[::100]

    for address in erased:
        forget(sqlite_database, address)

    assert [address for address in erased if files_with(sqlite_database, address)] == []


def test_who_reads_meanwhile_keeps_nobody_from_being_erased(sqlite_database: Database) -> None:
    add_readers(sqlite_database, [ERASED, "other@example.net"])
    with sqlite_database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress(ERASED))
        forget(sqlite_database, ERASED)
        still = find_subscriber(snapshot, EmailAddress(ERASED))

    assert reader == still
    assert not is_stored(sqlite_database, ERASED)
    forget(sqlite_database, "other@example.net")
    assert log_of(sqlite_database).stat().st_size == 0
    assert files_with(sqlite_database, "zaphod.unmistakable") == []


def test_whatever_is_deleted_is_overwritten(sqlite_database: Database) -> None:
    with sqlite_database.snapshot() as snapshot:
        assert snapshot.exec_driver_sql("PRAGMA secure_delete").scalar_one() == 1
