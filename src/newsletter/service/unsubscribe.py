"""Leave. Any number of times is the same as once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.notice import NoticeKind
from newsletter.domain.subscriber import Consent, ConsentEvent, Subscriber, SubscriberStatus
from newsletter.domain.token import ReaderToken
from newsletter.errors import NotFoundError
from newsletter.log import log
from newsletter.store.audit import record_act
from newsletter.store.consents import record_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import queue_notices
from newsletter.store.subscribers import find_subscriber, hold_by_public_ids, mark_unsubscribed


def unsubscribe_by_links(
    readers: Sequence[ReaderToken], *, database: Database, now: datetime
) -> list[Subscriber | None]:
    """Obey links of letters, each of which also names the mailing that it came with, in one transaction.

    Return whom each is for, as stored before; None if nothing is stored about the person any more.
    """
    with database.transaction() as transaction:
        found = hold_by_public_ids(transaction, {reader.public_id for reader in readers})
        for mailing in dict.fromkeys(reader.mailing for reader in readers):
            leaving = (found.get(reader.public_id) for reader in readers if reader.mailing == mailing)
            _leave_all(transaction, filter(None, leaving), "link in a letter", mailing=mailing or None, now=now)
    return [found.get(reader.public_id) for reader in readers]


def unsubscribe_address(
    address: EmailAddress, *, source: str, database: Database, now: datetime, actor: str | None = None
) -> bool:
    """Obey a wish that reached the editors. True if the reader leaves now, False if that was so before.

    Raises NotFoundError for an address that is not stored.
    """
    with database.transaction() as transaction:
        subscriber = find_subscriber(transaction, address)
        if subscriber is None:
            raise NotFoundError(f"{address} is not among the subscribers.")
        has_left = leave(transaction, subscriber, source=source, mailing=None, now=now)
        if has_left:
            subject = f"subscriber {subscriber.id}"
            record_act(transaction, "unsubscribe", subject=subject, detail={}, now=now, actor=actor)
        return has_left


def leave(transaction: Transaction, subscriber: Subscriber, *, source: str, mailing: int | None, now: datetime) -> bool:
    """Let one reader go. True if that happens now, False if it was so before."""
    return _leave_all(transaction, [subscriber], source, mailing=mailing, now=now)


def _leave_all(
    transaction: Transaction, leaving: Iterable[Subscriber], source: str, *, mailing: int | None, now: datetime
) -> bool:
    readers = {subscriber.id: subscriber for subscriber in leaving}
    # The update decides, not what was read before it: of two requests at once, one finds the work done.
    left = mark_unsubscribed(transaction, readers, mailing=mailing, now=now)
    consent = Consent(event=ConsentEvent.WITHDRAWN, source=source, given_at=now)
    record_consents(transaction, [(address_hash, consent) for address_hash in left.values()], now=now)
    active = [reader for reader in left if readers[reader].status is SubscriberStatus.ACTIVE]
    queue_notices(transaction, NoticeKind.GOODBYE, active, details={"mailing": mailing}, now=now)
    if left:
        log.info("subscribers left", subscribers=list(left), mailing=mailing)
    return bool(left)
