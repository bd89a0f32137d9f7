"""Find out whom a message to the bounce address is about, and what of it is to be believed."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, Report
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.stored_report import (
    Fate,
    IgnoredReason,
    NamedDelivery,
    choose_fate,
    explain_missing,
    find_objection,
    plain_words,
)
from newsletter.domain.token import KeyRing, verify_delivery
from newsletter.errors import InvalidAddressError
from newsletter.log import log
from newsletter.mail.attribution import find_addressed_tokens, find_tokens
from newsletter.mail.parts import read_message
from newsletter.mail.reply import Reply, read_reply
from newsletter.mail.report import judge_message
from newsletter.store.bounces import find_deliveries
from newsletter.store.database import Transaction
from newsletter.store.subscribers import find_subscriber

#: The rule of a letter that asks to be left alone; no replay reads it anew.
UNSUBSCRIBE_RULE = "unsubscribe"
#: The rules of what a person wrote, and of what speaks of leaving: an editor decides what is meant.
REPLY_RULE = "reply"
LEAVING_RULE = "reply that speaks of unsubscribing"
#: What may suppress somebody.
FAILURES = frozenset({BounceKind.HARD, BounceKind.SOFT, BounceKind.COMPLAINT})

# What the mailto of List-Unsubscribe makes mail programs write; some leave the token to the address.
_UNSUBSCRIBE = re.compile(r"\s*unsubscribe(?:-([a-z2-7]{31}))?\s*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedReport:
    """A message, read and not yet believed."""

    report: Report
    #: what stands where tokens stand, the best first
    candidates: tuple[str, ...]
    #: those of the addresses that it was sent to
    addressed: tuple[str, ...] = ()
    #: None unless a person wrote it
    reply: Reply | None = None
    subject: str
    #: as the message says; None if it does not
    written_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribution:
    """Whom a message is about, and what it says."""

    #: None where no token names one that the ledger has
    delivery: NamedDelivery | None
    fate: Fate
    #: None for a report that counts
    ignored_because: IgnoredReason | None

    @property
    def is_unsubscribe(self) -> bool:
        return self.fate.rule == UNSUBSCRIBE_RULE


def open_report(raw: bytes, *, envelope_recipient: str) -> OpenedReport:
    """Read a message. Whatever it is made of, there is a result."""
    try:
        message = read_message(raw)
        report = judge_message(message)
        return OpenedReport(
            report=report,
            candidates=find_tokens(message, envelope_recipient),
            addressed=find_addressed_tokens(message, envelope_recipient)
            if _UNSUBSCRIBE.fullmatch(message.subject)
            else (),
            reply=read_reply(message, report),
            subject=message.subject,
            written_at=_read_date(message.top.first("date")),
        )
    except Exception as error:  # noqa: BLE001 - strangers write these bytes; one that breaks the reader is kept
        log.warning("message broke the reader", error=type(error).__name__)
        broken = Report(kind=BounceKind.NOT_BOUNCE, rule="none", trouble="broke the reader")
        return OpenedReport(report=broken, candidates=(), subject="", written_at=None)


def attribute_reports(
    transaction: Transaction, opened: Sequence[OpenedReport], *, keys: KeyRing, token_age: timedelta, now: datetime
) -> list[Attribution]:
    """Find the delivery that each message's signed token names, and judge whether the message counts."""
    wishes = [_read_unsubscribe(report, keys) for report in opened]
    names = [
        list(dict.fromkeys(filter(None, (verify_delivery(text, keys) for text in report.candidates))))
        for report in opened
    ]
    wanted = [*filter(None, wishes), *(named[0] for named in names if named)]
    deliveries = find_deliveries(transaction, dict.fromkeys(wanted))
    return [
        _attribute_unsubscribe(deliveries.get(wish), report)
        if wish
        else _attribute(report, named, deliveries, transaction, token_age=token_age, now=now)
        for report, named, wish in zip(opened, names, wishes, strict=True)
    ]


def _attribute(
    opened: OpenedReport,
    named: list[DeliveryId],
    deliveries: Mapping[DeliveryId, NamedDelivery],
    transaction: Transaction,
    *,
    token_age: timedelta,
    now: datetime,
) -> Attribution:
    delivery = deliveries.get(named[0]) if named else None
    fate = read_fate(opened, delivery)
    return Attribution(
        delivery=delivery,
        fate=fate,
        ignored_because=_find_doubt(opened, fate, named, delivery, transaction)
        or (find_objection(delivery, token_age=token_age, now=now) if named else explain_missing(opened.candidates)),
    )


def read_fate(opened: OpenedReport, delivery: NamedDelivery | None) -> Fate:
    """Return what a message says about the reader of ``delivery``; without words of its own, its subject has to do."""
    fate = choose_fate(opened.report, delivery.reader.address if delivery and delivery.reader else None)
    if opened.reply:
        fate = replace(fate, rule=LEAVING_RULE if opened.reply.asks_to_leave else REPLY_RULE)
    return fate if fate.words else replace(fate, words=plain_words(opened.subject))


def _attribute_unsubscribe(delivery: NamedDelivery | None, opened: OpenedReport) -> Attribution:
    """Believe it whatever the letter's age: a way out never expires."""
    fate = Fate(kind=BounceKind.NOT_BOUNCE, rule=UNSUBSCRIBE_RULE, words=plain_words(opened.subject))
    ignored_because = None
    if delivery is None:
        ignored_because = IgnoredReason.UNKNOWN_DELIVERY
    elif delivery.reader is None:
        ignored_because = IgnoredReason.FORGOTTEN
    return Attribution(delivery=delivery, fate=fate, ignored_because=ignored_because)


def _read_unsubscribe(opened: OpenedReport, keys: KeyRing) -> DeliveryId | None:
    """Return the delivery whose reader asks by mail to leave: no other words, and our own token with them."""
    asked = _UNSUBSCRIBE.fullmatch(opened.subject)
    if asked is None:
        return None
    if asked.group(1):
        return verify_delivery(asked.group(1), keys)
    return next(filter(None, (verify_delivery(text, keys) for text in opened.addressed)), None)


def _find_doubt(
    opened: OpenedReport,
    fate: Fate,
    named: list[DeliveryId],
    delivery: NamedDelivery | None,
    transaction: Transaction,
) -> IgnoredReason | None:
    """Return what speaks against a report itself, whatever delivery it names."""
    if opened.report.trouble:
        return IgnoredReason.UNREADABLE
    # An answer may well refer to two issues; a failure is one letter's.
    if fate.kind in FAILURES and (len(named) > 1 or _names_another(opened.report, delivery, transaction)):
        return IgnoredReason.CONTRADICTORY
    return None


def _names_another(report: Report, delivery: NamedDelivery | None, transaction: Transaction) -> bool:
    """Tell whether a report is about other readers of ours, and not about the one of its token."""
    addresses = {recipient.address for recipient in report.recipients if recipient.address}
    if delivery is None or delivery.reader is None or delivery.reader.address.normalized in addresses:
        return False
    for text in addresses:
        with contextlib.suppress(InvalidAddressError):
            if find_subscriber(transaction, EmailAddress.parse(text)):
                return True
    return False


def _read_date(text: str) -> datetime | None:
    try:
        date = parsedate_to_datetime(text)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
