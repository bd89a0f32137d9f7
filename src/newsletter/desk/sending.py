"""Send: whom an issue would go to, when and for how long; and one button that says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.frame import figure
from newsletter.desk.local_time import read_local, write_local
from newsletter.desk.place import IssueNumber
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.audience import SendOrder
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.domain.mailing import Launch
from newsletter.errors import InputError, RefusedError
from newsletter.service.forecast_mailing import MailingForecast, forecast_mailing
from newsletter.service.open_mailing import open_mailing
from newsletter.store import issues, segments
from newsletter.web.pages import show

_NIGHT_ENDS, _NIGHT_BEGINS = 7, 22  # o'clock
_HUNDRED = 100
_MOST_SHARE = 99  # in a hundred


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the form says, as typed."""

    at: str = ""
    #: of the audience, in a hundred; "" for the configured share
    share: str = ""
    segment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SendingPage:
    number: int
    draft: Draft
    plan: Plan
    segments: tuple[str, ...]
    recall: timedelta
    zone: str
    #: None where it cannot be sent now
    forecast: MailingForecast | None = None
    #: the act, in words
    act: str = ""
    is_night: bool = False
    #: of the audience, in a hundred, against the mailing before
    change: int = 0
    #: why the plan was not taken, or nothing can be sent
    error: str = ""
    #: whether that is for want of an approval
    needs_approval: bool = False
    #: why the order was not taken
    refusal: str = ""

    @property
    def audiences(self) -> tuple[tuple[str, str], ...]:
        """What may be chosen: value and text."""
        return (("", "Every active subscriber"), *((name, f"Segment “{name}”") for name in self.segments))

    @property
    def is_mailed(self) -> bool:
        return self.draft.status is IssueStatus.MAILED

    @property
    def first(self) -> int:
        """The size of the first share."""
        if self.forecast is None:
            return 0
        return -int(-self.forecast.audience.readers * self.forecast.launch.first_share // 1)


@screen("/issues/{number:int}/send", role=EditorRole.EDITOR)
def show_sending(number: IssueNumber, request: AnyRequest, app: TheApp) -> Template:
    typed = request.query_params
    plan = _read_plan(typed) if typed else None
    return show("sending.html.j2", load_sending(number, app, plan))


@act("/issues/{number:int}/send", role=EditorRole.PUBLISHER)
def send(
    number: IssueNumber, request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor
) -> Template | Redirect:
    plan, now = _read_plan(data), app.now()
    try:
        order = SendOrder(
            segment=plan.segment,
            by=editor.label,
            digest=data.get("digest", ""),
            readers=_read_count(data.get("readers", "")),
            typed=_read_count(data["typed"]) if data.get("typed", "").strip() else None,
        )
        mailing = open_mailing(
            number,
            database=app.database,
            masthead=app.masthead(),
            sender=app.sender,
            relay_host=app.relay_host,
            launch=_plan_launch(plan, app, now=now),
            now=now,
            order=order,
        )
    except (InputError, RefusedError) as error:
        page = load_sending(number, app, plan, refusal=str(error))
        return show("sending.html.j2", page, status=400)
    say(request, f"Issue {number} goes to {figure(mailing.intended)} readers.")
    return see_other(f"/issues/{number}/live")


def load_sending(number: int, app: App, plan: Plan | None, *, refusal: str = "") -> SendingPage:
    """Forecast the sending of an issue; without a plan, for its slot."""
    now, cadence = app.now(), app.cadence
    with app.database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        names = tuple(segments.list_segments(snapshot))
    if plan is None:
        plan = Plan(at=write_local(draft.due_at, cadence.zone) if draft.due_at > now else "")
    common = SendingPage(
        number=number,
        draft=draft,
        plan=plan,
        segments=names,
        recall=timedelta(minutes=app.settings.sending.recall_minutes),
        zone=cadence.timezone,
        refusal=refusal,
    )
    if common.is_mailed:
        return common
    try:
        launch = _plan_launch(plan, app, now=now)
        forecast = forecast_mailing(
            number,
            database=app.database,
            masthead=app.masthead(),
            limits=app.limits,
            launch=launch,
            segment=plan.segment,
            now=now,
        )
    except InputError as error:
        return replace(common, error=str(error))
    except RefusedError as error:
        return replace(common, error=str(error), needs_approval=True)
    former, readers = forecast.audience.former, forecast.audience.readers
    hour = launch.not_before.astimezone(cadence.zone).hour
    return replace(
        common,
        forecast=forecast,
        act=_word_act(number, readers, launch, app, now=now),
        is_night=not _NIGHT_ENDS <= hour < _NIGHT_BEGINS,
        change=round((readers - former.intended) * _HUNDRED / former.intended) if former and former.intended else 0,
    )


def _word_act(number: int, readers: int, launch: Launch, app: App, *, now: datetime) -> str:
    """Say what the button does: Send issue 42 to 5,214 readers at 09:00 Europe/Stockholm."""
    start = launch.not_before.astimezone(app.cadence.zone)
    people = f"{figure(readers)} reader{'' if readers == 1 else 's'}"
    if launch.not_before <= now:
        return f"Send issue {number} to {people} now"
    is_today = start.date() == now.astimezone(app.cadence.zone).date()
    day = "" if is_today else f" on {start:%a} {start.day} {start:%B %Y}"
    return f"Send issue {number} to {people}{day} at {start:%H:%M} {app.cadence.timezone}"


def _read_plan(data: Mapping[str, str]) -> Plan:
    return Plan(
        at=data.get("at", "").strip(), share=data.get("share", "").strip(), segment=data.get("segment", "").strip()
    )


def _plan_launch(plan: Plan, app: App, *, now: datetime) -> Launch:
    """Return when and to how many first. Raises InputError for what cannot be."""
    at = read_local(plan.at, app.cadence.zone) if plan.at else None
    if at is not None and at < now - timedelta(minutes=1):
        local = at.astimezone(app.cadence.zone)
        raise InputError(f"{local:%Y-%m-%d %H:%M} {app.cadence.timezone} has passed: choose a later time, or none.")
    return app.plan_launch(now, not_before=at, first_share=_read_share(plan.share))


def _read_share(text: str) -> float | None:
    if not text:
        return None
    try:
        share = float(text.replace(",", "."))
    except ValueError as error:
        raise InputError(f"{text!r} is no share; write a number from 0 to {_MOST_SHARE}, or leave it empty.") from error
    if not 0 <= share <= _MOST_SHARE:
        raise InputError(f"{text} is no share; write a number from 0 to {_MOST_SHARE}, or leave it empty.")
    return share / _HUNDRED


def _read_count(text: str) -> int:
    digits = text.replace(",", "").replace(".", "").replace(" ", "").replace("\N{NO-BREAK SPACE}", "").strip()
    try:
        return int(digits)
    except ValueError as error:
        raise InputError(f"{text!r} is no number of readers: type the number that the page shows.") from error
