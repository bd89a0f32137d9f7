"""Read what came to the bounce address: store it, and let reports decide who is mailed next."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress as expect
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.domain.bounce import BounceKind
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryId, MailingStatus
from newsletter.domain.sender_health import find_pause_reason
from newsletter.domain.stored_report import IgnoredReason, NamedReader, date_report, digest_report
from newsletter.domain.token import KeyRing
from newsletter.errors import IllegalMoveError
from newsletter.log import log
from newsletter.mail.mailbox import Filing, StoredMessage
from newsletter.service.attribute_report import FAILURES, Attribution, OpenedReport, attribute_reports, open_report
from newsletter.service.control_mailing import pause_mailing
from newsletter.service.decide_suppression import decide_about_all
from newsletter.service.forward_reply import queue_forward
from newsletter.service.unsubscribe import leave
from newsletter.store import mailings
from newsletter.store.bounces import NewReport, add_reports, list_about_all
from newsletter.store.database import Database, Transaction
from newsletter.store.sender_health import count_unseen
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import suppress_all

# What shares a transaction: a commit costs as much as reading several reports, and nobody waits long for the lock.
_MOST_AT_ONCE = 100
_MOST_BYTES_AT_ONCE = 4 << 20


@dataclass(slots=True, kw_only=True)
class ReadReport:
    """What became of the messages."""

    #: how many of each kind were stored
    kinds: Counter[BounceKind] = field(default_factory=Counter)
    #: how many were stored before, by whatever way they came
    duplicates: int = 0
    #: of those stored now, how many change nobody
    ignored: Counter[IgnoredReason] = field(default_factory=Counter)
    #: deliveries whose addresses are mailed no more
    suppressed: list[DeliveryId] = field(default_factory=list)
    #: deliveries whose readers left by mail
    unsubscribed: list[DeliveryId] = field(default_factory=list)
    #: letters that people wrote and the editors get
    forwarded: list[int] = field(default_factory=list)
    #: mailings that were paused, with the reason
    paused: dict[int, str] = field(default_factory=dict)

    @property
    def messages(self) -> int:
        """How many were read, those that were there already among them."""
        return self.kinds.total() + self.duplicates

    def add(self, other: ReadReport) -> None:
        """Count what became of other messages too."""
        self.kinds += other.kinds
        self.duplicates += other.duplicates
        self.ignored += other.ignored
        self.suppressed += other.suppressed
        self.unsubscribed += other.unsubscribed
        self.forwarded += other.forwarded
        self.paused |= other.paused


def read_bounces(
    messages: Iterable[StoredMessage],
    *,
    database: Database,
    keys: KeyRing,
    policy: BouncePolicy,
    token_age: timedelta,
    now: datetime,
    on_stored: Callable[[StoredMessage, Filing], None] = lambda _message, _filing: None,
) -> ReadReport:
    """Store the messages, and suppress or unsubscribe whom they are about; what people wrote goes to the editors.

    A report counts for the delivery that its signed token names, if that letter left not longer than ``token_age`` ago.
    Messages share a transaction, some dozens at a time. ``on_stored`` hears of a message only after its commit, also of
    one that was stored before: until then it stays in its mailbox.
    """
    done = ReadReport()
    touched: set[int] = set()
    for batch in _batches(messages):
        opened = [open_report(message.raw, envelope_recipient=message.recipient) for message in batch]
        with database.transaction() as transaction:
            attributions = attribute_reports(transaction, opened, keys=keys, token_age=token_age, now=now)
            news = [_store(*each, now=now) for each in zip(batch, opened, attributions, strict=True)]
            failed: dict[bytes, DeliveryId] = {}
            for bounce_id, report, attribution in zip(
                add_reports(transaction, news), opened, attributions, strict=True
            ):
                if bounce_id is None:
                    done.duplicates += 1
                else:
                    failed |= _follow(transaction, bounce_id, report, attribution, done=done, now=now)
            _suppress(transaction, failed, policy=policy, done=done, now=now)
        touched |= {each.delivery.id.mailing for each in attributions if each.delivery and each.fate.kind in FAILURES}
        for message, report, attribution in zip(batch, opened, attributions, strict=True):
            on_stored(message, _file(report, attribution))
    for mailing_id in sorted(touched):
        _pause_unsound(mailing_id, policy=policy, database=database, done=done, now=now)
    return done


def _batches(messages: Iterable[StoredMessage]) -> Iterator[list[StoredMessage]]:
    batch: list[StoredMessage] = []
    size = 0
    for message in messages:
        batch.append(message)
        size += len(message.raw)
        if len(batch) >= _MOST_AT_ONCE or size >= _MOST_BYTES_AT_ONCE:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _file(opened: OpenedReport, attribution: Attribution) -> Filing:
    is_for_editors = opened.reply is not None and attribution.delivery is not None
    return Filing.PROCESSED if attribution.ignored_because is None or is_for_editors else Filing.UNKNOWN


def _store(message: StoredMessage, opened: OpenedReport, attribution: Attribution, *, now: datetime) -> NewReport:
    delivery = attribution.delivery
    return NewReport(
        raw=message.raw,
        digest=digest_report(message.raw, delivery.id if delivery else None),
        fate=attribution.fate,
        delivery=delivery.id if delivery else None,
        address_hash=delivery.reader.address_hash if delivery and delivery.reader else None,
        ignored_because=attribution.ignored_because,
        received_at=date_report(opened.written_at, sent_at=delivery.sent_at if delivery else None, now=now),
    )


def _follow(
    transaction: Transaction,
    bounce_id: int,
    opened: OpenedReport,
    attribution: Attribution,
    *,
    done: ReadReport,
    now: datetime,
) -> dict[bytes, DeliveryId]:
    """Do what follows from a new message; return the address that it speaks against, by its hash, if there is one."""
    done.kinds[attribution.fate.kind] += 1
    reply = None if attribution.is_unsubscribe else opened.reply
    if reply and queue_forward(transaction, bounce_id, reply, attribution, now=now):
        done.forwarded.append(bounce_id)
    if attribution.ignored_because:
        done.ignored[attribution.ignored_because] += 1
        log.info("report changes nobody", bounce=bounce_id, because=attribution.ignored_because.value)
    elif attribution.delivery and (reader := attribution.delivery.reader):
        delivery = attribution.delivery.id
        if attribution.is_unsubscribe and _unsubscribe(transaction, reader, delivery, now=now):
            done.unsubscribed.append(delivery)
        elif attribution.fate.kind in FAILURES:
            return {reader.address_hash: delivery}
    return {}


def _unsubscribe(transaction: Transaction, reader: NamedReader, delivery: DeliveryId, *, now: datetime) -> bool:
    subscriber = find_subscriber(transaction, reader.address)
    return subscriber is not None and leave(
        transaction, subscriber, source="mail to the bounce address", mailing=delivery.mailing, now=now
    )


def _suppress(
    transaction: Transaction,
    failed: Mapping[bytes, DeliveryId],
    *,
    policy: BouncePolicy,
    done: ReadReport,
    now: datetime,
) -> None:
    """Decide about the addresses that new reports speak against."""
    if not failed:
        return
    verdicts = decide_about_all(transaction, list_about_all(transaction, failed.keys()), policy=policy, now=now)
    decided = {address_hash: (verdict.reason, verdict.evidence) for address_hash, verdict in verdicts.items()}
    suppressed = suppress_all(transaction, decided, now=now)
    for address_hash, delivery in failed.items():
        if address_hash in suppressed:
            done.suppressed.append(delivery)
            log.info("address suppressed", mailing=delivery.mailing, position=delivery.position)


def _pause_unsound(
    mailing_id: int, *, policy: BouncePolicy, database: Database, done: ReadReport, now: datetime
) -> None:
    """Pause a running mailing whose bounces or complaints are beyond what a sound list has."""
    with database.snapshot() as snapshot:
        mailing = mailings.find_mailing(snapshot, mailing_id)
        if mailing.status is not MailingStatus.RUNNING:
            return
        figures = count_unseen(snapshot, mailing_id)
    reason = find_pause_reason(figures, policy.pause)
    if reason:
        with expect(IllegalMoveError):  # it ended meanwhile
            pause_mailing(mailing_id, reason=reason, database=database, now=now)
            done.paused[mailing_id] = reason
            log.warning("mailing paused", mailing=mailing_id)
