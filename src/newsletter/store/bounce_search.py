"""Looking through what came back, a page at a time, and counting the latest of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sqlalchemy import ColumnElement, and_, func, or_, select

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.stored_report import StoredReport
from newsletter.store.bounces import COLUMNS, load_report
from newsletter.store.database import Transaction
from newsletter.store.tables import bounces, subscribers

#: So many of the latest reports are counted.
COUNTED = 2_000

_MOST_DOMAINS = 10
_WINDOW = 5_000  # reports of one page whose readers are looked up, to find a domain


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportFilter:
    """Conditions that all have to hold; what is empty holds for every report."""

    kind: BounceKind | None = None
    reason: BounceReason | None = None
    #: of the reader whom it is about
    domain: str = ""
    #: counts, ignored or reversed
    effect: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedReport:
    report: StoredReport
    #: of the reader; None where nobody is known any more
    address: EmailAddress | None
    subscriber_id: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    reports: tuple[ListedReport, ...]
    #: the id below which to go on; None at the end
    next: int | None
    #: the page is not full, because looking further would take too long at once
    is_cut_short: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the latest reports are."""

    reports: int = 0
    kinds: Counter[BounceKind] = field(default_factory=Counter)
    #: of those that count
    reasons: Counter[BounceReason] = field(default_factory=Counter)
    #: the domains of the readers whom they are about, the first ten
    domains: Counter[str] = field(default_factory=Counter)
    ignored: int = 0


def list_reports_page(transaction: Transaction, wanted: ReportFilter, *, below: int | None, limit: int) -> ReportPage:
    """Return reports with an id below that one, the latest first."""
    latest = (transaction.scalar(select(func.max(bounces.c.id))) or 0) + 1 if below is None else below
    query = (
        select(*COLUMNS, subscribers.c.address, subscribers.c.id.label("subscriber_id"))
        .join_from(bounces, subscribers, subscribers.c.address_hash == bounces.c.address_hash, isouter=True)
        .where(bounces.c.id < latest, _conditions(wanted))
        .order_by(bounces.c.id.desc())
        .limit(limit + 1)
    )
    floor = latest - _WINDOW if wanted.domain else 0
    if floor > 0:
        query = query.where(bounces.c.id >= floor)
    found = [
        ListedReport(
            report=load_report(row),
            address=EmailAddress(row.address) if row.address else None,
            subscriber_id=row.subscriber_id,
        )
        for row in transaction.execute(query)
    ]
    if len(found) > limit:
        return ReportPage(reports=tuple(found[:limit]), next=found[limit - 1].report.id)
    return ReportPage(reports=tuple(found), next=floor if floor > 1 else None, is_cut_short=floor > 1)


def count_recent(transaction: Transaction) -> Counted:
    """Count the latest reports."""
    latest = transaction.scalar(select(func.max(bounces.c.id))) or 0
    query = (
        select(bounces.c.kind, bounces.c.reason, bounces.c.ignored_because, subscribers.c.normalized)
        .join_from(bounces, subscribers, subscribers.c.address_hash == bounces.c.address_hash, isouter=True)
        .where(bounces.c.id > latest - COUNTED)
    )
    kinds: Counter[BounceKind] = Counter()
    reasons: Counter[BounceReason] = Counter()
    domains: Counter[str] = Counter()
    ignored = 0
    for kind, reason, ignored_because, address in transaction.execute(query):
        kinds[BounceKind(kind)] += 1
        if ignored_because:
            ignored += 1
        elif reason:
            reasons[BounceReason(reason)] += 1
            if address:
                domains[address.rpartition("@")[2]] += 1
    return Counted(
        reports=kinds.total(),
        kinds=kinds,
        reasons=Counter(dict(reasons.most_common())),
        domains=Counter(dict(domains.most_common(_MOST_DOMAINS))),
        ignored=ignored,
    )


def _conditions(wanted: ReportFilter) -> ColumnElement[bool]:
    conditions: list[ColumnElement[bool]] = [bounces.c.id.is_not(None)]
    if wanted.kind:
        conditions.append(bounces.c.kind == wanted.kind)
    if wanted.reason:
        conditions.append(bounces.c.reason == wanted.reason)
    if wanted.domain:
        address = subscribers.c.normalized
        conditions.append(
            or_(
                address.endswith(f"@{wanted.domain}", autoescape=True),
                address.endswith(f".{wanted.domain}", autoescape=True),
            )
        )
    if wanted.effect == "counts":
        conditions += [bounces.c.ignored_because.is_(None), bounces.c.reversed_at.is_(None)]
    elif wanted.effect == "ignored":
        conditions.append(bounces.c.ignored_because.is_not(None))
    elif wanted.effect == "reversed":
        conditions.append(bounces.c.reversed_at.is_not(None))
    return and_(*conditions)
