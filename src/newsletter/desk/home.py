"""Home: what comes next, what runs, how the last issue went, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from litestar.response import Template

from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import screen
from newsletter.domain.editor import EditorRole
from newsletter.service.overlook import Overview, overlook
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    overview: Overview

    @property
    def is_late(self) -> bool:
        return self.overview.left < timedelta(0)


@screen("/", role=EditorRole.WRITER)
def show_home(app: TheApp) -> Template:
    overview = overlook(
        database=app.database,
        cadence=app.cadence,
        first_number=app.settings.cadence.first_number,
        thresholds=app.pause_thresholds,
        now=app.now(),
    )
    return show("home.html.j2", HomePage(overview=overview))
