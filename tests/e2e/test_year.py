"""A year of six schedulers on as many machines: every planned slot gets its issue exactly once.

There are both changes of daylight saving time and a new year, an outage of three weeks, two skips and a move, and now
and then a machine is killed in the middle of its work. The clock is the test's.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

import pytest

from draft_builders import an_article
from newsletter.app import App
from newsletter.domain.approval import Signature
from newsletter.domain.issue import Issue, RenderedIssue
from newsletter.errors import NotFoundError
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.service.approve_issue import approve_issue
from newsletter.service.change_cadence import move_slot, skip_slot
from newsletter.service.draft_issue import draft_issue
from newsletter.service.next_slot import find_next_slot
from newsletter.service.open_mailing import open_mailing
from newsletter.store import audit, issues, mailings
from newsletter.store.articles import add_article
from newsletter.store.database import Database
from newsletters import a_newsletter, add_reader
from wakes import SchedulerProcess

STOCKHOLM = ZoneInfo("Europe/Stockholm")
FIRST = date(2026, 3, 5)
YEAR = timedelta(weeks=52)
SCHEDULERS = 6
DAY = timedelta(days=1)
#: Slots that editors changed long before.
SKIPPED = (date(2026, 7, 9), date(2026, 12, 24))
MOVED = (date(2026, 4, 30), date(2026, 5, 4))
#: Nobody is at work, no machine either; two slots fall into it.
OUTAGE = (datetime(2026, 9, 12, tzinfo=UTC), datetime(2026, 10, 3, tzinfo=UTC))


def planned_days() -> list[date]:
    """Return the days that slots fall on, reckoned by hand."""
    every = [FIRST + number * timedelta(weeks=2) for number in range(26)]
    return sorted(MOVED[1] if day == MOVED[0] else day for day in every if day not in SKIPPED)


def instant(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 9, tzinfo=STOCKHOLM).astimezone(UTC)


def is_out(moment: datetime) -> bool:
    return OUTAGE[0] <= moment < OUTAGE[1]


class Editors:
    """They prepare each issue the day before, unless they are away, and answer when a late one is held."""

    def __init__(self, app: App) -> None:
        self._app = app
        #: issues that they had to be asked about
        self.asked: set[int] = set()
        self._prepared: set[date] = set()

    def prepare(self, now: datetime) -> None:
        """Approve the issue of the next slot, if that is within a day."""
        app = self._app
        with app.database.snapshot() as snapshot:
            slot = find_next_slot(snapshot, cadence=app.cadence)
        if slot.at - now > DAY or slot.date in self._prepared:
            return
        self._prepared.add(slot.date)
        with app.database.transaction() as transaction:
            add_article(
                transaction,
                an_article(headline=f"Of {slot.date}", url=f"https://example.org/{slot.date}", published_at=now),
                now=now,
            )
        draft = draft_issue(database=app.database, cadence=app.cadence, first_number=41, now=now)
        self._approve(draft.number, now)

    def answer(self, now: datetime) -> None:
        """Send what was held for being late, which nobody else may do."""
        app = self._app
        with app.database.snapshot() as snapshot:
            draft = issues.find_open_draft(snapshot)
            held = audit.list_acts(snapshot, act="issue held", subject=f"slot {draft.slot}", most=1) if draft else ()
        if draft is None or not held:
            return
        self.asked.add(draft.number)
        with app.database.transaction() as transaction:
            add_article(
                transaction,
                an_article(headline="Late", url=f"https://example.org/late/{draft.slot}", published_at=now - DAY),
                now=now,
            )
        draft_issue(database=app.database, cadence=app.cadence, first_number=41, now=now)
        self._approve(draft.number, now)
        open_mailing(
            draft.number,
            database=app.database,
            masthead=app.masthead(),
            sender=app.sender,
            relay_host=app.relay_host,
            launch=app.plan_launch(now),
            now=now,
        )

    def _approve(self, number: int, now: datetime) -> None:
        approve_issue(
            number,
            Signature(by="Ada", overrides=dict.fromkeys(("preheader", "repetition", "audience", "empty"), "a trial")),
            database=self._app.database,
            masthead=self._app.masthead(),
            render=render,
            sender=self._app.sender,
            now=now,
        )


class Machines:
    """All wake at the same moment; at some moments one of them is killed while it is at it, and another is set up."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._chance = random.Random(20260305)  # noqa: S311 - the same each time
        self._schedulers = [SchedulerProcess(url) for _ in range(SCHEDULERS)]
        self.kills = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for scheduler in self._schedulers:
            scheduler.kill()

    def wake(self, now: datetime) -> None:
        for scheduler in self._schedulers:
            scheduler.wake(now)
        victim = self._chance.randrange(SCHEDULERS) if self._chance.random() < 0.15 else None
        if victim is not None:
            self._schedulers[victim].kill()
            self.kills += 1
        for number, scheduler in enumerate(self._schedulers):
            if number != victim:
                scheduler.wait()
        if victim is not None:
            self._schedulers[victim] = SchedulerProcess(self._url)


def render(issue: Issue) -> RenderedIssue:
    return render_issue(issue, compiler=Mrml())


def moments(step: timedelta) -> Iterator[datetime]:
    """Give the times at which machines wake: around each slot, and every so often in between."""
    begin, end = instant(FIRST) - DAY, instant(FIRST + YEAR) - DAY
    times = {begin + number * step for number in range((end - begin) // step)}
    for day in [*planned_days(), *SKIPPED, MOVED[0]]:
        at = instant(day)
        times |= {at + timedelta(minutes=minutes) for minutes in (-60 * 20, -1, 0, 1, 12, 24)}
    yield from sorted(moment for moment in times if begin <= moment < end)


@pytest.mark.soak
@pytest.mark.timeout(3600)  # thousands of wakes of six processes, and kills among them
@pytest.mark.parametrize("step", [timedelta(days=2), timedelta(hours=2)])
def test_every_planned_slot_gets_its_issue_exactly_once(postgres_url: str, step: timedelta) -> None:
    database = Database(postgres_url)
    database.migrate()
    app = a_newsletter(database, mode="send", timezone="Europe/Stockholm")
    add_reader(app)
    editors = Editors(app)
    now = instant(FIRST) - DAY
    for day in SKIPPED:
        skip_slot(day, reason="holidays", cadence=app.cadence, database=app.database, now=now)
    move_slot(MOVED[0], MOVED[1], reason="Walpurgis", cadence=app.cadence, database=app.database, now=now)
    with Machines(postgres_url) as machines:
        for now in moments(step):
            if is_out(now):
                continue
            editors.prepare(now)
            machines.wake(now)
            editors.answer(now)
    opened = list_opened(database)
    assert [day for day, _, _ in opened] == planned_days()
    late = [number for day, number, opened_at in opened if opened_at - instant(day) > DAY]
    assert set(late) == editors.asked
    assert len(late) == sum(is_out(instant(day)) for day in planned_days()) >= 1
    for day, number, opened_at in opened:
        assert number in editors.asked or timedelta() <= opened_at - instant(day) <= timedelta(minutes=24)
    assert machines.kills > 10
    database.close()


def list_opened(database: Database) -> list[tuple[date, int, datetime]]:
    """Return day, number and opening time of each mailing, by number."""
    opened = []
    with database.snapshot() as snapshot:
        for draft in sorted(issues.list_issues(snapshot), key=lambda each: each.number):
            try:
                mailing = mailings.find_issue_mailing(snapshot, draft.number)
            except NotFoundError:
                continue
            opened.append((draft.day, draft.number, mailing.opened_at))
    assert [number for _, number, _ in opened] == list(range(41, 41 + len(opened)))
    return opened
