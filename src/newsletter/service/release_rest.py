"""Release the rest of a staged mailing, or hold it where too much of the first share failed."""

from __future__ import annotations

from datetime import datetime

from newsletter.domain.budget import Wait
from newsletter.domain.mailing import Mailing
from newsletter.service.control_mailing import stop
from newsletter.store import first_share, mailings
from newsletter.store.audit import record_act
from newsletter.store.database import Transaction


def release_rests(transaction: Transaction, *, percent: float, now: datetime) -> None:
    """Decide on every mailing whose first share has shown for long enough what comes back.

    The rest follows, unless more than ``percent`` in a hundred of the first share were rejected or have bounced.
    """
    for mailing in mailings.list_held(transaction, now=now):
        shown = first_share.count_first_share(transaction, mailing)
        if shown.is_beyond(percent):
            reason = (
                f"Of the first {shown.tried} letters {shown.rejected} were rejected and {shown.bounced} came back, "
                f"more than {percent:g} in a hundred, so the rest was held. Look at the reasons in the report; to "
                "resume is to send the rest."
            )
            stop(transaction, mailing, reason=reason, now=now)
            continue
        first_share.release_rest(transaction, mailing.id, now=now)
        detail = {"tried": shown.tried, "rejected": shown.rejected, "bounced": shown.bounced}
        record_act(transaction, "rest released", subject=f"mailing {mailing.id}", detail=detail, now=now)


def find_hold(mailing: Mailing) -> Wait | None:
    """Return until when the rest of a staged mailing is held; None while its first share is under way, or without."""
    if mailing.first_share is None or mailing.rest_at is None:
        return None
    why = f"The first {mailing.first_share:,} letters have left, and the rest is held to see what comes back"
    return Wait(until=mailing.rest_at, why=why)
