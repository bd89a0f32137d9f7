"""Mail scanners fetch every link they find, often and in odd ways. It confirms nobody, and nobody is gone."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from builders import a_masthead
from mailing_stand import ADDRESS_KEY, SENDER, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import Slot
from newsletter.domain.notice import Notice
from newsletter.domain.sign_up import SignUp, SignUpLimits
from newsletter.domain.token import Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.service.change_address import request_change
from newsletter.service.own_data import send_data_link
from newsletter.service.request_subscription import request_subscription
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.service.write_notice import write_notice
from newsletter.store.approvals import find_published
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import find_subscriber
from site_server import serve_site
from site_stand import KEYS, a_site

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
READER = "reader@example.org"
FETCHES = 100

#: How scanners, browsers that look ahead and link checkers ask.
WAYS: tuple[tuple[str, dict[str, str]], ...] = (
    ("GET", {}),
    ("HEAD", {}),
    ("GET", {"Sec-Purpose": "prefetch", "Purpose": "prefetch"}),
    ("GET", {"Sec-Purpose": "prefetch;prerender", "X-Moz": "prefetch"}),
    ("HEAD", {"User-Agent": "Mozilla/5.0 (compatible; SafeLinkScanner/2.1)", "X-Purpose": "preview"}),
)


@dataclass(frozen=True)
class Site:
    client: httpx.Client
    database: Database
    url: str

    def read_everything(self) -> str:
        """Return every row of the database, as SQL."""
        with closing(sqlite3.connect(self.url.removeprefix("sqlite:///"))) as connection:
            return "\n".join(connection.iterdump())


@pytest.fixture
def site(sqlite_database: Database, sqlite_url: str) -> Iterator[Site]:
    add_readers(sqlite_database, [READER, "gone@example.org"])
    open_a_mailing(sqlite_database, now=NOW - timedelta(days=1))
    with (
        serve_site(a_site(sqlite_database, now=lambda: NOW)) as address,
        httpx.Client(base_url=address, timeout=60) as client,
    ):
        yield Site(client, sqlite_database, sqlite_url)


def links_of_a_letter(database: Database) -> set[str]:
    """Return the reader's own links of the issue, and that of its header."""
    with database.snapshot() as snapshot:
        reader, rendered = find_subscriber(snapshot, EmailAddress(READER)), find_published(snapshot, 1)
    assert reader
    assert rendered
    tokens = {
        Slot.UNSUBSCRIBE: ReaderToken(reader.public_id, 1).sign(Purpose.UNSUBSCRIBE, KEYS),
        Slot.PREFERENCES: ReaderToken(reader.public_id, 1).sign(Purpose.PREFERENCES, KEYS),
    }
    assert all(token in rendered.full.html.fill(tokens) for token in tokens.values())
    return {f"/unsubscribe/{tokens[Slot.UNSUBSCRIBE]}", f"/preferences/{tokens[Slot.PREFERENCES]}", "/issues/1"}


def links_of_notices(database: Database) -> set[str]:
    """Have a notice of each kind that readers get written, and return every link in both of its parts."""
    wish = SignUp(address=EmailAddress("new@example.org"), topics=Topic.everything(), source="form")
    for address in (wish.address, EmailAddress(READER)):
        request_subscription(
            SignUp(address=address, topics=wish.topics, source="form"),
            client="192.0.2.1",
            limits=SignUpLimits(),
            database=database,
            address_key=ADDRESS_KEY,
            now=NOW,
        )
    unsubscribe_address(EmailAddress("gone@example.org"), source="mail", database=database, now=NOW)
    with database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress(READER))
    assert reader
    send_data_link(ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, KEYS), database=database, keys=KEYS, now=NOW)
    request_change(
        ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, KEYS),
        EmailAddress("moved@example.net"),
        client="192.0.2.1",
        limits=SignUpLimits(),
        database=database,
        keys=KEYS,
        address_key=ADDRESS_KEY,
        now=NOW,
    )
    return {link for notice in take_notices(database) for link in links_of(notice)}


def take_notices(database: Database) -> list[Notice]:
    taken = []
    with database.transaction() as transaction:
        while notice := claim_notice(transaction, now=NOW):
            taken.append(notice)
    return taken


def links_of(notice: Notice) -> set[str]:
    letter = write_notice(notice, masthead=a_masthead(), sender=SENDER, keys=KEYS, theme=None, now=NOW)
    text = letter.message.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode("utf-8", "replace")
    return set(re.findall(rf"{re.escape(SENDER.base_url)}(/[\w/-]+)", text))


def test_a_hundred_fetches_of_every_link_in_letter_and_notices_change_nothing_at_all(site: Site) -> None:
    links = links_of_a_letter(site.database) | links_of_notices(site.database)
    pages = {link.split("/")[1] for link in links}
    # The pages behind those links have ways on: a scanner may follow them too.
    onward = {
        f"{link}/{further}" for link in links if link.startswith("/data/") for further in ("delete", "record.json")
    }
    before = site.read_everything()

    answers = [
        site.client.request(method, link, headers=headers).status_code
        for link in sorted(links | onward)
        for _ in range(FETCHES // len(WAYS))
        for method, headers in WAYS
    ]

    assert {"confirm", "data", "issues", "keep", "move", "preferences", "return", "unsubscribe"} <= pages
    assert set(answers) == {200}
    assert site.read_everything() == before
