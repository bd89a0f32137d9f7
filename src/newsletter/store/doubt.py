"""What editors decided about doubtful letters. The audit log has it, and nothing else needs it."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select

from newsletter.domain.progress import HeldDoubt
from newsletter.store.database import Transaction
from newsletter.store.tables import audit_log

#: The acts that decide on a mailing's doubtful letters.
HELD = "doubtful letters held"
RESENT = "doubtful letters resent"


def list_held(transaction: Transaction, mailing_ids: Iterable[int]) -> dict[int, HeldDoubt]:
    """Return the decisions that stand to leave letters as they are, by the mailing's id.

    Whoever sends them again has taken such a decision back.
    """
    by_subject = {f"mailing {mailing_id}": mailing_id for mailing_id in mailing_ids}
    decided = select(audit_log).where(audit_log.c.subject.in_(by_subject), audit_log.c.act.in_((HELD, RESENT)))
    standing: dict[int, HeldDoubt] = {}
    for row in transaction.execute(decided.order_by(audit_log.c.id)):
        mailing_id = by_subject[row.subject]
        if row.act == HELD:
            standing[mailing_id] = HeldDoubt(by=row.actor, at=row.at, letters=row.detail["letters"])
        else:
            standing.pop(mailing_id, None)
    return standing
