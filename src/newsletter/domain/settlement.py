"""What the ledger records of one attempt: the outcome turned into the delivery's next state."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from newsletter.domain.bounce import BounceReason
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy
from newsletter.domain.reply import Accepted, Deferred, Outcome, Postponed, Rejected, Unknown, next_try


class Settlement(NamedTuple):
    """One delivery's new state."""

    delivery: DeliveryId
    status: DeliveryStatus
    reply_code: int | None = None
    reply_text: str | None = None
    #: of a rejection, from the vocabulary of bounce reasons
    reason: str | None = None
    next_try_at: datetime | None = None
    #: queued again although it may have arrived
    is_resent: bool = False
    #: the rejection names the address as dead, so it is suppressed at once
    is_suppressing: bool = False
    #: nothing was said about this recipient, whose time for tries does not begin with it
    is_postponed: bool = False


def settle(
    recipient: Recipient, outcome: Outcome, *, now: datetime, doubtful: DoubtfulPolicy, reason: str, is_decisive: bool
) -> Settlement:
    """Turn the outcome of one attempt into the delivery's next state.

    ``reason`` and ``is_decisive`` are the judgement of a rejection's words; other outcomes have no use for them.
    """
    match outcome:
        case Accepted(reply):
            return Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.ACCEPTED,
                reply_code=reply.code,
                reply_text=reply.text,
            )
        case Rejected(reply):
            return Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.REJECTED,
                reply_code=reply.code,
                reply_text=reply.text,
                reason=reason,
                is_suppressing=is_decisive,
            )
        case Deferred(reply):
            again = next_try(recipient.first_try_at or now, recipient.attempts + 1, now)
            return Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.REJECTED if again is None else DeliveryStatus.DEFERRED,
                reply_code=reply.code,
                reply_text=reply.text,
                reason=BounceReason.EXPIRED if again is None else None,
                next_try_at=again,
            )
        case Postponed(reply):
            return Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.DEFERRED,
                reply_code=reply.code,
                reply_text=reply.text,
                next_try_at=next_try(now, recipient.attempts + 1, now),  # however long it takes: the fault is ours
                is_postponed=True,
            )
        case Unknown(why):
            # Once: a relay that takes a letter and breaks off each time would else deliver it without end.
            resend = doubtful is DoubtfulPolicy.RESEND and not recipient.is_resent
            return Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.QUEUED if resend else DeliveryStatus.DOUBTFUL,
                reply_text=why,
                is_resent=resend,
            )
