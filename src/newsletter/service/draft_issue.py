"""Open the next issue's draft, or show it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from newsletter.domain.assembly import assemble
from newsletter.domain.cadence import Cadence
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.log import log
from newsletter.service.next_slot import find_next_slot, place_draft
from newsletter.store import announcements, articles, issues, partners
from newsletter.store.database import Database, Transaction


def draft_issue(*, database: Database, cadence: Cadence, first_number: int, now: datetime) -> Draft:
    """Return the draft of the earliest slot not sent yet, an upcoming one if none is due; open it where there is none.

    Until an editor changes it the draft follows the store: what was stored since is taken in. Callers at the same
    instant get the same draft.
    """
    with database.transaction() as transaction:
        slot = find_next_slot(transaction, cadence=cadence)
        draft = place_draft(transaction, slot, now=now)
        if draft is None:
            number = issues.next_number(transaction, first_number)
            draft = issues.add_draft(transaction, number=number, slot=slot.date, due_at=slot.at, drafted_at=now)
            log.info("draft opened", issue=number, slot=str(slot.date))
        if draft.status is IssueStatus.DRAFT and not issues.is_arranged(transaction, draft.id):
            draft = _fill_draft(transaction, draft, now)
    return draft


def _fill_draft(transaction: Transaction, draft: Draft, now: datetime) -> Draft:
    items = assemble(
        articles.list_articles(transaction),
        announcements.list_announcements(transaction),
        partners.list_partners(transaction),
        history=issues.load_history(transaction),
        due_at=draft.due_at,
        now=now,
    )
    if items == draft.items:
        return draft
    filled = replace(draft, items=items, revision=draft.revision + 1)
    issues.save_draft(transaction, filled)
    return filled
