"""What is due while nobody is there to deliver it, and who is, on both databases."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import timedelta

from mailing_stand import add_readers, open_a_mailing
from newsletter.domain.notice import NoticeKind
from newsletter.service.control_mailing import pause_mailing
from newsletter.service.find_stranded import find_stranded
from newsletter.store import notices
from newsletter.store.database import Database
from newsletter.store.seats import list_seated, take_seat
from stored import SENT_AT

_LATER = SENT_AT + timedelta(minutes=1)


def test_letters_and_notices_that_are_due_are_stranded_until_a_worker_comes(database: Database) -> None:
    add_readers(database, ["ann@example.net"])
    nothing = find_stranded(database=database, now=_LATER)
    with database.transaction() as transaction:
        notices.queue_notice(transaction, NoticeKind.WELCOME, 1, details={}, now=SENT_AT)
    waiting = find_stranded(database=database, now=_LATER)
    mailing = open_a_mailing(database, now=SENT_AT)
    at_once, both = find_stranded(database=database, now=SENT_AT), find_stranded(database=database, now=_LATER)
    with take_seat(database, now=_LATER):
        manned = find_stranded(database=database, now=_LATER)
    pause_mailing(mailing.id, reason="a word is wrong", database=database, now=_LATER)

    assert (nothing, waiting, at_once, both, manned) == ("", "notices", "", "letters and notices", "")
    assert find_stranded(database=database, now=_LATER) == "notices"


def test_only_living_workers_are_seated(database: Database) -> None:
    with take_seat(database, now=SENT_AT):
        pass
    left = list_seated(database)
    with take_seat(database, now=_LATER):
        seated = list_seated(database)

    assert left == []
    assert [(worker.process, worker.started_at) for worker in seated] == [(os.getpid(), _LATER)]


def test_on_postgres_all_that_are_seated_are_named(postgres_database: Database) -> None:
    with ExitStack() as stack:
        for minute in range(3):
            stack.enter_context(take_seat(postgres_database, now=SENT_AT + timedelta(minutes=minute)))
        seated = list_seated(postgres_database)

    assert [worker.started_at for worker in seated] == [SENT_AT + timedelta(minutes=minute) for minute in range(3)]


def test_to_ask_who_is_seated_makes_no_file(sqlite_database: Database) -> None:
    assert sqlite_database.file
    assert list_seated(sqlite_database) == []
    assert not list(sqlite_database.file.parent.glob("*.worker.lock"))
