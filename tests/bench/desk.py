"""How long the desk's screens take to answer, with a large list and a long history behind them."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from bench.figure import Figure
from desk_content import ROLE, approve_draft, fill, list_screens
from desk_stand import an_app, appoint, begin_sign_in
from draft_builders import NOW
from mailing_stand import a_rendered_issue, add_readers
from newsletter.desk.factory import create_desk
from newsletter.domain.mailing import Launch, MailingKind
from newsletter.store import approvals, audience_layout, issues, slots
from newsletter.store.database import Database

_READERS = 100_000
_ISSUES = 200
_TIMES = 5
_SHOWN = 8
_MOST_SECONDS = 0.1
# The doctor asks relay and name servers, and a picture of the letter is drawn by a browser.
_SLOW_BY_NATURE = ("/desk/doctor/findings", "thumbnail")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one screen took: seconds of the clock and of the processor, each the median of some looks."""

    first: float
    later: float
    processor: float


def measure_desk() -> Iterator[Figure]:
    """Open every screen some times over; the yardstick is the same newsletter with 24 readers and two issues.

    The first look is the first of the process, with empty caches, but not the first of the machine.
    """
    small = _measure(readers=0, history=0)
    large = _measure(readers=_READERS, history=_ISSUES - 2)
    for name, look in sorted(large.items(), key=lambda each: -each[1].later)[:_SHOWN]:
        yield _compare(name, look.later, small[name].later, f", processor {look.processor * 1000:.0f} ms")
    for name, look in sorted(large.items(), key=lambda each: -each[1].first)[:_SHOWN]:
        yield _compare(f"first look: {name}", look.first, small[name].first)
    for title, of in (("later looks", attrgetter("later")), ("first looks", attrgetter("first"))):
        middle, small_middle = (statistics.median(map(of, each.values())) for each in (large, small))
        slow = sum(of(look) > _MOST_SECONDS for look in large.values())
        yield _compare(f"median of {len(large)} screens, {title}", middle, small_middle, f", {slow} over 100 ms")


def _compare(name: str, seconds: float, yardstick: float, more: str = "") -> Figure:
    return Figure(
        name=name,
        measured=f"{seconds * 1000:.0f} ms{more}",
        yardstick=f"24 readers and two issues, {yardstick * 1000:.0f} ms",
        ratio=seconds / yardstick,
    )


def _measure(*, readers: int, history: int) -> dict[str, _Look]:
    """Return what each screen that answers took, by a name that is the same in every newsletter."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite:///{Path(place) / 'newsletter.db'}")
        database.migrate()
        filled = fill(database, before=lambda: _add_history(database, history), readers=readers)
        app = an_app(database, now=lambda: filled.now)
        approve_draft(filled, app)
        desk = create_desk(app)
        looks = {}
        with TestClient(desk) as client:
            client.cookies.set("desk", begin_sign_in(database, appoint(database, ROLE, now=filled.now), now=filled.now))
            for path in list_screens(desk, mailed=filled.mailed, drafted=filled.drafted):
                if not any(slow in path for slow in _SLOW_BY_NATURE) and (look := _look(client, path)):
                    name = path.replace(f"/issues/{filled.mailed}", "/issues/mailed")
                    looks[name.replace(f"/issues/{filled.drafted}", "/issues/draft")] = look
        database.close()
    return looks


def _look(client: TestClient[Litestar], path: str) -> _Look | None:
    """Open a screen; None where it does not answer with a page."""
    started = time.perf_counter()
    if client.get(path, follow_redirects=False).status_code != 200:
        return None
    first = time.perf_counter() - started
    clock, processor = [], []
    for _ in range(_TIMES):
        started, worked = time.perf_counter(), time.process_time()
        client.get(path, follow_redirects=False)
        clock.append(time.perf_counter() - started)
        processor.append(time.process_time() - worked)
    return _Look(first=first, later=statistics.median(clock), processor=statistics.median(processor))


def _add_history(database: Database, count: int) -> None:
    """Mail issues to some readers, every second week until now."""
    add_readers(database, [f"early{number}@example.net" for number in range(24)])
    for number in range(1, count + 1):
        moment = NOW - timedelta(weeks=2 * (count + 1 - number))
        rendered = a_rendered_issue(number)
        with database.transaction() as transaction:
            slots.claim_slot(transaction, moment.date())
            draft = issues.add_draft(transaction, number=number, slot=moment.date(), due_at=moment, drafted_at=moment)
            approval = approvals.add_approval(
                transaction, rendered, issue_id=draft.id, issue_digest="-", approved_by="Ada", overrides={}, now=moment
            )
            audience_layout.add_mailing(
                transaction,
                kind=MailingKind.ISSUE,
                issue_id=draft.id,
                approval_id=approval.id,
                topics=max(rendered.variants),
                opened_at=moment,
                launch=Launch(not_before=moment),
            )
            issues.mark_mailed(transaction, draft.id)
