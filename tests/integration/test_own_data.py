"""A reader's own data: the way there leads through the mailbox; and what is left when all of it is erased."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from mailing_stand import ADDRESS_KEY, a_plant, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus, WithheldReason
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import SAMPLE_READER, ConfirmToken, DataToken, Purpose, ReaderToken, hash_address
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import list_suppressions_of, suppress
from site_stand import KEYS, a_site
from smtp_server import SmtpServer

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
READER = "reader@example.org"
HASH = hash_address(READER, ADDRESS_KEY)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> TestClient[Litestar]:
    add_readers(database, [READER, "other@example.org"])
    return TestClient(a_site(database, now=clock), raise_server_exceptions=False)


def find(database: Database) -> Subscriber | None:
    with database.snapshot() as snapshot:
        return find_subscriber(snapshot, EmailAddress(READER))


def preferences(database: Database) -> str:
    reader = find(database)
    assert reader
    return f"/preferences/{ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, KEYS)}"


def take_notices(database: Database) -> list[Notice]:
    taken = []
    with database.transaction() as transaction:
        while notice := claim_notice(transaction, now=NOW):
            taken.append(notice)
    return taken


def data_path(client: TestClient[Litestar], database: Database) -> str:
    """Ask for the link, and take it from its letter."""
    client.post(f"{preferences(database)}/data")
    (notice,) = take_notices(database)
    assert notice.kind is NoticeKind.DATA
    assert notice.address.text == READER
    assert notice.requested_at
    return f"/data/{DataToken(notice.public_id, notice.requested_at).sign(KEYS)}"


def test_a_preferences_link_alone_shows_nobody_more_than_the_ends_of_the_address(
    client: TestClient[Litestar], database: Database
) -> None:
    pages = [client.get(preferences(database)), client.post(f"{preferences(database)}/data")]

    assert [page.status_code for page in pages] == [200, 200]
    assert all("r…@example.org" in page.text and READER not in page.text for page in pages)


def test_the_link_in_the_letter_shows_the_data_and_gives_all_of_it_as_a_file(
    client: TestClient[Litestar], database: Database
) -> None:
    open_a_mailing(database, now=NOW - timedelta(days=3))
    path = data_path(client, database)

    shown = client.get(path)
    given = client.get(f"{path}/record.json")

    record = json.loads(given.content)
    assert READER in shown.text
    assert given.headers["content-disposition"] == 'attachment; filename="my-data.json"'
    assert given.headers["cache-control"] == "no-store"
    assert (record["address"], record["status"]) == (READER, "active")
    assert [delivery["issue"] for delivery in record["deliveries"]] == [1]
    assert [notice["kind"] for notice in record["notices"]] == ["data"]


def test_the_link_works_for_a_day(client: TestClient[Litestar], database: Database, clock: Clock) -> None:
    path = data_path(client, database)
    clock.now += timedelta(days=1, minutes=1)

    answers = [client.get(path), client.get(f"{path}/record.json"), client.post(f"{path}/delete")]

    assert {answer.status_code for answer in answers} == {404}
    assert "older than a day" in answers[0].text
    assert find(database) is not None


def test_no_other_link_of_the_reader_opens_the_data(client: TestClient[Litestar], database: Database) -> None:
    reader = find(database)
    assert reader
    foreign = [ReaderToken(reader.public_id).sign(purpose, KEYS) for purpose in Purpose]
    foreign.append(ConfirmToken(reader.public_id, NOW).sign(KEYS))

    answers = [client.get(f"/data/{token}") for token in foreign]
    answers += [client.post(f"/data/{token}/delete") for token in foreign]

    assert {answer.status_code for answer in answers} == {404}
    assert find(database) is not None


def test_three_letters_a_day_are_enough(client: TestClient[Litestar], database: Database, clock: Clock) -> None:
    path = f"{preferences(database)}/data"
    statuses = [client.post(path).status_code for _ in range(4)]
    clock.now += timedelta(days=1, minutes=1)

    assert statuses == [200, 200, 200, 429]
    assert client.post(path).status_code == 200


@pytest.mark.parametrize(
    ("reason", "is_sent"), [(SuppressionReason.DEAD_ADDRESS, True), (SuppressionReason.COMPLAINT, False)]
)
def test_a_suppression_that_only_the_reader_could_end_by_asking_lets_the_letter_pass(
    client: TestClient[Litestar], database: Database, reason: SuppressionReason, *, is_sent: bool
) -> None:
    with database.transaction() as transaction:
        suppress(transaction, HASH, reason, evidence={}, now=NOW)

    answer = client.post(f"{preferences(database)}/data")

    assert answer.status_code == 200
    assert len(take_notices(database)) == is_sent


def test_who_has_left_may_still_see_and_erase(client: TestClient[Litestar], database: Database) -> None:
    unsubscribe_address(EmailAddress(READER), source="mail", database=database, now=NOW - timedelta(days=2))
    take_notices(database)

    assert "unsubscribed" in client.get(data_path(client, database)).text


def test_the_link_of_a_test_letter_sends_nothing(client: TestClient[Litestar], database: Database) -> None:
    sample = ReaderToken(SAMPLE_READER).sign(Purpose.PREFERENCES, KEYS)

    answer = client.post(f"/preferences/{sample}/data")

    assert answer.status_code == 200
    assert "test letter" in answer.text
    assert take_notices(database) == []


def test_looking_at_the_page_erases_nobody_and_its_button_does(
    client: TestClient[Litestar], database: Database
) -> None:
    path = f"{data_path(client, database)}/delete"
    for _ in range(20):
        client.get(path)
        client.head(path)
    before = find(database)

    answer = client.post(path)
    again = client.post(path)

    assert before is not None
    assert (answer.status_code, again.status_code) == (200, 404)
    assert "You are deleted" in answer.text
    assert find(database) is None
    with database.snapshot() as snapshot:
        (suppression,) = list_suppressions_of(snapshot, HASH)
    assert suppression.reason is SuppressionReason.FORGOTTEN


def test_who_is_erased_during_a_mailing_gets_no_letter_and_the_sum_still_adds_up(
    client: TestClient[Litestar], database: Database, smtp_server: SmtpServer
) -> None:
    mailing = open_a_mailing(database, now=NOW)
    client.post(f"{data_path(client, database)}/delete")

    deliver_all(a_plant(database, port=smtp_server.port))

    report = report_on(database, mailing)
    assert counted(report) == {DeliveryStatus.ACCEPTED: 1, DeliveryStatus.WITHHELD: 1}
    assert report.withheld_reasons[WithheldReason.UNSUBSCRIBED] == 1
    assert smtp_server.recipients == ["other@example.org"]
