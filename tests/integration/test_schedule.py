"""The scheduler: it does what is due, once, whoever wakes it and how often."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from time import monotonic, sleep

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from structlog.testing import capture_logs
from structlog.typing import EventDict

from draft_builders import an_article
from newsletter.app import App
from newsletter.domain.approval import Signature
from newsletter.domain.issue import Draft, Issue, IssueStatus, RenderedIssue
from newsletter.domain.sign_up import CONFIRM_WITHIN
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import NotFoundError
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.schedule import Scheduler
from newsletter.service.approve_issue import approve_issue
from newsletter.service.draft_issue import draft_issue
from newsletter.service.recall_issue import recall_issue
from newsletter.service.report_mailing import report_issue
from newsletter.store import issues, leases, mailings
from newsletter.store.articles import add_article
from newsletter.store.bounces import list_reports
from newsletter.store.database import Database
from newsletter.store.subscribers import list_subscribers
from newsletters import SLOT, a_newsletter, add_reader
from stored import SENT_AT, a_mailing

_DAY = timedelta(days=1)


@pytest.fixture
def newsletter(database: Database) -> App:
    return a_newsletter(database)


@pytest.fixture
def sending(sqlite_database: Database) -> App:
    """Give a newsletter that sends by itself what is approved in time."""
    return a_newsletter(sqlite_database, mode="send")


def list_drafts(app: App) -> list[Draft]:
    with app.database.snapshot() as snapshot:
        return issues.list_issues(snapshot)


def mailing_of(app: App, number: int = 41) -> datetime | None:
    """Return when the issue's first letter may leave; None if its mailing is not open."""
    with app.database.snapshot() as snapshot:
        try:
            return mailings.find_issue_mailing(snapshot, number).not_before
        except NotFoundError:
            return None


def list_statuses(app: App) -> set[SubscriberStatus]:
    with app.database.snapshot() as snapshot:
        return {reader.status for reader in list_subscribers(snapshot)}


def count_letters(app: App) -> int:
    with app.database.snapshot() as snapshot:
        return int(snapshot.execute(text("SELECT count(*) FROM deliveries")).scalar_one())


def render(issue: Issue) -> RenderedIssue:
    return render_issue(issue, compiler=Mrml())


def draft(app: App, *, at: datetime) -> None:
    with app.database.transaction() as transaction:
        add_article(transaction, an_article(published_at=SLOT - 3 * _DAY), now=at)
    add_reader(app)
    draft_issue(database=app.database, cadence=app.cadence, first_number=41, now=at)


def approve(app: App, *, at: datetime) -> None:
    approve_issue(
        41,
        Signature(by="Ada", overrides={"preheader": "a trial"}),
        database=app.database,
        masthead=app.masthead(),
        render=render,
        sender=app.sender,
        now=at,
    )


def sentences(logged: list[EventDict]) -> list[str]:
    return [entry["event"] for entry in logged if entry["log_level"] in {"warning", "error"}]


def test_nothing_happens_before_the_slot(newsletter: App) -> None:
    Scheduler(newsletter).advance(SLOT - timedelta(seconds=1))

    assert list_drafts(newsletter) == []


def test_the_issue_is_drafted_when_its_slot_is_due(newsletter: App) -> None:
    Scheduler(newsletter).advance(SLOT)

    (drafted,) = list_drafts(newsletter)
    assert (drafted.number, drafted.due_at, drafted.status) == (41, SLOT, IssueStatus.DRAFT)


def test_two_schedulers_at_once_draft_one_issue(newsletter: App) -> None:
    barrier = threading.Barrier(2)

    def advance(_: int) -> None:
        scheduler = Scheduler(newsletter)
        barrier.wait(timeout=10)
        scheduler.advance(SLOT)

    with ThreadPoolExecutor(2) as threads, capture_logs() as logged:
        list(threads.map(advance, range(2)))

    assert [drafted.number for drafted in list_drafts(newsletter)] == [41]
    assert sentences(logged) == []


def test_waking_again_changes_nothing(newsletter: App) -> None:
    scheduler = Scheduler(newsletter)
    scheduler.advance(SLOT)
    before = list_drafts(newsletter)

    scheduler.advance(SLOT + timedelta(minutes=1))

    assert list_drafts(newsletter) == before


def test_while_another_scheduler_is_at_it_nothing_is_done(newsletter: App) -> None:
    with leases.hold_lease(newsletter.database, leases.SCHEDULER_LEASE, now=SLOT):
        Scheduler(newsletter).advance(SLOT)

    assert list_drafts(newsletter) == []


def test_it_is_recorded_when_the_scheduler_last_woke(newsletter: App) -> None:
    Scheduler(newsletter).advance(SLOT)

    with newsletter.database.snapshot() as snapshot:
        assert leases.last_release(snapshot, leases.SCHEDULER_LEASE) == SLOT


def test_in_mode_draft_not_even_an_approved_issue_is_sent(newsletter: App) -> None:
    draft(newsletter, at=SLOT - _DAY)
    approve(newsletter, at=SLOT - timedelta(hours=1))

    Scheduler(newsletter).advance(SLOT)

    assert mailing_of(newsletter) is None


def test_in_mode_send_an_issue_approved_in_time_goes_out_at_its_slot(sending: App) -> None:
    draft(sending, at=SLOT - _DAY)
    approve(sending, at=SLOT - timedelta(hours=1))
    scheduler = Scheduler(sending)

    scheduler.advance(SLOT - timedelta(minutes=1))
    assert mailing_of(sending) is None
    scheduler.advance(SLOT)
    assert mailing_of(sending) == SLOT
    scheduler.advance(SLOT + timedelta(minutes=1))
    assert [issue.number for issue in list_drafts(sending)] == [41]


def test_after_an_hour_out_of_service_an_approved_issue_still_goes_out(sending: App) -> None:
    draft(sending, at=SLOT - _DAY)
    approve(sending, at=SLOT - timedelta(hours=1))

    Scheduler(sending).advance(SLOT + timedelta(hours=1))

    assert mailing_of(sending) == SLOT + timedelta(hours=1)


@pytest.mark.parametrize(
    ("approved_at", "wakes_at", "why"),
    [
        (None, SLOT, "nobody has approved it"),
        (SLOT + timedelta(minutes=5), SLOT + timedelta(hours=1), "approved only after that"),
        (SLOT - timedelta(hours=1), SLOT + _DAY + timedelta(minutes=1), "more than a day ago"),
    ],
)
def test_an_issue_is_held_and_that_is_said_once(
    sending: App, approved_at: datetime | None, wakes_at: datetime, why: str
) -> None:
    draft(sending, at=SLOT - _DAY)
    if approved_at:
        approve(sending, at=approved_at)
    scheduler = Scheduler(sending)

    with capture_logs() as logged:
        scheduler.advance(wakes_at)
        scheduler.advance(wakes_at + timedelta(minutes=1))

    assert mailing_of(sending) is None
    (sentence,) = sentences(logged)
    assert sentence.startswith("Issue 41 is held: ")
    assert why in sentence


def test_what_was_recalled_is_not_sent_again_by_itself(sending: App) -> None:
    draft(sending, at=SLOT - timedelta(days=1))
    approve(sending, at=SLOT - timedelta(hours=2))
    scheduler = Scheduler(sending)
    scheduler.advance(SLOT)
    recall_issue(41, database=sending.database, now=SLOT)

    with capture_logs() as logged:
        scheduler.advance(SLOT + timedelta(minutes=1))
    assert mailing_of(sending) is None
    assert "its mailing was recalled at" in sentences(logged)[0]


def test_an_issue_that_says_something_else_than_was_approved_is_held(sending: App) -> None:
    draft(sending, at=SLOT - _DAY)
    approve(sending, at=SLOT - timedelta(hours=1))
    renamed = replace(sending.settings, site=replace(sending.settings.site, name="Another Name"))

    with capture_logs() as logged:
        Scheduler(App(settings=renamed, database=sending.database, clock=sending.clock)).advance(SLOT)

    assert mailing_of(sending) is None
    assert ["approve it again" in sentence for sentence in sentences(logged)] == [True]


def test_who_never_confirms_is_forgotten_after_two_weeks(newsletter: App) -> None:
    for status in SubscriberStatus:
        add_reader(newsletter, f"{status}@example.org", status=status)
    scheduler = Scheduler(newsletter)

    scheduler.advance(SLOT + CONFIRM_WITHIN)
    in_time = list_statuses(newsletter)
    scheduler.advance(SLOT + CONFIRM_WITHIN + timedelta(seconds=1))

    assert in_time == set(SubscriberStatus)
    assert list_statuses(newsletter) == {SubscriberStatus.ACTIVE, SubscriberStatus.UNSUBSCRIBED}
    assert timedelta(days=14) == CONFIRM_WITHIN


def test_after_their_time_letters_are_only_counted(newsletter: App) -> None:
    a_mailing(newsletter.database)
    keep = newsletter.keeps_letters
    assert keep
    reported = report_issue(1, database=newsletter.database)
    letters = [count_letters(newsletter)]

    for after in (keep - timedelta(hours=1), keep + timedelta(days=1)):
        Scheduler(newsletter).advance(SENT_AT + after)
        letters.append(count_letters(newsletter))
        assert report_issue(1, database=newsletter.database) == reported

    assert letters == [2, 2, 0]


def test_reports_in_the_maildir_are_read_and_kept(database: Database, tmp_path: Path) -> None:
    maildir = tmp_path / "bounces"
    (maildir / "new").mkdir(parents=True)
    (maildir / "new" / "1.report").write_bytes(b"From: someone@example.org\r\nSubject: hello\r\n\r\nhello\r\n")

    Scheduler(a_newsletter(database, maildir=str(maildir))).advance(SLOT)
    with database.snapshot() as snapshot:
        stored = list(list_reports(snapshot))

    assert len(stored) == 1
    assert [file.name for file in (maildir / "cur").iterdir()] == ["1.report:2,S"]


def test_a_mailbox_that_cannot_be_read_stops_nothing_else(sqlite_database: Database, tmp_path: Path) -> None:
    app = a_newsletter(sqlite_database, maildir=str(tmp_path / "nowhere"))
    with capture_logs() as logged:
        Scheduler(app).advance(SLOT)

        assert [drafted.number for drafted in list_drafts(app)] == [41]
    assert sentences(logged) == ["wake-up failed, the next one tries again"]


def test_a_database_out_of_reach_does_not_end_the_scheduler(newsletter: App) -> None:
    newsletter.database.migrate("base")

    with capture_logs() as logged:
        Scheduler(newsletter).wake_up()

    assert sentences(logged) == ["wake-up failed, the next one tries again"]


def test_the_scheduler_wakes_at_once_and_ends_in_order(newsletter: App) -> None:
    scheduler = Scheduler(newsletter)
    scheduler.start()
    deadline = monotonic() + 10
    try:
        while not list_drafts(newsletter) and monotonic() < deadline:
            sleep(0.05)
    finally:
        scheduler.stop()

    assert [drafted.number for drafted in list_drafts(newsletter)] == [41]
