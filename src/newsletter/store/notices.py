"""Notices that wait to be delivered, and what became of each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, bindparam, case, exists, func, insert, or_, select, update

from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.notice import Notice, NoticeKind, NoticeSettlement
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import ENDED_BY_CONFIRMING, SuppressionReason
from newsletter.store.database import Transaction
from newsletter.store.tables import address_changes, editors, notices, subscribers, suppressions

# A notice about a change of address goes to one of the change's two addresses, whichever the reader has now.
_CHANGE = notices.c.details["change"].as_integer()
_ADDRESS = func.coalesce(
    case(
        (notices.c.kind == NoticeKind.NEW_ADDRESS, address_changes.c.new_address),
        (notices.c.kind == NoticeKind.LEAVING_ADDRESS, address_changes.c.old_address),
    ),
    subscribers.c.address,
    editors.c.email,
).label("address")
_RECIPIENT_HASH = (
    select(
        case(
            (notices.c.kind == NoticeKind.NEW_ADDRESS, address_changes.c.new_hash),
            (notices.c.kind == NoticeKind.LEAVING_ADDRESS, address_changes.c.old_hash),
            else_=subscribers.c.address_hash,
        )
    )
    .select_from(subscribers)
    .outerjoin(address_changes, address_changes.c.id == _CHANGE)
    .where(subscribers.c.id == notices.c.subscriber_id)
    .correlate(notices)
    .scalar_subquery()
)

#: Those that a reader may get whose address is suppressed for a reason that asking for them ends or does not concern.
_ASKED_FOR = (NoticeKind.CONFIRM, NoticeKind.DATA, NoticeKind.NEW_ADDRESS)
#: Those that stay right whatever the reader's status has become.
_WHATEVER_STATUS = (NoticeKind.DATA, NoticeKind.NEW_ADDRESS, NoticeKind.LEAVING_ADDRESS)

#: How long a claim stands: then the process that made it is taken for dead, and the notice is sent again.
_LEASE = timedelta(minutes=10)


# One statement for all, so that what is the same of each is read once.
_QUEUE = insert(notices).from_select(
    ["subscriber_id", "kind", "details", "status", "created_at", "due_at"],
    select(
        subscribers.c.id,
        bindparam("kind", type_=notices.c.kind.type),
        bindparam("details", type_=notices.c.details.type),
        bindparam("status", type_=notices.c.status.type),
        bindparam("now", type_=notices.c.created_at.type),
        bindparam("now", type_=notices.c.due_at.type),
    )
    .where(subscribers.c.id.in_(bindparam("subscriber_ids", expanding=True)))
    .order_by(subscribers.c.id),
)


def queue_notice(
    transaction: Transaction,
    kind: NoticeKind,
    subscriber_id: int,
    *,
    details: Mapping[str, object],
    now: datetime,
) -> None:
    """Put a notice in line, due at once."""
    queue_notices(transaction, kind, [subscriber_id], details=details, now=now)


def queue_notices(
    transaction: Transaction,
    kind: NoticeKind,
    subscriber_ids: Iterable[int],
    *,
    details: Mapping[str, object],
    now: datetime,
) -> None:
    """Put the same notice in line for each of these readers, due at once."""
    same = {"kind": kind.value, "details": dict(details), "status": DeliveryStatus.QUEUED.value, "now": now}
    transaction.execute(_QUEUE, {"subscriber_ids": list(subscriber_ids), **same})


def queue_invitation(transaction: Transaction, editor_id: int, *, invited_at: datetime, now: datetime) -> None:
    """Put an editor's invitation in line, due at once."""
    transaction.execute(
        insert(notices).values(
            kind=NoticeKind.INVITATION.value,
            editor_id=editor_id,
            details={"invited_at": invited_at.isoformat()},
            status=DeliveryStatus.QUEUED.value,
            created_at=now,
            due_at=now,
        )
    )


def count_notices(transaction: Transaction, subscriber_id: int, kind: NoticeKind, *, since: datetime) -> int:
    """Return how many notices of a kind were queued for a reader since then."""
    query = select(func.count()).select_from(notices).filter_by(subscriber_id=subscriber_id, kind=kind.value)
    return transaction.scalar(query.where(notices.c.created_at >= since)) or 0


def is_any_due(transaction: Transaction, *, now: datetime) -> bool:
    return bool(transaction.scalar(select(exists().where(notices.c.due_at <= now))))


def claim_notice(transaction: Transaction, *, now: datetime) -> Notice | None:
    """Take the notice that is due first, and record it as in flight; None if there is none.

    Withheld is what has become pointless since it was queued, and whatever is for a suppressed address. A reader's
    answer that goes to the editors is neither.
    """
    first_due = (
        select(
            notices,
            _ADDRESS,
            func.coalesce(subscribers.c.name, editors.c.name).label("name"),
            subscribers.c.public_id,
            subscribers.c.language,
        )
        .outerjoin_from(notices, subscribers)
        .outerjoin(editors, editors.c.id == notices.c.editor_id)
        .outerjoin(address_changes, address_changes.c.id == _CHANGE)
        .where(notices.c.due_at <= now)
        .order_by(notices.c.due_at, notices.c.id)
        .limit(1)
        .with_for_update(of=notices, skip_locked=True)
    )
    # One by one: when readers leave by the thousand, as many goodbyes are due.
    while (row := transaction.execute(first_due).one_or_none()) and _withhold(transaction, row.id, now=now):
        pass
    if row is None:
        return None
    claimed = {"status": DeliveryStatus.IN_FLIGHT, "attempts": row.attempts + 1, "due_at": now + _LEASE}
    transaction.execute(update(notices).filter_by(id=row.id).values(claimed))
    return Notice(
        id=row.id,
        kind=NoticeKind(row.kind),
        address=EmailAddress(row.address),
        public_id=row.public_id or b"",
        editor=row.editor_id or 0,
        name=row.name,
        language=row.language or "",
        mailing=row.details.get("mailing") or 0,
        report=row.details.get("report") or 0,
        requested_at=_read_moment(row.details.get("requested_at")),
        invited_at=_read_moment(row.details.get("invited_at")),
        change=row.details.get("change") or 0,
        issue=row.details.get("issue") or 0,
        queued_at=row.created_at,
        attempts=row.attempts + 1,
    )


def save_settlement(transaction: Transaction, notice: Notice, settlement: NoticeSettlement, *, now: datetime) -> None:
    """Record what became of a claimed notice. A claim that was taken over meanwhile changes nothing."""
    transaction.execute(
        update(notices)
        .filter_by(id=notice.id, attempts=notice.attempts, status=DeliveryStatus.IN_FLIGHT)
        .values(
            status=settlement.status,
            reply=settlement.reply,
            due_at=settlement.due_at,
            settled_at=now if settlement.due_at is None else None,
        )
    )


def _withhold(transaction: Transaction, notice: int, *, now: datetime) -> bool:
    """Withhold a notice if nobody wants it any more; False if somebody does."""
    withheld = {"status": DeliveryStatus.WITHHELD, "due_at": None, "settled_at": now}
    is_suppressed = or_(
        and_(notices.c.kind.not_in(_ASKED_FOR), _is_suppressed(tuple(SuppressionReason))),
        _is_suppressed(tuple(set(SuppressionReason) - ENDED_BY_CONFIRMING)),
    )
    is_overtaken = and_(notices.c.kind.not_in(_WHATEVER_STATUS), _is_overtaken())
    is_settled = or_(
        _is_settled_invitation(), and_(notices.c.kind == NoticeKind.NEW_ADDRESS, ~_waits_for_new_address())
    )
    unwanted = and_(notices.c.kind != NoticeKind.FORWARDED_REPLY, or_(is_overtaken, is_settled, is_suppressed))
    return transaction.execute(update(notices).where(notices.c.id == notice, unwanted).values(withheld)).rowcount == 1


def _is_overtaken() -> ColumnElement[bool]:
    """Nobody confirms twice, is welcomed after leaving, or is seen off after coming back."""
    is_active = subscribers.c.status == SubscriberStatus.ACTIVE
    is_for_active = notices.c.kind.in_([NoticeKind.WELCOME, NoticeKind.KNOWN])
    pointless = or_(and_(is_for_active, ~is_active), and_(~is_for_active, is_active))
    return exists().where(subscribers.c.id == notices.c.subscriber_id, pointless)


def _is_settled_invitation() -> ColumnElement[bool]:
    """Nobody is invited who has come, or was removed."""
    is_open = and_(editors.c.removed_at.is_(None), editors.c.invited_at.is_not(None))
    return exists().where(editors.c.id == notices.c.editor_id, ~is_open)


def _waits_for_new_address() -> ColumnElement[bool]:
    is_open = address_changes.c.confirmed_at.is_(None), address_changes.c.ended_at.is_(None)
    return exists().where(address_changes.c.id == _CHANGE, *is_open)


def _is_suppressed(reasons: Sequence[SuppressionReason]) -> ColumnElement[bool]:
    return exists().where(
        suppressions.c.address_hash == _RECIPIENT_HASH,
        suppressions.c.lifted_at.is_(None),
        suppressions.c.reason.in_(reasons),
    )


def _read_moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
