"""How fast reports are read from a Maildir into SQLite, beside storing the same bytes in a bare table."""

from __future__ import annotations

import sqlite3
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import update

from bench.figure import Figure
from mailing_stand import KEYS, add_readers, open_a_mailing
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryId, DeliveryStatus
from newsletter.domain.token import sign_delivery
from newsletter.mail.mailbox import keep, read_maildir
from newsletter.service.read_bounces import read_bounces
from newsletter.store.database import Database
from newsletter.store.tables import deliveries
from stored import SENT_AT, a_failure

_REPORTS = 5_000
_RUNS = 3


def measure_bounces() -> Figure:
    """Read reports of dead addresses, each attributed, stored and followed by a suppression; medians."""
    rates, ratios = [], []
    for _ in range(_RUNS):
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            database = Database(f"sqlite:///{folder / 'newsletter.db'}")
            _fill(database, folder / "mail")
            yardstick = _measure_copy(folder)
            rate = _measure_read(database, folder / "mail")
            database.close()
        rates.append(rate)
        ratios.append(rate / yardstick)
    return Figure(
        name=f"bounces read, {_REPORTS:,} reports of a Maildir into SQLite",
        measured=f"{statistics.median(rates):,.0f} reports/s",
        yardstick="reading the files into a bare table, a commit each",
        ratio=statistics.median(ratios),
    )


def _fill(database: Database, maildir: Path) -> None:
    database.migrate()
    addresses = [f"reader{number}@example.net" for number in range(_REPORTS)]
    add_readers(database, addresses)
    mailing = open_a_mailing(database, now=SENT_AT)
    with database.transaction() as transaction:
        transaction.execute(update(deliveries).values(status=DeliveryStatus.ACCEPTED, settled_at=SENT_AT))
    for name in ("new", "cur", "tmp"):
        (maildir / name).mkdir(parents=True)
    for number, address in enumerate(addresses, start=1):
        token = sign_delivery(DeliveryId(mailing.id, number), KEYS)
        raw = a_failure(
            address,
            delivered_to=f"b+{token}@bounces.example.org",
            returned=f"Message-ID: <{token}@review.example.org>\nX-Newsletter-Delivery: {token}\nSubject: Issue 1\n",
        )
        (maildir / "new" / f"{number:06}").write_bytes(raw)


def _measure_copy(folder: Path) -> float:
    """Return how many of the files a second bare sqlite3 stores, with as strict a commit for each."""
    started = time.perf_counter()
    connection = sqlite3.connect(folder / "bare.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE reports (report BLOB)")
    for path in sorted((folder / "mail" / "new").iterdir()):
        connection.execute("INSERT INTO reports VALUES (?)", (path.read_bytes(),))
    connection.close()
    return _REPORTS / (time.perf_counter() - started)


def _measure_read(database: Database, maildir: Path) -> float:
    started = time.perf_counter()
    done = read_bounces(
        read_maildir(maildir),
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=datetime(2026, 3, 13, tzinfo=UTC),
        on_stored=lambda message, _filing: keep(maildir, message.name),
    )
    seconds = time.perf_counter() - started
    assert len(done.suppressed) == _REPORTS
    return _REPORTS / seconds
