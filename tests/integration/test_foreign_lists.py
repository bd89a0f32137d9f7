"""Lists of other systems, taken over as they export them: who has left stays gone, who bounced is not mailed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mailing_stand import ADDRESS_KEY
from newsletter.domain.address import EmailAddress
from newsletter.domain.person import PersonalRecord
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import ConsentEvent, SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, UnreadableSourceError
from newsletter.service.import_subscribers import SubscriberImport, import_subscribers
from newsletter.service.person_record import find_record
from newsletter.service.take_rows import Fate
from newsletter.store.database import Database
from newsletter.store.subscribers import count_in, count_subscribers

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

MAILCHIMP = """\
"Email Address","First Name","Last Name",MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,{mark}LEID,EUID,TAGS
ida@example.org,Ida,Lind,3,"2023-04-01 10:00:00","2023-04-01 10:05:00",{filled}1,a1,
tor@example.org,Tor,,2,"2024-05-06 07:08:09",,{empty}2,b2,
"""
GHOST = """\
id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers
1,ida@example.org,Ida Lind,,true,false,,2023-04-01T10:05:00.000Z,,friends,
2,tor@example.org,Tor,,false,false,,2024-05-06T07:08:09.000Z,,,
"""
LISTMONK = """\
uuid,email,name,attributes,status,created_at,updated_at
5e6b,ida@example.org,Ida Lind,{{}},enabled,2023-04-01 10:05:00.1+00:00,2023-04-02
7a8c,tor@example.org,Tor,{{}},blocklisted,2024-05-06 07:08:09+00:00,2024-05-07
9d0e,eva@example.org,Eva,{{}},disabled,2024-05-06 07:08:09+00:00,2024-05-07
"""


def take_over(
    database: Database,
    folder: Path,
    text: str,
    *,
    mapping: Mapping[str, str] | None = None,
    is_trial: bool = False,
    consent_source: str = "",
) -> SubscriberImport:
    file = folder / "list.csv"
    file.write_text(text, encoding="utf-8")
    return import_subscribers(
        file,
        database=database,
        address_key=ADDRESS_KEY,
        now=NOW,
        mapping=mapping,
        is_trial=is_trial,
        consent_source=consent_source,
    )


def record_of(database: Database, address: str) -> PersonalRecord:
    return find_record(EmailAddress(address), database=database, address_key=ADDRESS_KEY)


def status_of(database: Database, address: str) -> SubscriberStatus | None:
    subscriber = record_of(database, address).subscriber
    return subscriber.status if subscriber else None


class TestMailchimp:
    def test_names_are_joined_and_the_confirmation_is_the_consent(self, database: Database, tmp_path: Path) -> None:
        report = take_over(database, tmp_path, MAILCHIMP.format(mark="", filled="", empty=""))
        ida, tor = record_of(database, "ida@example.org"), record_of(database, "tor@example.org")

        assert report.system == "Mailchimp"
        assert report.counts[Fate.ADDED] == 2
        assert ida.subscriber
        assert ida.subscriber.name == "Ida Lind"
        assert ida.consents[0].source == "Mailchimp list"
        assert ida.consents[0].given_at == datetime(2023, 4, 1, 10, 5, tzinfo=UTC)
        assert tor.consents[0].given_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)

    def test_who_has_left_there_has_left_here(self, database: Database, tmp_path: Path) -> None:
        text = MAILCHIMP.format(mark="UNSUB_TIME,", filled='"2025-01-01 00:00:00",', empty='"2025-01-02 00:00:00",')

        take_over(database, tmp_path, text)

        assert status_of(database, "ida@example.org") is SubscriberStatus.UNSUBSCRIBED
        assert status_of(database, "tor@example.org") is SubscriberStatus.UNSUBSCRIBED

    def test_who_was_cleaned_there_is_suppressed_here(self, database: Database, tmp_path: Path) -> None:
        report = take_over(
            database, tmp_path, MAILCHIMP.format(mark="CLEAN_TIME,", filled='"2025-01-01 00:00:00",', empty=",")
        )
        ida, tor = record_of(database, "ida@example.org"), record_of(database, "tor@example.org")

        assert (report.counts[Fate.ADDED], report.counts[Fate.SUPPRESSED]) == (1, 1)
        assert ida.suppression
        assert ida.suppression.reason is SuppressionReason.DEAD_ADDRESS
        assert tor.suppression is None


def test_a_list_of_ghost_keeps_who_wants_no_emails(database: Database, tmp_path: Path) -> None:
    report = take_over(database, tmp_path, GHOST)

    assert report.system == "Ghost"
    assert status_of(database, "ida@example.org") is SubscriberStatus.ACTIVE
    assert status_of(database, "tor@example.org") is SubscriberStatus.UNSUBSCRIBED
    assert record_of(database, "ida@example.org").consents[0].given_at == datetime(2023, 4, 1, 10, 5, tzinfo=UTC)


def test_a_list_of_listmonk_keeps_who_was_disabled_or_blocklisted(database: Database, tmp_path: Path) -> None:
    report = take_over(database, tmp_path, LISTMONK)

    assert report.system == "listmonk"
    assert status_of(database, "ida@example.org") is SubscriberStatus.ACTIVE
    assert status_of(database, "tor@example.org") is SubscriberStatus.UNSUBSCRIBED
    assert status_of(database, "eva@example.org") is SubscriberStatus.UNSUBSCRIBED


class TestDates:
    def test_mailchimp_says_when_somebody_signed_up_consented_and_left(
        self, database: Database, tmp_path: Path
    ) -> None:
        take_over(database, tmp_path, MAILCHIMP.format(mark="UNSUB_TIME,", filled='"2025-01-01 08:00:00",', empty=","))
        ida, tor = record_of(database, "ida@example.org"), record_of(database, "tor@example.org")

        assert ida.subscriber
        assert tor.subscriber
        assert ida.subscriber.created_at == datetime(2023, 4, 1, 10, 0, tzinfo=UTC)
        assert ida.subscriber.unsubscribed_at == datetime(2025, 1, 1, 8, 0, tzinfo=UTC)
        assert [(consent.event, consent.given_at) for consent in ida.consents] == [
            (ConsentEvent.IMPORTED, datetime(2023, 4, 1, 10, 5, tzinfo=UTC)),
            (ConsentEvent.WITHDRAWN, datetime(2025, 1, 1, 8, 0, tzinfo=UTC)),
        ]
        assert tor.subscriber.created_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
        assert tor.subscriber.unsubscribed_at is None

    def test_ghost_says_when_somebody_was_deleted(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, GHOST.replace("07:08:09.000Z,,", "07:08:09.000Z,2025-02-03T00:00:00.000Z,"))
        tor = record_of(database, "tor@example.org").subscriber

        assert tor
        assert tor.created_at == datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
        assert tor.unsubscribed_at == datetime(2025, 2, 3, tzinfo=UTC)

    def test_in_listmonk_the_last_change_of_somebody_who_has_left_stands_for_it(
        self, database: Database, tmp_path: Path
    ) -> None:
        take_over(database, tmp_path, LISTMONK)
        ida, tor = record_of(database, "ida@example.org").subscriber, record_of(database, "tor@example.org").subscriber

        assert ida
        assert tor
        assert (ida.status, ida.unsubscribed_at) == (SubscriberStatus.ACTIVE, None)
        assert tor.unsubscribed_at == datetime(2024, 5, 7, tzinfo=UTC)

    def test_segments_know_since_when_people_have_been_readers(self, database: Database, tmp_path: Path) -> None:
        take_over(
            database, tmp_path, "email,consent_at\na@example.org,2023-04-01\nb@example.org,\n", consent_source="Fair"
        )

        with database.snapshot() as snapshot:
            assert count_in(snapshot, Segment(before=date(2024, 1, 1))) == 1
            assert count_in(snapshot, Segment(since=NOW.date())) == 1

    def test_a_date_that_is_none_or_lies_ahead_is_the_day_of_the_import(
        self, database: Database, tmp_path: Path
    ) -> None:
        text = "email,status,created_at,unsubscribed_at\na@example.org,unsubscribed,long ago,2031-01-01\n"

        take_over(database, tmp_path, text)
        gone = record_of(database, "a@example.org")

        assert gone.subscriber
        assert (gone.subscriber.created_at, gone.subscriber.unsubscribed_at) == (NOW, NOW)
        assert [(consent.event, consent.given_at) for consent in gone.consents] == [(ConsentEvent.WITHDRAWN, NOW)]

    def test_who_has_not_confirmed_there_has_two_weeks_from_the_import_on(
        self, database: Database, tmp_path: Path
    ) -> None:
        take_over(
            database, tmp_path, "email,status,created_at\na@example.org,pending,2023-04-01\n", consent_source="Fair"
        )
        pending = record_of(database, "a@example.org").subscriber

        assert pending
        assert pending.created_at == datetime(2023, 4, 1, tzinfo=UTC)
        assert pending.requested_at == NOW


class TestTags:
    def test_tags_of_mailchimp_are_kept(self, database: Database, tmp_path: Path) -> None:
        text = MAILCHIMP.format(mark="", filled="", empty="").replace(",a1,", ',a1,"""Spring fair"",""R&D"""')

        report = take_over(database, tmp_path, text)

        assert record_of(database, "ida@example.org").tags == ("R D", "Spring fair")
        assert record_of(database, "tor@example.org").tags == ()
        assert "tags" not in report.unknown_columns
        with database.snapshot() as snapshot:
            assert count_in(snapshot, Segment(tags=("Spring fair",))) == 1

    def test_labels_of_ghost_are_kept(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, GHOST)

        assert record_of(database, "ida@example.org").tags == ("friends",)

    def test_attributes_of_listmonk_that_are_tags_are_kept_and_others_named(
        self, database: Database, tmp_path: Path
    ) -> None:
        attributes = '"{""tags"": [""friends""], ""vip"": true, ""city"": ""Basel""}"'

        report = take_over(database, tmp_path, LISTMONK.replace("Ida Lind,{{}}", f"Ida Lind,{attributes}"))

        assert record_of(database, "ida@example.org").tags == ("friends", "vip")
        assert report.untaken_tags == {"attribute city": 1, "attributes that are not JSON": 2}

    def test_several_columns_may_be_said_to_have_tags(self, database: Database, tmp_path: Path) -> None:
        mapping = {"Interests": "tags", "Seen at": "tags"}

        take_over(
            database,
            tmp_path,
            'email,Interests,Seen at\na@example.org,"Opera, News",Spring fair\n',
            mapping=mapping,
            consent_source="Fair",
        )

        assert record_of(database, "a@example.org").tags == ("News", "Opera", "Spring fair")

    def test_a_tag_that_is_called_like_a_topic_is_a_choice_only_where_somebody_says_so(
        self, database: Database, tmp_path: Path
    ) -> None:
        text = MAILCHIMP.format(mark="", filled="", empty="").replace(",a1,", ',a1,"""News"",""Events"""')
        choice = text.replace("@example.org", "@example.com")

        take_over(database, tmp_path, text)
        take_over(database, tmp_path, choice, mapping={"TAGS": "topics"})
        tagged, chosen = record_of(database, "ida@example.org"), record_of(database, "ida@example.com")

        assert tagged.subscriber
        assert chosen.subscriber
        assert (tagged.subscriber.topics, tagged.tags) == (Topic.everything(), ("Events", "News"))
        assert (chosen.subscriber.topics, chosen.tags) == (Topic.NEWS | Topic.EVENTS, ())

    def test_who_is_stored_gets_no_tags(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, "email\na@example.org\n", consent_source="Fair")
        take_over(database, tmp_path, "email,tags\na@example.org,friends\n", consent_source="Fair")

        assert record_of(database, "a@example.org").tags == ()


class TestLeavings:
    TEXT = "email,status\na@example.org,active\nb@example.org,unsubscribed\nc@example.org,bounced\n"

    def test_who_has_left_there_and_is_active_here_is_named_and_stays(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, "email\na@example.org\nb@example.org\nc@example.org\n", consent_source="Fair")

        trial = take_over(database, tmp_path, self.TEXT, consent_source="Fair", is_trial=True)
        report = take_over(database, tmp_path, self.TEXT, consent_source="Fair")

        assert trial == report
        assert (report.counts[Fate.DUPLICATE], report.counts[Fate.LEFT_THERE]) == (1, 2)
        assert report.left_lines == (3, 4)
        assert report.rejected_file
        assert report.rejected_file.read_text(encoding="utf-8").splitlines()[1:] == [
            '3,"Has left there, and is active here; nothing was changed.",b@example.org',
            '4,"Letters came back there, and it is active here; nothing was changed.",c@example.org',
        ]
        assert status_of(database, "b@example.org") is SubscriberStatus.ACTIVE
        assert record_of(database, "c@example.org").suppression is None

    def test_who_has_left_here_too_or_is_not_mailed_is_not_named(self, database: Database, tmp_path: Path) -> None:
        take_over(database, tmp_path, self.TEXT, consent_source="Fair")

        report = take_over(database, tmp_path, self.TEXT, consent_source="Fair")

        assert report.left_lines == ()
        assert (report.counts[Fate.UNSUBSCRIBED], report.counts[Fate.SUPPRESSED]) == (1, 1)

    @pytest.mark.parametrize("statuses", [("active", "unsubscribed", "bounced"), ("bounced", "active", "unsubscribed")])
    def test_of_several_lines_a_leaving_counts_wherever_it_stands(
        self, database: Database, tmp_path: Path, statuses: tuple[str, ...]
    ) -> None:
        lines = "".join(f"a@example.org,{status}\n" for status in statuses)

        report = take_over(database, tmp_path, f"email,status\n{lines}", consent_source="Fair")

        assert (report.counts[Fate.SUPPRESSED], report.counts[Fate.REPEATED]) == (1, 2)
        assert report.repeated_lines == (3, 4)
        assert status_of(database, "a@example.org") is SubscriberStatus.UNSUBSCRIBED
        assert record_of(database, "a@example.org").suppression

    def test_lines_are_named_up_to_a_bound_and_counted_without(self, database: Database, tmp_path: Path) -> None:
        report = take_over(database, tmp_path, "email\n" + "a@example.org\n" * 31, consent_source="Fair")

        assert report.counts[Fate.REPEATED] == 30
        assert report.repeated_lines == tuple(range(3, 23))


def test_columns_may_be_named_by_hand(database: Database, tmp_path: Path) -> None:
    mapping = {"E-Mail-Adresse": "email", "Vorname": "name", "Herkunft": "consent_source"}

    report = take_over(
        database,
        tmp_path,
        "Vorname;E-Mail-Adresse;Herkunft;Name\nIda;ida@example.org;Messe;Lind\n",
        mapping=mapping,
    )
    ida = record_of(database, "ida@example.org")

    assert ida.subscriber
    assert ida.subscriber.name == "Ida"
    assert ida.consents[0].source == "Messe"
    assert report.unknown_columns == ("name",)


@pytest.mark.parametrize(
    ("mapping", "words"),
    [({"mail": "address"}, "'address' is no column of a list"), ({"post": "email"}, "no column 'post' in the file")],
)
def test_a_column_that_is_none_is_said_before_anything_is_read(
    database: Database, tmp_path: Path, mapping: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        take_over(database, tmp_path, "mail\nida@example.org\n", mapping=mapping)


def test_a_list_without_addresses_is_refused(database: Database, tmp_path: Path) -> None:
    with pytest.raises(UnreadableSourceError, match="the column email"):
        take_over(database, tmp_path, "First Name,EUID\nIda,a1\n")


def test_a_trial_tells_the_same_and_stores_nothing(database: Database, tmp_path: Path) -> None:
    text = "email\nida@example.org\nIDA@example.org\nnobody\ninfo@example.org\n"

    trial = take_over(database, tmp_path, text, is_trial=True, consent_source="Fair")
    with database.snapshot() as snapshot:
        stored = sum(count_subscribers(snapshot).values())
    real = take_over(database, tmp_path, text, consent_source="Fair")

    assert stored == 0
    assert trial == real
    assert real.counts == {
        Fate.ADDED: 2, Fate.DUPLICATE: 0, Fate.REPEATED: 1, Fate.LEFT_THERE: 0, Fate.UNSUBSCRIBED: 0,
        Fate.SUPPRESSED: 0, Fate.REFUSED: 1,
    }  # fmt: skip


def test_addresses_that_an_office_shares_are_taken_and_named(database: Database, tmp_path: Path) -> None:
    report = take_over(database, tmp_path, "email\nida@example.org\nInfo@example.org\n", consent_source="Fair")

    assert report.counts[Fate.ADDED] == 2
    assert report.role_lines == (3,)
