"""Report in full: who got an issue, what came back and why, and how that compares."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TextIO

from newsletter.domain.address import mask_addresses
from newsletter.domain.aftermath import BounceGroup, EventKind, Interval, IssueFigures, ShownPartner, spread
from newsletter.domain.bounce import BounceKind
from newsletter.domain.mailing import DeliveryStatus, MailingReport
from newsletter.domain.sender_health import DomainFigures
from newsletter.ingest.csv_subscribers import protect_cell
from newsletter.store import aftermath, delivery_counts, mailings, sender_health, totals, unsubscribes
from newsletter.store.database import Database, Transaction

_COMPARED = 11  # this issue and the ten before it


@dataclass(frozen=True, slots=True, kw_only=True)
class FullReport:
    report: MailingReport
    #: those with most failures first, the rest as one; they add up to the report
    domains: tuple[DomainFigures, ...]
    #: hard and soft ones, most letters first
    bounces: tuple[BounceGroup, ...]
    #: since its first letter
    intervals: tuple[Interval, ...]
    #: this issue and the ten before it, the latest first
    compared: tuple[IssueFigures, ...]
    partners: tuple[ShownPartner, ...]


def report_in_full(number: int, *, database: Database) -> FullReport:
    """Return all that is known of the mailing of an issue at one moment. Raises NotFoundError without one."""
    with database.snapshot() as snapshot:
        mailing = mailings.find_issue_mailing(snapshot, number)
        letters = delivery_counts.list_by_domain(snapshot, mailing.id)
        return FullReport(
            report=mailings.report(snapshot, mailing, delivery_counts.add_domains(letters)),
            domains=tuple(sender_health.count_by_domain(snapshot, mailing.id, letters)),
            bounces=tuple(aftermath.list_bounce_groups(snapshot, mailing.id)),
            intervals=spread(
                aftermath.list_events(snapshot, mailing.id), start=mailing.started_at or mailing.not_before
            ),
            compared=tuple(_compare(snapshot, number)),
            partners=tuple(aftermath.list_shown_partners(snapshot, number)),
        )


def write_report(full: FullReport, stream: TextIO) -> None:
    """Write a report as CSV, one figure a line; no spreadsheet takes a cell of it for a formula.

    Open the stream with ``newline=""``.
    """
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180 2.1
    writer.writerow(["section", "of", "figure", "count"])
    for section, of, figure, count in _list_rows(full):
        writer.writerow([protect_cell(section), protect_cell(of), protect_cell(figure), count])


def _compare(transaction: Transaction, number: int) -> Iterator[IssueFigures]:
    latest = mailings.list_latest(transaction, until=number, limit=_COMPARED)
    counts = totals.list_totals(transaction, latest)
    for mailing in latest:
        came_back = mailings.count_bounces(transaction, mailing.id)
        yield IssueFigures(
            mailing=mailing,
            counts=counts[mailing.id],
            bounced_hard=came_back[BounceKind.HARD].total(),
            bounced_soft=came_back[BounceKind.SOFT].total(),
            complaints=came_back[BounceKind.COMPLAINT].total(),
            unsubscribes=unsubscribes.count_unsubscribes(transaction, mailing.id),
        )


def _list_rows(full: FullReport) -> Iterator[tuple[str, str, str, int]]:
    yield from _list_sum(full.report)
    for group in full.bounces:
        yield "bounces", f"{group.kind} {group.reason}", "letters", group.letters
        for words, count in group.words:
            yield "bounces", f"{group.kind} {group.reason}", mask_addresses(words), count
    for domain in full.domains:
        name = domain.domain or "others"
        yield from (("domain", name, status.value, domain.counts[status]) for status in DeliveryStatus)
        yield "domain", name, "failed", domain.failed
    for interval in full.intervals:
        start = interval.start.isoformat()
        yield from (("over time", start, kind.value, interval.counts[kind]) for kind in EventKind)
    for figures in full.compared:
        of = f"issue {figures.mailing.issue_number}"
        yield "compared", of, "intended", figures.mailing.intended
        yield from (("compared", of, status.value, figures.counts.get(status, 0)) for status in DeliveryStatus)
        yield "compared", of, "came_back", figures.came_back
        yield "compared", of, "complaints", figures.complaints
        yield "compared", of, "unsubscribes", figures.unsubscribes
    for partner in full.partners:
        yield "partner links", partner.name, "issues that had it", partner.issues


def _list_sum(report: MailingReport) -> Iterator[tuple[str, str, str, int]]:
    issue = f"issue {report.mailing.issue_number}"
    yield "sum", issue, "intended", report.mailing.intended
    yield from (("sum", issue, status.value, report.counts[status]) for status in DeliveryStatus)
    yield from (("withheld", issue, reason.value, count) for reason, count in report.withheld_reasons.items())
    yield from (("rejected", issue, reason, count) for reason, count in report.rejected_reasons.items())
    yield "came back", issue, "bounced_hard", report.bounced_hard
    yield "came back", issue, "bounced_soft", report.bounced_soft
    yield "came back", issue, "complaints", report.complaints
    yield "came back", issue, "unsubscribes", report.unsubscribes
    yield "came back", issue, "resubscribed", report.resubscribed
