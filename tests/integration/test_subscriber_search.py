"""Looking for subscribers: by how an address or a name begins, by what they chose, page after page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from mailing_stand import ADDRESS_KEY
from newsletter.domain.address import EmailAddress
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, SubscriberStatus
from newsletter.domain.subscriber_search import Place, Search
from newsletter.domain.token import hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import InputError
from newsletter.service.change_suppression import suppress_address
from newsletter.service.save_segment import tag_subscribers
from newsletter.store import subscriber_search
from newsletter.store.consents import record_consents
from newsletter.store.database import Database
from newsletter.store.subscriber_search import list_tag_names, search_subscribers
from newsletter.store.subscribers import add_subscribers

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
PEOPLE = (
    ("ida.lind@example.org", "Ida Lind"),
    ("b@example.net", "Åsa Berg"),
    ("ian@example.org", ""),
    ("Ida@example.com", "Somebody Else"),
    ("zz@example.com", "Piet van der Lind-Idason"),
)


@pytest.fixture
def people(database: Database) -> Database:
    store(database, PEOPLE)
    return database


def store(database: Database, people: Sequence[tuple[str, str]], **choices: object) -> None:
    with database.transaction() as transaction:
        news = [
            NewSubscriber(
                public_id=hash_address(address, b"public")[:8],
                address=EmailAddress(address),
                address_hash=hash_address(address.lower(), ADDRESS_KEY),
                name=name,
                created_at=NOW,
                **choices,  # type: ignore[arg-type]
            )
            for address, name in people
        ]
        add_subscribers(transaction, news)


def find(database: Database, search: Search, *, limit: int = 50) -> list[str]:
    """Return the addresses of all pages."""
    found: list[str] = []
    place: Place | None = None
    while True:
        with database.snapshot() as snapshot:
            page = search_subscribers(snapshot, search, after=place, limit=limit)
        assert len(page.people) <= limit
        found += [person.subscriber.address.text for person in page.people]
        if page.next is None:
            return found
        place = Place.parse(str(page.next))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ["zz@example.com", "Ida@example.com", "ian@example.org", "b@example.net", "ida.lind@example.org"]),
        ("ida", ["ida.lind@example.org", "Ida@example.com"]),
        ("IDA@", ["Ida@example.com"]),
        ("i", ["ian@example.org", "ida.lind@example.org", "Ida@example.com"]),
        ("lind", ["zz@example.com", "ida.lind@example.org"]),
        ("ida l", ["ida.lind@example.org"]),
        ("der lind", ["zz@example.com"]),
        ("b", ["b@example.net"]),
        ("åsa", ["b@example.net"]),
        ("ind", []),
        ("%", []),
        ("_", []),
        ("ida_", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 50])
def test_people_are_found_by_how_an_address_or_a_name_begins(
    people: Database, text: str, found: list[str], limit: int
) -> None:
    assert find(people, Search(text=text), limit=limit) == found


def test_conditions_of_all_kinds_narrow_a_search(people: Database) -> None:
    store(people, [("gone@example.org", "")], status=SubscriberStatus.UNSUBSCRIBED, topics=Topic.NEWS, language="de-AT")
    consent = Consent(event=ConsentEvent.ADDED, source="Spring fair", given_at=NOW)
    with people.transaction() as transaction:
        record_consents(transaction, [(hash_address("ian@example.org", ADDRESS_KEY), consent)], now=NOW)
    suppress_address(EmailAddress("b@example.net"), because="asked", database=people, address_key=ADDRESS_KEY, now=NOW)
    tag_subscribers("press", addresses=[EmailAddress("zz@example.com")], is_taken=False, database=people, now=NOW)
    tag_subscribers("board", addresses=[EmailAddress("zz@example.com")], is_taken=False, database=people, now=NOW)

    assert find(people, Search(status=SubscriberStatus.UNSUBSCRIBED)) == ["gone@example.org"]
    assert find(people, Search(segment=Segment(language="de"))) == ["gone@example.org"]
    assert find(people, Search(segment=Segment(source="fair"))) == ["ian@example.org"]
    assert find(people, Search(segment=Segment(tags=("press",)))) == ["zz@example.com"]
    assert find(people, Search(segment=Segment(domain="example.net"))) == find(people, Search(is_suppressed=True))
    assert find(people, Search(text="i", segment=Segment(domain="example.com"))) == ["Ida@example.com"]
    assert find(people, Search(text="i", status=SubscriberStatus.PENDING)) == []
    with people.snapshot() as snapshot:
        assert list_tag_names(snapshot) == ("board", "press")
        [held] = search_subscribers(snapshot, Search(is_suppressed=True), after=None, limit=9).people
    assert held.is_suppressed


def test_what_is_rare_is_looked_for_in_several_goes(people: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriber_search, "_WINDOW", 1)
    monkeypatch.setattr(subscriber_search, "_MOST_WINDOWS", 2)
    search = Search(segment=Segment(domain="example.net"))

    with people.snapshot() as snapshot:
        first = search_subscribers(snapshot, search, after=None, limit=50)

    assert (first.people, first.is_cut_short) == ((), True)
    assert find(people, search) == ["b@example.net"]
    assert find(people, Search()) == [address for address, _ in reversed(PEOPLE)]


def test_a_place_that_nobody_was_sent_to_is_refused() -> None:
    for text in ("", "x1", "n-1", "n١", "nothing"):
        with pytest.raises(InputError):
            Place.parse(text)
