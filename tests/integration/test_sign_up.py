"""Signing up on the site: asked, confirmed, welcomed; and what happens to those who only type."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient
from lxml.html import document_fromstring as read_html

from mailing_stand import ADDRESS_KEY, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.sign_up import SignUp, SignUpLimits, stamp_form
from newsletter.domain.subscriber import ConsentEvent, Subscriber, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import ConfirmToken, Purpose, ReaderToken, hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import TooManyError
from newsletter.service.forget_old import forget_old
from newsletter.service.request_subscription import request_subscription
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.consents import list_consents
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.sign_ups import count_requests
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import is_suppressed, suppress
from site_stand import KEYS, a_site

NOW = datetime(2026, 3, 31, 9, 30, 12, 500, tzinfo=UTC)
READER = "reader@example.org"
HASH = hash_address(READER, ADDRESS_KEY)


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, time: timedelta) -> None:
        self.now += time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> Iterator[TestClient[Litestar]]:
    with TestClient(a_site(database, now=clock), raise_server_exceptions=False) as opened:
        yield opened


Client = TestClient[Litestar]


def sign_up(client: Client, clock: Clock, email: str = READER, **fields: str) -> Response:
    stamp = stamp_form(clock.now - timedelta(seconds=20), KEYS)
    return client.post("/subscribe", data={"stamp": stamp, "email": email, "articles": "on", **fields})


def ask(database: Database, email: str, *, client: str, now: datetime, limits: SignUpLimits | None = None) -> None:
    wish = SignUp(address=EmailAddress(email), topics=Topic.everything(), source="form")
    request_subscription(
        wish, client=client, limits=limits or SignUpLimits(), database=database, address_key=ADDRESS_KEY, now=now
    )


def find(database: Database, email: str = READER) -> Subscriber | None:
    with database.snapshot() as snapshot:
        return find_subscriber(snapshot, EmailAddress(email))


def find_stored(database: Database) -> Subscriber:
    subscriber = find(database)
    assert subscriber
    return subscriber


def take_notices(database: Database, now: datetime) -> list[Notice]:
    taken = []
    with database.transaction() as transaction:
        while notice := claim_notice(transaction, now=now):
            taken.append(notice)
    return taken


def confirm_path(database: Database, now: datetime) -> str:
    """Return where the link of the latest confirmation that is due leads."""
    *_, notice = take_notices(database, now)
    assert notice.kind is NoticeKind.CONFIRM
    assert notice.requested_at
    return f"/confirm/{ConfirmToken(notice.public_id, notice.requested_at).sign(KEYS)}"


class TestAsking:
    def test_who_signs_up_confirms_and_is_welcomed_with_the_latest_issue(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        add_readers(database, ["another@example.org"])
        open_a_mailing(database, now=NOW - timedelta(days=3))

        asked = sign_up(client, clock, name="Ada Lindgren", events="on")
        pending = find_stored(database)
        path = confirm_path(database, clock.now)
        shown = client.get(path)
        confirmed = client.post(path)
        (welcome,) = take_notices(database, clock.now)

        assert asked.status_code == 200
        assert READER in asked.text
        assert (pending.status, pending.name) == (SubscriberStatus.PENDING, "Ada Lindgren")
        assert pending.topics == Topic.ARTICLES | Topic.EVENTS
        assert "Confirm the subscription" in shown.text
        assert "Welcome" in confirmed.text
        assert find_stored(database).status is SubscriberStatus.ACTIVE
        assert (welcome.kind, welcome.issue) == (NoticeKind.WELCOME, 1)

    def test_the_consent_log_says_when_and_to_which_words(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        sign_up(client, clock)
        path = confirm_path(database, clock.now)
        clock.pass_by(timedelta(hours=2))
        client.post(path)

        with database.snapshot() as snapshot:
            requested, confirmed = list_consents(snapshot, HASH)
        assert requested.event is ConsentEvent.REQUESTED
        assert requested.source.startswith("form on the site, text ")
        assert confirmed.event is ConsentEvent.CONFIRMED
        assert confirmed.given_at == clock.now

    def test_a_hundred_fetches_of_the_link_confirm_nobody(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        sign_up(client, clock)
        path = confirm_path(database, clock.now)

        answers = [answer for _ in range(50) for answer in (client.get(path), client.head(path))]

        assert {answer.status_code for answer in answers} == {200}
        assert find_stored(database).status is SubscriberStatus.PENDING

    def test_the_answer_is_the_same_whatever_the_state_of_the_address(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        add_readers(database, ["active@example.org", "gone@example.org", "spam@example.org"])
        unsubscribe_address(EmailAddress("gone@example.org"), source="mail", database=database, now=NOW)
        with database.transaction() as transaction:
            address_hash = hash_address("spam@example.org", ADDRESS_KEY)
            suppress(transaction, address_hash, SuppressionReason.COMPLAINT, evidence={}, now=NOW)
        take_notices(database, clock.now)

        answers = {}
        for email in ("active@example.org", "gone@example.org", "spam@example.org", "new@example.org"):
            answer = sign_up(client, clock, email)
            answers[email] = (answer.status_code, answer.text.replace(email, "…"))

        assert len(set(answers.values())) == 1

    def test_who_is_subscribed_already_is_told_so_by_mail(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        add_readers(database, [READER])

        sign_up(client, clock, events="on")

        (notice,) = take_notices(database, clock.now)
        assert notice.kind is NoticeKind.KNOWN
        assert find_stored(database).topics == Topic.everything()

    def test_an_address_that_no_relay_takes_is_said_so_and_nothing_typed_is_lost(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        answer = sign_up(client, clock, "ada@nowhere", name="Ada")

        assert answer.status_code == 400
        assert "needs a dot" in answer.text
        form = read_html(answer.text)
        assert form.xpath("//input[@id='email']/@value") == ["ada@nowhere"]
        assert form.xpath("//input[@id='name']/@value") == ["Ada"]
        assert form.xpath("//input[@type='checkbox'][@checked]/@name") == ["articles"]
        assert find(database) is None

    def test_somebody_without_a_topic_is_asked_for_one(self, client: Client, clock: Clock, database: Database) -> None:
        stamp = stamp_form(clock.now - timedelta(seconds=20), KEYS)

        answer = client.post("/subscribe", data={"stamp": stamp, "email": READER})

        assert answer.status_code == 400
        assert "at least one topic" in answer.text
        assert find(database) is None

    def test_a_form_on_another_site_leads_to_ours_with_the_address_filled_in(
        self, client: Client, database: Database
    ) -> None:
        answer = client.post("/subscribe", data={"email": READER})

        form = read_html(answer.text)
        assert answer.status_code == 200
        assert form.xpath("//input[@id='email']/@value") == [READER]
        assert len(form.xpath("//input[@type='checkbox'][@checked]")) == 3
        assert find(database) is None

    def test_a_field_that_only_programs_see_gets_the_same_answer_and_stores_nothing(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        honest = sign_up(client, clock, "other@example.org")
        trapped = sign_up(client, clock, website="https://pills.example")

        assert trapped.text == honest.text.replace("other@example.org", READER)
        assert find(database) is None

    @pytest.mark.parametrize(
        "age", [timedelta(seconds=1), timedelta(days=2), -timedelta(hours=1)], ids=["at once", "too late", "not yet"]
    )
    def test_a_form_that_nobody_can_have_filled_in_that_time_is_shown_again(
        self, client: Client, database: Database, clock: Clock, age: timedelta
    ) -> None:
        answer = client.post(
            "/subscribe", data={"stamp": stamp_form(clock.now - age, KEYS), "email": READER, "news": "on"}
        )

        assert "once more" in answer.text
        assert read_html(answer.text).xpath("//input[@id='email']/@value") == [READER]
        assert find(database) is None

    def test_the_form_that_is_shown_again_is_good_once_a_person_had_the_time(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        shown = read_html(client.post("/subscribe", data={"email": READER}).text)
        stamp = shown.xpath("//input[@name='stamp']/@value")[0]
        clock.pass_by(timedelta(seconds=5))

        client.post("/subscribe", data={"stamp": stamp, "email": READER, "news": "on"})

        assert find_stored(database).topics == Topic.NEWS


class TestConfirming:
    def test_a_link_works_once(self, client: Client, database: Database, clock: Clock) -> None:
        sign_up(client, clock)
        path = confirm_path(database, clock.now)
        client.post(path)
        unsubscribe_address(EmailAddress(READER), source="mail", database=database, now=clock.now)

        answer = client.post(path)

        assert "of no use any more" in answer.text
        assert find_stored(database).status is SubscriberStatus.UNSUBSCRIBED

    def test_a_link_expires_after_two_weeks(self, client: Client, database: Database, clock: Clock) -> None:
        sign_up(client, clock)
        path = confirm_path(database, clock.now)
        clock.pass_by(timedelta(days=15))

        answer = client.post(path)

        assert "older than two weeks" in answer.text
        assert find_stored(database).status is SubscriberStatus.PENDING

    def test_pressing_twice_is_pressing_once(self, client: Client, database: Database, clock: Clock) -> None:
        sign_up(client, clock)
        path = confirm_path(database, clock.now)

        answers = [client.post(path), client.post(path)]

        assert [answer.status_code for answer in answers] == [200, 200]
        assert answers[0].text == answers[1].text
        assert [notice.kind for notice in take_notices(database, clock.now)] == [NoticeKind.WELCOME]

    def test_a_later_sign_up_overtakes_the_link_of_an_earlier_one(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        sign_up(client, clock)
        first = confirm_path(database, clock.now)
        clock.pass_by(timedelta(days=2))
        sign_up(client, clock)
        second = confirm_path(database, clock.now)

        assert "of no use" in client.get(first).text
        assert "Welcome" in client.post(second).text

    def test_who_left_comes_back_only_by_confirming(self, client: Client, database: Database, clock: Clock) -> None:
        add_readers(database, [READER])
        unsubscribe_address(EmailAddress(READER), source="mail", database=database, now=NOW - timedelta(days=9))
        take_notices(database, clock.now)
        sign_up(client, clock)
        before = find_stored(database).status
        path = confirm_path(database, clock.now)

        client.post(path)

        assert before is SubscriberStatus.UNSUBSCRIBED
        assert find_stored(database).status is SubscriberStatus.ACTIVE

    @pytest.mark.parametrize(
        ("reason", "is_lifted"),
        [
            (SuppressionReason.DEAD_ADDRESS, True),
            (SuppressionReason.FORGOTTEN, True),
            (SuppressionReason.COMPLAINT, False),
            (SuppressionReason.EDITOR, False),
        ],
    )
    def test_confirming_ends_a_suppression_that_it_disproves_and_no_other(
        self, client: Client, database: Database, clock: Clock, reason: SuppressionReason, *, is_lifted: bool
    ) -> None:
        with database.transaction() as transaction:
            suppress(transaction, HASH, reason, evidence={}, now=NOW - timedelta(days=9))
        sign_up(client, clock)

        notices = take_notices(database, clock.now)
        for notice in notices:
            assert notice.requested_at
            client.post(f"/confirm/{ConfirmToken(notice.public_id, notice.requested_at).sign(KEYS)}")

        with database.snapshot() as snapshot:
            assert is_suppressed(snapshot, HASH) is not is_lifted
        assert len(notices) == is_lifted

    def test_a_token_for_something_else_confirms_nobody(self, client: Client, database: Database, clock: Clock) -> None:
        sign_up(client, clock)
        public_id = find_stored(database).public_id
        foreign = [ReaderToken(public_id).sign(purpose, KEYS) for purpose in Purpose]

        answers = [client.post(f"/confirm/{token}").status_code for token in [*foreign, "x", foreign[0][:-1]]]

        assert set(answers) == {404}
        assert find_stored(database).status is SubscriberStatus.PENDING

    def test_who_never_confirms_is_forgotten_and_who_left_before_is_not(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        add_readers(database, ["gone@example.org"])
        unsubscribe_address(EmailAddress("gone@example.org"), source="mail", database=database, now=NOW)
        sign_up(client, clock)
        sign_up(client, clock, "gone@example.org")

        forget_old(database=database, now=clock.now + timedelta(days=13))
        kept = find(database)
        forget_old(database=database, now=clock.now + timedelta(days=15))

        assert kept is not None
        assert find(database) is None
        assert find(database, "gone@example.org") is not None


class TestLimits:
    def test_a_thousand_sign_ups_for_one_address_send_one_confirmation(self, database: Database) -> None:
        limits = SignUpLimits(per_network=20, in_all=1_000)
        start = int(ip_address("203.0.0.1"))

        def try_one(number: int) -> None:
            client = str(ip_address(start + number * 256))  # each from a network of its own
            ask(database, READER, client=client, now=NOW, limits=limits)

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(try_one, range(1_000)))

        assert [notice.kind for notice in take_notices(database, NOW)] == [NoticeKind.CONFIRM]

    def test_a_day_later_the_address_is_asked_again(self, database: Database) -> None:
        for hours in (0, 23, 25):
            ask(database, READER, client="192.0.2.1", now=NOW + timedelta(hours=hours))

        assert len(take_notices(database, NOW + timedelta(days=2))) == 2

    @pytest.mark.parametrize("network", ["198.51.100.{}", "2001:db8:7:{:x}::1", "::ffff:198.51.100.{}"])
    def test_a_thousand_addresses_from_one_network_trip_its_limit(self, database: Database, network: str) -> None:
        refused = 0
        for number in range(1_000):
            try:
                ask(database, f"r{number}@example.org", client=network.format(number % 250), now=NOW)
            except TooManyError:
                refused += 1
        ask(database, "elsewhere@example.org", client="192.0.2.9", now=NOW)

        assert refused == 980
        assert len(take_notices(database, NOW)) == 21

    def test_the_breaker_opens_for_everybody_and_closes_by_itself(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        for number in range(300):
            ask(database, f"r{number}@example.org", client=f"10.{number}.0.1", now=clock.now)
        open_answer = sign_up(client, clock)
        clock.pass_by(timedelta(minutes=59))
        still_open = sign_up(client, clock)
        clock.pass_by(timedelta(minutes=2))
        closed = sign_up(client, clock)

        assert [answer.status_code for answer in (open_answer, still_open, closed)] == [429, 429, 200]
        assert "try again in an hour" in open_answer.text
        assert find_stored(database).status is SubscriberStatus.PENDING

    def test_what_no_limit_asks_for_any_more_is_forgotten(self, database: Database) -> None:
        ask(database, READER, client="192.0.2.1", now=NOW)
        later = NOW + timedelta(days=2)

        forget_old(database=database, now=later)
        with database.snapshot() as snapshot:
            left = count_requests(snapshot, since=NOW - timedelta(days=1))
        ask(database, READER, client="192.0.2.1", now=NOW)

        assert left == 0
        assert len(take_notices(database, later)) == 2

    def test_a_client_without_a_network_address_is_a_network_of_its_own(self, database: Database) -> None:
        for number in range(20):
            ask(database, f"r{number}@example.org", client="a socket", now=NOW)

        with pytest.raises(TooManyError, match="your network"):
            ask(database, READER, client="a socket", now=NOW)
