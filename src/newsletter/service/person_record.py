"""Everything that is stored about a person, for whoever asks for it and has the right to.

``find_record`` collects it, ``dump_record`` is the JSON and ``describe_record`` the text of it. The command, the desk
and a reader's own download are these three, so that none of them knows less than another.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from newsletter.domain.address import EmailAddress
from newsletter.domain.person import PersonalBounce, PersonalRecord
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.suppression import Suppression
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError
from newsletter.store.address_changes import list_changes, list_known_hashes
from newsletter.store.consents import list_consents
from newsletter.store.database import Database, Transaction
from newsletter.store.people import list_acts, list_bounces, list_deliveries, list_notices
from newsletter.store.sign_ups import find_turn
from newsletter.store.subscribers import find_subscriber
from newsletter.store.suppressions import list_suppressions_of
from newsletter.store.tags import list_tags
from newsletter.store.unsubscribes import list_unsubscribes_of

#: What stands in the head of the text; the rest of the document is lists.
_SINGLE = (
    "address",
    "name",
    "status",
    "topics",
    "tags",
    "language",
    "text_only",
    "paused_until",
    "created_at",
    "requested_at",
    "asked_at",
    "unsubscribed_at",
    "unsubscribed_by_mailing",
)
_LISTS = ("address_changes", "consents", "deliveries", "unsubscribes", "notices", "bounces", "suppressions", "acts")


def find_record(address: EmailAddress, *, database: Database, address_key: bytes) -> PersonalRecord:
    """Raise NotFoundError for an address of which not even a hash is stored."""
    address_hash = hash_address(address.normalized, address_key)
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, address)
        named = [f"address {address_hash.hex()}", *([f"subscriber {subscriber.id}"] if subscriber else [])]
        record = PersonalRecord(
            address=subscriber.address if subscriber else address,
            subscriber=subscriber,
            asked_at=find_turn(snapshot, address_hash),
            tags=list_tags(snapshot, subscriber.id) if subscriber else (),
            address_changes=list_changes(snapshot, subscriber.id) if subscriber else (),
            consents=list_consents(snapshot, address_hash),
            deliveries=list_deliveries(snapshot, subscriber.id) if subscriber else (),
            notices=list_notices(snapshot, subscriber.id) if subscriber else (),
            unsubscribes=list_unsubscribes_of(snapshot, subscriber.id) if subscriber else (),
            bounces=_list_bounces(snapshot, subscriber, address_hash),
            suppressions=list_suppressions_of(snapshot, address_hash),
            acts=list_acts(snapshot, named),
        )
    if not record.is_known:
        raise NotFoundError(f"Nothing is stored about {address}.")
    return record


def _list_bounces(
    snapshot: Transaction, subscriber: Subscriber | None, address_hash: bytes
) -> tuple[PersonalBounce, ...]:
    """Return the reports about the address and about those that the reader had before."""
    known = list_known_hashes(snapshot, subscriber.id, address_hash) if subscriber else [address_hash]
    return tuple(bounce for each in known for bounce in list_bounces(snapshot, each))


def dump_record(record: PersonalRecord) -> dict[str, Any]:
    """Return the whole of it as one document; moments are left as they are for whoever writes it."""
    person = record.subscriber
    return {
        "address": record.address.text,
        "name": person.name if person else None,
        "status": person.status if person else None,
        "topics": person.topics.names if person else (),
        "text_only": person.is_text_only if person else None,
        "language": person.language if person else None,
        "paused_until": person.paused_until if person else None,
        "created_at": person.created_at if person else None,
        "requested_at": person.requested_at if person else None,
        "asked_at": record.asked_at,
        "unsubscribed_at": person.unsubscribed_at if person else None,
        "unsubscribed_by_mailing": person.unsubscribed_by_mailing if person else None,
        "tags": record.tags,
        "address_changes": [
            {
                "from": change.old.text if change.old else None,
                "to": change.new.text if change.new else None,
                "requested_at": change.requested_at,
                "confirmed_at": change.confirmed_at,
                "ended_at": change.ended_at,
            }
            for change in record.address_changes
        ],
        "consents": [
            {
                "event": consent.event,
                "source": consent.source,
                "given_at": consent.given_at,
                "recorded_at": consent.recorded_at,
            }
            for consent in record.consents
        ],
        "deliveries": [
            {
                "mailing": delivery.mailing,
                "kind": delivery.kind,
                "issue": delivery.issue,
                "status": delivery.status,
                "reason": delivery.reason,
                "attempts": delivery.attempts,
                "first_try_at": delivery.first_try_at,
                "next_try_at": delivery.next_try_at,
                "settled_at": delivery.settled_at,
                "reply": delivery.reply,
                "resent": delivery.is_resent,
            }
            for delivery in record.deliveries
        ],
        "unsubscribes": [
            {
                "mailing": unsubscribe.mailing,
                "issue": unsubscribe.issue,
                "at": unsubscribe.at,
                "resubscribed": unsubscribe.has_resubscribed,
            }
            for unsubscribe in record.unsubscribes
        ],
        "notices": [
            {
                "kind": notice.kind,
                "status": notice.status,
                "attempts": notice.attempts,
                "created_at": notice.created_at,
                "due_at": notice.due_at,
                "settled_at": notice.settled_at,
                "reply": notice.reply,
                "details": notice.details,
            }
            for notice in record.notices
        ],
        "bounces": [
            {
                "id": bounce.id,
                "received_at": bounce.received_at,
                "kind": bounce.kind,
                "reason": bounce.reason,
                "status": bounce.status or None,
                "rule": bounce.rule,
                "words": bounce.words,
                "mailing": bounce.mailing,
                "ignored_because": bounce.ignored_because,
                "reversed_at": bounce.reversed_at,
                "message_bytes": bounce.message_bytes,
            }
            for bounce in record.bounces
        ],
        "suppression": _dump_suppression(record.suppression) if record.suppression else None,
        "suppressions": [_dump_suppression(suppression) for suppression in record.suppressions],
        "acts": [{"at": act.at, "actor": act.actor, "act": act.act} for act in record.acts],
    }


def describe_record(record: PersonalRecord) -> str:
    """Return the whole of it as lines of plain text; what is empty is left out. Times are UTC."""
    document = dump_record(record)
    lines = [f"{_name(key)}: {_tell(document[key])}" for key in _SINGLE if document[key] not in (None, "", (), False)]
    if record.suppression:
        lines.append(f"suppressed: {record.suppression.reason}, {_tell(record.suppression.decided_at)}")
    for title in _LISTS:
        if document[title]:
            lines += ["", f"{title}:", *(f"  {_tell_entry(entry)}" for entry in document[title])]
    return "\n".join(lines)


def _dump_suppression(suppression: Suppression) -> dict[str, Any]:
    return {
        "reason": suppression.reason,
        "evidence": suppression.evidence,
        "decided_at": suppression.decided_at,
        "lifted_at": suppression.lifted_at,
        "lifted_because": suppression.lifted_because,
    }


def _tell_entry(entry: Mapping[str, object]) -> str:
    told = ((name, _tell(value)) for name, value in entry.items() if value is not False)
    return "; ".join(f"{_name(name)} {text}" for name, text in told if text)


def _tell(value: object) -> str:
    match value:
        case None:
            return ""
        case datetime():
            return f"{value.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        case Mapping():
            return ", ".join(f"{name}: {_tell(each)}" for name, each in value.items())
        case list() | tuple():
            return ", ".join(map(_tell, value))
        case _:
            return "yes" if value is True else str(value)


def _name(key: str) -> str:
    return key.replace("_", " ")
