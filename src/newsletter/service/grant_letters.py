"""Grant letters: which of a claimed batch may leave now, by what the relay allows, and which stay in the ledger.

The grant is written down in the transaction of the claim, so no two processes spend the same budget, and a restart
remembers what was spent. It reaches seconds ahead and no further: what may leave only later stays queued in its batch,
and nobody holds a batch while he waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.domain.budget import GRANTED_AHEAD, RELAY, Limits, Wait, count_room, find_quota_wait
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId
from newsletter.store import budgets
from newsletter.store.budgets import Budget
from newsletter.store.database import Transaction
from newsletter.store.ledger import Claim

#: The next letters are granted so long before the last ones have left.
_LEAD = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What of a claim may leave, and when."""

    recipients: tuple[Recipient, ...]
    #: the first of them
    starts_at: datetime
    #: those that have to wait for their domain
    due: dict[DeliveryId, datetime] = field(default_factory=dict)
    #: when the batch is due again for those that stay in it
    rest_due_at: datetime
    #: where the quotas' spending is written; None without quotas
    spending: int | None = None


def hold_budgets(transaction: Transaction, limits: Limits, *, now: datetime) -> None:
    """Keep other processes from granting letters until this transaction ends."""
    if not limits.are_none:
        budgets.lock_relay(transaction, now=now, relay=limits.relay)


def find_wait(transaction: Transaction, limits: Limits, *, now: datetime, for_notices: bool = False) -> Wait | None:
    """Return until when nothing may leave, because the relay said so or its limits do; None if something may."""
    rest = budgets.find_rest(transaction, relay=limits.relay)
    if rest is not None and rest.until > now:
        return Wait(until=rest.until, why=rest.why)
    if not limits.are_counted:
        return None
    return find_quota_wait(
        limits, budgets.list_spendings(transaction, now=now, relay=limits.relay), now=now, for_notices=for_notices
    )


def grant_letters(transaction: Transaction, claim: Claim, limits: Limits, *, now: datetime) -> Grant:
    """Choose what of the claim may leave, and spend it."""
    if limits.are_none:
        return Grant(recipients=claim.recipients, starts_at=now, rest_due_at=now)
    relay = budgets.lock_relay(transaction, now=now, relay=limits.relay)
    starts_at = max(relay.free_at, now)
    allowed = _count_allowed(transaction, limits, now=now)
    granted, due, rest_due_at = _plan_domains(transaction, claim.recipients, allowed, limits, now=now)
    _plan_relay(transaction, relay, len(granted), limits, starts_at=starts_at)
    spending = (
        budgets.add_spending(transaction, len(granted), now=now, relay=limits.relay)
        if limits.are_counted and granted
        else None
    )
    return Grant(
        recipients=tuple(granted), starts_at=starts_at, due=due, rest_due_at=rest_due_at or now, spending=spending
    )


def grant_notice(transaction: Transaction, domain: str, limits: Limits, *, now: datetime) -> datetime:
    """Spend one letter for a notice; return when it may leave. Only while ``find_wait`` finds no wait for notices."""
    if limits.are_none:
        return now
    relay = budgets.lock_relay(transaction, now=now, relay=limits.relay)
    starts_at = max(relay.free_at, now)
    _plan_relay(transaction, relay, 1, limits, starts_at=starts_at)
    if limits.are_counted:
        budgets.add_spending(transaction, 1, now=now, relay=limits.relay)
    if limits.per_domain_per_second:
        name = _name(domain, limits)
        of_domain = budgets.load_budgets(transaction, [name]).get(name, Budget(now))
        starts_at = max(starts_at, of_domain.free_at)
        free_at = starts_at + timedelta(seconds=1 / limits.per_domain_per_second)
        budgets.save_budgets(transaction, {name: Budget(free_at, of_domain.queued_until)})
    return starts_at


def is_relay_planned(transaction: Transaction, limits: Limits, *, now: datetime) -> bool:
    """Tell whether letters enough are granted for the next moments, here or in another process."""
    if not limits.messages_per_second:
        return False
    relay = budgets.load_budgets(transaction, [limits.relay]).get(limits.relay)
    return relay is not None and relay.free_at > now + _LEAD


def _name(domain: str, limits: Limits) -> str:
    """Name the budget of a domain. A second relay has its own: what one of them sends, the domain counts as its."""
    return domain if limits.relay == RELAY else f"{limits.relay} {domain}"


def _count_allowed(transaction: Transaction, limits: Limits, *, now: datetime) -> int | None:
    """Return how many letters relay rate and quotas allow; None for all."""
    counts = []
    if limits.are_counted:
        counts.append(
            count_room(limits, budgets.list_spendings(transaction, now=now, relay=limits.relay), now=now) or 0
        )
    if limits.messages_per_second:
        counts.append(max(1, int(limits.messages_per_second * GRANTED_AHEAD.total_seconds())))
    return min(counts, default=None)


def _plan_relay(transaction: Transaction, relay: Budget, letters: int, limits: Limits, *, starts_at: datetime) -> None:
    if limits.messages_per_second and letters:
        free_at = starts_at + timedelta(seconds=letters / limits.messages_per_second)
        budgets.save_budgets(transaction, {limits.relay: Budget(free_at, relay.queued_until)})


def _plan_domains(
    transaction: Transaction,
    recipients: tuple[Recipient, ...],
    allowed: int | None,
    limits: Limits,
    *,
    now: datetime,
) -> tuple[list[Recipient], dict[DeliveryId, datetime], datetime | None]:
    """Grant up to ``allowed`` letters, each with a time of its own where its domain has a rate.

    Also returns when the first of those is due that were left out.
    """
    if not limits.per_domain_per_second:
        return list(recipients[:allowed]), {}, now
    timetable = _Timetable(
        budgets.load_budgets(transaction, {_name(recipient.address.domain, limits) for recipient in recipients}),
        step=timedelta(seconds=1 / limits.per_domain_per_second),
        now=now,
    )
    granted: list[Recipient] = []
    due: dict[DeliveryId, datetime] = {}
    rest_due_at: datetime | None = None
    for recipient in recipients:
        if len(granted) == allowed:
            rest_due_at = now
            break
        name = _name(recipient.address.domain, limits)
        at = timetable.plan(name)
        if at is None:
            turn = timetable.put_off(name)
            rest_due_at = min(rest_due_at or turn, turn)
            continue
        granted.append(recipient)
        if at > now:
            due[recipient.delivery] = at
    budgets.save_budgets(transaction, timetable.changed)
    return granted, due, rest_due_at


class _Timetable:
    """The letters of one claim, planned by the rate of their domains."""

    def __init__(self, known: dict[str, Budget], *, step: timedelta, now: datetime) -> None:
        self._known = known
        self._step = step
        self._now = now
        #: of domains that had letters planned, or put off
        self.changed: dict[str, Budget] = {}
        self._turns: dict[str, datetime] = {}

    def plan(self, domain: str) -> datetime | None:
        """Return when the next letter to a domain leaves; None if that is too far ahead."""
        budget = self._find(domain)
        at = max(budget.free_at, self._now)
        if at > self._now + GRANTED_AHEAD:
            return None
        self.changed[domain] = Budget(at + self._step, budget.queued_until)
        return at

    def put_off(self, domain: str) -> datetime:
        """Return when a letter that stays in its batch is due again.

        That is behind all of its domain that were put off before, so that batches come back one after another; but what
        belongs to letters that were planned just now follows these.
        """
        budget = self._find(domain)
        turn = self._turns.get(domain)
        if turn is None:
            turn = budget.free_at
            if domain not in self.changed and budget.queued_until is not None:
                turn = max(turn, budget.queued_until)
        self._turns[domain] = turn + self._step
        queued_until = max(budget.queued_until or self._turns[domain], self._turns[domain])
        self.changed[domain] = Budget(budget.free_at, queued_until)
        return turn

    def _find(self, domain: str) -> Budget:
        return self.changed.get(domain) or self._known.get(domain) or Budget(self._now)
