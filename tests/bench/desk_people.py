"""How long the server takes for each list of the desk about people, with a hundred thousand of them."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.audience import multiply_reader
from bench.figure import Figure
from desk_stand import Browser, an_app, open_desk
from mailing_stand import add_readers
from newsletter.domain.editor import EditorRole
from newsletter.domain.segment import Segment
from newsletter.service.save_segment import save_segment, tag_subscribers
from newsletter.store.database import Database, Transaction

_READERS = 100_000
_REPORTS = 20_000
_GOES = 7
_NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

_SCREENS = {
    "the latest": "/subscribers",
    "page far back": "/subscribers?after=n500",
    "by state": "/subscribers?status=unsubscribed",
    "by a language that nobody has": "/subscribers?language=fr",
    "by source": "/subscribers?source=fair",
    "by tag": "/subscribers?tag=press",
    "suppressed": "/subscribers?status=suppressed",
    "a person": "/subscribers/77",
    "segments": "/segments",
    "count of a segment": "/segments/Germans/count",
    "bounces": "/bounces",
    "bounces of a domain": "/bounces?domain=example.com",
    "suppressions": "/suppressions",
    "calendar": "/calendar",
}
_SEARCHES = {"an address": "reader777", "one letter": "r", "a name that nobody has": "lindqvist"}


def measure_desk_people() -> Iterator[Figure]:
    """Ask for each list some times over; the clock goes on in between, so that no count is remembered."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(f"sqlite:///{Path(folder) / 'newsletter.db'}")
        database.migrate()
        add_readers(database, ["reader1@example.net"])
        with database.transaction() as transaction:
            multiply_reader(transaction, _READERS)
            _add_history(transaction)
        save_segment("Germans", Segment(language="de"), database=database, now=_NOW)
        save_segment("Few", Segment(domain="example.com"), database=database, now=_NOW)
        tag_subscribers("press", segment="Germans", is_taken=False, database=database, now=_NOW)
        clock = _Clock()
        with open_desk(an_app(database, now=clock), role=EditorRole.OWNER) as browser:
            form = browser.form_value("/subscribers")
            yardstick = _time(lambda: browser.get("/sign-in"), clock, status=303)
            for name, path in _SCREENS.items():
                yield _figure(name, _time(lambda: browser.get(path), clock), yardstick)  # noqa: B023 - called at once
            for name, text in _SEARCHES.items():
                yield _figure(f"search: {name}", _time(lambda: _search(browser, form, text), clock), yardstick)  # noqa: B023
        database.close()


class _Clock:
    """Two minutes later at each question."""

    def __init__(self) -> None:
        self.time = _NOW

    def __call__(self) -> datetime:
        return self.time

    def go_on(self) -> None:
        self.time += timedelta(minutes=2)


def _search(browser: Browser, form: str, text: str) -> object:
    return browser.client.post("/desk/subscribers/search", data={"form": form, "text": text})


def _time(ask: Callable[[], object], clock: _Clock, *, status: int = 200) -> float:
    """Return the median of the milliseconds that an answer takes."""
    times = []
    for _ in range(_GOES):
        clock.go_on()
        started = time.perf_counter()
        answer = ask()
        times.append(time.perf_counter() - started)
        assert getattr(answer, "status_code", 0) == status, answer
    return statistics.median(times) * 1000


def _figure(name: str, milliseconds: float, yardstick: float) -> Figure:
    return Figure(
        name=f"desk, {_READERS:,} subscribers: {name}",
        measured=f"{milliseconds:.0f} ms",
        yardstick=f"an answer without a page, {yardstick:.0f} ms",
        ratio=milliseconds / yardstick,
    )


def _add_history(transaction: Transaction) -> None:
    """Give readers languages and consents, have some leave, and let reports of some come back."""
    transaction.exec_driver_sql("UPDATE subscribers SET language = 'de' WHERE id % 20 = 0")
    transaction.exec_driver_sql("UPDATE subscribers SET status = 'unsubscribed' WHERE id % 50 = 1")
    transaction.exec_driver_sql("UPDATE subscribers SET name = 'Reader ' || id")
    transaction.exec_driver_sql(
        "INSERT INTO consent_log (address_hash, event, source, given_at, recorded_at)"
        " SELECT address_hash, 'imported', 'list ' || (id % 9), created_at, created_at FROM subscribers"
    )
    transaction.exec_driver_sql(
        "INSERT INTO bounces (report_digest, received_at, kind, reason, rule, words, address_hash, report)"
        " SELECT randomblob(32), created_at, 'hard', 'unknown_user', 'dsn', '550 5.1.1 no such user', address_hash, ''"
        " FROM subscribers WHERE id <= ?",
        (_REPORTS,),
    )
    transaction.exec_driver_sql(
        "INSERT INTO suppressions (address_hash, reason, evidence, decided_at)"
        " SELECT address_hash, 'dead_address', '{}', created_at FROM subscribers WHERE id <= ?",
        (_REPORTS,),
    )
