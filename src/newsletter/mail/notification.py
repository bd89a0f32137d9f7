"""Notifications of Amazon SES: the body of a webhook, or a mail where an address is subscribed to them."""

from __future__ import annotations

import json

from newsletter.domain.bounce import BounceKind, BounceReason, Report, ReportedRecipient, heaviest
from newsletter.mail.origin import from_address
from newsletter.mail.parts import Message
from newsletter.mail.reason import find_reason

_FOLDED = "!\n "  # how some relays break lines of more than 998 octets


def read_notification(message: Message) -> Report | None:
    """Read a notification that came by mail; None for anything else."""
    if not from_address(message).endswith("amazonaws.com") or not message.texts:
        return None
    text = message.texts[0].text.replace(_FOLDED, "")
    start = text.find("{")
    return read_ses(text[start:]) if start >= 0 else None


def read_ses(text: str) -> Report | None:
    """Read the JSON of SES or of the SNS envelope around it; what stands behind the JSON is ignored."""
    document = _decode(text)
    if inner := _text(document, "Message"):
        document = _decode(inner)
    kind = document.get("notificationType") or document.get("eventType")
    if kind == "Bounce":
        return _read_bounce(_dict(document, "bounce"))
    if kind == "Complaint":
        found = _dicts(_dict(document, "complaint"), "complainedRecipients")
        return _report(BounceKind.COMPLAINT, [_text(each, "emailAddress") for each in found])
    if kind in {"Delivery", "Send"}:
        return _report(BounceKind.DELIVERED, _texts(_dict(document, "delivery"), "recipients"))
    if kind == "DeliveryDelay":
        found = _dicts(_dict(document, "deliveryDelay"), "delayedRecipients")
        return _report(BounceKind.DELAYED, [_text(each, "emailAddress") for each in found])
    return None


def _read_bounce(bounce: dict[str, object]) -> Report:
    # "General" and "Permanent" say nothing on their own; these subtypes do, where the reply itself is missing.
    said = {"NoEmail": "user unknown", "MailboxFull": "mailbox full", "MessageTooLarge": "message too large"}
    subtype = said.get(_text(bounce, "bounceSubType"), "")
    recipients = []
    for each in _dicts(bounce, "bouncedRecipients"):
        words = _text(each, "diagnosticCode") or subtype
        judgement = find_reason(_text(each, "status"), words, is_final=True)
        recipients.append(
            ReportedRecipient(
                address=_text(each, "emailAddress").lower(),
                kind=judgement.kind,
                status=_text(each, "status"),
                reason=judgement.reason,
                words=judgement.words,
            )
        )
    kind = heaviest(tuple(each.kind for each in recipients)) if recipients else BounceKind.SOFT
    return Report(kind=kind, recipients=tuple(recipients), rule="ses", words=recipients[0].words if recipients else "")


def _report(kind: BounceKind, addresses: list[str]) -> Report:
    return Report(
        kind=kind,
        recipients=tuple(
            ReportedRecipient(
                address=address.lower(), kind=kind, status="", reason=BounceReason.UNSPECIFIED, words="SES notification"
            )
            for address in addresses
        ),
        rule="ses",
    )


def _decode(text: str) -> dict[str, object]:
    try:
        document, _ = json.JSONDecoder(strict=False).raw_decode(text)
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _dict(document: dict[str, object], name: str) -> dict[str, object]:
    value = document.get(name)
    return value if isinstance(value, dict) else {}


def _dicts(document: dict[str, object], name: str) -> list[dict[str, object]]:
    value = document.get(name)
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _texts(document: dict[str, object], name: str) -> list[str]:
    value = document.get(name)
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []


def _text(document: dict[str, object], name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
