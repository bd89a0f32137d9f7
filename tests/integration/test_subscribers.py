"""Subscribers on both databases: taken over, shown, let go, forgotten."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailing_stand import ADDRESS_KEY, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.choice import Choices
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import NoticeKind
from newsletter.domain.person import PersonalRecord
from newsletter.domain.subscriber import ConsentEvent, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import KeyRing, Purpose, ReaderToken, hash_address
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NotFoundError, RefusedError
from newsletter.service.add_subscriber import add_subscriber
from newsletter.service.change_suppression import lift_suppression, suppress_address
from newsletter.service.export_subscribers import export_subscribers
from newsletter.service.find_reader import read_link
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.import_subscribers import SubscriberImport, import_subscribers
from newsletter.service.person_record import find_record
from newsletter.service.return_subscriber import return_by_link
from newsletter.service.save_choices import save_choices
from newsletter.service.save_segment import tag_subscribers
from newsletter.service.take_rows import Fate
from newsletter.service.unsubscribe import unsubscribe_address, unsubscribe_by_links
from newsletter.store.database import Database
from newsletter.store.subscribers import count_subscribers, find_subscriber, list_subscribers
from newsletter.store.suppressions import is_suppressed, list_suppressions

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
KEYS = KeyRing(b"a signing key of thirty-two bytes or more")
READER = EmailAddress("Reader@example.org")


def take_over(
    database: Database, folder: Path, text: str, *, consent_source: str = "Spring lecture"
) -> SubscriberImport:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return import_subscribers(file, database=database, address_key=ADDRESS_KEY, now=NOW, consent_source=consent_source)


def add(database: Database, address: EmailAddress = READER) -> None:
    add_subscriber(
        address,
        name="Ida Lind",
        topics=Topic.ARTICLES,
        language="en",
        consent_source="Sign-up sheet",
        database=database,
        address_key=ADDRESS_KEY,
        now=NOW,
    )


def leave(database: Database, address: EmailAddress = READER) -> bool:
    return unsubscribe_address(address, source="letter to the editors", database=database, now=NOW)


def forget(database: Database, address: EmailAddress = READER) -> None:
    forget_subscriber(address, database=database, address_key=ADDRESS_KEY, now=NOW)


def suppress(database: Database, address: EmailAddress = READER) -> None:
    suppress_address(address, because="asked by telephone", database=database, address_key=ADDRESS_KEY, now=NOW)


def record_of(database: Database, address: EmailAddress = READER) -> PersonalRecord:
    return find_record(address, database=database, address_key=ADDRESS_KEY)


def status_of(database: Database, address: EmailAddress = READER) -> SubscriberStatus | None:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, address)
    return subscriber.status if subscriber else None


def link_of(database: Database, purpose: Purpose, *, mailing: int = 0) -> str:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, READER)
    assert subscriber
    return ReaderToken(subscriber.public_id, mailing).sign(purpose, KEYS)


class TestImport:
    def test_ten_thousand_people_are_taken_over_with_their_consent(self, database: Database, tmp_path: Path) -> None:
        lines = "".join(f"reader{number}@example.org,Fair {number % 7},2026-01-02\n" for number in range(10_000))
        heard: list[int] = []
        file = tmp_path / "list.csv"
        file.write_text(f"email,consent_source,consent_at\n{lines}", encoding="utf-8")

        report = import_subscribers(file, database=database, address_key=ADDRESS_KEY, now=NOW, progress=heard.append)

        assert report.counts[Fate.ADDED] == sum(heard) == 10_000
        assert report.rejected_file is None
        with database.snapshot() as snapshot:
            assert count_subscribers(snapshot)[SubscriberStatus.ACTIVE] == 10_000
        [consent] = record_of(database, EmailAddress("reader8@example.org")).consents
        assert consent.event is ConsentEvent.IMPORTED
        assert consent.source == "Fair 1"
        assert consent.given_at == datetime(2026, 1, 2, tzinfo=UTC)

    def test_the_same_file_again_changes_nothing(self, database: Database, tmp_path: Path) -> None:
        text = "email,name\nreader@example.org,Ida\nREADER@EXAMPLE.org,Twice\n"

        first, second = take_over(database, tmp_path, text), take_over(database, tmp_path, text)

        assert {fate: count for fate, count in first.counts.items() if count} == {Fate.ADDED: 1, Fate.REPEATED: 1}
        assert {fate: count for fate, count in second.counts.items() if count} == {Fate.DUPLICATE: 1, Fate.REPEATED: 1}
        assert first.repeated_lines == second.repeated_lines == (3,)
        assert second.is_useful
        record = record_of(database)
        assert record.subscriber
        assert record.subscriber.name == "Ida"
        assert len(record.consents) == 1

    def test_without_consent_a_line_is_refused_and_listed(self, database: Database, tmp_path: Path) -> None:
        text = "email,consent_source\na@example.org,Fair\n=b@example.org,\nnobody,Fair\n"

        report = take_over(database, tmp_path, text, consent_source="")

        assert (report.counts[Fate.ADDED], report.counts[Fate.REFUSED]) == (1, 2)
        assert report.rejected_file == tmp_path / "list.rejected.csv"
        header, second, third = csv.reader(report.rejected_file.read_text(encoding="utf-8").splitlines())
        assert header == ["line", "reason", "email"]
        assert second[0] == "3"
        assert "--consent-source" in second[1]
        assert second[2] == "'=b@example.org"
        assert third[0] == "4"

    def test_an_import_that_takes_nothing_says_so_and_the_next_one_starts_a_new_list(
        self, database: Database, tmp_path: Path
    ) -> None:
        refused = take_over(database, tmp_path, "email\nnobody\n")
        taken = take_over(database, tmp_path, "email\nreader@example.org\n")

        assert not refused.is_useful
        assert taken.is_useful
        assert taken.rejected_file is None
        assert not (tmp_path / "list.rejected.csv").exists()

    def test_the_status_column_is_kept(self, database: Database, tmp_path: Path) -> None:
        text = (
            "email,consent_source,status\n"
            "pending@example.org,Form,pending\nactive@example.org,Form,active\ngone@example.org,,unsubscribed\n"
        )

        report = take_over(database, tmp_path, text, consent_source="")

        assert report.counts[Fate.ADDED] == 3
        assert status_of(database, EmailAddress("pending@example.org")) is SubscriberStatus.PENDING
        assert status_of(database, EmailAddress("active@example.org")) is SubscriberStatus.ACTIVE
        gone = record_of(database, EmailAddress("gone@example.org"))
        assert gone.subscriber
        assert gone.subscriber.status is SubscriberStatus.UNSUBSCRIBED
        assert gone.subscriber.unsubscribed_at == NOW
        assert [consent.event for consent in gone.consents] == [ConsentEvent.WITHDRAWN]

    def test_nobody_who_left_is_brought_back(self, database: Database, tmp_path: Path) -> None:
        add(database)
        leave(database)

        report = take_over(database, tmp_path, "email,status\nreader@example.org,active\n")

        assert report.counts[Fate.UNSUBSCRIBED] == 1
        assert status_of(database) is SubscriberStatus.UNSUBSCRIBED

    def test_nobody_who_is_suppressed_or_forgotten_is_stored(self, database: Database, tmp_path: Path) -> None:
        suppress(database, EmailAddress("dead@example.org"))
        add(database)
        forget(database)

        report = take_over(database, tmp_path, "email\ndead@example.org\nreader@example.org\n")

        assert report.counts[Fate.SUPPRESSED] == 2
        with database.snapshot() as snapshot:
            assert list(list_subscribers(snapshot)) == []

    def test_a_list_of_the_refused_that_cannot_be_written_is_said(self, database: Database, tmp_path: Path) -> None:
        (tmp_path / "list.rejected.csv").mkdir()

        with pytest.raises(InputError, match="cannot be written"):
            take_over(database, tmp_path, "email\nreader@example.org\n")


class TestExport:
    def test_what_is_exported_can_be_imported_again(
        self, database: Database, tmp_path: Path, migrated_file: Path
    ) -> None:
        add(database)
        add(database, EmailAddress("gone@example.org"))
        leave(database, EmailAddress("gone@example.org"))
        for tag in ("press", "Spring fair"):
            tag_subscribers(tag, addresses=[READER], is_taken=False, database=database, now=NOW)
        stream = io.StringIO()

        count = export_subscribers(stream, database=database)

        assert count == 2
        reader, gone = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
        assert reader == {
            "email": "Reader@example.org",
            "name": "Ida Lind",
            "consent_source": "Sign-up sheet",
            "consent_at": NOW.isoformat(),
            "topics": "articles",
            "language": "en",
            "status": "active",
            "created_at": NOW.isoformat(),
            "unsubscribed_at": "",
            "tags": "Spring fair,press",
        }
        assert gone["status"] == "unsubscribed"
        assert gone["unsubscribed_at"] == NOW.isoformat()
        assert gone["consent_source"] == "Sign-up sheet"

        other = Database(f"sqlite:///{shutil.copyfile(migrated_file, tmp_path / 'other.db')}")
        report = take_over(other, tmp_path, stream.getvalue(), consent_source="")
        assert report.counts[Fate.ADDED] == 2
        assert status_of(other, EmailAddress("gone@example.org")) is SubscriberStatus.UNSUBSCRIBED
        again = io.StringIO()
        export_subscribers(again, database=other)
        assert again.getvalue() == stream.getvalue()
        other.close()

    def test_no_cell_is_a_formula_to_a_spreadsheet(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, 'email,name\n+tag@example.org,"=HYPERLINK(""http://evil.example"")"\n')
        stream = io.StringIO()

        export_subscribers(stream, database=database)

        [row] = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
        assert row["email"] == "'+tag@example.org"
        assert row["name"].startswith("'=HYPERLINK")


class TestAdd:
    def test_a_person_is_active_with_the_consent_named(self, database: Database) -> None:
        add(database)

        record = record_of(database)
        assert record.subscriber
        assert record.subscriber.status is SubscriberStatus.ACTIVE
        assert record.subscriber.topics == Topic.ARTICLES
        assert [(consent.event, consent.source) for consent in record.consents] == [
            (ConsentEvent.ADDED, "Sign-up sheet")
        ]

    def test_nobody_is_added_without_a_source_of_consent(self, database: Database) -> None:
        with pytest.raises(InputError, match="consent"):
            add_subscriber(
                READER,
                name="",
                topics=Topic.everything(),
                language="",
                consent_source=" ",
                database=database,
                address_key=ADDRESS_KEY,
                now=NOW,
            )

    def test_nobody_is_added_twice_whatever_the_spelling(self, database: Database) -> None:
        add(database)

        with pytest.raises(RefusedError, match="already"):
            add(database, EmailAddress("READER@example.org"))

    def test_nobody_is_added_who_left_or_is_suppressed(self, database: Database) -> None:
        add(database)
        leave(database)
        suppress(database, EmailAddress("dead@example.org"))

        with pytest.raises(RefusedError, match="has left"):
            add(database)
        with pytest.raises(RefusedError, match="suppressed"):
            add(database, EmailAddress("dead@example.org"))


class TestUnsubscribe:
    def test_a_link_is_obeyed_once_and_names_its_mailing(self, database: Database) -> None:
        add(database)
        link = read_link(link_of(database, Purpose.UNSUBSCRIBE, mailing=7), Purpose.UNSUBSCRIBE, keys=KEYS)

        (first,) = unsubscribe_by_links([link], database=database, now=NOW)
        (again,) = unsubscribe_by_links([link], database=database, now=NOW + timedelta(days=1))

        record = record_of(database)
        assert first
        assert first.status is SubscriberStatus.ACTIVE
        assert again == record.subscriber
        assert record.subscriber
        assert record.subscriber.status is SubscriberStatus.UNSUBSCRIBED
        assert record.subscriber.unsubscribed_at == NOW
        assert record.subscriber.unsubscribed_by_mailing == 7
        assert [consent.event for consent in record.consents] == [ConsentEvent.ADDED, ConsentEvent.WITHDRAWN]
        assert [notice.kind for notice in record.notices] == [NoticeKind.GOODBYE]

    def test_many_leave_together_each_by_the_own_link(self, database: Database) -> None:
        add_readers(database, [f"reader{number}@example.org" for number in range(6)])
        with database.snapshot() as snapshot:
            readers = list(list_subscribers(snapshot))
        links = [ReaderToken(reader.public_id, reader.id % 2 + 1) for reader in readers[:5]]
        stranger = ReaderToken(b"nobody 1", 1)

        found = unsubscribe_by_links([*links, stranger, links[0]], database=database, now=NOW)

        with database.snapshot() as snapshot:
            after = list(list_subscribers(snapshot))
        assert found == [*readers[:5], None, readers[0]]
        assert [reader.unsubscribed_by_mailing for reader in after] == [*(link.mailing for link in links), None]
        assert [notice.kind for notice in record_of(database, readers[0].address).notices] == [NoticeKind.GOODBYE]

    def test_a_link_for_something_else_changes_nobody(self, database: Database) -> None:
        add(database)
        token = link_of(database, Purpose.PREFERENCES)

        with pytest.raises(NotFoundError):
            read_link(token, Purpose.UNSUBSCRIBE, keys=KEYS)

    def test_a_link_of_somebody_forgotten_is_obeyed_without_a_word(self, database: Database) -> None:
        add(database)
        link = read_link(link_of(database, Purpose.UNSUBSCRIBE), Purpose.UNSUBSCRIBE, keys=KEYS)
        forget(database)

        assert unsubscribe_by_links([link], database=database, now=NOW) == [None]

    def test_who_never_confirmed_gets_no_goodbye(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, "email,status\nreader@example.org,pending\n")

        leave(database)

        assert record_of(database).notices == ()

    def test_an_unknown_address_is_said(self, database: Database) -> None:
        with pytest.raises(NotFoundError, match="not among the subscribers"):
            leave(database)

    def test_who_left_can_come_back_by_the_goodbye_notice(self, database: Database) -> None:
        add(database)
        leave(database)
        token = link_of(database, Purpose.RETURN)

        first = return_by_link(token, database=database, keys=KEYS, now=NOW)
        again = return_by_link(token, database=database, keys=KEYS, now=NOW)

        assert (first, again) == (True, False)
        record = record_of(database)
        assert record.subscriber
        assert record.subscriber.status is SubscriberStatus.ACTIVE
        assert record.subscriber.unsubscribed_at is None
        assert record.consents[-1].event is ConsentEvent.CONFIRMED

    def test_who_was_forgotten_cannot_come_back_by_a_link(self, database: Database) -> None:
        add(database)
        back, choose = link_of(database, Purpose.RETURN), link_of(database, Purpose.PREFERENCES)
        forget(database)

        with pytest.raises(NotFoundError, match="subscribe again"):
            return_by_link(back, database=database, keys=KEYS, now=NOW)
        with pytest.raises(NotFoundError, match="subscribe again"):
            save_choices(choose, Choices(topics=Topic.NEWS), database=database, keys=KEYS, now=NOW)


class TestForget:
    def test_the_person_is_gone_and_the_counts_stay(self, database: Database) -> None:
        address = EmailAddress("reader@example.org")
        add_readers(database, [address.text, "other@example.org"])
        with database.snapshot() as snapshot:
            assert find_subscriber(snapshot, address)
        mailing = open_a_mailing(database, now=NOW)
        unsubscribe_address(address, source="test", database=database, now=NOW)
        forget(database, address)

        assert status_of(database, address) is None
        with database.snapshot() as snapshot:
            assert is_suppressed(snapshot, hash_address(address.normalized, ADDRESS_KEY))
            [(suppression, known)] = list_suppressions(snapshot)
        assert suppression.reason is SuppressionReason.FORGOTTEN
        assert known is None
        other = record_of(database, EmailAddress("other@example.org"))
        assert [(delivery.mailing, delivery.issue, delivery.status) for delivery in other.deliveries] == [
            (mailing.id, 1, DeliveryStatus.QUEUED)
        ]
        assert mailing.intended == 2

    def test_a_suppression_keeps_its_reason_and_loses_its_evidence(self, database: Database) -> None:
        add(database)
        suppress(database)
        forget(database)

        record = record_of(database)
        assert record.subscriber is None
        assert record.suppression
        assert record.suppression.reason is SuppressionReason.EDITOR
        assert record.suppression.evidence == {}

    def test_nobody_is_forgotten_who_is_not_stored(self, database: Database) -> None:
        with pytest.raises(NotFoundError):
            forget(database)


class TestSuppress:
    def test_a_suppression_stands_until_it_is_lifted(self, database: Database) -> None:
        add(database)
        suppress(database)

        with pytest.raises(RefusedError, match="already"):
            suppress(database)
        with database.snapshot() as snapshot:
            assert [(entry.reason, address) for entry, address in list_suppressions(snapshot)] == [
                (SuppressionReason.EDITOR, READER)
            ]

        lift_suppression(READER, because="a mistake", database=database, address_key=ADDRESS_KEY, now=NOW)

        record = record_of(database)
        assert record.suppression is None
        assert [suppression.lifted_because for suppression in record.suppressions] == ["a mistake"]
        with pytest.raises(NotFoundError, match="not suppressed"):
            lift_suppression(READER, because="", database=database, address_key=ADDRESS_KEY, now=NOW)

    def test_an_address_may_be_suppressed_again(self, database: Database) -> None:
        for _ in range(2):
            suppress(database)
            lift_suppression(READER, because="", database=database, address_key=ADDRESS_KEY, now=NOW)

        assert len(record_of(database).suppressions) == 2


def test_nothing_is_shown_of_an_address_that_nobody_knows(database: Database) -> None:
    with pytest.raises(NotFoundError, match="Nothing is stored"):
        record_of(database)


def test_a_list_can_be_narrowed(database: Database, tmp_path: Path) -> None:
    take_over(database, tmp_path, "email,status\na@example.org,\nb@example.org,pending\nc@example.org,\n")

    with database.snapshot() as snapshot:
        active = [entry.address.text for entry in list_subscribers(snapshot, status=SubscriberStatus.ACTIVE)]
        first = [entry.address.text for entry in list_subscribers(snapshot, limit=1)]

    assert active == ["a@example.org", "c@example.org"]
    assert first == ["a@example.org"]
