"""Where the signed token of a delivery may stand in a message that came back.

Relays replace the envelope sender, some the Message-ID, and feedback loops write to an address of their own, so the
token stands in several places. This module only finds candidates; whether one is ours is for its MAC to say.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from newsletter.mail.parts import Fields, Message, read_fields
from newsletter.mail.report_text import copied_text

DELIVERY_FIELD = "X-Newsletter-Delivery"

_MOST = 20
_LONGEST_VALUE = 2_000

#: Base32 in any case, standing alone: behind "b+", inside SRS0=…=b+token@…, before the @ of a Message-ID.
_TOKEN = re.compile(r"(?<![A-Za-z0-9])[A-Za-z2-7]{20,60}(?![A-Za-z0-9])")

_ADDRESSED_TO = ("delivered-to", "x-original-to", "envelope-to", "x-envelope-to", "to")
_REPORT_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})
_REPORTED_FIELD = re.compile(
    r"^(?:original-envelope-id|original-mail-from|x-postfix-sender|x-original-message-id)[ \t]*:"
    r"([^\n]*(?:\n[ \t]+[^\n]*)*)",
    re.IGNORECASE | re.MULTILINE,
)
_RETURNED = (
    "message-id",
    DELIVERY_FIELD.lower(),
    "return-path",
    "original-envelope-id",
    "x-ms-exchange-organization-messageid",
)
_ANSWERED = ("in-reply-to", "references")


def find_tokens(message: Message, envelope_recipient: str = "") -> tuple[str, ...]:
    """Return candidates in lower case, the best first, each once, at most 20.

    Of the letter that came back only the header fields are read: a token in a body may be anybody's quotation.
    """
    return find_tokens_in(_places(message, envelope_recipient))


def find_addressed_tokens(message: Message, envelope_recipient: str = "") -> tuple[str, ...]:
    """Return those of the addresses that the message was sent to."""
    return find_tokens_in((envelope_recipient, *_values(message.top.fields, _ADDRESSED_TO)))


def find_tokens_in(places: Iterable[str]) -> tuple[str, ...]:
    """Return those of any texts, in the order of the texts."""
    found: dict[str, None] = {}
    for value in places:
        for match in _TOKEN.finditer(value[:_LONGEST_VALUE]):
            found.setdefault(match.group().lower())
    return tuple(found)[:_MOST]


def _places(message: Message, envelope_recipient: str) -> Iterator[str]:
    yield envelope_recipient
    yield from _values(message.top.fields, _ADDRESSED_TO)
    for leaf in message.leaves:
        if leaf.content_type in _REPORT_TYPES:
            yield from (match.group(1) for match in _REPORTED_FIELD.finditer(leaf.text))
    returned = message.attached
    yield from _values(returned.fields if returned else _read(copied_text(message)), _RETURNED)
    yield from _values(message.top.fields, _ANSWERED)


def _read(text: str) -> Fields:
    return read_fields(text.encode("utf-8", "replace"))[0]


def _values(fields: Fields, names: tuple[str, ...]) -> Iterator[str]:
    found: dict[str, list[str]] = {name: [] for name in names}
    for name, value in fields:
        if name in found:
            found[name].append(value)
    for values in found.values():
        yield from values
