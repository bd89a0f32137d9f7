"""Home: what comes next, and what needs a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from litestar.response import Template

from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import screen
from newsletter.domain.cadence import Slot
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import Draft, PublishedIssue
from newsletter.service.next_slot import find_next_slot
from newsletter.store import issues
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class HomePage:
    slot: Slot
    #: the open draft, if there is one
    draft: Draft | None
    #: the number that the next issue has, or will get
    number: int
    #: until the slot falls due; negative when that has passed
    left: timedelta
    last: PublishedIssue | None

    @property
    def is_late(self) -> bool:
        return self.left < timedelta(0)


@screen("/", role=EditorRole.WRITER)
def show_home(app: TheApp) -> Template:
    return show("home.html.j2", load_home(app, app.now()))


def load_home(app: TheApp, now: datetime) -> HomePage:
    with app.database.snapshot() as snapshot:
        slot = find_next_slot(snapshot, cadence=app.cadence)
        draft = issues.find_open_draft(snapshot)
        number = draft.number if draft else issues.next_number(snapshot, app.settings.cadence.first_number)
        published = issues.list_published(snapshot)
    return HomePage(slot=slot, draft=draft, number=number, left=slot.at - now, last=published[0] if published else None)
