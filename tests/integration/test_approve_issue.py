"""Approval: consent to exact bytes, on both databases."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from builders import a_masthead
from draft_builders import an_article
from issue_desk import Desk, render
from mailing_stand import SENDER
from newsletter.domain.approval import Signature
from newsletter.domain.issue import Issue, IssueStatus, RenderedIssue
from newsletter.domain.mailing import Launch
from newsletter.errors import InputError, NotFoundError, RefusedError
from newsletter.service.approve_issue import approve_issue, check_standing
from newsletter.service.arrange_issue import edit_issue
from newsletter.service.open_mailing import open_mailing
from newsletter.service.show_issue import load_text
from newsletter.store import approvals, articles, issues
from newsletter.store.database import Database


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


@pytest.fixture
def number(desk: Desk) -> int:
    desk.store("One", "Two")
    return desk.draft().number


def change_headline(desk: Desk, headline: str) -> None:
    with desk.database.transaction() as transaction:
        stored = articles.find_article(transaction, 1)
        articles.update_article(transaction, replace(stored, article=replace(stored.article, headline=headline)))


def require_standing(desk: Desk, number: int) -> str:
    with desk.database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        return check_standing(draft, transaction=snapshot, masthead=desk.masthead).rendered_digest


def text_of(desk: Desk, number: int) -> RenderedIssue:
    return load_text(number, database=desk.database, masthead=desk.masthead, render=render)


def test_the_exact_text_is_stored_with_its_digest(desk: Desk, number: int) -> None:
    approval = desk.approve(number, by=" Aino Salo ")

    with desk.database.snapshot() as snapshot:
        stored = approvals.load_rendered(snapshot, approval.id)

    assert stored == render(desk.show(number).issue)
    assert stored.digest == approval.rendered_digest
    assert (approval.approved_by, approval.approved_at, approval.overrides) == ("Aino Salo", desk.now, {})
    assert desk.show(number).draft.status is IssueStatus.APPROVED


def test_approving_the_same_bytes_again_changes_nothing(desk: Desk, number: int) -> None:
    first = desk.approve(number)
    desk.now += dt.timedelta(hours=1)

    assert desk.approve(number, by="Somebody Else") == first


def test_other_bytes_need_a_new_approval(desk: Desk, number: int) -> None:
    first = desk.approve(number)
    change_headline(desk, "Another")

    second = desk.approve(number)

    assert second.id != first.id
    assert desk.show(number).approval == second


def test_errors_stand_in_the_way_and_are_named(desk: Desk) -> None:
    desk.store("", article=an_article(needs_headline=True))
    number = desk.draft().number

    with pytest.raises(RefusedError, match=r"\[needs_headline\] article 1"):
        desk.approve(number)
    assert desk.show(number).draft.status is IssueStatus.DRAFT


def test_an_override_is_recorded_with_its_reason(desk: Desk) -> None:
    desk.store("", article=an_article(needs_headline=True))
    number = desk.draft().number

    approval = desk.approve(number, overrides={"needs_headline": "It reads well.", "size": "Not needed."})

    assert approval.overrides == {"needs_headline": "It reads well."}


@pytest.mark.parametrize(
    ("by", "overrides", "words"),
    [
        (" ", {}, "needs the name of an editor"),
        ("Aino Salo", {"headline": "It reads well."}, "There is no check 'headline'"),
        ("Aino Salo", {"size": " "}, "needs a reason"),
    ],
)
def test_consent_has_a_name_and_overrides_have_reasons(
    desk: Desk, number: int, by: str, overrides: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError, match=words):
        desk.approve(number, by=by, overrides=overrides)


def test_an_empty_issue_cannot_be_approved_whatever_is_overridden(desk: Desk) -> None:
    number = desk.draft().number

    with pytest.raises(RefusedError, match="neither an article nor an announcement"):
        desk.approve(number, overrides={"empty": "We have nothing to say."})
    with pytest.raises(RefusedError, match="nothing to render"):
        text_of(desk, number)


def test_what_changes_while_it_is_approved_is_not_approved(desk: Desk, number: int) -> None:
    def render_slowly(issue: Issue) -> RenderedIssue:
        change_headline(desk, "Changed meanwhile")
        return render(issue)

    with pytest.raises(RefusedError, match="was changed while it was being approved"):
        approve_issue(
            number,
            Signature(by="Aino Salo"),
            database=desk.database,
            masthead=desk.masthead,
            render=render_slowly,
            sender=SENDER,
            now=desk.now,
        )


def test_an_approval_stands_while_the_issue_says_the_same(desk: Desk, number: int) -> None:
    approval = desk.approve(number)

    assert require_standing(desk, number) == approval.rendered_digest


def test_without_an_approval_nothing_stands(desk: Desk, number: int) -> None:
    with pytest.raises(RefusedError, match="is not approved"):
        require_standing(desk, number)


def test_a_changed_article_or_site_ends_the_standing(desk: Desk, number: int) -> None:
    desk.approve(number)
    desk.masthead = a_masthead(blurb="Another blurb.")
    with pytest.raises(RefusedError, match="no longer says what Aino Salo approved"):
        require_standing(desk, number)

    desk.masthead = a_masthead()
    change_headline(desk, "Another")
    with pytest.raises(RefusedError, match="approve it again"):
        require_standing(desk, number)


def test_the_text_is_that_of_the_approval_until_the_issue_says_something_else(desk: Desk, number: int) -> None:
    unapproved = text_of(desk, number)
    desk.approve(number)
    approved = text_of(desk, number)
    edit_issue(number, note="A word", database=desk.database, now=desk.now)
    edited = text_of(desk, number)

    assert unapproved == approved
    assert "A word" in edited.full.html.dump()


def test_once_mailed_the_text_is_what_was_mailed(desk: Desk, number: int) -> None:
    approval = desk.approve(number)
    desk.mail(number)
    change_headline(desk, "Too late")

    with desk.database.snapshot() as snapshot:
        published = approvals.find_published(snapshot, number)

    assert published
    assert published.digest == approval.rendered_digest == text_of(desk, number).digest


def test_before_its_mailing_an_issue_is_not_published(desk: Desk, number: int) -> None:
    desk.approve(number)

    with desk.database.snapshot() as snapshot:
        assert approvals.find_published(snapshot, number) is None
        assert issues.list_published(snapshot) == []


def test_an_unknown_approval_is_not_found(desk: Desk) -> None:
    with desk.database.snapshot() as snapshot, pytest.raises(NotFoundError, match="no approval 7"):
        approvals.load_rendered(snapshot, 7)


def test_no_mailing_opens_whose_letters_are_not_sound(desk: Desk, number: int) -> None:
    desk.approve(number)
    sender = replace(SENDER, list_id="review@example.org")

    with pytest.raises(RefusedError, match=f"Issue {number} cannot be sent: List-Id is"):
        open_mailing(
            number,
            database=desk.database,
            masthead=desk.masthead,
            sender=sender,
            relay_host="127.0.0.1",
            launch=Launch(not_before=desk.now),
            now=desk.now,
        )
    assert desk.show(number).draft.status is IssueStatus.APPROVED
