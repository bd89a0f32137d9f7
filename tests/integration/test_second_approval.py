"""Approval by a second person, its withdrawal, and what changed since the last one."""

from __future__ import annotations

import datetime as dt
import getpass
from pathlib import Path

import pytest

from issue_desk import Desk, render
from newsletter.domain.act import Act
from newsletter.domain.issue import IssueStatus
from newsletter.domain.text_change import ChangeKind
from newsletter.errors import RefusedError
from newsletter.resources import folder
from newsletter.service.approve_issue import withdraw_approval
from newsletter.service.arrange_issue import edit_issue
from newsletter.service.compare_approval import ApprovalDifference, compare_with_approval
from newsletter.service.edit_article import edit_article
from newsletter.service.last_change import find_last_change
from newsletter.store import issues
from newsletter.store.database import Database
from project import Project

PAGE = folder("examples") / "articles" / "ostrel-review.txt"


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database, second_person=True)


@pytest.fixture
def number(desk: Desk) -> int:
    desk.store("One", "Two")
    return desk.draft().number


def last_change(desk: Desk, number: int) -> Act | None:
    with desk.database.snapshot() as snapshot:
        return find_last_change(issues.find_issue(snapshot, number), transaction=snapshot)


def difference(desk: Desk, number: int) -> ApprovalDifference | None:
    return compare_with_approval(number, render(desk.show(number).issue), database=desk.database)


def test_whoever_changed_the_issue_last_does_not_approve_it_and_another_does(desk: Desk, number: int) -> None:
    edit_issue(number, note="A word", database=desk.database, now=desk.now)
    changed = last_change(desk, number)
    assert changed
    with pytest.raises(RefusedError, match=f"was last changed by {changed.actor} .*another editor does"):
        desk.approve(number, by=f" {changed.actor.upper()} ")

    assert desk.show(number).draft.status is IssueStatus.DRAFT
    assert desk.approve(number, by="Somebody Else").approved_by == "Somebody Else"


def test_a_change_of_an_article_in_the_issue_is_a_change_of_the_issue(desk: Desk, number: int) -> None:
    edit_issue(number, note="A word", database=desk.database, now=desk.now)
    edit_article(1, {"headline": "Another"}, database=desk.database, now=desk.now)
    changed = last_change(desk, number)

    assert changed
    assert changed.subject == "article 1"


def test_an_approval_is_no_change_and_a_draft_that_nobody_touched_may_be_approved_by_anybody(
    desk: Desk, number: int
) -> None:
    desk.approve(number, by="Aino Salo")
    withdraw_approval(number, by="Aino Salo", database=desk.database, now=desk.now)

    assert last_change(desk, number) is None
    assert desk.approve(number, by="Aino Salo").approved_by == "Aino Salo"


def test_a_withdrawn_approval_stands_no_more(desk: Desk, number: int) -> None:
    desk.approve(number)
    withdraw_approval(number, by="Aino Salo", database=desk.database, now=desk.now)

    assert (desk.show(number).approval, desk.show(number).draft.status) == (None, IssueStatus.DRAFT)
    with pytest.raises(RefusedError, match="nothing to take back"):
        withdraw_approval(number, by="Aino Salo", database=desk.database, now=desk.now)


def test_once_mailed_no_approval_is_withdrawn(desk: Desk, number: int) -> None:
    desk.approve(number)
    desk.mail(number)

    with pytest.raises(RefusedError, match="frozen"):
        withdraw_approval(number, by="Aino Salo", database=desk.database, now=desk.now)


def test_consent_to_a_text_that_the_editor_did_not_see_is_refused(desk: Desk, number: int) -> None:
    seen = render(desk.show(number).issue).digest
    edit_issue(number, note="A word", database=desk.database, now=desk.now)

    with pytest.raises(RefusedError, match="has changed since you opened this page"):
        desk.approve(number, seen=seen)
    shown = render(desk.show(number).issue).digest
    assert desk.approve(number, seen=shown).rendered_digest == shown


def test_what_changed_since_the_last_approval_is_shown_whether_it_stands_or_not(desk: Desk, number: int) -> None:
    assert difference(desk, number) is None
    approval = desk.approve(number)
    same = difference(desk, number)
    edit_issue(number, note="A word to our readers", subject="Another subject", database=desk.database, now=desk.now)
    changed = difference(desk, number)

    assert same
    assert (same.is_same, same.approval) == (True, approval)
    assert changed
    assert (changed.is_same, changed.is_markup_only, changed.approval.id) == (False, False, approval.id)
    assert changed.approval.voided_at == desk.now
    assert [change.kind for change in changed.subject] == [ChangeKind.ADDED, ChangeKind.REMOVED]
    assert ["".join(piece.text for piece in change.pieces) for change in changed.text] == ["A word to our readers"]


def test_the_last_approval_counts_and_not_an_earlier_one(desk: Desk, number: int) -> None:
    desk.approve(number)
    edit_issue(number, note="A word", database=desk.database, now=desk.now)
    desk.now += dt.timedelta(hours=1)
    second = desk.approve(number, by="Somebody Else")
    edit_issue(number, note="A word", subject="Another subject", database=desk.database, now=desk.now)
    changed = difference(desk, number)

    assert changed
    assert (changed.approval.id, changed.text) == (second.id, ())


def test_the_commands_ask_for_a_second_person_and_show_what_changed(tmp_path: Path, sqlite_url: str) -> None:
    options = {"NEWSLETTER_RENDER__COMPILER": "mrml", "NEWSLETTER_DESK__SECOND_APPROVAL": "true"}
    project = Project(tmp_path / "review", database_url=sqlite_url, relay_port=25, **options)
    project.run("articles", "import", str(PAGE))
    for article in project.read("articles", "list"):
        project.run("articles", "edit", str(article["id"]), "--headline", f"What article {article['id']} found")
    project.run("issue", "draft")
    assert "was never approved" in project.run("issue", "changes", "1")
    project.run("issue", "approve", "1", "--by", "Somebody Else")
    project.run("issue", "edit", "1", "--note", "A word")
    refused = project.run("issue", "approve", "1", "--by", getpass.getuser(), exit_status=1)

    assert f"was last changed by {getpass.getuser()}" in refused
    assert "text, added: {+A word+}" in project.run("issue", "changes", "1")
    project.run("issue", "approve", "1", "--by", "Somebody Else")
    assert "Nothing changed since Somebody Else approved it" in project.run("issue", "changes", "1")
    assert "is a draft again" in project.run("issue", "withdraw", "1", "--by", "Somebody Else")
