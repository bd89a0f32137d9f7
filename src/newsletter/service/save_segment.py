"""Save a segment, or delete one; and tag those who are in it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from newsletter.domain.address import EmailAddress
from newsletter.domain.segment import Segment, check_name
from newsletter.errors import InputError
from newsletter.store import segments, tags
from newsletter.store.audit import record_act
from newsletter.store.database import Database


def save_segment(name: str, segment: Segment, *, database: Database, now: datetime, actor: str | None = None) -> bool:
    """Save conditions under a name; False if they replace others. Raises InputError for a name that cannot be one."""
    checked = check_name(name)
    if segment.is_everybody:
        raise InputError("Say what the segment's subscribers have in common, such as --tag press or --domain edu.")
    with database.transaction() as transaction:
        subject = f"segment {checked}"
        record_act(transaction, "segment saved", subject=subject, detail=segment.dump(), now=now, actor=actor)
        return segments.save_segment(transaction, checked, segment, now=now)


def delete_segment(name: str, *, database: Database, now: datetime, actor: str | None = None) -> None:
    """Delete conditions; their subscribers stay. Raises NotFoundError."""
    with database.transaction() as transaction:
        segments.delete_segment(transaction, name)
        record_act(transaction, "segment deleted", subject=f"segment {name}", detail={}, now=now, actor=actor)


def tag_subscribers(
    tag: str,
    *,
    segment: str = "",
    addresses: Sequence[EmailAddress] = (),
    is_taken: bool,
    database: Database,
    now: datetime,
    actor: str | None = None,
) -> int:
    """Give a tag to a saved segment, or to single people, or take it from them; return how many that changed.

    Raises InputError where neither or both are named, and NotFoundError for a segment that is not saved.
    """
    checked = check_name(tag)
    if bool(segment) == bool(addresses):
        raise InputError("Say who: addresses, or a saved segment with --segment.")
    with database.transaction() as transaction:
        if segment:
            those = segments.find_segment(transaction, segment)
        else:
            those = Segment(addresses=tuple(address.normalized for address in addresses))
        count = (tags.remove_tag if is_taken else tags.add_tag)(transaction, checked, those)
        act = "tag taken" if is_taken else "tag given"
        detail = {"subscribers": count, "segment": segment}
        record_act(transaction, act, subject=f"tag {checked}", detail=detail, now=now, actor=actor)
    return count
