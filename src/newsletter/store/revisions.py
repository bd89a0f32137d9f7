"""Revisions of a draft, each with the composition that it left."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row, delete, insert, select

from newsletter.domain.composition import Composition, Revision, TextName
from newsletter.domain.issue import Draft
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import issue_revisions, issues

_FACTS = tuple(column for column in issue_revisions.c if column.name != "composition")


def add_revision(transaction: Transaction, issue_id: int, revision: Revision, composition: Composition) -> None:
    row = {
        "issue_id": issue_id, "number": revision.number, "made_at": revision.made_at, "made_by": revision.made_by,
        "told": revision.told, "text_name": str(revision.text) if revision.text else None,
        "takes_back": revision.takes_back, "composition": composition.dump(),
    }  # fmt: skip
    transaction.execute(insert(issue_revisions).values(row))


def begin_history(transaction: Transaction, draft: Draft) -> None:
    """Keep a draft as it stands before its first change; a history that has begun stays as it is."""
    if find_latest(transaction, draft.id) is None:
        drafted_at = transaction.execute(select(issues.c.drafted_at).filter_by(id=draft.id)).scalar_one()
        first = Revision(number=draft.revision, made_at=drafted_at, made_by="", told="drafted")
        add_revision(transaction, draft.id, first, Composition.of(draft))


def drop_revision(transaction: Transaction, issue_id: int, number: int) -> None:
    transaction.execute(delete(issue_revisions).filter_by(issue_id=issue_id, number=number))


def find_latest(transaction: Transaction, issue_id: int) -> Revision | None:
    query = select(*_FACTS).filter_by(issue_id=issue_id).order_by(issue_revisions.c.number.desc()).limit(1)
    row = transaction.execute(query).one_or_none()
    return None if row is None else _read(row)


def list_revisions(transaction: Transaction, issue_id: int) -> list[Revision]:
    """Return them in the order in which they were made."""
    query = select(*_FACTS).filter_by(issue_id=issue_id).order_by(issue_revisions.c.number)
    return [_read(row) for row in transaction.execute(query)]


def list_compositions(transaction: Transaction, issue_id: int) -> list[Composition]:
    """Return every composition that the draft has had since its history began."""
    query = select(issue_revisions.c.composition).filter_by(issue_id=issue_id)
    return [Composition.load(stored) for stored in transaction.scalars(query)]


def find_composition(transaction: Transaction, issue_id: int, number: int) -> Composition | None:
    """Return the draft as revision ``number`` left it, or the first one kept; None without a history."""
    of_issue = select(issue_revisions.c.composition).filter_by(issue_id=issue_id)
    by_number = issue_revisions.c.number
    stored = transaction.scalar(of_issue.where(by_number <= number).order_by(by_number.desc()).limit(1))
    if stored is None:
        stored = transaction.scalar(of_issue.order_by(by_number).limit(1))
    return None if stored is None else Composition.load(stored)


def find_revision(transaction: Transaction, issue_id: int, number: int) -> tuple[Revision, Composition]:
    """Return a revision and what it left. Raises NotFoundError."""
    row = transaction.execute(select(issue_revisions).filter_by(issue_id=issue_id, number=number)).one_or_none()
    if row is None:
        raise NotFoundError("That change is not in the history any more: look at the history again.")
    return _read(row), Composition.load(row.composition)


def _read(row: Row[Any]) -> Revision:
    return Revision(
        number=row.number,
        made_at=row.made_at,
        made_by=row.made_by,
        told=row.told,
        text=TextName.parse(row.text_name) if row.text_name else None,
        takes_back=row.takes_back,
    )
