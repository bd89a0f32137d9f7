"""Forecast a mailing before it opens: to whom, from when on, and until when by the relay's limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.approval import Approval
from newsletter.domain.audience import AudienceForecast
from newsletter.domain.budget import Limits, foresee_end
from newsletter.domain.issue import Draft, Masthead
from newsletter.domain.mailing import Launch
from newsletter.domain.topic import Topic
from newsletter.service.approve_issue import check_standing
from newsletter.store import approvals, budgets, issues, segments
from newsletter.store.audience import find_largest_share, forecast_audience
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingForecast:
    draft: Draft
    approval: Approval
    audience: AudienceForecast
    #: what the approved text has something for
    topics: Topic
    #: of the audience, who gets no letter for want of a topic
    no_topic: int
    launch: Launch
    #: of the last letter, by the limits; None where there are none, and the relay alone decides
    ends_at: datetime | None

    @property
    def letters(self) -> int:
        return self.audience.readers - self.no_topic

    @property
    def former_duration(self) -> timedelta | None:
        """How long the mailing before took from its first letter to its last answer; None where that is not known."""
        former = self.audience.former
        if former is None or former.started_at is None or former.finished_at is None:
            return None
        return former.finished_at - former.started_at


def forecast_mailing(
    number: int,
    *,
    database: Database,
    masthead: Masthead,
    limits: Limits,
    launch: Launch,
    segment: str = "",
    now: datetime,
) -> MailingForecast:
    """Say what sending issue ``number`` now would come to. Raises RefusedError while no approval of it stands."""
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        approval = check_standing(draft, transaction=snapshot, masthead=masthead)
        topics = approvals.list_topics(snapshot, approval.id)
        chosen = segments.find_segment(snapshot, segment) if segment else None
        audience = forecast_audience(snapshot, before=number, day=launch.not_before.date(), segment=chosen)
        spent = budgets.list_spendings(snapshot, now=now)
        rest = budgets.find_rest(snapshot)
        share = find_largest_share(snapshot, segment=chosen) if limits.per_domain_per_second else 0
    no_topic = audience.count_without(topics)
    ends_at = None
    if not limits.are_none:
        start = max(launch.not_before, rest.until if rest else launch.not_before)
        held = launch.hold if launch.first_share else timedelta()
        letters = audience.readers - no_topic
        ends_at = foresee_end(letters, limits, spent, start=start, to_one_domain=round(share * letters)) + held
    return MailingForecast(
        draft=draft,
        approval=approval,
        audience=audience,
        topics=topics,
        no_topic=no_topic,
        launch=launch,
        ends_at=ends_at,
    )
