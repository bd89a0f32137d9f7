"""The calendar: a year of slots, what stands on each of them, and the editors' changes to the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.reason import read_reason
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.issue import Draft
from newsletter.errors import InputError, NewsletterError
from newsletter.service.change_cadence import CalendarSlot, add_slot, list_year, move_slot, skip_slot
from newsletter.web.pages import show

_YEARS_AHEAD = 20  # each slot before is passed on the way to it

Year: TypeAlias = Annotated[int, QueryParameter(name="year", ge=0, le=9998)]
Fields = URLEncodedBody[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarPage:
    year: int
    #: the first and the last year that can be turned to
    first: int
    today: date
    slots: tuple[CalendarSlot, ...]
    #: the rule in words
    rule: str
    zone: str
    #: the date of the slot whose form is open
    open: date | None = None
    typed: Mapping[str, str]
    error: str = ""


@screen("/calendar", role=EditorRole.WRITER)
def show_calendar(app: TheApp, year: Year = 0) -> Template:
    return _show(app, year)


@act("/calendar/skip", role=EditorRole.EDITOR)
def skip(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    def plan(day: date) -> _Change:
        return _Change(apply=partial(skip_slot, day), day=day, sentence=f"The slot of {day} is skipped.")

    return _do(request, app, editor, data, plan)


@act("/calendar/move", role=EditorRole.EDITOR)
def move(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    def plan(day: date) -> _Change:
        to = _read_day(data, "to")
        return _Change(apply=partial(move_slot, day, to), day=to, sentence=f"The slot of {day} falls on {to}.")

    return _do(request, app, editor, data, plan)


@act("/calendar/add", role=EditorRole.EDITOR)
def add(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    def plan(day: date) -> _Change:
        return _Change(apply=partial(add_slot, day), day=day, sentence=f"There is a slot on {day}.")

    return _do(request, app, editor, data, plan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What is to become of a slot, and what is said and shown then."""

    apply: Callable[..., Draft | None]
    day: date
    sentence: str


def _do(
    request: AnyRequest, app: App, editor: Editor, fields: Mapping[str, str], plan: Callable[[date], _Change]
) -> Template | Redirect:
    """Do what is planned for the slot of a form, and show the calendar again with the reason where it is refused."""
    try:
        change = plan(_read_day(fields, "slot"))
        reason = read_reason(fields, because="the reason is shown with the slot")
        draft = change.apply(
            reason=reason, database=app.database, cadence=app.cadence, now=app.now(), actor=editor.name
        )
    except NewsletterError as error:
        year = fields.get("year", "")
        return _show(app, int(year) if year.isascii() and year.isdigit() else 0, typed=fields, error=str(error))
    say(request, f"{change.sentence} Issue {draft.number} is for {draft.day}." if draft else change.sentence)
    return see_other(f"/calendar?year={change.day.year}")


def _show(app: App, year: int, *, typed: Mapping[str, str] | None = None, error: str = "") -> Template:
    cadence, typed = app.cadence, typed or {}
    today = app.now().astimezone(cadence.zone).date()
    wanted = min(max(year or today.year, cadence.first.year), today.year + _YEARS_AHEAD)
    every = "Every week" if cadence.weeks == 1 else f"Every {cadence.weeks} weeks"
    page = CalendarPage(
        year=wanted,
        first=cadence.first.year,
        today=today,
        slots=list_year(wanted, database=app.database, cadence=cadence),
        rule=f"{every} from {cadence.first:%A} {cadence.first} on, at {cadence.at:%H:%M}",
        zone=cadence.timezone,
        open=_find_open(typed),
        typed=typed,
        error=error,
    )
    return show("calendar.html.j2", page, status=400 if error else 200)


def _find_open(typed: Mapping[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed.get("slot", ""))
    except ValueError:
        return None


def _read_day(fields: Mapping[str, str], name: str) -> date:
    try:
        return date.fromisoformat(fields.get(name, "").strip())
    except ValueError as error:
        raise InputError("Choose a day, such as 2026-03-31.") from error
