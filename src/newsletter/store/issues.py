"""Issues: drafts with their items, their numbers, and what the mailed ones carried."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select, update

from newsletter.domain.assembly import History
from newsletter.domain.issue import Draft, DraftItem, IssueStatus, ItemSlot, PublishedIssue
from newsletter.domain.mailing import MailingKind
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.partners import count_shown
from newsletter.store.tables import approvals, issue_items, issues, mailings, slots

_IS_PUBLISHED = (mailings.c.issue_id == issues.c.id) & (mailings.c.kind == MailingKind.ISSUE)


def next_number(transaction: Transaction, first_number: int) -> int:
    """Return the number after the highest given; numbers never depend on dates, nor on what was skipped."""
    highest = transaction.scalar(select(func.max(issues.c.number)))
    return first_number if highest is None else max(highest + 1, first_number)


def add_draft(transaction: Transaction, *, number: int, slot: date, due_at: datetime, drafted_at: datetime) -> Draft:
    """Add an empty draft to a slot that was claimed."""
    transaction.execute(
        insert(issues).values(
            number=number, slot_date=slot, due_at=due_at, status=IssueStatus.DRAFT, drafted_at=drafted_at
        )
    )
    return find_issue(transaction, number)


def find_issue(transaction: Transaction, number: int, *, lock: bool = False) -> Draft:
    """Return issue ``number``, whatever its status; ``lock`` keeps others from changing it until the end."""
    query = _select_drafts().where(issues.c.number == number)
    row = transaction.execute(query.with_for_update(of=issues) if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no issue {number}: 'newsletter issue list' names all, 'issue draft' opens one.")
    return _read_draft(row, _load_items(transaction, [row.id])[row.id])


def find_issue_id(transaction: Transaction, number: int) -> int:
    """Return the id of issue ``number``. Raises NotFoundError."""
    issue_id: int | None = transaction.scalar(select(issues.c.id).filter_by(number=number))
    return find_issue(transaction, number).id if issue_id is None else issue_id


def find_revision_number(transaction: Transaction, number: int) -> int:
    """Return how often issue ``number`` was changed. Raises NotFoundError."""
    revision: int | None = transaction.scalar(select(issues.c.revision).filter_by(number=number))
    return find_issue(transaction, number).revision if revision is None else revision


def find_open_draft(transaction: Transaction) -> Draft | None:
    """Return the issue that is not mailed yet."""
    query = select(func.min(issues.c.number)).where(issues.c.status != IssueStatus.MAILED)
    number = transaction.scalar(query)
    return None if number is None else find_issue(transaction, number)


def list_issues(transaction: Transaction) -> list[Draft]:
    """Return all issues, whatever their status, the latest first."""
    rows = transaction.execute(_select_drafts().order_by(issues.c.number.desc())).all()
    items = _load_items(transaction, [row.id for row in rows])
    return [_read_draft(row, items[row.id]) for row in rows]


def list_outlines(transaction: Transaction) -> list[Draft]:
    """Return the same without their items."""
    rows = transaction.execute(_select_drafts().order_by(issues.c.number.desc()))
    return [_read_draft(row, ()) for row in rows]


def is_arranged(transaction: Transaction, issue_id: int) -> bool:
    """Tell whether an editor has changed the draft."""
    return transaction.scalar(select(issues.c.arranged_at).filter_by(id=issue_id)) is not None


def save_draft(transaction: Transaction, draft: Draft, *, arranged_at: datetime | None = None) -> None:
    """Store everything about a draft but its number; ``arranged_at`` where an editor changed it."""
    values: dict[str, Any] = {
        "slot_date": draft.slot, "due_at": draft.due_at, "status": draft.status,
        "subject": draft.subject, "preheader": draft.preheader, "note": draft.note,
        "revision": draft.revision,
    }  # fmt: skip
    if arranged_at:
        values["arranged_at"] = arranged_at
    transaction.execute(update(issues).filter_by(id=draft.id).values(values))
    transaction.execute(delete(issue_items).filter_by(issue_id=draft.id))
    if draft.items:
        transaction.execute(insert(issue_items), _write_items(draft.id, draft.items))


def mark_approved(transaction: Transaction, issue_id: int) -> None:
    transaction.execute(update(issues).filter_by(id=issue_id).values(status=IssueStatus.APPROVED, recalled_at=None))


def mark_unapproved(transaction: Transaction, issue_id: int) -> None:
    """Make an issue a draft again, because its approval was taken back."""
    transaction.execute(update(issues).filter_by(id=issue_id).values(status=IssueStatus.DRAFT))


def mark_mailed(transaction: Transaction, issue_id: int) -> None:
    """Freeze an issue, because its mailing was opened."""
    transaction.execute(update(issues).filter_by(id=issue_id).values(status=IssueStatus.MAILED, recalled_at=None))


def mark_recalled(transaction: Transaction, issue_id: int, *, mailing_id: int, now: datetime) -> None:
    """Let editors change an issue again, because its mailing was taken back; its approval stands."""
    recalled = {"status": IssueStatus.APPROVED, "recalled_at": now, "recalled_mailing": mailing_id}
    transaction.execute(update(issues).filter_by(id=issue_id).values(recalled))


def list_published(transaction: Transaction) -> list[PublishedIssue]:
    """Return the issues whose mailing was opened, by the time that they fell due."""
    query = (
        select(
            issues.c.number,
            func.coalesce(slots.c.moved_to, issues.c.slot_date).label("day"),
            issues.c.due_at,
            approvals.c.subject,
            approvals.c.preheader,
            func.coalesce(mailings.c.started_at, mailings.c.not_before).label("sent_at"),
        )
        .join_from(issues, mailings, _IS_PUBLISHED)
        .join(approvals, approvals.c.id == mailings.c.approval_id)
        .join(slots, slots.c.date == issues.c.slot_date)
        .order_by(issues.c.due_at, issues.c.number)
    )
    return [
        PublishedIssue(
            number=row.number,
            date=row.day,
            due_at=row.due_at,
            subject=row.subject,
            preheader=row.preheader,
            sent_at=row.sent_at,
        )
        for row in transaction.execute(query)
    ]


def load_history(transaction: Transaction) -> History:
    """Return what the published issues carried."""
    carried = (
        select(issue_items, issues.c.number)
        .join(issues, issues.c.id == issue_items.c.issue_id)
        .join(mailings, _IS_PUBLISHED)
        .subquery()
    )
    article, announcement = carried.c.article_id, carried.c.announcement_id
    first = select(article, func.min(carried.c.number)).where(article.is_not(None)).group_by(article)
    announced = select(announcement).where(announcement.is_not(None)).distinct()
    return History(
        issues=tuple(list_published(transaction)),
        articles=dict(transaction.execute(first).all()),
        announcements=frozenset(transaction.scalars(announced)),
        partners=count_shown(transaction),
    )


def _select_drafts() -> Select[Any]:
    day = func.coalesce(slots.c.moved_to, issues.c.slot_date).label("day")
    return select(issues, day).join(slots, slots.c.date == issues.c.slot_date)


def _read_draft(row: Row[Any], items: Sequence[DraftItem]) -> Draft:
    return Draft(
        id=row.id,
        number=row.number,
        slot=row.slot_date,
        day=row.day,
        due_at=row.due_at,
        status=IssueStatus(row.status),
        subject=row.subject,
        preheader=row.preheader,
        note=row.note,
        items=tuple(items),
        recalled_at=row.recalled_at,
        revision=row.revision,
    )


def _load_items(transaction: Transaction, issue_ids: Sequence[int]) -> defaultdict[int, list[DraftItem]]:
    query = select(issue_items).where(issue_items.c.issue_id.in_(issue_ids)).order_by(issue_items.c.position)
    items: defaultdict[int, list[DraftItem]] = defaultdict(list)
    for row in transaction.execute(query):
        items[row.issue_id].append(
            DraftItem(
                slot=ItemSlot(row.slot),
                article_id=row.article_id,
                announcement_id=row.announcement_id,
                partner_id=row.partner_id,
                headline=row.headline,
                teaser=row.teaser,
                reason=row.reason,
                is_pinned=row.is_pinned,
            )
        )
    return items


def _write_items(issue_id: int, items: Sequence[DraftItem]) -> list[dict[str, Any]]:
    return [
        {
            "issue_id": issue_id, "position": position, "slot": item.slot, "article_id": item.article_id,
            "announcement_id": item.announcement_id, "partner_id": item.partner_id, "headline": item.headline,
            "teaser": item.teaser, "reason": item.reason, "is_pinned": item.is_pinned,
        }
        for position, item in enumerate(items, start=1)
    ]  # fmt: skip
