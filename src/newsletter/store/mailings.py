"""Mailings: opened once, moved by rules, and counted."""

from __future__ import annotations

from collections import Counter
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    Select,
    and_,
    case,
    delete,
    exists,
    func,
    insert,
    literal,
    literal_column,
    not_,
    or_,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.schema import CreateTableAs

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.mailing import (
    AudienceSize,
    DeliveryStatus,
    FirstShare,
    Launch,
    Mailing,
    MailingKind,
    MailingReport,
    MailingStatus,
    WithheldReason,
)
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import NotFoundError, RefusedError
from newsletter.store import jobs
from newsletter.store.database import Transaction
from newsletter.store.delivery_counts import list_letter_counts
from newsletter.store.segments import is_in
from newsletter.store.sender_health import select_came_back
from newsletter.store.subscribers import is_reading
from newsletter.store.tables import batches, bounces, deliveries, issues, mailings, subscribers, suppressions

_BATCH_SIZE = 500


def add_mailing(
    transaction: Transaction,
    *,
    kind: MailingKind,
    issue_id: int,
    approval_id: int,
    topics: Topic,
    opened_at: datetime,
    launch: Launch,
    segment: Segment | None = None,
) -> Mailing:
    """Open a mailing and lay out its audience: a queued delivery for each active, unsuppressed subscriber.

    With a segment, only for those in it.

    ``topics`` are those that the issue has something for; who wants none of them is in the audience and withheld.
    Raises RefusedError where the issue has its mailing already.
    """
    values = {
        "kind": kind, "status": MailingStatus.SCHEDULED, "issue_id": issue_id, "approval_id": approval_id,
        "intended": 0, "opened_at": opened_at, "not_before": launch.not_before,
        "hold_minutes": round(launch.hold.total_seconds() / 60),
    }  # fmt: skip
    if transaction.dialect.name == "sqlite":  # which gives the id of the last row again once that is deleted
        values["id"] = _find_free_id(transaction)
    try:
        mailing_id = transaction.execute(insert(mailings).values(values).returning(mailings.c.id)).scalar_one()
    except IntegrityError as error:
        raise RefusedError("This issue's mailing was opened already.") from error
    intended = _lay_out_audience(
        transaction,
        mailing_id,
        topics,
        segment or Segment(),
        day=launch.not_before.date(),
        by_lot=launch.first_share > 0,
    )
    first_share = _count_first(intended, launch.first_share)
    _lay_out_batches(transaction, mailing_id, intended, first_share, due_at=launch.not_before)
    laid_out = {"intended": intended, "first_share": first_share}
    transaction.execute(update(mailings).filter_by(id=mailing_id).values(laid_out))
    jobs.submit(transaction, mailing=mailing_id, now=opened_at)
    return find_mailing(transaction, mailing_id)


def find_mailing(transaction: Transaction, mailing_id: int) -> Mailing:
    row = transaction.execute(_select_mailings().where(mailings.c.id == mailing_id)).one_or_none()
    if row is None:
        raise NotFoundError(f"There is no mailing {mailing_id}.")
    return _read_mailing(row)


def find_issue_mailing(transaction: Transaction, number: int) -> Mailing:
    """Return the mailing of issue ``number``. Raises NotFoundError if it has none yet."""
    query = _select_mailings().where(issues.c.number == number, mailings.c.kind == MailingKind.ISSUE)
    row = transaction.execute(query).one_or_none()
    if row is None:
        raise NotFoundError(f"Issue {number} has no mailing yet: 'newsletter issue send {number}' opens it.")
    return _read_mailing(row)


def has_unsent(transaction: Transaction, mailing_id: int) -> bool:
    """Tell whether letters of a mailing were not tried yet, or are in flight."""
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT])
    return bool(transaction.scalar(select(exists().where(deliveries.c.mailing_id == mailing_id, unsent))))


def find_next_due(transaction: Transaction, mailing_id: int) -> datetime | None:
    """Return when the next batch of a mailing is due; None when all of it is done."""
    due_at: datetime | None = transaction.scalar(select(func.min(batches.c.due_at)).filter_by(mailing_id=mailing_id))
    return due_at


def find_latest_started(transaction: Transaction) -> Mailing | None:
    """Return the mailing whose letters began to leave last; None if none has."""
    query = _select_mailings().where(mailings.c.started_at.is_not(None)).order_by(mailings.c.started_at.desc())
    row = transaction.execute(query.limit(1)).one_or_none()
    return None if row is None else _read_mailing(row)


def list_running(transaction: Transaction) -> list[Mailing]:
    """Return the mailings that run now, oldest first."""
    query = _select_mailings().where(mailings.c.status == MailingStatus.RUNNING).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(query)]


def list_open(transaction: Transaction) -> list[Mailing]:
    """Return the mailings that have not ended, oldest first."""
    open_states = [MailingStatus.SCHEDULED, MailingStatus.RUNNING, MailingStatus.PAUSED]
    query = _select_mailings().where(mailings.c.status.in_(open_states)).order_by(mailings.c.id)
    return [_read_mailing(row) for row in transaction.execute(query)]


def list_latest(transaction: Transaction, *, until: int, limit: int) -> list[Mailing]:
    """Return the mailings of the latest issues up to number ``until``, the latest first."""
    query = _select_mailings().where(mailings.c.kind == MailingKind.ISSUE, issues.c.number <= until)
    return [_read_mailing(row) for row in transaction.execute(query.order_by(issues.c.number.desc()).limit(limit))]


def measure_audience(transaction: Transaction, *, before: int, day: date) -> AudienceSize:
    """Count whom a mailing would go to on ``day``, and whom the last issue but number ``before`` went to."""
    active = and_(subscribers.c.status == SubscriberStatus.ACTIVE, is_reading(day))
    # Two counts and a difference: the suppressed are few, and looking for each active subscriber among them is slow.
    suppressed = (
        select(func.count())
        .join_from(suppressions, subscribers, suppressions.c.address_hash == subscribers.c.address_hash)
        .where(active, suppressions.c.lifted_at.is_(None))
    )
    last = (
        select(mailings.c.intended)
        .join(issues, issues.c.id == mailings.c.issue_id)
        .where(issues.c.number != before, mailings.c.kind == MailingKind.ISSUE)
        .order_by(mailings.c.id.desc())
        .limit(1)
    )
    everybody = _count(transaction, select(func.count()).select_from(subscribers).where(active))
    return AudienceSize(now=everybody - _count(transaction, suppressed), former=transaction.scalar(last))


def save_status(transaction: Transaction, mailing: Mailing) -> None:
    """Store status, its times and reason of a mailing that was moved."""
    values = {
        "status": mailing.status, "started_at": mailing.started_at, "finished_at": mailing.finished_at,
        "pause_reason": mailing.pause_reason,
    }  # fmt: skip
    transaction.execute(update(mailings).filter_by(id=mailing.id).values(values))


def start_due(transaction: Transaction, *, now: datetime) -> None:
    """Let every scheduled mailing run whose time has come."""
    due = mailings.c.status == MailingStatus.SCHEDULED, mailings.c.not_before <= now
    transaction.execute(update(mailings).where(*due).values(status=MailingStatus.RUNNING, started_at=now))


def take_back(transaction: Transaction, mailing_id: int) -> bool:
    """Delete a mailing of which no letter was tried; False, and nothing changes, if one was.

    A worker that has a batch of it finds its claim gone in the commit before the final dot, and lets go of the letter.
    """
    # Until the end of this transaction no such commit gets in between.
    transaction.execute(select(batches.c.number).filter_by(mailing_id=mailing_id).with_for_update())
    untouched = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.WITHHELD])
    tried = or_(deliveries.c.attempts > 0, not_(untouched))
    if transaction.scalar(select(exists().where(deliveries.c.mailing_id == mailing_id, tried))):
        return False
    transaction.execute(delete(deliveries).filter_by(mailing_id=mailing_id))
    transaction.execute(delete(mailings).filter_by(id=mailing_id))
    return True


def note_first_share(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Let the time of the rest begin to run, if the first share of a staged mailing has just left."""
    held = mailings.c.id == mailing_id, mailings.c.first_share.is_not(None), mailings.c.rest_at.is_(None)
    row = transaction.execute(select(mailings.c.first_share, mailings.c.hold_minutes).where(*held)).one_or_none()
    if row is None:
        return
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT])
    first = and_(deliveries.c.mailing_id == mailing_id, deliveries.c.position <= row.first_share)
    if not transaction.scalar(select(exists().where(first, unsent))):
        rest_at = now + timedelta(minutes=row.hold_minutes)
        transaction.execute(update(mailings).where(*held).values(rest_at=rest_at))


def list_held(transaction: Transaction, *, now: datetime) -> list[Mailing]:
    """Return the running mailings whose first share has shown for long enough what comes back."""
    query = _select_mailings().where(mailings.c.status == MailingStatus.RUNNING, mailings.c.first_share.is_not(None))
    return [_read_mailing(row) for row in transaction.execute(query.where(mailings.c.rest_at <= now))]


def release_rest(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Hold nobody any longer."""
    transaction.execute(update(mailings).filter_by(id=mailing_id).values(first_share=None))
    jobs.submit(transaction, mailing=mailing_id, now=now)


def count_first_share(transaction: Transaction, mailing: Mailing) -> FirstShare:
    """Count what became of the first share of a staged mailing."""
    first = deliveries.c.mailing_id == mailing.id, deliveries.c.position <= mailing.first_share
    settled = deliveries.c.status.in_([DeliveryStatus.ACCEPTED, DeliveryStatus.REJECTED, DeliveryStatus.DOUBTFUL])
    rejected = func.count().filter(deliveries.c.status == DeliveryStatus.REJECTED)
    tried, refused = transaction.execute(select(func.count(), rejected).where(*first, settled)).one()
    came_back = (
        select(func.count(bounces.c.position.distinct()))
        .where(bounces.c.mailing_id == mailing.id, bounces.c.position <= mailing.first_share)
        .where(bounces.c.kind == BounceKind.HARD, bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None))
    )
    return FirstShare(tried=tried, rejected=refused, bounced=transaction.scalar(came_back) or 0)


def withhold_cancelled(transaction: Transaction, mailing_id: int, *, now: datetime) -> None:
    """Withhold what a cancelled mailing has not sent; its batches are never due again."""
    unsent = deliveries.c.status.in_([DeliveryStatus.QUEUED, DeliveryStatus.DEFERRED])
    transaction.execute(
        update(deliveries)
        .where(deliveries.c.mailing_id == mailing_id, unsent)
        .values(status=DeliveryStatus.WITHHELD, reason=WithheldReason.CANCELLED, settled_at=now)
    )
    transaction.execute(update(batches).filter_by(mailing_id=mailing_id).values(due_at=None))


def report(transaction: Transaction, mailing: Mailing) -> MailingReport:
    """Count a mailing's deliveries by status and reason, and the events beside them."""
    counts: dict[DeliveryStatus, int] = dict.fromkeys(DeliveryStatus, 0)
    withheld: dict[WithheldReason, int] = dict.fromkeys(WithheldReason, 0)
    rejected: dict[str, int] = {}
    grouped = (
        select(deliveries.c.status, deliveries.c.reason, func.count(), func.min(deliveries.c.next_try_at))
        .where(deliveries.c.mailing_id == mailing.id)
        .group_by(deliveries.c.status, deliveries.c.reason)
    )
    next_try_at: datetime | None = None
    for status, reason, count, next_try in transaction.execute(grouped):
        counts[DeliveryStatus(status)] += count
        if status == DeliveryStatus.WITHHELD:
            withheld[WithheldReason(reason)] += count
        elif status == DeliveryStatus.REJECTED:
            rejected[reason] = count
        elif status == DeliveryStatus.DEFERRED:
            next_try_at = next_try
    resent = _count(transaction, select(func.count()).where(deliveries.c.mailing_id == mailing.id, deliveries.c.resent))
    for each in list_letter_counts(transaction, mailing.id):  # whose time is over
        counts[each.status] += each.letters
        resent += each.letters if each.is_resent else 0
        if each.status is DeliveryStatus.WITHHELD:
            withheld[WithheldReason(each.reason or "")] += each.letters
        elif each.status is DeliveryStatus.REJECTED:
            rejected[each.reason or ""] = rejected.get(each.reason or "", 0) + each.letters
    bounced = count_bounces(transaction, mailing.id)
    return MailingReport(
        mailing=mailing,
        counts=counts,
        withheld_reasons=withheld,
        rejected_reasons=rejected,
        bounced_hard=bounced[BounceKind.HARD].total(),
        bounced_soft=bounced[BounceKind.SOFT].total(),
        complaints=bounced[BounceKind.COMPLAINT].total(),
        bounced_reasons=dict(bounced[BounceKind.HARD] + bounced[BounceKind.SOFT]),
        unsubscribes=count_unsubscribes(transaction, mailing.id),
        doubtful_resent=resent,
        next_try_at=next_try_at,
        doubtful=_list_doubtful(transaction, mailing.id),
    )


def count_unsubscribes(transaction: Transaction, mailing_id: int) -> int:
    """Count who left by a link in a letter of a mailing."""
    return _count(transaction, select(func.count()).where(subscribers.c.unsubscribed_by_mailing == mailing_id))


def _find_free_id(transaction: Transaction) -> int:
    """Return an id that no mailing ever had: a worker may still hold a letter of one that was taken back."""
    given = transaction.scalar(select(func.max(mailings.c.id))) or 0
    taken_back = transaction.scalar(select(func.max(issues.c.recalled_mailing))) or 0
    return max(given, taken_back) + 1


def _count_first(intended: int, share: float) -> int | None:
    """Return the size of the first share; None where it is everybody, or nobody is to be first."""
    first = ceil(intended * share)
    return first if 0 < first < intended else None


def _lay_out_audience(
    transaction: Transaction, mailing_id: int, topics: Topic, segment: Segment, *, day: date, by_lot: bool
) -> int:
    """Give everybody a position: in the order of their coming, or ``by_lot``, so that the first are a fair sample.

    Who has paused beyond ``day``, on which the first letters leave, is left out like the suppressed.
    """
    order: ColumnElement[Any] = func.random() if by_lot else subscribers.c.id
    has_topic = subscribers.c.topics.bitwise_and(int(topics)) != 0
    suppressed = (
        select(1)
        .where(suppressions.c.address_hash == subscribers.c.address_hash, suppressions.c.lifted_at.is_(None))
        .exists()
    )
    audience = select(
        subscribers.c.id,
        case((has_topic, DeliveryStatus.QUEUED.value), else_=DeliveryStatus.WITHHELD.value).label("status"),
        case((has_topic, None), else_=WithheldReason.NO_TOPIC.value).label("reason"),
    ).where(subscribers.c.status == SubscriberStatus.ACTIVE, not_(suppressed), is_reading(day))
    if not segment.is_everybody:
        audience = audience.where(is_in(segment))
    columns = ["mailing_id", "position", "subscriber_id", "status", "reason"]
    if transaction.dialect.name == "sqlite":
        # Of CREATE TABLE AS, SQLite promises rowids from 1 on, in the order of its rows; they take a third of the
        # time of row_number().
        numbered = CreateTableAs(audience.order_by(order), "audience", temporary=True)
        transaction.execute(numbered)
        rows = select(literal(mailing_id), literal_column("rowid"), *numbered.table.c)
        intended = transaction.execute(insert(deliveries).from_select(columns, rows)).rowcount
        numbered.table.drop(transaction)
        return intended
    everybody = audience.subquery()
    place = func.row_number().over(order_by=func.random() if by_lot else everybody.c.id)
    rows = select(literal(mailing_id), place, *everybody.c)
    statement = insert(deliveries).from_select(columns, rows).execution_options(preserve_rowcount=True)
    return transaction.execute(statement).rowcount


def _lay_out_batches(
    transaction: Transaction, mailing_id: int, intended: int, first_share: int | None, *, due_at: datetime
) -> None:
    """Cut the audience into batches; none reaches from the first share into the rest."""
    end_of_first = first_share or intended
    firsts = [*range(1, end_of_first + 1, _BATCH_SIZE), *range(end_of_first + 1, intended + 1, _BATCH_SIZE)]
    lasts = [first - 1 for first in firsts[1:]] + [intended]
    rows = [
        {
            "mailing_id": mailing_id,
            "number": number,
            "first_position": first,
            "last_position": last,
            "due_at": due_at,
        }
        for number, (first, last) in enumerate(zip(firsts, lasts, strict=False), start=1)
    ]
    # An audience of nobody still has one batch, so that its mailing ends the way all others do.
    nobody = {"mailing_id": mailing_id, "number": 1, "first_position": 1, "last_position": 0, "due_at": due_at}
    transaction.execute(insert(batches), rows or [nobody])


def _select_mailings() -> Select[Any]:
    return select(mailings, issues.c.number.label("issue_number")).join(issues, isouter=True)


def _read_mailing(row: Row[Any]) -> Mailing:
    return Mailing(
        id=row.id,
        kind=MailingKind(row.kind),
        status=MailingStatus(row.status),
        issue_number=row.issue_number,
        approval_id=row.approval_id,
        opened_at=row.opened_at,
        not_before=row.not_before,
        started_at=row.started_at,
        finished_at=row.finished_at,
        pause_reason=row.pause_reason,
        intended=row.intended,
        first_share=row.first_share,
        hold=timedelta(minutes=row.hold_minutes),
        rest_at=row.rest_at,
    )


def count_bounces(transaction: Transaction, mailing_id: int) -> dict[BounceKind, Counter[str]]:
    """Count the letters of a mailing that came back, by kind and reason; one that did so by two ways is one."""
    letters = select_came_back(mailing_id)
    query = select(letters.c.kind, letters.c.reason, func.count()).group_by(letters.c.kind, letters.c.reason)
    found: dict[BounceKind, Counter[str]] = {kind: Counter() for kind in BounceKind}
    for kind, reason, count in transaction.execute(query):
        found[BounceKind(kind)][reason or BounceReason.UNSPECIFIED] += count
    return found


def _count(transaction: Transaction, query: Select[int]) -> int:
    return transaction.execute(query).scalar_one()


def _list_doubtful(transaction: Transaction, mailing_id: int) -> tuple[str, ...]:
    query = (
        select(subscribers.c.address)
        .join(deliveries, deliveries.c.subscriber_id == subscribers.c.id)
        .where(deliveries.c.mailing_id == mailing_id, deliveries.c.status == DeliveryStatus.DOUBTFUL)
        .order_by(deliveries.c.position)
    )
    return tuple(transaction.execute(query).scalars())
