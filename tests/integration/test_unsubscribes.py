"""Who left by an issue stays in its report: erased later or subscribed again, it happened, and it counts."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from issue_desk import CADENCE
from mailing_stand import ADDRESS_KEY, KEYS
from newsletter.domain.address import EmailAddress
from newsletter.domain.aftermath import EventKind
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.token import Purpose, ReaderToken, hash_address
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.overlook import overlook
from newsletter.service.person_record import describe_record, dump_record, find_record
from newsletter.service.reduce_old import reduce_old
from newsletter.service.report_in_full import FullReport, report_in_full, write_report
from newsletter.service.return_subscriber import return_by_link
from newsletter.service.unsubscribe import unsubscribe_address, unsubscribe_by_links
from newsletter.store.database import Database
from stored import SENT_AT, SentMailing, a_mailing

READERS = [f"reader{number}@example.net" for number in range(1, 7)]
LEAVERS = READERS[:3]


def public_id(address: str) -> bytes:
    return hash_address(address, b"public")[:8]


def leave(database: Database, sent: SentMailing, *addresses: str, after: timedelta = timedelta(hours=2.5)) -> None:
    links = [ReaderToken(public_id(address), sent.mailing.id) for address in addresses]
    unsubscribe_by_links(links, database=database, now=SENT_AT + after)


def come_back(database: Database, *addresses: str) -> None:
    for address in addresses:
        link = ReaderToken(public_id(address)).sign(Purpose.RETURN, KEYS)
        return_by_link(link, database=database, keys=KEYS, now=SENT_AT + timedelta(days=1))


def forget(database: Database, address: str) -> None:
    forget_subscriber(EmailAddress(address), database=database, address_key=ADDRESS_KEY, now=SENT_AT)


def left_over_time(full: FullReport) -> list[int]:
    return [interval.counts[EventKind.UNSUBSCRIBE] for interval in full.intervals]


def figures_of_csv(full: FullReport) -> dict[tuple[str, str, str], int]:
    stream = io.StringIO(newline="")
    write_report(full, stream)
    rows = csv.DictReader(io.StringIO(stream.getvalue(), newline=""))
    return {(row["section"], row["of"], row["figure"]): int(row["count"]) for row in rows}


def left_by_home(database: Database) -> int:
    view = overlook(database=database, cadence=CADENCE, first_number=1, thresholds=PauseThresholds(), now=SENT_AT)
    assert view.last
    return view.last.unsubscribes


def stored(database: Database) -> list[tuple[int | None, datetime]]:
    with database.snapshot() as snapshot:
        rows = snapshot.execute(text("SELECT subscriber_id, at FROM unsubscribes ORDER BY id"))
        return [(row[0], row[1]) for row in rows]


def everything_stored(database: Database) -> Iterator[object]:
    with database.snapshot() as snapshot:
        yield from (cell for row in snapshot.execute(text("SELECT * FROM unsubscribes")) for cell in row)


def test_three_who_left_stay_three_when_one_is_erased_and_two_come_back(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, *LEAVERS)
    before = report_in_full(1, database=database)

    forget(database, LEAVERS[0])
    come_back(database, *LEAVERS[1:])
    after = report_in_full(1, database=database)

    assert (before.report.unsubscribes, before.report.resubscribed) == (3, 0)
    assert (after.report.unsubscribes, after.report.resubscribed) == (3, 2)
    assert left_over_time(after) == left_over_time(before) == [0, 0, 3]
    assert after.intervals == before.intervals
    assert left_by_home(database) == 3


def test_an_issue_that_follows_is_compared_with_all_who_left_by_the_one_before(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, *LEAVERS)
    forget(database, LEAVERS[0])
    come_back(database, *LEAVERS[1:])
    a_mailing(database, addresses=(), number=2, sent_at=SENT_AT + timedelta(days=14))

    full = report_in_full(2, database=database)

    assert [(each.mailing.issue_number, each.unsubscribes) for each in full.compared] == [(2, 0), (1, 3)]
    assert figures_of_csv(full)["compared", "issue 1", "unsubscribes"] == 3


def test_the_csv_file_says_who_left_when_and_how_many_are_back(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, *LEAVERS)
    forget(database, LEAVERS[0])
    come_back(database, *LEAVERS[1:])

    figures = figures_of_csv(report_in_full(1, database=database))

    assert figures["came back", "issue 1", "unsubscribes"] == 3
    assert figures["came back", "issue 1", "resubscribed"] == 2
    assert figures["over time", (SENT_AT + timedelta(hours=2)).isoformat(), "unsubscribe"] == 3


def test_who_comes_and_goes_by_one_letter_has_left_once(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    for _ in range(3):
        leave(database, sent, READERS[0])
        come_back(database, READERS[0])
    back = report_in_full(1, database=database).report
    leave(database, sent, READERS[0])
    gone = report_in_full(1, database=database).report

    assert (back.unsubscribes, back.resubscribed) == (1, 1)
    assert (gone.unsubscribes, gone.resubscribed) == (1, 0)


def test_who_leaves_by_a_later_letter_has_left_by_both(database: Database) -> None:
    first = a_mailing(database, addresses=READERS, number=1)
    leave(database, first, READERS[0])
    come_back(database, READERS[0])
    second = a_mailing(database, addresses=(), number=2, sent_at=SENT_AT + timedelta(days=2))
    leave(database, second, READERS[0], after=timedelta(days=2, hours=1))

    compared = report_in_full(2, database=database).compared

    assert [each.unsubscribes for each in compared] == [1, 1]


def test_who_left_in_another_way_is_in_no_report(database: Database) -> None:
    a_mailing(database, addresses=READERS, number=1)
    unsubscribe_address(EmailAddress(READERS[0]), source="a letter", database=database, now=SENT_AT)

    assert report_in_full(1, database=database).report.unsubscribes == 0


def test_of_an_erased_leaver_neither_id_nor_hash_nor_the_exact_time_is_left(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, LEAVERS[0], LEAVERS[1], after=timedelta(hours=2, minutes=17, seconds=5))
    forget(database, LEAVERS[0])
    erased, other = stored(database)
    kept = list(everything_stored(database))

    assert erased[0] is None
    assert other[0] is not None
    # The consent log has the exact time beside a hash.
    assert erased[1] != other[1]
    assert hash_address(LEAVERS[0], ADDRESS_KEY) not in kept
    assert public_id(LEAVERS[0]) not in kept


@pytest.mark.parametrize("minutes", [1, 59, 61, 48 * 60 + 30, 50 * 60])
def test_the_chart_over_time_stays_as_it_was_when_its_leaver_is_erased(database: Database, minutes: int) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, LEAVERS[0], after=timedelta(minutes=minutes))
    before = report_in_full(1, database=database).intervals

    forget(database, LEAVERS[0])

    assert report_in_full(1, database=database).intervals == before


def test_when_the_time_of_its_letters_is_over_nobody_can_tell_who_left_and_the_report_stays(
    database: Database,
) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, *LEAVERS)
    before = report_in_full(1, database=database)

    reduce_old(database=database, keep=timedelta(days=60), now=SENT_AT + timedelta(days=59), rows=2)
    known = [reader for reader, _ in stored(database)]
    reduce_old(database=database, keep=timedelta(days=60), now=SENT_AT + timedelta(days=61), rows=2)

    assert None not in known
    assert [reader for reader, _ in stored(database)] == [None] * 3
    assert report_in_full(1, database=database) == before


def test_the_record_of_a_person_has_each_letter_by_which_the_person_left(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, READERS[0])
    come_back(database, READERS[0])
    record = find_record(EmailAddress(READERS[0]), database=database, address_key=ADDRESS_KEY)

    assert dump_record(record)["unsubscribes"] == [
        {"mailing": sent.mailing.id, "issue": 1, "at": SENT_AT + timedelta(hours=2.5), "resubscribed": True}
    ]
    assert "unsubscribes:\n  mailing 1; issue 1; at 2026-03-12 11:30 UTC; resubscribed yes" in describe_record(record)


def test_the_migration_counts_who_has_left_and_who_is_back_as_far_as_that_is_stored(database: Database) -> None:
    sent = a_mailing(database, addresses=READERS, number=1)
    leave(database, sent, *LEAVERS)
    come_back(database, LEAVERS[1])
    unsubscribe_address(EmailAddress(READERS[5]), source="a letter", database=database, now=SENT_AT)
    before = report_in_full(1, database=database)

    database.migrate("0028")
    with database.snapshot() as snapshot:
        still = snapshot.execute(text("SELECT count(*) FROM subscribers WHERE unsubscribed_by_mailing = 1")).scalar()
    database.migrate()

    assert still == 2
    assert report_in_full(1, database=database) == before
    assert (before.report.unsubscribes, before.report.resubscribed) == (3, 1)
