"""Announcements: events and news, added, edited, retracted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Literal

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.typed_form import TypedForm
from newsletter.desk.visit import AnyRequest
from newsletter.domain.article import Announcement, AnnouncementKind, StoredAnnouncement
from newsletter.domain.editor import EditorRole
from newsletter.errors import ChangedMeanwhileError, InputError
from newsletter.service.edit_announcement import (
    AnnouncementTexts,
    edit_announcement,
    mark_announcement,
    restore_announcement,
    retract_announcement,
    show_texts,
    write_announcement,
)
from newsletter.store.announcements import find_announcement, list_announcements
from newsletter.web.pages import show

_FIELDS = tuple(field.name for field in fields(AnnouncementTexts))

LABELS = {
    "kind": "Kind",
    "title": "Title",
    "text": "Text",
    "url": "Address",
    "starts_at": "Begins",
    "ends_at": "Ends",
    "timezone": "Zone",
    "place": "Place",
    "show_from": "Show from",
    "show_until": "Show until",
}

Standing = Literal["current", "to come", "past", "retracted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedAnnouncement:
    stored: StoredAnnouncement
    standing: Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementsPage:
    listed: tuple[ListedAnnouncement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementPage:
    #: None for one that is not stored yet
    stored: StoredAnnouncement | None
    form: TypedForm

    @property
    def labels(self) -> Mapping[str, str]:
        return LABELS


@screen("/announcements", role=EditorRole.WRITER)
def show_announcements(app: TheApp) -> Template:
    now = app.now()
    with app.database.snapshot() as snapshot:
        stored = list_announcements(snapshot, with_retracted=True)
    listed = tuple(ListedAnnouncement(stored=each, standing=_stand(each, now)) for each in stored)
    order: tuple[Standing, ...] = ("current", "to come", "past", "retracted")
    return show(
        "announcements.html.j2", AnnouncementsPage(listed=tuple(sorted(listed, key=lambda e: order.index(e.standing))))
    )


@screen("/announcements/new", role=EditorRole.WRITER)
def show_new_announcement(app: TheApp) -> Template:
    blank = Announcement(kind=AnnouncementKind.EVENT, title="", timezone=app.cadence.timezone)
    return show("announcement.html.j2", AnnouncementPage(stored=None, form=TypedForm(texts=show_texts(blank))))


@act("/announcements/new", role=EditorRole.WRITER)
def add_announcement(
    data: URLEncodedBody[dict[str, str]], request: AnyRequest, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    try:
        stored = write_announcement(
            _read(data), timezone=app.cadence.timezone, database=app.database, now=app.now(), actor=editor.name
        )
    except InputError as error:
        form = TypedForm(texts=_keep(data), error=str(error))
        return show("announcement.html.j2", AnnouncementPage(stored=None, form=form), status=form.status)
    say(request, f"“{stored.announcement.title}” is stored.")
    return see_other("/announcements")


@screen("/announcements/{announcement_id:int}", role=EditorRole.WRITER)
def show_announcement(announcement_id: FromPath[int], app: TheApp) -> Template:
    with app.database.snapshot() as snapshot:
        stored = find_announcement(snapshot, announcement_id)
    form = TypedForm(texts=show_texts(stored.announcement), seen=mark_announcement(stored.announcement))
    return show("announcement.html.j2", AnnouncementPage(stored=stored, form=form))


@act("/announcements/{announcement_id:int}", role=EditorRole.WRITER)
def save_announcement(
    announcement_id: FromPath[int],
    data: URLEncodedBody[dict[str, str]],
    request: AnyRequest,
    app: TheApp,
    editor: TheEditor,
) -> Template | Redirect:
    form = TypedForm(texts=_keep(data), seen=data.get("seen", ""))
    try:
        stored = edit_announcement(
            announcement_id, _read(data), database=app.database, now=app.now(), actor=editor.name, seen=form.seen
        )
    except (ChangedMeanwhileError, InputError) as error:
        with app.database.snapshot() as snapshot:
            found = find_announcement(snapshot, announcement_id)
        saved, mark = show_texts(found.announcement), mark_announcement(found.announcement)
        form = form.refuse(error, saved=saved, mark=mark)
        return show("announcement.html.j2", AnnouncementPage(stored=found, form=form), status=form.status)
    say(request, f"“{stored.announcement.title}” is saved.")
    return see_other("/announcements")


@act("/announcements/{announcement_id:int}/retract", role=EditorRole.EDITOR)
def retract(announcement_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    stored = retract_announcement(announcement_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"“{stored.announcement.title}” is retracted.")
    return see_other(f"/announcements/{announcement_id}")


@act("/announcements/{announcement_id:int}/restore", role=EditorRole.EDITOR)
def restore(announcement_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    stored = restore_announcement(announcement_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"“{stored.announcement.title}” is back.")
    return see_other(f"/announcements/{announcement_id}")


def _stand(stored: StoredAnnouncement, now: datetime) -> Standing:
    if stored.retracted_at:
        return "retracted"
    if stored.announcement.is_current(now):
        return "current"
    begins = stored.announcement.show_from
    return "to come" if begins and begins > now else "past"


def _read(data: Mapping[str, str]) -> AnnouncementTexts:
    return AnnouncementTexts(**{name: data[name] for name in _FIELDS if name in data})


def _keep(data: Mapping[str, str]) -> dict[str, str]:
    return {name: data.get(name, "") for name in _FIELDS}
