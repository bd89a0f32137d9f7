"""A worker's claims: batches taken from the ledger as far as the limits allow, and given back."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from newsletter.engine.plant import Plant
from newsletter.service.feed import Load
from newsletter.service.grant_letters import (
    Grant,
    find_wait,
    give_back_time,
    grant_letters,
    hold_budgets,
    is_relay_planned,
)
from newsletter.service.release_rest import release_rests
from newsletter.store import budgets, first_share, jobs, ledger, mailings, recovery
from newsletter.store.database import Transaction
from newsletter.store.ledger import Claim
from newsletter.store.seats import Seat

_SOON = timedelta(seconds=20)  # what is due so soon is waited for, and nobody calls that idle


@dataclass(frozen=True, slots=True)
class Granted:
    """A claimed batch, with those of its letters that may leave."""

    claim: Claim
    grant: Grant


@dataclass(frozen=True, slots=True)
class Held:
    """Nothing may leave now: the relay rests, or as much is granted as its limits allow for the next moments."""


class Claims:
    def __init__(self, plant: Plant, seat: Seat) -> None:
        self._plant = plant
        self._seat = seat
        #: whether there will be something to take in a moment, though there was nothing the last time
        self.are_due_soon = False

    def take(self, only: tuple[int, int] | None = None) -> Granted | Held | None:
        """Claim the next batch that is due, in one transaction with what of it may leave; None if there is none.

        ``only`` is the one batch that is wanted, by mailing and number.
        """
        plant, now = self._plant, self._plant.clock()
        with plant.database.transaction() as transaction:
            mailings.start_due(transaction, now=now)
            recovery.recover_stopped(transaction, is_dead=self._seat.is_dead, doubtful=plant.doubtful, now=now)
            release_rests(transaction, percent=plant.staged_percent, now=now)
            wait = find_wait(transaction, plant.limits, now=now)
            if wait is not None or self._is_relay_planned(transaction, now=now):
                self.are_due_soon = wait is None or wait.until <= now + _SOON
                return Held()
            now = plant.clock()  # others may have had the relay's lock for a while
            claim = ledger.claim_batch(transaction, seat=self._seat, now=now, doubtful=plant.doubtful, only=only)
            if claim is None:
                due_at = ledger.next_due(transaction)
                self.are_due_soon = due_at is not None and now < due_at <= now + _SOON
                return None
            grant = grant_letters(transaction, claim, plant.limits, now=now)
        return Granted(replace(claim, recipients=grant.recipients), grant)

    def _is_relay_planned(self, transaction: Transaction, *, now: datetime) -> bool:
        """Tell whether letters enough are granted; if not, nobody else grants any until this transaction ends."""
        limits = self._plant.limits
        if not limits.messages_per_second:
            return False
        if is_relay_planned(transaction, limits, now=now):
            return True
        hold_budgets(transaction, limits, now=now)
        # Another process may have been before this one, for which this one waited.
        return is_relay_planned(transaction, limits, now=self._plant.clock())

    def give_back(self, load: Load, grant: Grant, *, is_resting: bool) -> None:
        """Give a batch back, and of its grant what did not leave.

        The batch is due at once where a letter could leave that was granted; the next claim plans the others anew.
        """
        now = self._plant.clock()
        queued_due_at = now if load.dropped or load.is_queued_again else grant.rest_due_at
        left = len(grant.recipients) - load.dropped
        with self._plant.database.transaction() as transaction:
            ledger.finish_batch(transaction, load.batch, now=now, queued_due_at=queued_due_at)
            jobs.submit(transaction, mailing=load.batch.mailing, number=load.batch.number, now=now)
            first_share.note_first_share(transaction, load.batch.mailing, now=now)
            if grant.spending is not None:
                budgets.settle_spending(transaction, grant.spending, left, now=now)
            if left and not is_resting:
                budgets.delete_rest(transaction, now=now, relay=self._plant.limits.relay)
            if load.dropped:
                give_back_time(transaction, grant, self._plant.limits, now=now)
