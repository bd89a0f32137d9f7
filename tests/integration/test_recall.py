"""A mailing taken back before a letter has left: nobody got it, and it may be opened anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from mailing_stand import (
    a_plant,
    a_rendered_issue,
    add_readers,
    counted,
    open_a_mailing,
    put_in_flight,
    report_on,
    work,
)
from newsletter.domain.issue import IssueStatus
from newsletter.domain.mailing import DeliveryId, DoubtfulPolicy
from newsletter.errors import NotFoundError, RefusedError
from newsletter.service.control_mailing import pause_mailing
from newsletter.service.recall_issue import recall_issue
from newsletter.store import issues, ledger, mailings
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.tables import batches, deliveries
from project import Project
from relay import ScriptedRelay
from smtp_server import SmtpServer

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)
READERS = [f"reader{number}@example.net" for number in range(20)]


def count_rows(database: Database) -> int:
    with database.snapshot() as snapshot:
        return sum(snapshot.scalar(select(func.count()).select_from(table)) or 0 for table in (batches, deliveries))


def status_of(database: Database, number: int = 1) -> IssueStatus:
    with database.snapshot() as snapshot:
        return issues.find_issue(snapshot, number).status


@pytest.mark.parametrize("is_paused", [False, True])
def test_a_mailing_of_which_nothing_has_left_is_taken_back_whole(database: Database, *, is_paused: bool) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database, now=NOW)
    if is_paused:
        pause_mailing(mailing.id, reason="wait", database=database, now=NOW)
    recall_issue(1, database=database, now=NOW)

    assert count_rows(database) == 0
    assert status_of(database) is IssueStatus.APPROVED
    with database.snapshot() as snapshot:
        assert issues.find_issue(snapshot, 1).recalled_at == NOW
    with pytest.raises(NotFoundError, match="no mailing yet"):
        recall_issue(1, database=database, now=NOW)


def test_the_next_mailing_is_another_one_by_name(database: Database) -> None:
    add_readers(database, READERS)
    first = open_a_mailing(database, now=NOW)
    recall_issue(1, database=database, now=NOW)
    second = open_a_mailing(database, a_rendered_issue(2), now=NOW)
    recall_issue(2, database=database, now=NOW)
    third = open_a_mailing(database, a_rendered_issue(3), now=NOW)

    # A letter that a worker still holds of the first is none of the second's, whatever its batch and fence.
    assert len({first.id, second.id, third.id}) == 3


def test_what_has_left_cannot_be_taken_back(database: Database) -> None:
    add_readers(database, READERS)
    mailing = open_a_mailing(database, now=NOW)
    with take_seat(database, now=NOW) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=NOW)
        ledger.claim_batch(transaction, seat=seat, now=NOW, doubtful=DoubtfulPolicy.RESEND)
        put_in_flight(transaction, DeliveryId(mailing.id, 3), now=NOW)

    with pytest.raises(RefusedError, match="letters have left"):
        recall_issue(1, database=database, now=NOW)
    assert counted(report_on(database, mailing)) == {"queued": 19, "in_flight": 1}
    assert status_of(database) is IssueStatus.MAILED


async def test_a_letter_that_was_staged_when_its_mailing_was_recalled_gets_no_final_dot(database: Database) -> None:
    add_readers(database, READERS)
    open_a_mailing(database, now=NOW)
    recalled: list[bool] = []

    def recall_at_the_first(_: int, __: int, verb: str, ___: str) -> None:
        if verb == "RCPT" and not recalled:
            recalled.append(True)
            recall_issue(1, database=database, now=NOW)

    async with ScriptedRelay(recall_at_the_first) as relay:
        await work(a_plant(database, port=relay.port, connections=1, clock=lambda: NOW))

    assert recalled
    assert relay.dotted == []
    assert count_rows(database) == 0


@pytest.fixture
def project(approved_project: Project) -> Project:
    """Give a project with an approved issue, two readers and a recall window of ten minutes."""
    approved_project.environment["NEWSLETTER_SENDING__RECALL_MINUTES"] = "10"
    for address in ("ann@example.org", "ben@example.org"):
        approved_project.run("subscribers", "add", address, "--consent-source", "Spring lecture")
    return approved_project


def test_an_editor_recalls_mends_and_sends_again(project: Project, smtp_server: SmtpServer) -> None:
    project.run("issue", "send", "1")
    report = project.read("issue", "report", "1")
    waits = datetime.fromisoformat(report["waits_until"]) - datetime.now(UTC)
    assert report["status"] == "scheduled"
    assert timedelta(minutes=8) < waits <= timedelta(minutes=10)

    assert "nobody got it" in project.run("issue", "recall", "1")
    assert "has no mailing yet" in project.run("issue", "report", "1", exit_status=1)
    project.run("subscribers", "add", "cy@example.org", "--consent-source", "Spring lecture")
    project.run("issue", "edit", "1", "--subject", "A better subject")
    assert "not approved" in project.run("issue", "send", "1", exit_status=1)
    project.run("issue", "approve", "1", "--by", "Editor")
    project.environment["NEWSLETTER_SENDING__RECALL_MINUTES"] = "0"
    assert "1 is finished: 3 intended = 3 accepted" in project.run("issue", "send", "1", "--wait")

    assert sorted(smtp_server.recipients) == ["ann@example.org", "ben@example.org", "cy@example.org"]
    assert all(b"Subject: A better subject" in letter.data for letter in smtp_server.letters)
    assert "letters have left" in project.run("issue", "recall", "1", exit_status=1)


def test_what_was_recalled_needs_no_new_approval_if_nothing_changed(project: Project) -> None:
    project.run("issue", "send", "1")
    project.run("issue", "recall", "1")
    project.run("issue", "send", "1", "--at", "2099-03-12T09:00")

    assert project.read("issue", "report", "1")["intended"] == 2


def test_a_first_share_is_announced_and_shown_and_the_rest_sent_by_hand(
    project: Project, smtp_server: SmtpServer
) -> None:
    project.environment["NEWSLETTER_SENDING__RECALL_MINUTES"] = "0"
    said = project.run("issue", "send", "1", "--staged", "0.5")
    assert "First to 1 of them, drawn by lot; the rest follows 60 minutes later." in said

    project.run("work", "--once")
    report = project.read("issue", "report", "1")
    assert (report["accepted"], report["queued"], report["first_share"]) == (1, 1, 1)
    assert datetime.fromisoformat(report["rest_at"]) - datetime.now(UTC) < timedelta(minutes=60)
    assert "is held to see what comes back" in project.run("issue", "report", "1")

    assert "1 is finished: 2 intended = 2 accepted" in project.run("issue", "resume", "1", "--rest", "--wait")
    assert sorted(smtp_server.recipients) == ["ann@example.org", "ben@example.org"]


def test_a_share_that_is_none_is_refused(project: Project) -> None:
    assert "--staged" in project.run("issue", "send", "1", "--staged", "10", exit_status=2)
