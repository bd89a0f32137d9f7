"""The calendar: a year of slots, what stands on each of them, and the editors' changes to the rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, TypeAlias

from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
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
    def change() -> tuple[str, date, Draft | None]:
        day = _read_day(data, "slot")
        draft = skip_slot(
            day,
            reason=_read_reason(data),
            database=app.database,
            cadence=app.cadence,
            now=app.now(),
            actor=editor.name,
        )
        return f"The slot of {day} is skipped.", day, draft

    return _do(request, app, data, change)


@act("/calendar/move", role=EditorRole.EDITOR)
def move(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    def change() -> tuple[str, date, Draft | None]:
        day, to = _read_day(data, "slot"), _read_day(data, "to")
        draft = move_slot(
            day,
            to,
            reason=_read_reason(data),
            database=app.database,
            cadence=app.cadence,
            now=app.now(),
            actor=editor.name,
        )
        return f"The slot of {day} falls on {to}.", to, draft

    return _do(request, app, data, change)


@act("/calendar/add", role=EditorRole.EDITOR)
def add(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    def change() -> tuple[str, date, Draft | None]:
        day = _read_day(data, "slot")
        draft = add_slot(
            day,
            reason=_read_reason(data),
            database=app.database,
            cadence=app.cadence,
            now=app.now(),
            actor=editor.name,
        )
        return f"There is a slot on {day}.", day, draft

    return _do(request, app, data, change)


def _do(
    request: AnyRequest, app: App, fields: Mapping[str, str], change: Callable[[], tuple[str, date, Draft | None]]
) -> Template | Redirect:
    try:
        sentence, day, draft = change()
    except NewsletterError as error:
        year = fields.get("year", "")
        return _show(app, int(year) if year.isascii() and year.isdigit() else 0, typed=fields, error=str(error))
    say(request, f"{sentence} Issue {draft.number} is for {draft.day}." if draft else sentence)
    return see_other(f"/calendar?year={day.year}")


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


def _read_reason(fields: Mapping[str, str]) -> str:
    reason = " ".join(fields.get("reason", "").split())
    if not reason:
        raise InputError("Say why in a few words; the reason is shown with the slot.")
    return reason
