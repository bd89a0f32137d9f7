"""A change of address: confirmed by the new mailbox, told to the old one, which may take it back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from builders import a_masthead
from mailing_stand import ADDRESS_KEY, SENDER, a_plant, add_readers, deliver_all, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.subscriber import Consent, ConsentEvent, NewSubscriber, Subscriber, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import SAMPLE_READER, ChangeToken, Purpose, ReaderToken, hash_address
from newsletter.domain.topic import Topic
from newsletter.service.forget_old import forget_old
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import dump_record, find_record
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.service.write_notice import write_notice
from newsletter.store.consents import list_consents, record_consents
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import add_subscriber, find_subscriber
from newsletter.store.suppressions import is_suppressed, suppress
from site_stand import KEYS, a_site
from smtp_server import SmtpServer

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
OLD, NEW, THIRD = "old@example.org", "new@example.net", "third@example.com"
Client = TestClient[Litestar]


@dataclass
class Clock:
    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def client(database: Database, clock: Clock) -> Client:
    add_readers(database, [OLD, "other@example.org"], topics=Topic.EVENTS)
    return TestClient(a_site(database, now=clock), raise_server_exceptions=False)


def find(database: Database, email: str) -> Subscriber | None:
    with database.snapshot() as snapshot:
        return find_subscriber(snapshot, EmailAddress(email))


def status_of(database: Database, email: str) -> SubscriberStatus | None:
    subscriber = find(database, email)
    return subscriber.status if subscriber else None


def ask(client: Client, database: Database, new: str = NEW, *, old: str = OLD) -> Response:
    reader = find(database, old)
    assert reader
    token = ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, KEYS)
    return client.post(f"/preferences/{token}/address", data={"email": new})


def take_notices(database: Database, now: datetime = NOW) -> dict[NoticeKind, Notice]:
    taken = {}
    with database.transaction() as transaction:
        while notice := claim_notice(transaction, now=now):
            taken[notice.kind] = notice
    return taken


def link(notice: Notice) -> str:
    """Return where the link of a notice leads, as its letter has it."""
    letter = write_notice(notice, masthead=a_masthead(), sender=SENDER, keys=KEYS, theme=None, now=NOW)
    page, purpose = {
        NoticeKind.NEW_ADDRESS: ("move", Purpose.CHANGE_ADDRESS),
        NoticeKind.LEAVING_ADDRESS: ("keep", Purpose.KEEP_ADDRESS),
    }[notice.kind]
    path = f"/{page}/{ChangeToken(notice.public_id, notice.change).sign(purpose, KEYS)}"
    assert path.encode() in letter.message.replace(b"=\r\n", b"")
    return path


def change(client: Client, database: Database, new: str = NEW, *, old: str = OLD, now: datetime = NOW) -> str:
    """Ask and confirm; return the path by which the old address takes it back."""
    ask(client, database, new, old=old)
    notices = take_notices(database, now)
    client.post(link(notices[NoticeKind.NEW_ADDRESS]))
    return link(notices[NoticeKind.LEAVING_ADDRESS])


class TestChanging:
    def test_each_of_the_two_addresses_gets_a_letter_and_the_new_ones_button_changes_it(
        self, client: Client, database: Database
    ) -> None:
        before = find(database, OLD)
        asked = ask(client, database)
        notices = take_notices(database)
        path = link(notices[NoticeKind.NEW_ADDRESS])
        shown, pending = client.get(path), status_of(database, OLD)
        confirmed = client.post(path)

        after = find(database, NEW)
        assert {kind: notice.address.text for kind, notice in notices.items()} == {
            NoticeKind.NEW_ADDRESS: NEW,
            NoticeKind.LEAVING_ADDRESS: OLD,
        }
        assert "look into the new mailbox" in asked.text
        assert "Use this address" in shown.text
        assert pending is SubscriberStatus.ACTIVE
        assert "The address is changed" in confirmed.text
        assert before
        assert after
        assert (after.id, after.topics, after.status) == (before.id, Topic.EVENTS, SubscriberStatus.ACTIVE)
        assert find(database, OLD) is None

    def test_the_letters_of_a_running_mailing_that_have_not_left_go_to_the_new_address(
        self, client: Client, database: Database, smtp_server: SmtpServer
    ) -> None:
        open_a_mailing(database, now=NOW)
        change(client, database)

        deliver_all(a_plant(database, port=smtp_server.port))

        assert sorted(smtp_server.recipients) == [NEW, "other@example.org"]

    def test_the_consent_goes_along_and_the_log_says_how(self, client: Client, database: Database) -> None:
        given = Consent(event=ConsentEvent.IMPORTED, source="Spring lecture", given_at=NOW - timedelta(days=99))
        with database.transaction() as transaction:
            record_consents(transaction, [(hash_address(OLD, ADDRESS_KEY), given)], now=NOW)

        change(client, database)

        with database.snapshot() as snapshot:
            new = list_consents(snapshot, hash_address(NEW, ADDRESS_KEY))
            old = list_consents(snapshot, hash_address(OLD, ADDRESS_KEY))
        assert [(line.event, line.source) for line in new] == [
            (ConsentEvent.IMPORTED, "Spring lecture"),
            (ConsentEvent.CONFIRMED, "button behind the link of the letter to the new address"),
        ]
        assert [line.event for line in old] == [ConsentEvent.IMPORTED, ConsentEvent.WITHDRAWN]

    def test_a_hundred_fetches_of_both_links_change_nothing(self, client: Client, database: Database) -> None:
        ask(client, database)
        paths = [link(notice) for notice in take_notices(database).values()]

        answers = [answer for _ in range(50) for path in paths for answer in (client.get(path), client.head(path))]

        assert {answer.status_code for answer in answers} == {200}
        assert status_of(database, OLD) is SubscriberStatus.ACTIVE
        assert find(database, NEW) is None

    def test_a_later_request_ends_an_earlier_one(self, client: Client, database: Database) -> None:
        ask(client, database, NEW)
        first = link(take_notices(database)[NoticeKind.NEW_ADDRESS])
        ask(client, database, THIRD)

        assert "of no use any more" in client.post(first).text
        assert find(database, NEW) is None

    def test_a_link_works_for_two_weeks(self, client: Client, database: Database, clock: Clock) -> None:
        ask(client, database)
        path = link(take_notices(database)[NoticeKind.NEW_ADDRESS])
        clock.now += timedelta(days=15)

        assert "of no use any more" in client.post(path).text
        assert find(database, NEW) is None

    def test_who_leaves_meanwhile_is_not_brought_back_by_it(self, client: Client, database: Database) -> None:
        ask(client, database)
        path = link(take_notices(database)[NoticeKind.NEW_ADDRESS])
        unsubscribe_address(EmailAddress(OLD), source="mail", database=database, now=NOW)

        assert "of no use any more" in client.post(path).text
        assert status_of(database, OLD) is SubscriberStatus.UNSUBSCRIBED

    def test_each_link_opens_only_its_own_page(self, client: Client, database: Database) -> None:
        ask(client, database)
        notices = take_notices(database)
        kinds = (NoticeKind.NEW_ADDRESS, NoticeKind.LEAVING_ADDRESS)
        move, keep = (link(notices[kind]).rpartition("/")[2] for kind in kinds)
        reader = find(database, OLD)
        assert reader
        others = set(Purpose) - {Purpose.CHANGE_ADDRESS, Purpose.KEEP_ADDRESS}
        foreign = [ReaderToken(reader.public_id, 1).sign(purpose, KEYS) for purpose in others]

        wrong = [f"/move/{token}" for token in (keep, *foreign)] + [f"/keep/{token}" for token in (move, *foreign)]

        assert {client.post(path).status_code for path in wrong} == {404}
        assert client.post(f"/move/{move}").status_code == client.post(f"/keep/{keep}").status_code == 200


class TestStatesOfTheNewAddress:
    def test_the_answer_is_the_same_whatever_the_state_and_so_is_what_the_old_mailbox_hears(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        add_readers(database, ["active@example.org", "gone@example.org", "spam@example.org"])
        unsubscribe_address(EmailAddress("gone@example.org"), source="mail", database=database, now=NOW)
        with database.transaction() as transaction:
            complained = hash_address("spam@example.org", ADDRESS_KEY)
            suppress(transaction, complained, SuppressionReason.COMPLAINT, evidence={}, now=NOW)
        take_notices(database)

        answers, told = set(), set()
        for email in ("active@example.org", "gone@example.org", "spam@example.org", NEW, OLD):
            clock.now += timedelta(days=1, minutes=1)
            answer = ask(client, database, email)
            answers.add((answer.status_code, answer.text.replace(email, "…")))
            notices = take_notices(database, clock.now)
            told.add(notices[NoticeKind.LEAVING_ADDRESS].address)

        assert len(answers) == 1
        assert told == {EmailAddress(OLD)}

    def test_who_is_subscribed_with_it_already_is_told_so_and_keeps_both(
        self, client: Client, database: Database
    ) -> None:
        ask(client, database, "other@example.org")

        notices = take_notices(database)
        assert set(notices) == {NoticeKind.LEAVING_ADDRESS, NoticeKind.KNOWN}
        assert notices[NoticeKind.KNOWN].address.text == "other@example.org"

    @pytest.mark.parametrize(
        ("reason", "is_asked"),
        [
            (SuppressionReason.DEAD_ADDRESS, True),
            (SuppressionReason.FORGOTTEN, True),
            (SuppressionReason.COMPLAINT, False),
            (SuppressionReason.EDITOR, False),
        ],
    )
    def test_its_suppression_is_respected_unless_confirming_ends_it(
        self, client: Client, database: Database, reason: SuppressionReason, *, is_asked: bool
    ) -> None:
        new_hash = hash_address(NEW, ADDRESS_KEY)
        with database.transaction() as transaction:
            suppress(transaction, new_hash, reason, evidence={}, now=NOW - timedelta(days=9))
        ask(client, database)

        notices = take_notices(database)
        if NoticeKind.NEW_ADDRESS in notices:
            client.post(link(notices[NoticeKind.NEW_ADDRESS]))

        with database.snapshot() as snapshot:
            assert is_suppressed(snapshot, new_hash) is not is_asked
        assert (find(database, NEW) is not None) is is_asked

    def test_a_dead_old_address_is_left_behind_with_its_suppression(self, client: Client, database: Database) -> None:
        old_hash = hash_address(OLD, ADDRESS_KEY)
        with database.transaction() as transaction:
            suppress(transaction, old_hash, SuppressionReason.DEAD_ADDRESS, evidence={}, now=NOW)
        ask(client, database)
        notices = take_notices(database)
        client.post(link(notices[NoticeKind.NEW_ADDRESS]))

        with database.snapshot() as snapshot:
            assert is_suppressed(snapshot, old_hash)
            assert not is_suppressed(snapshot, hash_address(NEW, ADDRESS_KEY))
        assert NoticeKind.LEAVING_ADDRESS not in notices
        assert status_of(database, NEW) is SubscriberStatus.ACTIVE

    @pytest.mark.parametrize(
        ("status", "left_behind"),
        [(SubscriberStatus.PENDING, None), (SubscriberStatus.UNSUBSCRIBED, SubscriberStatus.UNSUBSCRIBED)],
    )
    def test_who_asked_or_left_with_it_before_makes_room(
        self, client: Client, database: Database, status: SubscriberStatus, left_behind: SubscriberStatus | None
    ) -> None:
        new = NewSubscriber(
            public_id=b"another1",
            address=EmailAddress(NEW),
            address_hash=hash_address(NEW, ADDRESS_KEY),
            status=status,
            created_at=NOW,
        )
        with database.transaction() as transaction:
            add_subscriber(transaction, new)
        before = find(database, OLD)

        change(client, database)

        after = find(database, NEW)
        assert before
        assert after
        assert (after.id, after.status) == (before.id, SubscriberStatus.ACTIVE)
        assert status_of(database, OLD) is left_behind

    def test_an_address_that_was_written_to_today_gets_no_second_letter(
        self, client: Client, database: Database
    ) -> None:
        ask(client, database, NEW)
        take_notices(database)
        ask(client, database, NEW, old="other@example.org")

        assert set(take_notices(database)) == {NoticeKind.LEAVING_ADDRESS}

    def test_three_requests_a_day_are_enough(self, client: Client, database: Database) -> None:
        statuses = [ask(client, database, f"r{number}@example.net").status_code for number in range(4)]

        assert statuses == [200, 200, 200, 429]

    def test_an_address_that_no_relay_takes_is_said_so(self, client: Client, database: Database) -> None:
        answer = ask(client, database, "ada@nowhere")

        assert answer.status_code == 400
        assert "needs a dot" in answer.text
        assert 'value="ada@nowhere"' in answer.text
        assert take_notices(database) == {}

    def test_a_test_letters_link_changes_nobody(self, client: Client, database: Database) -> None:
        token = ReaderToken(SAMPLE_READER).sign(Purpose.PREFERENCES, KEYS)

        answer = client.post(f"/preferences/{token}/address", data={"email": NEW})

        assert "test letter" in answer.text
        assert take_notices(database) == {}


class TestTakingBack:
    def test_before_the_new_address_confirms_nothing_comes_of_it(self, client: Client, database: Database) -> None:
        ask(client, database)
        notices = take_notices(database)

        kept = client.post(link(notices[NoticeKind.LEAVING_ADDRESS]))
        late = client.post(link(notices[NoticeKind.NEW_ADDRESS]))

        assert "Your address stays" in kept.text
        assert "of no use any more" in late.text
        assert status_of(database, OLD) is SubscriberStatus.ACTIVE
        assert find(database, NEW) is None

    def test_afterwards_the_old_address_is_back_with_all_that_was_chosen(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        keep = change(client, database)
        clock.now += timedelta(days=29)

        client.post(keep)
        again = client.post(keep)

        back = find(database, OLD)
        assert back
        assert (back.status, back.topics) == (SubscriberStatus.ACTIVE, Topic.EVENTS)
        assert find(database, NEW) is None
        assert "Your address stays" in again.text
        with database.snapshot() as snapshot:
            lost = list_consents(snapshot, hash_address(NEW, ADDRESS_KEY))[-1]
        assert lost.event is ConsentEvent.WITHDRAWN

    def test_after_thirty_days_it_is_too_late_and_the_old_address_is_forgotten(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        keep = change(client, database)
        clock.now += timedelta(days=31)
        forget_old(database=database, now=clock.now)

        assert "of no use any more" in client.post(keep).text
        record = dump_record(find_record(EmailAddress(NEW), database=database, address_key=ADDRESS_KEY))
        [kept] = record["address_changes"]
        assert (kept["from"], kept["to"], kept["confirmed_at"]) == (None, None, NOW)

    def test_who_stole_it_cannot_keep_it_by_changing_it_once_more(
        self, client: Client, database: Database, clock: Clock
    ) -> None:
        keep = change(client, database)
        clock.now += timedelta(days=2)
        thiefs_keep = change(client, database, THIRD, old=NEW, now=clock.now)

        client.post(keep)
        client.post(thiefs_keep)

        assert status_of(database, OLD) is SubscriberStatus.ACTIVE
        assert find(database, NEW) is None
        assert find(database, THIRD) is None

    def test_an_old_address_that_has_subscribed_again_meanwhile_is_left_alone(
        self, client: Client, database: Database
    ) -> None:
        keep = change(client, database)
        with database.transaction() as transaction:
            add_subscriber(
                transaction,
                NewSubscriber(
                    public_id=b"another1",
                    address=EmailAddress(OLD),
                    address_hash=hash_address(OLD, ADDRESS_KEY),
                    created_at=NOW,
                ),
            )

        answer = client.post(keep)

        assert answer.status_code == 409
        assert "subscribed by itself already" in answer.text
        assert status_of(database, NEW) is SubscriberStatus.ACTIVE


def test_who_is_forgotten_is_forgotten_under_the_old_address_too(client: Client, database: Database) -> None:
    change(client, database)

    forget_subscriber(EmailAddress(NEW), database=database, address_key=ADDRESS_KEY, now=NOW)

    with database.snapshot() as snapshot:
        assert is_suppressed(snapshot, hash_address(OLD, ADDRESS_KEY))
        assert is_suppressed(snapshot, hash_address(NEW, ADDRESS_KEY))
