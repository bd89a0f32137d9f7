"""What readers choose: name, language, topics, and a pause that ends by itself."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from lxml.html import document_fromstring as read_html

from mailing_stand import a_rendered_issue, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.sign_up import stamp_form
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.database import Database
from newsletter.store.mailings import measure_audience
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import find_subscriber, mark_active
from site_stand import KEYS, a_site

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
READER = "reader@example.org"
FORM = {"articles": "on", "events": "on", "format": "whole", "name": "Ida Lind", "language": "ru", "pause": ""}


@pytest.fixture
def client(database: Database) -> TestClient[Litestar]:
    add_readers(database, [READER, "other@example.org"])
    return TestClient(a_site(database, now=lambda: NOW), raise_server_exceptions=False)


def find(database: Database, email: str = READER) -> Subscriber:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, EmailAddress(email))
    assert subscriber
    return subscriber


def save(client: TestClient[Litestar], database: Database, **fields: str) -> Response:
    token = ReaderToken(find(database).public_id).sign(Purpose.PREFERENCES, KEYS)
    return client.post(f"/preferences/{token}", data=FORM | fields)


def show(client: TestClient[Litestar], database: Database) -> str:
    token = ReaderToken(find(database).public_id).sign(Purpose.PREFERENCES, KEYS)
    return client.get(f"/preferences/{token}").text


def test_name_and_language_are_kept_and_shown_again(client: TestClient[Litestar], database: Database) -> None:
    answer = save(client, database, name=" Ida \n Lind ")

    reader = find(database)
    form = read_html(show(client, database))
    assert answer.status_code == 200
    assert (reader.name, reader.language, reader.topics) == ("Ida Lind", "ru", Topic.ARTICLES | Topic.EVENTS)
    assert form.xpath("//input[@id='name']/@value") == ["Ida Lind"]
    assert form.xpath("//option[@selected]/text()") == ["русский"]


def test_a_language_that_is_not_offered_is_not_stored(client: TestClient[Litestar], database: Database) -> None:
    save(client, database, language="xx-nobody")

    assert find(database).language == ""


def test_where_there_is_nothing_to_choose_nobody_is_asked_and_nothing_known_is_lost(database: Database) -> None:
    add_readers(database, [READER])
    client = TestClient(a_site(database, now=lambda: NOW, languages=("en", "ru")))
    save(client, database)
    narrow = TestClient(a_site(database, now=lambda: NOW, languages=()))
    fields = {name: value for name, value in FORM.items() if name not in {"language", "name"}}
    token = ReaderToken(find(database).public_id).sign(Purpose.PREFERENCES, KEYS)

    narrow.post(f"/preferences/{token}", data=fields)

    assert "Language you prefer" not in narrow.get("/subscribe").text
    assert (find(database).language, find(database).name) == ("ru", "Ida Lind")


def test_a_language_chosen_at_sign_up_is_kept_and_the_confirmation_is_written_in_it(
    client: TestClient[Litestar], database: Database
) -> None:
    stamp = stamp_form(NOW - timedelta(seconds=20), KEYS)

    client.post("/subscribe", data={"stamp": stamp, "email": "new@example.org", "news": "on", "language": "ru"})

    with database.transaction() as transaction:
        notice = claim_notice(transaction, now=NOW)
    assert find(database, "new@example.org").language == "ru"
    assert notice
    assert notice.language == "ru"


def test_who_pauses_is_in_no_audience_until_the_day_and_then_comes_back(
    client: TestClient[Litestar], database: Database
) -> None:
    answer = save(client, database, pause="2026-04-20")
    during = open_a_mailing(database, a_rendered_issue(1), now=datetime(2026, 4, 19, 23, 59, tzinfo=UTC))
    after = open_a_mailing(database, a_rendered_issue(2), now=datetime(2026, 4, 20, 0, 0, tzinfo=UTC))

    assert "until 20 April 2026" in answer.text
    assert "Paused until" in show(client, database)
    assert counted(report_on(database, during)) == {DeliveryStatus.QUEUED: 1}
    assert counted(report_on(database, after)) == {DeliveryStatus.QUEUED: 2}


def test_the_count_before_a_mailing_leaves_out_who_has_paused(client: TestClient[Litestar], database: Database) -> None:
    save(client, database, pause="2026-04-20")

    with database.snapshot() as snapshot:
        sizes = [measure_audience(snapshot, before=1, day=date(2026, 4, day)).now for day in (19, 20)]
    assert sizes == [1, 2]


def test_an_emptied_field_ends_the_pause(client: TestClient[Litestar], database: Database) -> None:
    save(client, database, pause="2026-04-20")
    save(client, database, pause="")

    assert find(database).paused_until is None
    assert "Paused until" not in show(client, database)


def test_who_comes_back_after_leaving_is_not_paused_any_more(client: TestClient[Litestar], database: Database) -> None:
    save(client, database, pause="2026-04-20")
    unsubscribe_address(EmailAddress(READER), source="mail", database=database, now=NOW)

    with database.transaction() as transaction:
        mark_active(transaction, find(database).id)

    assert find(database).paused_until is None


@pytest.mark.parametrize(
    ("pause", "sentence"),
    [("2026-03-31", "later day"), ("2027-04-02", "a year at most"), ("soon", "as in 2026-03-31")],
)
def test_a_pause_that_cannot_be_is_said_so_and_nothing_typed_is_lost(
    client: TestClient[Litestar], database: Database, pause: str, sentence: str
) -> None:
    answer = save(client, database, pause=pause, name="Somebody Else")

    form = read_html(answer.text)
    assert answer.status_code == 400
    assert sentence in answer.text
    assert form.xpath("//input[@id='pause']/@value") == [pause]
    assert form.xpath("//input[@id='name']/@value") == ["Somebody Else"]
    assert find(database).name == ""
