"""Complaints: the feedback report of RFC 5965, and the older form of some providers, the letter itself."""

from __future__ import annotations

import re

from newsletter.domain.bounce import NO_BOUNCE, BounceKind, BounceReason, Report, ReportedRecipient
from newsletter.mail.found_address import only_addresses
from newsletter.mail.origin import from_address
from newsletter.mail.parts import Message, Part, read_fields

_REDACTED = re.compile(r"redact|xxx+|hidden|removed|anonym", re.IGNORECASE)
# Reports of these types say how a letter fared; no reader complained (RFC 6591, RFC 6430).
_NO_COMPLAINT = frozenset({"auth-failure", "dmarc", "not-spam", "dkim", "spf"})

# Providers that sent, or send, the letter as it is: their address and how their subjects begin.
_OLD_SENDERS = {
    "staff@hotmail.com": "complaint about message from",
    "scomp@aol.net": "client tos notification",
    "scomp@aol.com": "client tos notification",
}

# One that complains in prose, without the letter and without its reader.
_TEXT_SENDER = "@reports.spamcop.net"
_TEXT_SUBJECT = "[spamcop ("


def read_complaint(message: Message) -> Report | None:
    """Read a complaint, or a feedback report that is none; None for anything else."""
    part = next((leaf for leaf in message.leaves if leaf.content_type == "message/feedback-report"), None)
    if part is not None and (message.top.content_type.startswith("multipart/") or message.top is part):
        return _read_feedback(message, part)
    if message.top.parameter("report-type").lower() == "feedback-report":
        return _read_feedback(message, Part((), b"", 1))
    if from_address(message).endswith(_TEXT_SENDER) and message.subject.lower().startswith(_TEXT_SUBJECT):
        return _complaint(message, [], "feedback:text", message.subject)
    if _is_old_complaint(message):
        return _complaint(message, _returned_recipients(message), "feedback:letter", message.subject)
    return None


def _read_feedback(message: Message, part: Part) -> Report:
    fields, _ = read_fields(part.text.strip().encode("utf-8", "replace") + b"\n\n")
    named = Part(fields, b"", part.depth)
    kind = named.first("feedback-type").strip().lower()
    if kind in _NO_COMPLAINT or named.first("auth-failure"):
        return Report(kind=NO_BOUNCE.kind, rule=f"feedback:{kind}", words=message.subject)
    recipients = _addresses(named, "original-rcpt-to", "removal-recipient", "redacted-address")
    return _complaint(message, recipients or _returned_recipients(message), f"feedback:{kind or 'abuse'}", part.text)


def _complaint(message: Message, recipients: list[str], rule: str, words: str) -> Report:
    words = " ".join((words or message.subject).split())[:200]
    return Report(
        kind=BounceKind.COMPLAINT,
        recipients=tuple(
            ReportedRecipient(
                address=address, kind=BounceKind.COMPLAINT, status="", reason=BounceReason.UNSPECIFIED, words=words
            )
            for address in dict.fromkeys(recipients)
        ),
        rule=rule,
        words=words,
    )


def _addresses(part: Part, *names: str) -> list[str]:
    for name in names:
        found = [each for value in part.every(name) for each in only_addresses(value) if not _REDACTED.search(each)]
        if found:
            return found
    return []


def _returned_recipients(message: Message) -> list[str]:
    returned = message.attached
    return _addresses(returned, "x-hmxmroriginalrecipient", "to")[:1] if returned else []


def _is_old_complaint(message: Message) -> bool:
    beginning = _OLD_SENDERS.get(from_address(message))
    return bool(beginning and message.attached and message.subject.strip().lower().startswith(beginning))
