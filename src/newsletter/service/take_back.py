"""Undo and redo: take back one change of a draft, whoever made others since."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.composition import Composition, Revision, find_redo, find_standing, find_undo
from newsletter.domain.issue import Draft
from newsletter.domain.merge import merge_compositions
from newsletter.errors import RefusedError
from newsletter.service.keep_change import find_unfrozen, keep_change
from newsletter.store import revisions
from newsletter.store.database import Database, Transaction


def undo_change(number: int, *, by: str, database: Database, now: datetime) -> Draft:
    """Take back the latest change of this editor that stands. Raises RefusedError where there is none."""
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        change = find_undo(revisions.list_revisions(transaction, draft.id), by=by)
        if change is None:
            raise RefusedError("There is no change of yours to undo; the history has those of the others.")
        return _take_back(transaction, draft, change.number, by=by, now=now)


def redo_change(number: int, *, by: str, database: Database, now: datetime) -> Draft:
    """Do again what this editor undid last.

    Raises RefusedError where there is nothing to do again, or they have changed something since.
    """
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        undoing = find_redo(revisions.list_revisions(transaction, draft.id), by=by)
        if undoing is None:
            raise RefusedError("There is nothing to do again.")
        return _take_back(transaction, draft, undoing.number, by=by, now=now)


def take_back(number: int, revision: int, *, by: str, database: Database, now: datetime) -> Draft:
    """Take back any one change, and leave what was done since.

    Raises RefusedError where it was taken back already, or wrote a text that was written again since.
    """
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        return _take_back(transaction, draft, revision, by=by, now=now)


def _take_back(transaction: Transaction, draft: Draft, number: int, *, by: str, now: datetime) -> Draft:
    listed = revisions.list_revisions(transaction, draft.id)
    change, left = revisions.find_revision(transaction, draft.id, number)
    if number not in find_standing(listed):
        raise RefusedError("This change was taken back already.")
    former = max((each.number for each in listed if each.number < number), default=None)
    if former is None:
        raise RefusedError("The draft cannot be taken back: it is where its history begins.")
    _, before = revisions.find_revision(transaction, draft.id, former)
    merge = merge_compositions(left, before, Composition.of(draft))
    if merge.clashes:
        raise RefusedError(
            f"The {merge.clashes[0].field} was written again since: take that change back first, or write it anew."
        )
    undone = merge.composition.put_into(draft)
    if undone == draft:
        raise RefusedError("Nothing is left of this change: others have changed the same since.")
    return keep_change(transaction, draft, undone, told=_tell(change, listed), by=by, now=now, takes_back=number)


def _tell(change: Revision, listed: list[Revision]) -> str:
    if change.takes_back is None:
        return f"took back: {change.told}"
    again = next((each.told for each in listed if each.number == change.takes_back), change.told)
    return f"did again: {again}"
