"""A shift: letters and errands side by side, until it is told to stop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import replace
from time import monotonic, sleep

import pytest

from mailing_stand import a_plant, add_readers, counted, open_a_mailing, report_on
from newsletter.engine.shift import Errand, Shift
from newsletter.errors import RefusedError, RelayError, StoreError
from newsletter.mail.message import Splicer
from newsletter.store.database import Database
from newsletter.store.seats import is_seat_taken, take_seat
from smtp_server import SmtpServer


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    return sqlite_database


def wait_until(is_so: Callable[[], bool], *, seconds: float = 20) -> None:
    deadline = monotonic() + seconds
    while not is_so():
        assert monotonic() < deadline, "it did not come about in time"
        sleep(0.02)


def errand(run: Callable[[], object], *, every_seconds: float = 0.01) -> Errand:
    async def go(_is_stopping: Callable[[], bool]) -> None:
        run()
        await asyncio.sleep(0)

    return Errand(name="test", every_seconds=every_seconds, run=go)


def test_letters_and_errands_are_done_until_the_shift_is_stopped(database: Database, smtp_server: SmtpServer) -> None:
    add_readers(database, ["ada@example.org", "ben@example.org"])
    mailing = open_a_mailing(database)
    runs: list[int] = []
    shift = Shift(a_plant(database, port=smtp_server.port), [errand(lambda: runs.append(1))])

    worker = threading.Thread(target=shift.run)
    worker.start()
    wait_until(lambda: counted(report_on(database, mailing)) == {"accepted": 2} and len(runs) > 1)
    shift.stop()
    worker.join(timeout=10)

    assert not worker.is_alive()
    assert not is_seat_taken(database)


def test_a_shift_that_was_stopped_before_it_began_ends_at_once(database: Database) -> None:
    runs: list[int] = []
    shift = Shift(a_plant(database), [errand(lambda: runs.append(1))])
    shift.stop()

    shift.run()
    shift.rest(60)

    assert runs == []
    assert shift.is_stopping


def test_a_shift_may_be_stopped_once_more_after_its_end(database: Database) -> None:
    shift = Shift(a_plant(database), [])
    shift.stop()
    shift.run()

    shift.stop()

    assert not is_seat_taken(database)


def test_an_errand_that_fails_is_tried_again(database: Database) -> None:
    runs: list[int] = []

    def fail_once() -> None:
        runs.append(1)
        if len(runs) == 1:
            message = "The relay is away."
            raise RelayError(message)
        shift.stop()

    shift = Shift(a_plant(database), [errand(fail_once)])
    shift.run()

    assert len(runs) == 2


def test_no_failure_of_an_errand_ends_the_work(database: Database) -> None:
    runs: list[int] = []

    def fail_again() -> None:
        runs.append(1)
        if len(runs) == 3:
            shift.stop()
        raise PermissionError("cur is not ours")

    watch = replace(errand(fail_again), longest_rest_seconds=0)
    shift = Shift(a_plant(database), [watch])
    shift.run()

    assert len(runs) == 3


def test_an_errand_under_way_is_finished_before_the_shift_ends(database: Database) -> None:
    ended: list[bool] = []

    async def take_long(is_stopping: Callable[[], bool]) -> None:
        shift.stop()
        await asyncio.sleep(0.1)
        ended.append(is_stopping())

    shift = Shift(a_plant(database), [Errand(name="long", every_seconds=1, run=take_long)])
    shift.run()

    assert ended == [True]


def test_what_ends_the_work_ends_the_errands_too(database: Database) -> None:
    add_readers(database, ["ada@example.org"])
    open_a_mailing(database)

    def fail(_mailing_id: int) -> Splicer:
        message = "The approved text is gone."
        raise StoreError(message)

    plant = replace(a_plant(database), splicer=fail)
    shift = Shift(plant, [errand(lambda: None, every_seconds=60)])

    with pytest.raises(StoreError, match="gone"):
        shift.run()
    assert not is_seat_taken(database)


def test_where_another_process_delivers_the_shift_is_refused(database: Database) -> None:
    plant = a_plant(database)

    with take_seat(database, now=plant.clock()), pytest.raises(RefusedError, match="delivering"):
        Shift(plant, []).run()
