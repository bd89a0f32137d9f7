"""Recall an issue: take its mailing back before a letter has left."""

from __future__ import annotations

from datetime import datetime

from newsletter.errors import RefusedError
from newsletter.store import issues, mailings
from newsletter.store.audit import record_act
from newsletter.store.database import Database


def recall_issue(number: int, *, database: Database, now: datetime, by: str | None = None) -> None:
    """Take the mailing of an issue back; editors may change the issue again, and its approval stands until they do.

    The next mailing has an audience of its own, as of then. Raises RefusedError once a letter has left.
    """
    with database.transaction() as transaction:
        draft = issues.find_issue(transaction, number, lock=True)
        mailing = mailings.find_issue_mailing(transaction, number)
        if not mailings.take_back(transaction, mailing.id):
            raise RefusedError(
                f"Issue {number} cannot be recalled any more, because letters have left: 'newsletter issue pause "
                f"{number}' stops the others for now, 'newsletter issue cancel {number}' for good."
            )
        issues.mark_recalled(transaction, draft.id, mailing_id=mailing.id, now=now)
        detail = {"issue": number, "intended": mailing.intended}
        subject = f"mailing {mailing.id}"
        record_act(transaction, "mailing recalled", subject=subject, detail=detail, now=now, actor=by)
