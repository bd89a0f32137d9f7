"""All that the composer shows of an issue, as it stands at one instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.approval import Approval
from newsletter.domain.composition import Clash, Revision, Visit, find_redo, find_standing, find_undo
from newsletter.domain.editor import Editor
from newsletter.domain.issue import Draft, Issue, Masthead
from newsletter.service.compose_issue import ShownItem, compose_items, show_items
from newsletter.service.visit_issue import PRESENT
from newsletter.store import approvals, clashes, issues, revisions, visits
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownComposer:
    draft: Draft
    issue: Issue
    items: tuple[ShownItem, ...]
    #: the approval that stands
    approval: Approval | None
    clashes: tuple[Clash, ...]
    #: in the order in which they were made
    revisions: tuple[Revision, ...]
    #: numbers of those that nobody took back
    standing: frozenset[int]
    #: what undo and redo would take back for this editor
    undo: Revision | None
    redo: Revision | None
    #: the others who have it open
    others: tuple[Visit, ...]


def show_composer(
    number: int, *, editor: Editor, database: Database, masthead: Masthead, now: datetime
) -> ShownComposer:
    """Return what an editor sees of an issue and of its history. Raises NotFoundError."""
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        items = show_items(draft, transaction=snapshot, masthead=masthead)
        listed = revisions.list_revisions(snapshot, draft.id)
        present = visits.list_visits(snapshot, draft.id, since=now - PRESENT)
        return ShownComposer(
            draft=draft,
            issue=compose_items(draft, items, masthead=masthead),
            items=items,
            approval=approvals.find_standing(snapshot, draft.id),
            clashes=tuple(clashes.list_clashes(snapshot, draft.id)),
            revisions=tuple(listed),
            standing=find_standing(listed),
            undo=find_undo(listed, by=editor.label),
            redo=find_redo(listed, by=editor.label),
            others=tuple(visit for visit in present if visit.editor_id != editor.id),
        )
