"""Retention of what is stored about letters: after a while it is only known how many there were."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from newsletter.log import log
from newsletter.store import retention, unsubscribes
from newsletter.store.database import Database, Transaction

_ROWS = 2_000  # of one step: some hundredths of a second, in which a worker that commits waits
_STEPS = 25  # of one call: a million letters are reduced within twenty calls


def reduce_old(*, database: Database, keep: timedelta, now: datetime, rows: int = _ROWS, steps: int = _STEPS) -> None:
    """Forget who got the letters of mailings that ended longer than ``keep`` ago, or left by them; reports; notices.

    Their numbers stay, so that each report says the same as before. At most ``steps`` short transactions of ``rows``
    rows each; what is left waits for the next call.
    """
    before = now - keep
    tasks: list[tuple[str, Callable[[Transaction], int]]] = [
        ("deliveries reduced to counts", lambda step: _reduce(step, before, rows)),
        ("unsubscribes without a name", lambda step: unsubscribes.forget_leavers(step, before=before, most=rows)),
        ("reports emptied", lambda step: retention.empty_reports(step, before=before, most=rows, now=now)),
        ("notices deleted", lambda step: retention.delete_notices(step, before=before, most=rows)),
    ]
    for what, task in tasks:
        done = 0
        while steps:
            steps -= 1
            with database.transaction() as transaction:
                count = task(transaction)
            done += count
            if not count:
                break
        if done:
            log.info(what, count=done)


def _reduce(transaction: Transaction, before: datetime, rows: int) -> int:
    mailing = retention.find_reducible(transaction, before=before)
    return 0 if mailing is None else retention.reduce_deliveries(transaction, mailing, most=rows)
