"""Change one's address: asked for by a link in a letter, confirmed by the new mailbox, taken back by the old one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from enum import Enum, auto

from newsletter.domain.address import EmailAddress
from newsletter.domain.address_change import AddressChange
from newsletter.domain.notice import NoticeKind
from newsletter.domain.sign_up import ONCE_IN, SignUpLimits
from newsletter.domain.subscriber import Consent, ConsentEvent, Subscriber, SubscriberStatus
from newsletter.domain.token import ChangeToken, KeyRing, Purpose, hash_address
from newsletter.errors import NotFoundError, RefusedError, TooManyError
from newsletter.log import log
from newsletter.service.admit_request import admit_request
from newsletter.service.find_reader import SAMPLE, read_link
from newsletter.store import address_changes, sign_ups
from newsletter.store.consents import list_consents, record_consent, record_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import queue_notice
from newsletter.store.subscribers import delete_pending, find_by_public_id, find_subscriber
from newsletter.store.suppressions import lift_by_confirming

_MOST_REQUESTS = 3  # a day, of one reader

_CONFIRMED = "button behind the link of the letter to the new address"


class Fate(Enum):
    """What a link about a change of address is good for."""

    #: its button does it
    OPEN = auto()
    #: it was done
    DONE = auto()
    #: too old, overtaken by a later request, or taken back
    EXPIRED = auto()


def request_change(  # as for a sign-up, and whose
    token: str,
    new: EmailAddress,
    *,
    client: str,
    limits: SignUpLimits,
    database: Database,
    keys: KeyRing,
    address_key: bytes,
    now: datetime,
) -> Subscriber:
    """Ask the new address to confirm, and tell the old one; return the reader.

    Whatever the state of the new address, caller and old mailbox learn nothing of it. Raises TooManyError where the
    network, all together, or this reader have asked too often; RefusedError for a reader who has left; NotFoundError
    for a token that is not ours or a person of whom nothing is stored any more.
    """
    reader = read_link(token, Purpose.PREFERENCES, keys=keys)
    if reader.public_id == SAMPLE.public_id:
        return SAMPLE
    new_hash, moment = hash_address(new.normalized, address_key), now.replace(microsecond=0)
    with database.transaction() as transaction:
        subscriber = find_by_public_id(transaction, reader.public_id)
        if subscriber is None:
            raise NotFoundError("Nothing is stored under this link any more; please subscribe again.")
        if subscriber.status is not SubscriberStatus.ACTIVE:
            raise RefusedError("Nothing is sent to you now; please subscribe with the new address instead.")
        if address_changes.count_changes(transaction, subscriber.id, since=now - timedelta(days=1)) >= _MOST_REQUESTS:
            raise TooManyError("Several changes of your address were asked for today; please try again tomorrow.")
        admit_request(transaction, client, limits=limits, address_key=address_key, now=now)
        old_hash = hash_address(subscriber.address.normalized, address_key)
        change = address_changes.add_change(transaction, subscriber, old_hash, new, new_hash, now=moment)
        queue_notice(transaction, NoticeKind.LEAVING_ADDRESS, subscriber.id, details={"change": change}, now=now)
        if sign_ups.take_turn(transaction, new_hash, after=now - ONCE_IN, now=now):
            _ask(transaction, subscriber, new, change, now=now)
    log.info("change of address asked for", subscriber=subscriber.id)
    return subscriber


def find_fate(token: str, purpose: Purpose, *, database: Database, keys: KeyRing, now: datetime) -> Fate:
    """Look, and change nothing. Raises NotFoundError for a token that is not ours."""
    asked = _read(token, purpose, keys)
    with database.snapshot() as snapshot:
        change, subscriber = _find(snapshot, asked)
        return _judge(change, subscriber, purpose, now)


def confirm_change(token: str, *, database: Database, keys: KeyRing, now: datetime) -> Fate:
    """Send to the new address from now on, if the link is still good for it; return how the link is.

    Raises NotFoundError for a token that is not ours, RefusedError where the new address is subscribed by itself.
    """
    return _act(token, Purpose.CHANGE_ADDRESS, _confirm, database=database, keys=keys, now=now)


def undo_change(token: str, *, database: Database, keys: KeyRing, now: datetime) -> Fate:
    """Let the old address stay, or bring it back; return how the link is.

    It ends every later change too: whoever made the first one may have made them. Raises NotFoundError for a token
    that is not ours, RefusedError where the old address is subscribed by itself again.
    """
    return _act(token, Purpose.KEEP_ADDRESS, _undo, database=database, keys=keys, now=now)


def _act(
    token: str,
    purpose: Purpose,
    act: Callable[[Transaction, AddressChange, Subscriber, datetime], None],
    *,
    database: Database,
    keys: KeyRing,
    now: datetime,
) -> Fate:
    asked = _read(token, purpose, keys)
    with database.transaction() as transaction:
        change, subscriber = _find(transaction, asked)
        fate = _judge(change, subscriber, purpose, now)
        if fate is not Fate.OPEN or change is None or subscriber is None:
            return fate
        act(transaction, change, subscriber, now)
    return Fate.DONE


def _ask(transaction: Transaction, subscriber: Subscriber, new: EmailAddress, change: int, *, now: datetime) -> None:
    other = find_subscriber(transaction, new)
    if other is not None and other.status is SubscriberStatus.ACTIVE:
        queue_notice(transaction, NoticeKind.KNOWN, other.id, details={}, now=now)
    else:
        queue_notice(transaction, NoticeKind.NEW_ADDRESS, subscriber.id, details={"change": change}, now=now)


def _read(token: str, purpose: Purpose, keys: KeyRing) -> ChangeToken:
    asked = ChangeToken.verify(token, purpose, keys)
    if asked is None:
        raise NotFoundError("This link is not complete; please copy all of it from the letter, or use its button.")
    return asked


def _find(transaction: Transaction, asked: ChangeToken) -> tuple[AddressChange | None, Subscriber | None]:
    subscriber = find_by_public_id(transaction, asked.public_id)
    change = address_changes.find_change(transaction, asked.change)
    is_theirs = subscriber is not None and change is not None and change.subscriber == subscriber.id
    return (change, subscriber) if is_theirs else (None, None)


def _judge(change: AddressChange | None, subscriber: Subscriber | None, purpose: Purpose, now: datetime) -> Fate:
    if change is None or subscriber is None:
        return Fate.EXPIRED
    if purpose is Purpose.KEEP_ADDRESS:
        is_done, may_act = change.ended_at is not None, change.may_undo(now)
    else:
        is_done = change.confirmed_at is not None and change.ended_at is None
        may_act = change.may_confirm(now) and subscriber.status is SubscriberStatus.ACTIVE
    if is_done:
        return Fate.DONE
    return Fate.OPEN if may_act else Fate.EXPIRED


def _confirm(transaction: Transaction, change: AddressChange, subscriber: Subscriber, now: datetime) -> None:
    if change.new is None or not address_changes.mark_confirmed(transaction, change.id, now=now):
        return  # the button was pressed twice at once
    _make_room(transaction, change.new, subscriber)
    lift_by_confirming(transaction, change.new_hash, now=now)
    _carry_consent(transaction, change.old_hash, change.new_hash, _CONFIRMED, now=now)
    address_changes.exchange_address(transaction, subscriber.id, change.new, change.new_hash)
    log.info("address changed", subscriber=subscriber.id)


def _undo(transaction: Transaction, change: AddressChange, subscriber: Subscriber, now: datetime) -> None:
    address_changes.end_changes(transaction, change, now=now)
    if change.old is None or subscriber.address == change.old:
        log.info("change of address refused", subscriber=subscriber.id)
        return
    _make_room(transaction, change.old, subscriber)
    left = Consent(event=ConsentEvent.WITHDRAWN, source="the old address took the change back", given_at=now)
    record_consent(transaction, subscriber.id, left, now=now)
    address_changes.exchange_address(transaction, subscriber.id, change.old, change.old_hash)
    kept = Consent(event=ConsentEvent.CONFIRMED, source="link in the letter to the old address", given_at=now)
    record_consent(transaction, subscriber.id, kept, now=now)
    log.info("change of address undone", subscriber=subscriber.id)


def _make_room(transaction: Transaction, address: EmailAddress, subscriber: Subscriber) -> None:
    """See that the address can become the reader's. Raises RefusedError where somebody is subscribed with it."""
    other = find_subscriber(transaction, address)
    if other is None or other.id == subscriber.id:
        return
    if other.status is SubscriberStatus.ACTIVE:
        raise RefusedError("This address is subscribed by itself already; there is nothing left to change.")
    delete_pending(transaction, other.id)


def _carry_consent(transaction: Transaction, old_hash: bytes, new_hash: bytes, source: str, *, now: datetime) -> None:
    """Write the lines of the old address down for the new one, which takes them over, and that it did."""
    taken_over = [(new_hash, line) for line in list_consents(transaction, old_hash)]
    moved = (new_hash, Consent(event=ConsentEvent.CONFIRMED, source=source, given_at=now))
    left = (old_hash, Consent(event=ConsentEvent.WITHDRAWN, source="moved to another address", given_at=now))
    record_consents(transaction, [*taken_over, moved, left], now=now)
