"""How long the desk's screens take to answer, with a large list and a long history behind them."""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from operator import attrgetter
from pathlib import Path

from litestar import Litestar
from litestar.testing import TestClient

from bench.figure import Figure
from desk_content import ROLE, Filled, approve_draft, deliver, fill, list_screens
from desk_stand import an_app, appoint, begin_sign_in
from draft_builders import NOW
from mailing_stand import a_rendered_issue, add_readers
from newsletter.desk.factory import create_desk, prepare_screens
from newsletter.domain.mailing import Launch, MailingKind
from newsletter.service.open_mailing import open_mailing
from newsletter.store import approvals, audience_layout, issues, slots
from newsletter.store.database import Database

_READERS = 100_000
_ISSUES = 200
_BATCH_SIZE = 500
_TIMES = 5
_SHOWN = 8
_MOST_SECONDS = 0.1
# The doctor asks relay and name servers, and a picture of the letter is drawn by a browser.
_SLOW_BY_NATURE = ("/desk/doctor/findings", "thumbnail")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Time:
    clock: float
    processor: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """What one screen took, seconds of the clock and of the processor; later ones are the median of some looks."""

    first: _Time
    later: _Time


def measure_desk() -> Iterator[Figure]:
    """Open every screen some times over; the yardstick is the same newsletter with 24 readers and two issues.

    The first look is the first of the process, with nothing remembered, but not the first of the machine. Of the
    processor, this process's time counts, so programs beside it change little.
    """
    small = _measure(readers=0, history=0)
    large = _measure(readers=_READERS, history=_ISSUES - 2)
    for title, of in (("later looks", attrgetter("later")), ("first looks", attrgetter("first"))):
        for name, look in sorted(large.items(), key=lambda each: -of(each[1]).processor)[:_SHOWN]:
            yield _compare(f"{title}: {name}", of(look), of(small[name]))
        middle, small_middle = (_find_median([of(look) for look in each.values()]) for each in (large, small))
        slow = [
            sum(attrgetter(by)(of(look)) > _MOST_SECONDS for look in large.values()) for by in ("clock", "processor")
        ]
        yield _compare(
            f"median of {len(large)} screens, {title}",
            middle,
            small_middle,
            f"; {slow[0]} over 100 ms, {slow[1]} by processor",
        )


def _find_median(times: Sequence[_Time]) -> _Time:
    return _Time(
        clock=statistics.median(time.clock for time in times),
        processor=statistics.median(time.processor for time in times),
    )


def _compare(name: str, measured: _Time, yardstick: _Time, more: str = "") -> Figure:
    return Figure(
        name=name,
        measured=f"{_write(measured)}{more}",
        yardstick=f"24 readers and two issues, {_write(yardstick)}",
        ratio=measured.processor / yardstick.processor,
    )


def _write(measured: _Time) -> str:
    return f"{measured.clock * 1000:.0f} ms, processor {measured.processor * 1000:.0f} ms"


def _measure(*, readers: int, history: int) -> dict[str, _Look]:
    """Return what each screen that answers took, by a name that is the same in every newsletter."""
    with tempfile.TemporaryDirectory() as place:
        database = Database(f"sqlite:///{Path(place) / 'newsletter.db'}")
        database.migrate()
        filled = fill(database, before=lambda: _add_history(database, history), readers=readers)
        app = an_app(database, now=lambda: filled.now)
        approve_draft(filled, app)
        token = begin_sign_in(database, appoint(database, ROLE, now=filled.now), now=filled.now)
        looks = _look_at_all(database, token, filled)
        # Once more with a mailing that has just been opened, and with one that is half done.
        open_mailing(
            filled.drafted,
            database=database,
            masthead=app.masthead(),
            sender=app.sender,
            relay_host="127.0.0.1",
            launch=Launch(not_before=filled.now),
            now=filled.now,
        )
        looks |= _look_at_all(database, token, filled, of_mailing="opened")
        deliver(database, sent_at=filled.now, most=readers // _BATCH_SIZE // 2)
        looks |= _look_at_all(database, token, filled, of_mailing="half sent")
        database.close()
    return looks


def _look_at_all(database: Database, token: str, filled: Filled, *, of_mailing: str = "") -> dict[str, _Look]:
    """Open the screens of a desk that has just been started as ``newsletter serve`` starts it.

    ``of_mailing`` is the state of the second mailing, to look at its two screens alone.
    """
    desk = create_desk(an_app(database, now=lambda: filled.now))
    prepare_screens(desk)
    of_second = tuple(f"/issues/{filled.drafted}/{screen}" for screen in ("live", "report"))
    looks = {}
    with TestClient(desk) as client:
        client.cookies.set("desk", token)
        for path in list_screens(desk, mailed=filled.mailed, drafted=filled.drafted):
            is_wanted = path.endswith(of_second) if of_mailing else not any(slow in path for slow in _SLOW_BY_NATURE)
            if is_wanted and (look := _look(client, path)):
                name = path.replace(f"/issues/{filled.mailed}", "/issues/mailed")
                name = name.replace(f"/issues/{filled.drafted}", f"/issues/{of_mailing or 'draft'}")
                looks[name] = look
    return looks


def _look(client: TestClient[Litestar], path: str) -> _Look | None:
    """Open a screen; None where it does not answer with a page."""
    first = _time(client, path)
    if first is None:
        return None
    later = [time for _ in range(_TIMES) if (time := _time(client, path))]
    return _Look(first=first, later=_find_median(later))


def _time(client: TestClient[Litestar], path: str) -> _Time | None:
    started, worked = time.perf_counter(), time.process_time()
    if client.get(path, follow_redirects=False).status_code != 200:
        return None
    return _Time(clock=time.perf_counter() - started, processor=time.process_time() - worked)


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
