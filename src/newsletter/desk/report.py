"""Report: who got an issue, what came back and why, and how that compares; readable in print."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from io import StringIO
from zoneinfo import ZoneInfo

from litestar import Response
from litestar.response import Template
from markupsafe import Markup

from newsletter.desk.chart import Column, Part, draw_bar, draw_columns
from newsletter.desk.collaborators import TheApp
from newsletter.desk.place import IssueNumber
from newsletter.desk.routes import screen
from newsletter.domain.aftermath import EventKind, IssueFigures
from newsletter.domain.editor import EditorRole
from newsletter.domain.mailing import DeliveryStatus
from newsletter.service.report_in_full import FullReport, report_in_full, write_report
from newsletter.web.pages import show

_TONES = {
    DeliveryStatus.ACCEPTED: "accepted",
    DeliveryStatus.DEFERRED: "deferred",
    DeliveryStatus.REJECTED: "rejected",
    DeliveryStatus.WITHHELD: "withheld",
    DeliveryStatus.DOUBTFUL: "doubtful",
    DeliveryStatus.IN_FLIGHT: "flight",
    DeliveryStatus.QUEUED: "queued",
}
_HUNDRED = 100
_DOMAINS = 15  # on the page; the CSV file has a hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportPage:
    number: int
    full: FullReport
    zone: ZoneInfo
    #: of the zone
    zone_name: str

    @property
    def sum(self) -> tuple[tuple[str, int, str], ...]:
        """The states that add up to the audience, each with its tone."""
        counts = self.full.report.counts
        return tuple((_plain(status.value), counts[status], tone) for status, tone in _TONES.items())

    @property
    def bar(self) -> Markup:
        parts = [Part(label, count, tone) for label, count, tone in self.sum]
        return draw_bar(parts, title="What became of the letters")

    @property
    def reasons(self) -> tuple[tuple[str, str, int], ...]:
        """Why letters were withheld and rejected: state, reason, count."""
        report = self.full.report
        withheld = ((_plain(reason.value), count) for reason, count in report.withheld_reasons.items())
        rejected = ((_plain(reason), count) for reason, count in report.rejected_reasons.items())
        return (
            *(("withheld", reason, count) for reason, count in withheld if count),
            *(("rejected", reason, count) for reason, count in rejected if count),
        )

    @property
    def domains(self) -> tuple[tuple[str, int, int, int, int, str], ...]:
        """Name, intended, accepted, rejected, came back, and why."""
        return tuple(
            (
                each.domain or "all others",
                each.intended,
                each.counts[DeliveryStatus.ACCEPTED],
                each.counts[DeliveryStatus.REJECTED],
                each.came_back.total(),
                ", ".join(f"{count:,} {_plain(reason)}" for reason, count in each.reasons.most_common(3)),
            )
            for each in self.full.domains[:_DOMAINS]
        )

    @property
    def hidden_domains(self) -> int:
        return max(0, len(self.full.domains) - _DOMAINS)

    @property
    def is_hourly(self) -> bool:
        starts = [interval.start for interval in self.full.intervals]
        return len(starts) < 2 or starts[1] - starts[0] < timedelta(days=1)  # noqa: PLR2004 - two make a step

    @property
    def over_time(self) -> tuple[tuple[str, Markup], ...]:
        """A chart for each kind of event that there was."""
        words = {
            EventKind.UNSUBSCRIBE: "Unsubscribes",
            EventKind.BOUNCE: "Letters that came back",
            EventKind.COMPLAINT: "Complaints",
        }
        return tuple(
            (title, self._draw_events(kind, title))
            for kind, title in words.items()
            if any(interval.counts[kind] for interval in self.full.intervals)
        )

    @property
    def moments(self) -> tuple[tuple[datetime, int, int, int], ...]:
        """The table behind the charts over time, without the intervals in which nothing happened."""
        return tuple(
            (
                interval.start,
                interval.counts[EventKind.UNSUBSCRIBE],
                interval.counts[EventKind.BOUNCE],
                interval.counts[EventKind.COMPLAINT],
            )
            for interval in self.full.intervals
            if any(interval.counts.values())
        )

    @property
    def comparisons(self) -> tuple[tuple[str, Markup], ...]:
        """Charts of this issue beside those before it, the oldest first."""

        def share(of: Callable[[IssueFigures], int]) -> Callable[[IssueFigures], float]:
            return lambda each: _HUNDRED * of(each) / each.mailing.intended if each.mailing.intended else 0

        drawn = (
            ("Audience", lambda each: each.mailing.intended, ""),
            ("Rejected or came back", share(lambda each: _rejected(each) + each.came_back), "%"),
            ("Complaints", share(lambda each: each.complaints), "%"),
            ("Unsubscribes", share(lambda each: each.unsubscribes), "%"),
        )
        return tuple(
            (
                title + (" in a hundred" if unit else ""),
                draw_columns(
                    [
                        Column(str(each.mailing.issue_number), of(each), each.mailing.issue_number == self.number)
                        for each in reversed(self.full.compared)
                    ],
                    title=f"{title} of the last issues",
                    unit=unit,
                ),
            )
            for title, of, unit in drawn
        )

    def _draw_events(self, kind: EventKind, title: str) -> Markup:
        return draw_columns(
            [Column(self._label(interval.start), interval.counts[kind]) for interval in self.full.intervals],
            title=f"{title} over time",
        )

    def _label(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        return f"{local:%H:%M}" if self.is_hourly else f"{local.day} {local:%b}"


@screen("/issues/{number:int}/report", role=EditorRole.EDITOR)
def show_report(number: IssueNumber, app: TheApp) -> Template:
    full = report_in_full(number, database=app.database)
    zone = app.cadence
    return show("report.html.j2", ReportPage(number=number, full=full, zone=zone.zone, zone_name=zone.timezone))


@screen("/issues/{number:int}/report.csv", role=EditorRole.EDITOR)
def export_report(number: IssueNumber, app: TheApp) -> Response[bytes]:
    stream = StringIO(newline="")
    write_report(report_in_full(number, database=app.database), stream)
    return Response(
        stream.getvalue().encode(),
        media_type="text/csv",
        headers={"Content-Disposition": f'attachment; filename="issue-{number}-report.csv"'},
    )


def _rejected(figures: IssueFigures) -> int:
    return figures.counts.get(DeliveryStatus.REJECTED, 0)


def _plain(name: str) -> str:
    return name.replace("_", " ")
