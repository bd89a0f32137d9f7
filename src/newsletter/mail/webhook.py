"""Webhooks: how a mail provider reports by HTTP what a mail server reports by mail.

Each provider signs and words its reports in its own way; a module in ``mail.provider`` turns them into events. What an
event means is nobody's own business: ``webhook_report`` writes it down as the report that a mail server would have
sent, and from there on it is read, attributed and judged like any other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from importlib import import_module
from pkgutil import iter_modules
from typing import Protocol, TypeVar

import msgspec

from newsletter.errors import InputError
from newsletter.mail import provider

#: Gets what stands at a public web address, or raises UnreadableSourceError.
Fetch = Callable[[str], bytes]

DocumentT = TypeVar("DocumentT")


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """What a provider posted."""

    #: lower-case names
    headers: Mapping[str, str]
    body: bytes
    #: when it came
    at: datetime


class EventKind(Enum):
    """What became of a letter. Openings, clicks and deliveries are no events: nothing follows from them here."""

    #: nobody tries again
    FAILED = auto()
    #: it may still arrive
    DELAYED = auto()
    #: the reader called it spam
    COMPLAINED = auto()
    #: the reader left by a link of the provider's own
    LEFT = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookEvent:
    kind: EventKind
    #: empty where the provider hides it
    recipient: str
    #: enhanced status (RFC 3463), as far as it was given
    status: str = ""
    #: the other server's own words; they decide, and not the name that the provider has for the event
    words: str = ""
    #: the provider's name for the letter, as the relay's reply had it
    message_id: str = ""
    #: whatever of the letter may carry its delivery's token: envelope sender, header fields, metadata
    token_places: tuple[str, ...] = ()
    #: None where the provider does not say
    at: datetime | None = None
    #: as the provider wrote it: the evidence. The same for each time that it is posted
    source: bytes


class ReadWebhook(Protocol):
    """Verifies a request and returns its events; those that are none of the kinds above are left out."""

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        """Raise UnauthenticatedError for a request that does not prove who sent it, InputError for a broken one."""


def list_providers() -> tuple[str, ...]:
    return tuple(module.name for module in iter_modules(provider.__path__))


def open_webhooks(keys: Mapping[str, str], *, fetch: Fetch) -> dict[str, ReadWebhook]:
    """Make the readers of the providers that have a key. Raises ConfigurationError for a key that can be none."""
    opened: dict[str, ReadWebhook] = {}
    for name in list_providers():
        if keys.get(name):
            module = import_module(f"{provider.__name__}.{name}")
            opened[name] = module.Webhook(keys[name], fetch=fetch)
    return opened


def decode_document(body: bytes | str, shape: type[DocumentT]) -> DocumentT:
    """Decode JSON of a known shape; more keys than it has are left out. Raises InputError."""
    try:
        return msgspec.json.decode(body, type=shape, strict=False)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise InputError("The webhook's body is not the JSON that this provider documents.") from error
