"""Control a mailing: pause, resume, cancel, and decide on the doubtful; from any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.domain.mailing import DeliveryId, DeliveryStatus, Mailing, MailingStatus
from newsletter.errors import RefusedError
from newsletter.store import doubt, first_share, jobs, ledger, mailings, recovery, sender_health
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction


def pause_mailing(
    mailing_id: int,
    *,
    reason: str,
    database: Database,
    now: datetime,
    blamed: Sequence[DeliveryId] = (),
    by: str | None = None,
) -> Mailing:
    """Stop a mailing where it is. ``blamed`` are rejections to take back, since they were about us.

    ``by`` is the editor who does so, here and below; None stands for the account at work.

    Pausing what is paused changes nothing. Raises IllegalMoveError for a mailing that has ended.
    """
    with database.transaction() as transaction:
        mailing = mailings.find_mailing(transaction, mailing_id, lock=True)
        recovery.requeue(transaction, blamed, now=now)
        if mailing.status is MailingStatus.PAUSED:
            return mailing
        return stop(transaction, mailing, reason=reason, now=now, by=by)


def stop(transaction: Transaction, mailing: Mailing, *, reason: str, now: datetime, by: str | None = None) -> Mailing:
    """Do the same in a transaction that has more to do."""
    paused = replace(mailing.move(MailingStatus.PAUSED), pause_reason=reason)
    mailings.save_status(transaction, paused)
    detail = {"reason": reason}
    record_act(transaction, "mailing paused", subject=f"mailing {mailing.id}", detail=detail, now=now, actor=by)
    return paused


def resume_mailing(
    mailing_id: int, *, database: Database, now: datetime, with_rest: bool = False, by: str | None = None
) -> Mailing:
    """Let a paused mailing run again. One that runs already is left as it is, for a worker to take over.

    One that was paused at its very end has nothing left to do, and comes back finished.

    Whoever resumes a staged mailing that was held for its first share consents to the rest; ``with_rest`` does so
    before its time. What failed so far was seen and pauses it no more; only what comes on top does. Raises RefusedError
    for one that has ended.
    """
    with database.transaction() as transaction:
        mailing = mailings.find_mailing(transaction, mailing_id, lock=True)
        _require_open(mailing)
        is_shown = mailing.rest_at is not None and mailing.rest_at <= now
        if with_rest or (mailing.status is MailingStatus.PAUSED and is_shown):
            first_share.release_rest(transaction, mailing_id, now=now)
            record_act(
                transaction,
                "rest released",
                subject=f"mailing {mailing_id}",
                detail={"by hand": True},
                now=now,
                actor=by,
            )
            mailing = mailings.find_mailing(transaction, mailing_id)
        if mailing.status is not MailingStatus.PAUSED:
            return mailing
        running = replace(mailing.move(MailingStatus.RUNNING), pause_reason=None, started_at=mailing.started_at or now)
        mailings.save_status(transaction, running)
        sender_health.mark_seen(transaction, mailing_id)
        ledger.finish_mailing(transaction, mailing_id, now=now)
        jobs.submit(transaction, mailing=mailing_id, now=now)
        record_act(transaction, "mailing resumed", subject=f"mailing {mailing_id}", detail={}, now=now, actor=by)
        return mailings.find_mailing(transaction, mailing_id)


def cancel_mailing(mailing_id: int, *, database: Database, now: datetime, by: str | None = None) -> Mailing:
    """Stop a mailing for good: what has not left is withheld. Letters in flight settle."""
    with database.transaction() as transaction:
        mailing = mailings.find_mailing(transaction, mailing_id, lock=True)
        cancelled = replace(mailing.move(MailingStatus.CANCELLED), finished_at=now)
        mailings.save_status(transaction, cancelled)
        mailings.withhold_cancelled(transaction, mailing_id, now=now)
        record_act(transaction, "mailing cancelled", subject=f"mailing {mailing_id}", detail={}, now=now, actor=by)
    return cancelled


def resend_doubtful(mailing_id: int, *, database: Database, now: datetime, by: str | None = None) -> int:
    """Queue a mailing's doubtful letters again, and let it run; return how many there were."""
    with database.transaction() as transaction:
        count = recovery.resend_doubtful(transaction, mailing_id, now=now)  # from here on nobody else ends the mailing
        mailing = mailings.find_mailing(transaction, mailing_id, lock=True)
        if mailing.status is MailingStatus.CANCELLED:
            raise RefusedError("The mailing was cancelled; its doubtful letters stay as they are.")
        if count and mailing.status is MailingStatus.FINISHED:
            mailings.save_status(transaction, replace(mailing.move(MailingStatus.RUNNING), finished_at=None))
        jobs.submit(transaction, mailing=mailing_id, now=now)
        detail = {"letters": count}
        subject = f"mailing {mailing_id}"
        record_act(transaction, doubt.RESENT, subject=subject, detail=detail, now=now, actor=by)
    return count


def hold_doubtful(mailing_id: int, *, database: Database, now: datetime, by: str | None = None) -> int:
    """Record the decision to leave the doubtful letters as they are; return how many there are.

    It is about these: letters that become doubtful later need one of their own.
    """
    with database.transaction() as transaction:
        mailing = mailings.find_mailing(transaction, mailing_id)
        count = mailings.report(transaction, mailing).counts[DeliveryStatus.DOUBTFUL]
        detail = {"letters": count}
        subject = f"mailing {mailing_id}"
        record_act(transaction, doubt.HELD, subject=subject, detail=detail, now=now, actor=by)
    return count


def _require_open(mailing: Mailing) -> None:
    """Refuse to let a mailing go on that has ended."""
    if mailing.status is MailingStatus.CANCELLED:
        raise RefusedError("The mailing was cancelled, which is for good; what it had not sent was withheld.")
    if mailing.status is MailingStatus.FINISHED:
        raise RefusedError("The mailing is finished: there is nothing left for it to go on with.")
