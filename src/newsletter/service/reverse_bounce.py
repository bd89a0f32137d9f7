"""Take a report back that should not have counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.stored_report import StoredReport
from newsletter.errors import RefusedError
from newsletter.log import log
from newsletter.service.decide_suppression import LIFTED_BY_REVERSAL, decide_about, find_standing
from newsletter.store.audit import record_act
from newsletter.store.bounces import find_report, list_about, mark_reversed
from newsletter.store.database import Database, Transaction
from newsletter.store.suppressions import lift_suppression


@dataclass(frozen=True, slots=True)
class Reversal:
    report: StoredReport
    #: the address is mailed again
    is_lifted: bool


def reverse_bounce(
    bounce_id: int, *, database: Database, policy: BouncePolicy, now: datetime, actor: str | None = None
) -> Reversal:
    """Mark a report as taken back; lift the suppression that rested on it, unless the other reports still carry it.

    Raises NotFoundError, and RefusedError for one that was taken back before.
    """
    with database.transaction() as transaction:
        report = find_report(transaction, bounce_id)
        if report.reversed_at:
            raise RefusedError(f"Bounce {bounce_id} was taken back on {report.reversed_at:%Y-%m-%d} already.")
        mark_reversed(transaction, bounce_id, now=now)
        is_lifted = _lift(transaction, report, policy=policy, now=now)
        detail = {"lifted": is_lifted}
        subject = f"bounce {bounce_id}"
        record_act(transaction, "reverse bounce", subject=subject, detail=detail, now=now, actor=actor)
    log.info("bounce taken back", bounce=bounce_id, lifted=is_lifted)
    return Reversal(report, is_lifted)


def _lift(transaction: Transaction, report: StoredReport, *, policy: BouncePolicy, now: datetime) -> bool:
    if report.address_hash is None:
        return False
    standing = find_standing(transaction, report.address_hash)
    if standing is None or report.name not in standing.evidence:
        return False
    others = list_about(transaction, report.address_hash)
    if decide_about(transaction, report.address_hash, reports=others, policy=policy, now=now):
        return False
    return lift_suppression(transaction, report.address_hash, because=LIFTED_BY_REVERSAL, now=now)
