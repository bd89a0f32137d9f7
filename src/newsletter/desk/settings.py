"""The configuration as it holds, with where each value comes from."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter

from litestar.response import Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import screen
from newsletter.domain.editor import EditorRole
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    key: str
    value: str
    source: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    name: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPage:
    sections: tuple[Section, ...]


@screen("/settings", role=EditorRole.PUBLISHER)
def show_settings(app: TheApp) -> Template:
    return show("settings.html.j2", SettingsPage(sections=tuple(_list_sections(app))))


def _list_sections(app: App) -> list[Section]:
    return [
        Section(
            name=name,
            lines=tuple(
                Line(key=each.key, value=each.value, source=each.source, meaning=each.meaning) for each in lines
            ),
        )
        for name, lines in groupby(app.list_settings(), key=attrgetter("section"))
    ]
