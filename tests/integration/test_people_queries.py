"""What the desk's screens about people ask both databases."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import pytest

from bounce_messages import a_letter
from mailing_stand import ADDRESS_KEY, KEYS, add_readers
from newsletter.domain.address import EmailAddress, mask_addresses
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.cadence import Cadence
from newsletter.domain.notice import NoticeKind
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.errors import NotFoundError, RefusedError
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.change_cadence import add_slot, list_year, move_slot, skip_slot
from newsletter.service.change_suppression import lift_by_id, suppress_address
from newsletter.service.edit_subscriber import load_subscriber
from newsletter.service.examine_bounce import examine_bounce, forward_again, mark_words
from newsletter.service.read_bounces import read_bounces
from newsletter.service.subscriber_counts import FRESH_FOR, count_by_status, count_segment
from newsletter.store import bounce_search
from newsletter.store.bounce_search import ReportFilter, count_recent, list_reports_page
from newsletter.store.database import Database
from newsletter.store.notices import count_notices
from newsletter.store.suppressions import list_page
from stored import SENT_AT, a_failure, a_mailing

ANN, BEN = "ann@example.net", "ben@example.org"
NOW = SENT_AT + timedelta(days=1)
CADENCE = Cadence(first=date(2026, 1, 1), weeks=2, at=time(9), timezone="Europe/Stockholm")


@pytest.fixture
def reports(database: Database) -> Database:
    """Give a database with two reports that count, one without a token, and a letter that Ben wrote."""
    sent = a_mailing(database, addresses=[ANN, BEN])
    verp = {name: f"b+{sent.token(name)}@bounces.example.org" for name in (ANN, BEN)}
    raws = [
        a_failure(ANN, delivered_to=verp[ANN]),
        a_failure(BEN, delivered_to=verp[BEN], status="4.2.2", words="452 4.2.2 mailbox full"),
        a_failure("stranger@example.com"),
        f"Delivered-To: {verp[BEN]}\n".encode()
        + a_letter("Re: Issue 1", "I liked this one.", sender="Ben <ben@example.org>"),
    ]
    read_bounces(
        [StoredMessage(f"{number}", raw, "") for number, raw in enumerate(raws)],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=NOW,
    )
    return database


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (ReportFilter(), [4, 3, 2, 1]),
        (ReportFilter(kind=BounceKind.HARD), [3, 1]),
        (ReportFilter(reason=BounceReason.MAILBOX_FULL), [2]),
        (ReportFilter(domain="example.net"), [1]),
        (ReportFilter(domain="ample.net"), []),
        (ReportFilter(effect="ignored"), [3]),
        (ReportFilter(effect="reversed"), []),
        (ReportFilter(kind=BounceKind.HARD, effect="counts"), [1]),
    ],
)
def test_reports_are_narrowed_and_paged(reports: Database, wanted: ReportFilter, found: list[int]) -> None:
    pages: list[int] = []
    below: int | None = None
    while True:
        with reports.snapshot() as snapshot:
            page = list_reports_page(snapshot, wanted, below=below, limit=1)
        pages += [listed.report.id for listed in page.reports]
        if page.next is None:
            break
        below = page.next

    assert pages == found


def test_a_rare_domain_is_looked_for_in_several_goes(reports: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bounce_search, "_WINDOW", 2)

    with reports.snapshot() as snapshot:
        first = list_reports_page(snapshot, ReportFilter(domain="example.net"), below=None, limit=9)
        second = list_reports_page(snapshot, ReportFilter(domain="example.net"), below=first.next, limit=9)

    assert (first.reports, first.is_cut_short) == ((), True)
    assert [listed.report.id for listed in second.reports] == [1]


def test_the_latest_reports_are_counted_by_kind_reason_and_domain(reports: Database) -> None:
    with reports.snapshot() as snapshot:
        counted = count_recent(snapshot)

    assert (counted.reports, counted.ignored) == (4, 1)
    assert counted.kinds[BounceKind.HARD] == 2
    assert counted.reasons == {BounceReason.UNKNOWN_USER: 1, BounceReason.MAILBOX_FULL: 1}
    assert counted.domains == {"example.net": 1, "example.org": 1}


def test_a_report_is_examined_with_its_words_and_what_it_changed(reports: Database) -> None:
    examined = examine_bounce(1, database=reports)

    before, words, after = mark_words(examined.text, examined.report.fate.words)
    assert "no such user" in words
    assert before + words + after == examined.text
    assert [suppression.reason for suppression in examined.suppressions] == [SuppressionReason.DEAD_ADDRESS]
    assert examined.reader
    assert examined.reader.address.text == ANN
    assert mark_words("a\nb", "") == mark_words("a\nb", "c") == ("a\nb", "", "")
    assert mark_words("no such\n  user", "such user") == ("no ", "such\n  user", "")


def test_a_letter_is_sent_to_the_editors_once_more_and_a_report_is_not(reports: Database) -> None:
    letter = examine_bounce(4, database=reports)
    assert letter.reader
    before = count_forwarded(reports, letter.reader.id)

    forward_again(4, database=reports, editor="Ann", now=NOW)

    assert count_forwarded(reports, letter.reader.id) == before + 1
    with pytest.raises(RefusedError, match="written by a program"):
        forward_again(1, database=reports, editor="Ann", now=NOW)
    with pytest.raises(NotFoundError):
        examine_bounce(99, database=reports)


def count_forwarded(database: Database, subscriber_id: int) -> int:
    with database.snapshot() as snapshot:
        return count_notices(snapshot, subscriber_id, NoticeKind.FORWARDED_REPLY, since=SENT_AT)


def test_suppressions_are_paged_by_reason_and_lifted_by_their_number(reports: Database) -> None:
    address = EmailAddress("stranger@example.com")
    suppress_address(address, because="asked", database=reports, address_key=ADDRESS_KEY, now=NOW)

    with reports.snapshot() as snapshot:
        newest, oldest = list_page(snapshot, reason=None, below=None, limit=9)
        assert list_page(snapshot, reason=SuppressionReason.EDITOR, below=None, limit=9) == [newest]
        assert list_page(snapshot, reason=None, below=newest.id, limit=9) == [oldest]
    assert (newest.address, newest.subscriber_id) == (None, None)
    assert oldest.address == EmailAddress(ANN)
    lift_by_id(newest.id, because="a mistake", database=reports, now=NOW)
    with pytest.raises(NotFoundError, match="does not stand"):
        lift_by_id(newest.id, because="again", database=reports, now=NOW)


def test_figures_are_counted_anew_after_a_minute(database: Database) -> None:
    segment = Segment(domain="example.net")

    def count(now: datetime) -> tuple[int, int]:
        by_status = count_by_status(database=database, now=now)
        return by_status[SubscriberStatus.ACTIVE], count_segment(segment, database=database, now=now)

    assert count(NOW) == (0, 0)
    add_readers(database, [ANN, BEN])

    assert count(NOW + FRESH_FOR / 2) == (0, 0)
    assert count(NOW + FRESH_FOR) == (2, 1)


def test_nobody_has_a_number_that_was_never_given(database: Database) -> None:
    with pytest.raises(NotFoundError, match="no subscriber 7"):
        load_subscriber(7, database=database)


def test_a_year_has_its_slots_with_what_stands_on_them(database: Database) -> None:
    changes = {"database": database, "cadence": CADENCE, "now": NOW, "reason": "so"}
    skip_slot(date(2026, 12, 31), actor="Ann", **changes)  # type: ignore[arg-type]
    move_slot(date(2026, 12, 17), date(2027, 1, 2), actor="Ann", **changes)  # type: ignore[arg-type]
    add_slot(date(2026, 6, 5), actor="Ann", **changes)  # type: ignore[arg-type]
    a_mailing(database, addresses=[ANN])

    year = list_year(2026, database=database, cadence=CADENCE)
    following = list_year(2027, database=database, cadence=CADENCE)

    assert [str(each.slot.status) for each in year if each.slot.status != "planned"] == ["extra", "skipped"]
    assert len(year) == 27
    assert following[0].slot.date == date(2026, 12, 17)
    first, second = year[:2]
    assert first.issue
    assert (first.issue.number, str(first.issue.status), first.may_change) == (1, "mailed", False)
    assert (second.issue, second.may_change) == (None, True)


def test_addresses_are_masked_wherever_they_stand() -> None:
    assert EmailAddress("ida.lind@example.org").masked == "i…@example.org"
    text = "550 <ida.lind@example.org>: to=<b+x2@bounces.example.org>, IDA@MAIL.EXAMPLE.ORG; user@localhost"
    assert mask_addresses(text) == (
        "550 <i…@example.org>: to=<b…@bounces.example.org>, I…@MAIL.EXAMPLE.ORG; user@localhost"
    )
