"""Why readers leave: asked once, kept without a name."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from sqlalchemy import text

from mailing_stand import add_readers
from newsletter.domain.address import EmailAddress
from newsletter.domain.leaving import LeavingCause, LeavingReason
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import SAMPLE_READER, Purpose, ReaderToken
from newsletter.service.return_subscriber import return_by_link
from newsletter.store.database import Database
from newsletter.store.leaving_reasons import count_causes, list_words
from newsletter.store.subscribers import find_subscriber
from site_stand import KEYS, a_site

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
READER = "reader@example.org"


@pytest.fixture
def client(database: Database) -> TestClient[Litestar]:
    add_readers(database, [READER])
    return TestClient(a_site(database, now=lambda: NOW), raise_server_exceptions=False)


def find(database: Database) -> Subscriber:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, EmailAddress(READER))
    assert subscriber
    return subscriber


def sign(database: Database, purpose: Purpose = Purpose.UNSUBSCRIBE) -> str:
    return ReaderToken(find(database).public_id).sign(purpose, KEYS)


def tell(client: TestClient[Litestar], database: Database, **fields: str) -> Response:
    return client.post(f"/unsubscribe/{sign(database)}/reason", data=fields)


def list_reasons(database: Database) -> list[LeavingReason]:
    with database.snapshot() as snapshot:
        return list_words(snapshot, limit=100)


def count(database: Database, **since: date) -> dict[LeavingCause, int]:
    with database.snapshot() as snapshot:
        return {cause: number for cause, number in count_causes(snapshot, **since).items() if number}


def test_who_has_left_is_asked_why_and_is_thanked(client: TestClient[Litestar], database: Database) -> None:
    before = client.get(f"/unsubscribe/{sign(database)}")
    left = client.post(f"/unsubscribe/{sign(database)}")
    thanked = tell(client, database, cause="too_many", words=" Every\nweek, from me@example.net ")
    after = client.get(f"/unsubscribe/{sign(database)}")

    assert "tell us why" not in before.text
    assert "tell us why" in left.text
    assert "Thank you" in thanked.text
    assert "tell us why" not in after.text
    assert list_reasons(database) == [
        LeavingReason(cause=LeavingCause.TOO_MANY, words="Every week, from …", given_on=NOW.date())
    ]


def test_a_reason_is_taken_once_for_each_leaving(client: TestClient[Litestar], database: Database) -> None:
    client.post(f"/unsubscribe/{sign(database)}")
    answers = [tell(client, database, cause="never_asked").status_code for _ in range(3)]
    return_by_link(sign(database, Purpose.RETURN), database=database, keys=KEYS, now=NOW)
    client.post(f"/unsubscribe/{sign(database)}")
    tell(client, database, cause="never_asked")

    assert answers == [200, 200, 200]
    assert count(database) == {LeavingCause.NEVER_ASKED: 2}


def test_who_has_not_left_has_no_say(client: TestClient[Litestar], database: Database) -> None:
    tell(client, database, cause="too_many")
    sample = ReaderToken(SAMPLE_READER).sign(Purpose.UNSUBSCRIBE, KEYS)
    client.post(f"/unsubscribe/{sample}/reason", data={"cause": "too_many"})

    assert count(database) == {}


@pytest.mark.parametrize(
    ("fields", "cause"),
    [({"words": "the paper"}, LeavingCause.OTHER), ({"cause": "invented"}, LeavingCause.OTHER)],
)
def test_what_is_no_cause_of_the_list_is_another_one(
    client: TestClient[Litestar], database: Database, fields: dict[str, str], cause: LeavingCause
) -> None:
    client.post(f"/unsubscribe/{sign(database)}")
    tell(client, database, **fields)

    assert count(database) == {cause: 1}


def test_an_empty_form_is_shown_again(client: TestClient[Litestar], database: Database) -> None:
    client.post(f"/unsubscribe/{sign(database)}")

    answer = tell(client, database)

    assert answer.status_code == 400
    assert "choose a reason" in answer.text
    assert count(database) == {}


def test_a_reason_is_cut_and_counted_from_a_day_on(client: TestClient[Litestar], database: Database) -> None:
    client.post(f"/unsubscribe/{sign(database)}")
    tell(client, database, words="word " * 1000)

    (reason,) = list_reasons(database)
    assert len(reason.words) == 500
    assert count(database, since=NOW.date()) == {LeavingCause.OTHER: 1}
    assert count(database, since=NOW.date() + timedelta(days=1)) == {}


def test_nothing_that_is_stored_with_a_reason_says_whose_it_is(
    client: TestClient[Litestar], database: Database
) -> None:
    client.post(f"/unsubscribe/{sign(database)}")
    tell(client, database, cause="other", words=f"I am {READER}")

    with database.snapshot() as snapshot:
        [row] = snapshot.execute(text("SELECT * FROM leaving_reasons")).mappings()
    assert set(row) == {"id", "cause", "words", "given_on"}
    assert row["words"] == "I am …"
