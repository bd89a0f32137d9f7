"""How long the desk's screens take to answer, with a large list and a long history behind them."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from bench.figure import Figure
from desk_content import ROLE, fill, list_screens
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
# The doctor asks relay and name servers, and a picture of the letter is drawn by a browser.
_SLOW_BY_NATURE = ("/desk/doctor/findings", "thumbnail")


def measure_desk() -> Iterator[Figure]:
    """Open every screen some times over; the yardstick is the same newsletter with 24 readers and one issue."""
    small = _measure(readers=0, history=0)
    large = _measure(readers=_READERS, history=_ISSUES - 2)
    for path, seconds in sorted(large.items(), key=lambda each: -each[1])[:5]:
        yield Figure(
            name=f"{path}, {_READERS:,} readers, {_ISSUES} issues",
            measured=f"{seconds * 1000:.0f} ms",
            yardstick=f"24 readers and two issues, {small[path] * 1000:.0f} ms",
            ratio=seconds / small[path],
        )
    middle = statistics.median(large.values())
    yield Figure(name=f"median of {len(large)} screens of the desk", measured=f"{middle * 1000:.0f} ms")


def _measure(*, readers: int, history: int) -> dict[str, float]:
    """Return the median seconds of each screen that answers."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite:///{Path(place) / 'newsletter.db'}")
        database.migrate()
        filled = fill(database, before=lambda: _add_history(database, history), readers=readers)
        desk = create_desk(an_app(database, now=lambda: filled.now))
        with TestClient(desk) as client:
            client.cookies.set("desk", begin_sign_in(database, appoint(database, ROLE, now=filled.now), now=filled.now))
            paths = [
                path
                for path in list_screens(desk, mailed=filled.mailed, drafted=filled.drafted)
                if not any(slow in path for slow in _SLOW_BY_NATURE)
            ]
            times = {path: _time(client, path) for path in paths}
        database.close()
    return {path: seconds for path, seconds in times.items() if seconds is not None}


def _time(client: TestClient[Litestar], path: str) -> float | None:
    if client.get(path, follow_redirects=False).status_code != 200:
        return None
    times = []
    for _ in range(_TIMES):
        started = time.perf_counter()
        client.get(path, follow_redirects=False)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


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
