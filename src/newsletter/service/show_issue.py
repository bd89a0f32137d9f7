"""Look at issues: the list, one with all its items, and its text as it goes out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.approval import Approval
from newsletter.domain.article import StoredArticle
from newsletter.domain.assembly import list_candidates
from newsletter.domain.issue import Draft, Issue, IssueStatus, Masthead, RenderedIssue
from newsletter.errors import RefusedError
from newsletter.service.compose_issue import ShownItem, compose_issue, compose_items, show_items
from newsletter.store import approvals, articles, issues
from newsletter.store.database import Database, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownIssue:
    draft: Draft
    issue: Issue
    items: tuple[ShownItem, ...]
    #: the approval that stands
    approval: Approval | None
    #: articles that no issue has carried and that this one leaves out; none once it is mailed
    waiting: tuple[StoredArticle, ...]


def show_issue(number: int, *, database: Database, masthead: Masthead, now: datetime) -> ShownIssue:
    """Return an issue with all that it shows. Raises NotFoundError."""
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        items = show_items(draft, transaction=snapshot, masthead=masthead)
        waiting: list[StoredArticle] = []
        if draft.status is not IssueStatus.MAILED:
            history = issues.load_history(snapshot)
            waiting = list_candidates(articles.list_articles(snapshot), history=history, now=now)
        taken = {item.article_id for item in draft.items}
        return ShownIssue(
            draft=draft,
            issue=compose_items(draft, items, masthead=masthead),
            items=items,
            approval=approvals.find_standing(snapshot, draft.id),
            waiting=tuple(article for article in waiting if article.id not in taken),
        )


def list_issues(*, database: Database, masthead: Masthead) -> list[tuple[Draft, str]]:
    """Return all issues, the latest first, each with its subject."""
    with database.snapshot() as snapshot:
        published = {issue.number: issue.subject for issue in issues.list_published(snapshot)}
        return [
            (
                draft,
                published.get(draft.number) or compose_issue(draft, transaction=snapshot, masthead=masthead).subject,
            )
            for draft in issues.list_issues(snapshot)
        ]


def load_text(
    number: int, *, database: Database, masthead: Masthead, render: Callable[[Issue], RenderedIssue]
) -> RenderedIssue:
    """Return the text of an issue: what was mailed or approved where that stands, else what it says now.

    Raises RefusedError for an issue that says nothing.
    """
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        issue = compose_issue(draft, transaction=snapshot, masthead=masthead)
        fixed = find_fixed_text(draft, issue, transaction=snapshot)
    if fixed is not None:
        return fixed
    if not issue.topics:
        raise RefusedError(f"Issue {number} has neither an article nor an announcement: there is nothing to render.")
    return render(issue)


def find_fixed_text(draft: Draft, issue: Issue, *, transaction: Transaction) -> RenderedIssue | None:
    """Return the text of an issue that was mailed, or that was approved where that stands; None for all others.

    ``issue`` is what the draft says now.
    """
    published = approvals.find_published(transaction, draft.number)
    if published is not None:
        return published
    standing = approvals.find_standing(transaction, draft.id)
    is_current = standing is not None and standing.issue_digest == issue.digest
    return approvals.load_rendered(transaction, standing.id) if standing and is_current else None
