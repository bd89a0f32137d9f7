"""Lists handed in at the desk: tried, taken over piece by piece, stopped, gone on with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mailing_stand import ADDRESS_KEY
from newsletter.domain.list_import import LIFE_SIGN, ImportStage, ListImport, ListReading
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import InputError, NotFoundError, RefusedError, UnreadableSourceError
from newsletter.service import list_imports as service
from newsletter.service.forget_old import forget_old
from newsletter.service.import_subscribers import import_subscribers
from newsletter.service.list_imports import (
    begin_import,
    carry_out,
    choose_reading,
    drop_list,
    explain_reading,
    keep_list,
    stop_import,
    write_refusals,
)
from newsletter.store import list_imports
from newsletter.store.database import Database
from newsletter.store.subscribers import count_in, count_subscribers

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)
GIVEN = ("a@example.org", "b@example.org", "nobody", "a@example.org", "info@example.org")
LIST = "email,consent_source\n" + "".join(f"{address},Fair\n" for address in GIVEN)
COUNTS = {"added": 3, "repeated": 1, "refused": 1}


@pytest.fixture(autouse=True)
def _two_rows_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "_ROWS_AT_A_TIME", 2)


def keep(database: Database, text: str = LIST, *, name: str = "readers.csv") -> ListImport:
    return keep_list(name, [text.encode()], database=database, editor="Ann", now=NOW)


def begin(database: Database, job: ListImport, *, is_trial: bool, now: datetime = NOW) -> service.Run:
    return begin_import(job.id, is_trial=is_trial, database=database, editor="Ann", now=now)


def carry(database: Database, run: service.Run, clock: Callable[[], datetime] = lambda: NOW) -> ImportStage:
    return carry_out(run, database=database, address_key=ADDRESS_KEY, clock=clock)


def look(database: Database, job: ListImport) -> ListImport:
    with database.snapshot() as snapshot:
        return list_imports.find_import(snapshot, job.id)


def counts_of(job: ListImport) -> dict[str, int]:
    return {fate: count for fate, count in job.progress.counts.items() if count}


def count_active(database: Database) -> int:
    with database.snapshot() as snapshot:
        return count_subscribers(snapshot)[SubscriberStatus.ACTIVE]


def test_a_trial_says_what_an_import_then_does(database: Database) -> None:
    job = keep(database)

    assert carry(database, begin(database, job, is_trial=True)) is ImportStage.TRIED
    tried = look(database, job)
    assert count_active(database) == 0
    assert carry(database, begin(database, job, is_trial=False)) is ImportStage.FINISHED
    taken = look(database, job)

    assert counts_of(tried) == counts_of(taken) == COUNTS
    assert (taken.progress.lines, taken.progress.role_lines, taken.progress.repeated_lines) == (5, (6,), (5,))
    assert count_active(database) == 3
    assert list(write_refusals(job.id, database=database))[1].startswith("4,")
    with database.snapshot() as snapshot:
        assert list(list_imports.stream_parts(snapshot, job.id)) == []


def test_tags_are_kept_and_what_cannot_be_one_is_said(database: Database) -> None:
    job = keep(database, LIST.replace("source\n", "source,tags\n").replace(",Fair\n", ',Fair,"friends,!!!"\n'))

    carry(database, begin(database, job, is_trial=False))

    assert look(database, job).progress.untaken_tags == {"!!!": 4}
    with database.snapshot() as snapshot:
        assert count_in(snapshot, Segment(tags=("friends",))) == 3


def test_who_has_left_there_and_is_active_here_is_named_and_stays(database: Database) -> None:
    carry(database, begin(database, keep(database), is_trial=False))
    job = keep(
        database, "email,status\na@example.org,unsubscribed\nb@example.org,bounced\nc@example.org,unsubscribed\n"
    )
    fair = ListReading(consent_source="Fair")
    choose_reading(job.id, fair, database=database, now=NOW)

    carry(database, begin(database, job, is_trial=True))
    tried = look(database, job)
    carry(database, begin(database, job, is_trial=False))
    taken = look(database, job)

    assert counts_of(tried) == counts_of(taken) == {"left_there": 2, "added": 1}
    assert tried.progress.left_lines == taken.progress.left_lines == (2, 3)
    assert "Has left there" in list(write_refusals(job.id, database=database))[1]
    assert count_active(database) == 3


def test_it_finds_what_the_command_finds(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(LIST, encoding="utf-8")
    report = import_subscribers(file, database=database, address_key=ADDRESS_KEY, now=NOW, is_trial=True)

    job = keep(database)
    carry(database, begin(database, job, is_trial=True))

    assert counts_of(look(database, job)) == {fate.value: count for fate, count in report.counts.items() if count}


def test_a_run_that_is_stopped_goes_on_where_it_was(database: Database) -> None:
    job = keep(database)
    run = begin(database, job, is_trial=False)

    assert carry(database, run, stopping_clock(database, job)) is ImportStage.STOPPED
    stopped = look(database, job)
    assert (stopped.progress.lines, count_active(database)) == (2, 1)  # the refused one is said first
    assert stopped.may_go_on(NOW)
    assert carry(database, begin(database, job, is_trial=False)) is ImportStage.FINISHED

    assert counts_of(look(database, job)) == COUNTS


def test_a_run_whose_process_died_is_gone_on_with_and_the_late_one_ends(database: Database) -> None:
    job = keep(database)
    dead = begin(database, job, is_trial=False)
    with pytest.raises(RefusedError, match="running already"):
        begin(database, job, is_trial=False, now=NOW + LIFE_SIGN / 2)

    heir = begin(database, job, is_trial=False, now=NOW + LIFE_SIGN)

    assert carry(database, dead) is ImportStage.STOPPED
    assert look(database, job).stage is ImportStage.RUNNING
    assert carry(database, heir) is ImportStage.FINISHED
    assert counts_of(look(database, job)) == COUNTS
    with pytest.raises(RefusedError, match="finished already"):
        begin(database, job, is_trial=False)


def test_columns_of_any_name_are_said_to_be_ours(database: Database) -> None:
    job = keep(database, "Contact;Full name\na@example.org;Ann\n", name="C:\\lists\\fair.csv")

    assert (job.file_name, job.columns) == ("fair.csv", ("contact", "full name"))
    with pytest.raises(InputError, match="which column has the addresses"):
        begin(database, job, is_trial=True)
    with pytest.raises(InputError, match="which column has the addresses"):
        choose_reading(job.id, ListReading(mapping={"full name": "name"}), database=database, now=NOW)
    reading = ListReading(mapping={"contact": "email", "full name": "name"}, consent_source="Fair")
    chosen = choose_reading(job.id, reading, database=database, now=NOW)

    assert explain_reading(chosen)["name"] == ("full name",)
    assert chosen.unknown_columns == ()
    carry(database, begin(database, job, is_trial=False))
    assert counts_of(look(database, job)) == {"added": 1}


def test_a_file_that_is_no_list_is_refused_by_its_own_name(database: Database) -> None:
    with pytest.raises(UnreadableSourceError, match=r"^letter\.docx, line 2"):
        keep_list("letter.docx", [b"PK\x03\x04\n", b"\xff\xfe"], database=database, editor="Ann", now=NOW)
    with pytest.raises(UnreadableSourceError, match=r"^empty\.csv, line 1"):
        keep_list("empty.csv", [b""], database=database, editor="Ann", now=NOW)


def test_a_list_that_cannot_be_read_in_full_fails_with_the_reason(database: Database) -> None:
    job = keep(database, "email,email\na@example.org,b\n")

    assert carry(database, begin(database, job, is_trial=True)) is ImportStage.FAILED
    assert "one column email" in look(database, job).why


def test_lists_are_deleted_by_hand_or_after_two_weeks(database: Database) -> None:
    by_hand, old = keep(database), keep(database)

    begin(database, by_hand, is_trial=True)
    with pytest.raises(RefusedError, match="stop that first"):
        drop_list(by_hand.id, database=database, editor="Ann", now=NOW)
    drop_list(by_hand.id, database=database, editor="Ann", now=NOW + LIFE_SIGN)
    forget_old(database=database, now=NOW + timedelta(days=14))
    assert look(database, old).id == old.id
    forget_old(database=database, now=NOW + timedelta(days=14, seconds=1))

    for job in (by_hand, old):
        with pytest.raises(NotFoundError):
            look(database, job)


def stopping_clock(database: Database, job: ListImport) -> Callable[[], datetime]:
    """Return a clock that has somebody stop the run when it looks at the time a second time."""

    def tell() -> Iterator[datetime]:
        yield NOW
        stop_import(job.id, database=database, editor="Ann", now=NOW)
        while True:
            yield NOW

    return tell().__next__
