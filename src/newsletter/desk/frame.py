"""What every page of the desk has around it, and how its templates write times and figures."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from newsletter.desk.guard import FORM_FIELD, FORM_HEADER
from newsletter.desk.local_time import write_local
from newsletter.desk.routes import PREFIX
from newsletter.desk.visit import AnyRequest, Visit, find_visit
from newsletter.domain.address import mask_addresses
from newsletter.domain.cadence import Cadence
from newsletter.domain.editor import Editor, EditorRole

_KILO = 1000
_PARAMETER = re.compile(r"\{[^}]*\}")


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the navigation."""

    path: str
    title: str
    role: EditorRole


#: In this order; shown are those that there is a screen for, to those who may see it.
NAVIGATION = (
    Entry("/", "Home", EditorRole.WRITER),
    Entry("/issues", "Issues", EditorRole.WRITER),
    Entry("/articles", "Articles", EditorRole.WRITER),
    Entry("/announcements", "Announcements", EditorRole.WRITER),
    Entry("/partners", "Partners", EditorRole.WRITER),
    Entry("/calendar", "Calendar", EditorRole.WRITER),
    Entry("/subscribers", "Subscribers", EditorRole.EDITOR),
    Entry("/segments", "Segments", EditorRole.EDITOR),
    Entry("/bounces", "Bounces", EditorRole.EDITOR),
    Entry("/suppressions", "Suppressions", EditorRole.EDITOR),
    Entry("/editors", "Editors", EditorRole.OWNER),
    Entry("/audit", "Audit log", EditorRole.PUBLISHER),
    Entry("/settings", "Settings", EditorRole.PUBLISHER),
    Entry("/doctor", "Doctor", EditorRole.PUBLISHER),
)


def frame_names(site_name: str, zone: str, scripts: Mapping[str, str], paths: frozenset[str]) -> dict[str, object]:
    """Return what all templates know: ``scripts`` by name, and the ``paths`` that there are screens for."""
    shown = tuple(entry for entry in NAVIGATION if entry.path in paths)
    return {
        "site_name": site_name,
        "zone": zone,
        "desk": PREFIX,
        "scripts": scripts,
        "csrf": _csrf,
        "csrf_headers": _csrf_headers,
        "editor": _editor,
        "may": _may,
        "said": _said,
        "here": _here,
        "leads": frozenset(_PARAMETER.sub("{}", path) for path in paths).__contains__,
        "navigation": _navigation(shown),
        "Role": EditorRole,
    }


def frame_filters(cadence: Cadence) -> dict[str, Callable[..., object]]:
    zone, name = cadence.zone, cadence.timezone

    def when(moment: datetime) -> Markup:
        """Write a moment in the site's zone, with the zone: Thu 3 December 2026, 09:00 Europe/Stockholm."""
        local = moment.astimezone(zone)
        text = f"{local:%a} {local.day} {local:%B %Y, %H:%M}"
        return Markup('<time datetime="{}">{} <span class="zone">{}</span></time>').format(_iso(moment), text, name)

    def short_when(moment: datetime) -> Markup:
        """Write the same for tables, whose heading names the zone: 2026-12-03 09:00."""
        text = f"{moment.astimezone(zone):%Y-%m-%d %H:%M}"
        return Markup('<time datetime="{}">{}</time>').format(_iso(moment), text)

    return {
        "when": when,
        "short_when": short_when,
        "local_input": partial(write_local, zone=zone),
        "figure": figure,
        "kilobytes": kilobytes,
        "span": span,
        "without_addresses": mask_addresses,
    }


def figure(count: float) -> str:
    """Write a count with its thousands apart: 5,214."""
    return f"{count:,}"


def kilobytes(size: int) -> str:
    return f"{size / _KILO:.1f} kB"


def span(duration: timedelta) -> str:
    """Write how long something takes, in one or two units: 3 days 4 hours, 12 minutes."""
    minutes = max(0, round(duration.total_seconds() / 60))
    units = (("day", minutes // 1440), ("hour", minutes // 60 % 24), ("minute", minutes % 60))
    parts = [f"{count} {name}{'' if count == 1 else 's'}" for name, count in units if count]
    return " ".join(parts[:2]) or "less than a minute"


def _iso(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _request(context: Context) -> AnyRequest:
    request: AnyRequest = context["request"]
    return request


def _visit(context: Context) -> Visit | None:
    return find_visit(_request(context))


def _sign_in_editor(context: Context) -> Editor | None:
    visit = _visit(context)
    return visit.sign_in.editor if visit and visit.sign_in else None


@pass_context
def _csrf(context: Context) -> Markup:
    """Write the hidden field that each form of the desk has."""
    visit = _visit(context)
    value = visit.form_value if visit else ""
    return Markup('<input type="hidden" name="{}" value="{}">').format(FORM_FIELD, value)


@pass_context
def _csrf_headers(context: Context) -> dict[str, str]:
    visit = _visit(context)
    return {FORM_HEADER: visit.form_value} if visit else {}


@pass_context
def _editor(context: Context) -> Editor | None:
    """Return who is signed in; None on the pages before."""
    return _sign_in_editor(context)


@pass_context
def _may(context: Context, role: str) -> bool:
    """Tell whether who is signed in may do what ``role`` may."""
    editor = _sign_in_editor(context)
    return editor is not None and editor.role.includes(EditorRole(role))


@pass_context
def _said(context: Context) -> str:
    visit = _visit(context)
    return visit.take_sentence() if visit else ""


@pass_context
def _here(context: Context, path: str) -> bool:
    """Tell whether the page is below a path of the navigation."""
    at = _request(context).scope["path"].removeprefix(PREFIX).rstrip("/") or "/"
    return at == path or (path != "/" and at.startswith(f"{path}/"))


def _navigation(shown: tuple[Entry, ...]) -> Callable[[Context], tuple[Entry, ...]]:
    @pass_context
    def navigation(context: Context) -> tuple[Entry, ...]:
        editor = _sign_in_editor(context)
        return tuple(entry for entry in shown if editor and editor.role.includes(entry.role))

    return navigation
