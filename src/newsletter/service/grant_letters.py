"""Grant letters: which of a claimed batch may leave now, by what the relay allows, and which stay in the ledger.

The grant is written down in the transaction of the claim, so no two processes spend the same budget, and a restart
remembers what was spent. It reaches seconds ahead and no further: what may leave only later stays queued in its batch,
and nobody holds a batch while he waits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from newsletter.domain.budget import (
    GRANTED_AHEAD,
    RELAY,
    Limits,
    Stretch,
    Wait,
    count_room,
    find_gap,
    find_quota_wait,
    find_reserved,
)
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId
from newsletter.store import budgets
from newsletter.store.budgets import Budget
from newsletter.store.database import Transaction
from newsletter.store.ledger import Claim

#: The next letters are granted so long before the last ones have left.
_LEAD = timedelta(seconds=2)

#: Letters that wait for their domain are granted for so long ahead at least, though others may have the relay by then;
#: else a batch with few others would be claimed again for each of them.
_SHORTEST_REACH = timedelta(seconds=1)

#: A batch whose letters wait for their domain is looked at again after so long: those before it may be cancelled.
_LONGEST_PUT_OFF = timedelta(minutes=1)


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
    #: where the relay's time is written down that it takes; None without a rate
    stretch: int | None = None


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
    budgets.lock_relay(transaction, now=now, relay=limits.relay)
    gap = _find_gap(transaction, limits, now=now)
    allowed = _count_allowed(transaction, limits, gap, now=now)
    granted, due, rest_due_at = _plan_domains(transaction, claim.recipients, allowed, limits, gap, now=now)
    stretch = _plan_relay(transaction, len(granted), limits, gap, now=now)
    spending = (
        budgets.add_spending(transaction, len(granted), now=now, relay=limits.relay)
        if limits.are_counted and granted
        else None
    )
    return Grant(
        recipients=tuple(granted),
        starts_at=gap.starts_at if gap else now,
        due=due,
        rest_due_at=rest_due_at or now,
        spending=spending,
        stretch=stretch,
    )


def give_back_time(transaction: Transaction, grant: Grant, limits: Limits, *, now: datetime) -> None:
    """Free the relay's time that a grant does not need: none of its letters is out, and none will leave any more.

    The last that did keeps its place: the next one may leave a step later.
    """
    if grant.stretch is not None and limits.messages_per_second:
        step = timedelta(seconds=1 / limits.mailings_per_second)
        budgets.cut_stretch(transaction, grant.stretch, ends_at=now + step)


def grant_notice(transaction: Transaction, domain: str, limits: Limits, *, now: datetime) -> datetime:
    """Spend one letter for a notice; return when it may leave. Only while ``find_wait`` finds no wait for notices."""
    if limits.are_none:
        return now
    budgets.lock_relay(transaction, now=now, relay=limits.relay)
    starts_at = _plan_notice(transaction, limits, now=now)
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
    gap = _find_gap(transaction, limits, now=now)
    return gap is not None and gap.starts_at > now + _LEAD


def _name(domain: str, limits: Limits) -> str:
    """Name the budget of a domain. A second relay has its own: what one of them sends, the domain counts as its."""
    return domain if limits.relay == RELAY else f"{limits.relay} {domain}"


def _find_gap(transaction: Transaction, limits: Limits, *, now: datetime) -> Stretch | None:
    """Return what is free of the relay's time first; None without a rate."""
    if not limits.messages_per_second:
        return None
    return find_gap(budgets.list_stretches(transaction, now=now, relay=limits.relay), limits, now=now)


def _count_allowed(transaction: Transaction, limits: Limits, gap: Stretch | None, *, now: datetime) -> int | None:
    """Return how many letters relay rate and quotas allow; None for all."""
    counts = []
    if limits.are_counted:
        counts.append(
            count_room(limits, budgets.list_spendings(transaction, now=now, relay=limits.relay), now=now) or 0
        )
    if gap is not None:
        counts.append(max(1, int(limits.mailings_per_second * (gap.ends_at - gap.starts_at).total_seconds())))
    return min(counts, default=None)


def _plan_relay(
    transaction: Transaction, letters: int, limits: Limits, gap: Stretch | None, *, now: datetime
) -> int | None:
    if gap is None or not letters:
        return None
    ends_at = gap.starts_at + timedelta(seconds=letters / limits.mailings_per_second)
    return budgets.add_stretch(transaction, Stretch(gap.starts_at, ends_at), now=now, relay=limits.relay)


def _plan_notice(transaction: Transaction, limits: Limits, *, now: datetime) -> datetime:
    """Give a notice its place: among all letters, or in what is kept for notices where that comes first."""
    gap = _find_gap(transaction, limits, now=now)
    if gap is None:
        return now
    reserve = f"{limits.relay} notices"
    reserved_at = find_reserved(budgets.list_stretches(transaction, now=now, relay=reserve), limits, now=now)
    if gap.starts_at <= reserved_at:
        _plan_relay(transaction, 1, limits, gap, now=now)
        return gap.starts_at
    begun = Stretch(reserved_at, reserved_at + limits.reserve_span)
    budgets.add_stretch(transaction, begun, now=now, relay=reserve)
    return reserved_at


def _plan_domains(
    transaction: Transaction,
    recipients: tuple[Recipient, ...],
    allowed: int | None,
    limits: Limits,
    gap: Stretch | None,
    *,
    now: datetime,
) -> tuple[list[Recipient], dict[DeliveryId, datetime], datetime | None]:
    """Grant up to ``allowed`` letters, each with a time of its own where its domain has a rate.

    Also returns when the first of those is due that were left out.
    """
    if not limits.per_domain_per_second:
        return list(recipients[:allowed]), {}, now
    names = [_name(recipient.address.domain, limits) for recipient in recipients]
    timetable = _Timetable(
        budgets.load_budgets(transaction, set(names)),
        step=timedelta(seconds=1 / limits.per_domain_per_second),
        now=now,
        starts_at=gap.starts_at if gap else now,
    )
    if gap is not None and allowed is not None:
        timetable.shorten_reach(Counter(names), allowed, per_second=limits.mailings_per_second)
    granted: list[Recipient] = []
    due: dict[DeliveryId, datetime] = {}
    rest_due_at: datetime | None = None
    for recipient, name in zip(recipients, names, strict=True):
        if len(granted) == allowed:
            rest_due_at = now
            break
        at = timetable.plan(name)
        if at is None:
            turn = timetable.put_off(name) - _SHORTEST_REACH  # a moment before, or the domain waited for the claim
            rest_due_at = min(rest_due_at or turn, turn)
            continue
        granted.append(recipient)
        if at > timetable.starts_at:
            due[recipient.delivery] = at
    budgets.save_budgets(transaction, timetable.changed)
    return granted, due, rest_due_at


class _Timetable:
    """The letters of one claim, planned by the rate of their domains."""

    def __init__(self, known: dict[str, Budget], *, step: timedelta, now: datetime, starts_at: datetime) -> None:
        self._known = known
        self._step = step
        self._now = now
        #: before then, others have the relay
        self.starts_at = starts_at
        self._reach = GRANTED_AHEAD
        #: of domains that had letters planned, or put off
        self.changed: dict[str, Budget] = {}
        self._turns: dict[str, datetime] = {}

    def shorten_reach(self, wanted: Mapping[str, int], allowed: int, *, per_second: float) -> None:
        """Grant only what leaves while the relay is ours: as long as all letters that are granted take at its rate.

        What left later would do so beside the letters of others. ``wanted`` are letters by domain.
        """
        while self._reach > _SHORTEST_REACH:
            letters = min(allowed, sum(self._count_within_reach(domain, most) for domain, most in wanted.items()))
            reach = max(_SHORTEST_REACH, timedelta(seconds=letters / per_second))
            if reach >= self._reach:
                return
            self._reach = reach

    def _count_within_reach(self, domain: str, most: int) -> int:
        span = self.starts_at + self._reach - max(self._find(domain).free_at, self.starts_at)
        return min(most, span // self._step + 1) if span >= timedelta() else 0

    def plan(self, domain: str) -> datetime | None:
        """Return when the next letter to a domain leaves; None if that is too far ahead."""
        budget = self._find(domain)
        at = max(budget.free_at, self.starts_at)
        if at > self.starts_at + self._reach:
            return None
        self.changed[domain] = Budget(at + self._step, budget.queued_until)
        return at

    def put_off(self, domain: str) -> datetime:
        """Return when a letter that stays in its batch is due again.

        That is behind all of its domain that were put off before, so that batches come back one after another; but what
        belongs to letters that were planned just now follows these. Nobody is put off for longer than a minute: by then
        the queue may be gone.
        """
        budget = self._find(domain)
        turn = self._turns.get(domain)
        if turn is None:
            turn = budget.free_at
            if domain not in self.changed and budget.queued_until is not None:
                turn = max(turn, budget.queued_until)
        turn = min(turn, self._now + _LONGEST_PUT_OFF)
        self._turns[domain] = min(turn + self._step, self._now + _LONGEST_PUT_OFF)
        queued_until = max(budget.queued_until or turn, self._turns[domain])
        self.changed[domain] = Budget(budget.free_at, min(queued_until, self._now + _LONGEST_PUT_OFF))
        return turn

    def _find(self, domain: str) -> Budget:
        return self.changed.get(domain) or self._known.get(domain) or Budget(self._now)
