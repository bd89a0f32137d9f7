"""Keep a change of a draft: it becomes a revision with who made it and what was done, and voids a standing approval."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from newsletter.domain.composition import Composition, Revision, TextName
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.errors import RefusedError
from newsletter.service.last_change import find_last_change
from newsletter.store import approvals, issues, revisions
from newsletter.store.audit import name_account, record_act
from newsletter.store.database import Transaction

#: An editor who writes on at a text within this time goes on with the same change: pauses are no steps to undo.
_SITTING = timedelta(minutes=2)


def find_unfrozen(transaction: Transaction, number: int) -> Draft:
    """Return an issue that may still change, locked. Raises RefusedError for one whose mailing is open."""
    draft = issues.find_issue(transaction, number, lock=True)
    if draft.status is IssueStatus.MAILED:
        raise RefusedError(
            f"Issue {number} is frozen since its mailing opened: write what has to be said into the next one."
        )
    return draft


def keep_change(
    transaction: Transaction,
    draft: Draft,
    changed: Draft,
    *,
    told: str,
    now: datetime,
    by: str | None = None,
    text: TextName | None = None,
    takes_back: int | None = None,
) -> Draft:
    """Store a changed draft as the next revision; one that is as it was stays as it is.

    ``by`` is the editor's name, without one it is the account at work. What readers cannot notice, such as a pin,
    leaves an approval as it stands.
    """
    before, after = Composition.of(draft), Composition.of(changed)
    if after == before:
        return draft
    is_visible = after.without_pins() != before.without_pins()
    status = IssueStatus.DRAFT if is_visible else draft.status
    saved = replace(changed, status=status, revision=draft.revision + 1)
    voided = is_visible and approvals.void_standing(transaction, draft.id, now=now)
    actor = by or name_account()
    revisions.begin_history(transaction, draft)
    issues.save_draft(transaction, saved, arranged_at=now)
    made = Revision(number=saved.revision, made_at=now, made_by=actor, told=told, text=text, takes_back=takes_back)
    continues = _continues(transaction, draft, made)
    last = find_last_change(draft, transaction=transaction)
    if voided or not continues or last is None or last.actor != actor:
        record_act(
            transaction,
            "draft changed",
            subject=f"issue {draft.number}",
            detail={"voided": voided, "revision": saved.revision},
            now=now,
            actor=actor,
        )
    revisions.add_revision(transaction, draft.id, made, after)
    return saved


def _continues(transaction: Transaction, draft: Draft, made: Revision) -> bool:
    """Tell whether an editor only writes on at a text; then the revision before gives way to this one."""
    last = revisions.find_latest(transaction, draft.id)
    if last is None or made.text is None:
        return False
    is_same = (last.text, last.made_by) == (made.text, made.made_by) and made.made_at - last.made_at <= _SITTING
    if is_same:
        revisions.drop_revision(transaction, draft.id, last.number)
    return is_same
