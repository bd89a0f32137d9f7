"""Who left by the link of a mailing's letter: counted for good, and without a name once the person is erased."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import ColumnElement, bindparam, false, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.domain.aftermath import start_of_hour
from newsletter.domain.mailing import MailingStatus
from newsletter.domain.person import PersonalUnsubscribe
from newsletter.store.database import Transaction
from newsletter.store.tables import issues, mailings, subscribers, unsubscribes

# Made once, as what marks the readers themselves is.
_LEAVERS = select(
    bindparam("mailing", type_=unsubscribes.c.mailing_id.type),
    bindparam("at", type_=unsubscribes.c.at.type),
    subscribers.c.id,
    false(),
).where(subscribers.c.id.in_(bindparam("ids", expanding=True)))
_ADDED = {
    engine: insert(unsubscribes)
    .from_select(["mailing_id", "at", "subscriber_id", "resubscribed"], _LEAVERS)
    .on_conflict_do_update(index_elements=["mailing_id", "subscriber_id"], set_={"resubscribed": False})
    for engine, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}


def add_unsubscribes(transaction: Transaction, subscriber_ids: Collection[int], *, mailing: int, now: datetime) -> None:
    """Count readers who leave by a mailing's link, each once for that mailing, however often they come and go."""
    leaving = {"ids": list(subscriber_ids), "mailing": mailing, "at": now}
    transaction.execute(_ADDED[transaction.dialect.name], leaving)


def mark_resubscribed(transaction: Transaction, subscriber_id: int) -> None:
    """Note that a reader who may have left by links is subscribed again; the unsubscribes stay counted."""
    left = unsubscribes.c.subscriber_id == subscriber_id, unsubscribes.c.resubscribed.is_(False)
    transaction.execute(update(unsubscribes).where(*left).values(resubscribed=True))


def count_unsubscribes(transaction: Transaction, mailing_id: int) -> int:
    """Count who left by a link in a letter of a mailing, those too who are erased or subscribed again since."""
    query = select(func.count()).select_from(unsubscribes).where(unsubscribes.c.mailing_id == mailing_id)
    return transaction.execute(query).scalar_one()


def count_resubscribed(transaction: Transaction, mailing_id: int) -> int:
    """Count those of them who have subscribed again since."""
    again = unsubscribes.c.mailing_id == mailing_id, unsubscribes.c.resubscribed
    return transaction.execute(select(func.count()).select_from(unsubscribes).where(*again)).scalar_one()


def list_moments(transaction: Transaction, mailing_id: int) -> list[datetime]:
    """Return when readers left by a link in a letter of a mailing."""
    return list(transaction.scalars(select(unsubscribes.c.at).filter_by(mailing_id=mailing_id)))


def list_unsubscribes_of(transaction: Transaction, subscriber_id: int) -> tuple[PersonalUnsubscribe, ...]:
    """Return the unsubscribes of one reader that a letter's link brought about, the latest first."""
    query = (
        select(unsubscribes, issues.c.number)
        .join(mailings, mailings.c.id == unsubscribes.c.mailing_id, isouter=True)
        .join(issues, issues.c.id == mailings.c.issue_id, isouter=True)
        .where(unsubscribes.c.subscriber_id == subscriber_id)
        .order_by(unsubscribes.c.id.desc())
    )
    return tuple(
        PersonalUnsubscribe(mailing=row.mailing_id, issue=row.number, at=row.at, has_resubscribed=row.resubscribed)
        for row in transaction.execute(query)
    )


def forget_leaver(transaction: Transaction, subscriber_id: int) -> None:
    """Leave of a reader's unsubscribes that there was one, and in which hour."""
    _take_names(transaction, unsubscribes.c.subscriber_id == subscriber_id)


def forget_leavers(transaction: Transaction, *, before: datetime, most: int) -> int:
    """Do the same for the first unsubscribes by mailings that ended before then; return of how many."""
    ended = mailings.c.status.in_([MailingStatus.FINISHED, MailingStatus.CANCELLED]), mailings.c.finished_at < before
    old = unsubscribes.c.mailing_id.in_(select(mailings.c.id).where(*ended))
    return _take_names(transaction, old & unsubscribes.c.subscriber_id.is_not(None), most=most)


def _take_names(transaction: Transaction, these: ColumnElement[bool], *, most: int | None = None) -> int:
    # By the exact time the consent log, which keeps a hash of the address, would still tell who it was.
    start = func.coalesce(mailings.c.started_at, mailings.c.not_before, unsubscribes.c.at)
    query = (
        select(unsubscribes.c.id, unsubscribes.c.at, start.label("start"))
        .join(mailings, mailings.c.id == unsubscribes.c.mailing_id, isouter=True)
        .where(these)
        .order_by(unsubscribes.c.id)
        .limit(most)
    )
    rows = [{"row": row.id, "hour": start_of_hour(row.at, since=row.start)} for row in transaction.execute(query)]
    if rows:
        nameless = update(unsubscribes).where(unsubscribes.c.id == bindparam("row"))
        transaction.execute(nameless.values(subscriber_id=None, at=bindparam("hour")), rows)
    return len(rows)
