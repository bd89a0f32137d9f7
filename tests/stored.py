"""Stored things that tests begin with: a mailing whose letters have been sent, and what comes back of it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bounce_messages import a_complaint, a_delivery_report
from mailing_stand import (
    ADDRESS_KEY,
    KEYS,
    a_rendered_issue,
    add_readers,
    open_a_mailing,
    put_in_flight,
    record_outcomes,
)
from newsletter.domain.bounce import BounceReason
from newsletter.domain.mailing import DeliveryId, DeliveryStatus, DoubtfulPolicy, Mailing
from newsletter.domain.settlement import Settlement
from newsletter.domain.token import KeyRing, hash_address, sign_delivery
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.suppressions import is_suppressed

SENT_AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
_REPLY_CODES = {DeliveryStatus.ACCEPTED: 250, DeliveryStatus.REJECTED: 550}


@dataclass(frozen=True, slots=True)
class SentMailing:
    mailing: Mailing
    #: by address
    deliveries: dict[str, DeliveryId]

    def token(self, address: str, keys: KeyRing = KEYS) -> str:
        """Return the token that the letter to ``address`` carried."""
        return sign_delivery(self.deliveries[address], keys)


def a_mailing(
    database: Database,
    *,
    addresses: Sequence[str] = ("ann@example.net", "ben@example.net"),
    number: int = 1,
    sent_at: datetime = SENT_AT,
    status: DeliveryStatus = DeliveryStatus.ACCEPTED,
    reply: str = "2.0.0 queued as 4F2A",
    rejected: Collection[str] = (),
) -> SentMailing:
    """Store ``addresses`` where they are not yet, and mail issue ``number`` to all who may be mailed.

    ``status`` is what becomes of every letter but those to the ``rejected``; QUEUED leaves them as they are.
    """
    add_readers(database, addresses)
    mailing = open_a_mailing(database, a_rendered_issue(number), now=sent_at)
    with take_seat(database, now=sent_at) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=sent_at)
        claim = ledger.claim_batch(transaction, seat=seat, now=sent_at, doubtful=DoubtfulPolicy.RESEND)
        assert claim is not None
        deliveries = {recipient.address.text: recipient.delivery for recipient in claim.recipients}
        if status is not DeliveryStatus.QUEUED:
            put_in_flight(transaction, *deliveries.values(), now=sent_at)
        if status not in {DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT}:
            fates = {address: DeliveryStatus.REJECTED if address in rejected else status for address in deliveries}
            settlements = [
                Settlement(
                    delivery=delivery,
                    status=fates[address],
                    reply_code=_REPLY_CODES.get(fates[address]),
                    reply_text=reply,
                    reason=BounceReason.UNSPECIFIED if fates[address] is DeliveryStatus.REJECTED else None,
                )
                for address, delivery in deliveries.items()
            ]
            record_outcomes(transaction, *settlements, now=sent_at)
        ledger.finish_batch(transaction, claim.batch, now=sent_at)
    return SentMailing(mailing, deliveries)


def a_failure(
    address: str,
    *,
    delivered_to: str = "bounces@example.org",
    returned: str = "Subject: Issue 1\n",
    status: str = "5.1.1",
    words: str = "550 5.1.1 no such user",
    date: str = "",
) -> bytes:
    """Return a delivery report about ``address``, as the mailbox of the bounce address holds it.

    ``returned`` are the fields of the letter that came back.
    """
    fields = (
        f"Reporting-MTA: dns; mx.example.net\n\nFinal-Recipient: rfc822; {address}\nAction: failed\n"
        f"Status: {status}\nDiagnostic-Code: smtp; {words}\n"
    )
    head = f"Delivered-To: {delivered_to}\n" + (f"Date: {date}\n" if date else "")
    return head.encode("ascii") + a_delivery_report(fields, returned=f"{returned}\nDear reader ...\n")


def a_spam_report(returned: str) -> bytes:
    """Return a complaint that hides the reader's address, as feedback loops do."""
    return a_complaint(
        "Feedback-Type: abuse\nUser-Agent: Provider/1.0\nVersion: 1\n", returned=f"{returned}\nDear ...\n"
    )


def is_mailed(database: Database, address: str) -> bool:
    """Tell whether no suppression stands for an address."""
    with database.snapshot() as snapshot:
        return not is_suppressed(snapshot, hash_address(address, ADDRESS_KEY))
