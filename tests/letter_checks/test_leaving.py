"""Check 19: the letter's own link at a running site, fetched by scanners, clicked by mail programs, forged."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from letter_checks.press import NOW, READER, PrintedIssue
from mailing_stand import add_readers
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from site_server import serve_site
from site_stand import a_site

ONE_CLICK = {"List-Unsubscribe": "One-Click"}
TIMES = 100


@pytest.fixture
def site(sqlite_database: Database, sample: PrintedIssue) -> Iterator[httpx.Client]:
    """Give a client of the running site, in whose database the sample's reader stands."""
    add_readers(sqlite_database, [READER])
    with (
        serve_site(a_site(sqlite_database, now=lambda: NOW, keys=sample.keys)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield client


def path_of(printed: PrintedIssue) -> str:
    """Return the path of the address that a mail program's button posts to."""
    uri: str = printed.message["List-Unsubscribe"].partition(">")[0].lstrip("<")
    return uri.removeprefix(printed.sender.base_url)


def status_of(database: Database) -> SubscriberStatus:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, EmailAddress(READER))
    assert subscriber
    return subscriber.status


def test_scanners_may_fetch_the_link_as_often_as_they_like(
    site: httpx.Client, sqlite_url: str, sqlite_database: Database, sample: PrintedIssue
) -> None:
    before = read_everything(sqlite_url)

    for _ in range(TIMES):
        assert site.get(path_of(sample)).status_code == httpx.codes.OK
        assert site.head(path_of(sample)).status_code == httpx.codes.OK
    assert read_everything(sqlite_url) == before
    assert status_of(sqlite_database) is SubscriberStatus.ACTIVE


@pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
def test_one_click_is_enough_in_either_encoding_and_as_often_as_it_comes(
    site: httpx.Client, sqlite_database: Database, sample: PrintedIssue, encoding: str
) -> None:
    for _ in range(2):
        if encoding == "urlencoded":
            answer = site.post(path_of(sample), data=ONE_CLICK)
        else:
            answer = site.post(path_of(sample), files={name: (None, value) for name, value in ONE_CLICK.items()})

        assert answer.request.headers["Content-Type"].startswith(
            "application/x-www-form-urlencoded" if encoding == "urlencoded" else "multipart/form-data; boundary="
        )
        assert answer.status_code == httpx.codes.OK
        assert "Set-Cookie" not in answer.headers
        assert status_of(sqlite_database) is SubscriberStatus.UNSUBSCRIBED


def test_a_forged_link_is_refused(site: httpx.Client, sqlite_database: Database, sample: PrintedIssue) -> None:
    sound = path_of(sample)
    folder, _, token = sound.rpartition("/")
    flipped = "A" if token[3] != "A" else "B"
    preferences = next(iter(set(_tokens(sample)) - {token}))

    for forged in (token[:3] + flipped + token[4:], token[:-4], preferences, "x", "a" * 200):
        for method in ("GET", "POST"):
            answer = site.request(method, f"{folder}/{forged}", data=ONE_CLICK if method == "POST" else None)
            assert answer.status_code == httpx.codes.NOT_FOUND
    assert status_of(sqlite_database) is SubscriberStatus.ACTIVE


def _tokens(printed: PrintedIssue) -> Iterator[str]:
    for slot, purpose in ((path_of(printed), "unsubscribe"), (printed.text, "preferences")):
        yield slot.partition(f"/{purpose}/")[2].split()[0]


def read_everything(url: str) -> str:
    """Return every row of an SQLite database, as SQL."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        return "\n".join(connection.iterdump())
