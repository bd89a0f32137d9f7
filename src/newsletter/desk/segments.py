"""Segments: saved conditions, with how many they hold for now, and tags for everybody in one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import quote

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.subscribers import read_topics
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
from newsletter.domain.segment import Segment, check_name
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NewsletterError
from newsletter.service.save_segment import delete_segment, save_segment, tag_subscribers
from newsletter.service.subscriber_counts import count_segment
from newsletter.store.segments import find_segment, list_segments
from newsletter.store.subscriber_search import list_tag_names
from newsletter.web.pages import show

Fields = URLEncodedBody[dict[str, str]]

_PATH = "/segments/{name:str}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentsPage:
    #: by name
    segments: Mapping[str, Segment]


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPage:
    #: "" for one that is not saved yet
    name: str
    segment: Segment
    #: active subscribers in it; None while it is not saved
    count: int | None
    tags: tuple[str, ...]
    topics: tuple[str, ...] = Topic.everything().names
    typed: Mapping[str, str] | None = None
    error: str = ""

    def value(self, field: str) -> str:
        """Return what stands in a field of the form."""
        if self.typed is not None:
            return self.typed.get(field, "")
        segment = self.segment
        stored = {
            "name": self.name,
            "language": segment.language,
            "domain": segment.domain,
            "since": str(segment.since or ""),
            "before": str(segment.before or ""),
            "source": segment.source,
            "tags": ", ".join(segment.tags),
        }
        return stored[field]

    def is_ticked(self, box: str) -> bool:
        if self.typed is not None:
            return bool(self.typed.get(box))
        return box.removeprefix("topic-") in self.segment.topics.names


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPage:
    count: int


@screen("/segments", role=EditorRole.EDITOR)
def show_segments(app: TheApp) -> Template:
    with app.database.snapshot() as snapshot:
        return show("segments.html.j2", SegmentsPage(segments=list_segments(snapshot)))


@screen("/segments/new", role=EditorRole.EDITOR)
def show_new_segment(app: TheApp) -> Template:
    return _show_form(app)


@screen(_PATH, role=EditorRole.EDITOR)
def show_segment(name: FromPath[str], app: TheApp) -> Template:
    return _show(app, name)


@screen(f"{_PATH}/count", role=EditorRole.EDITOR)
def show_count(name: FromPath[str], app: TheApp) -> Template:
    """Show a segment's count alone, for a list that asks for each of them by itself."""
    with app.database.snapshot() as snapshot:
        segment = find_segment(snapshot, name)
    return show("segment_count.html.j2", CountPage(count=count_segment(segment, database=app.database, now=app.now())))


@act("/segments/save", role=EditorRole.EDITOR)
def save(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    try:
        name = check_name(data.get("name", ""))
        segment = _read_segment(data)
        is_new = save_segment(name, segment, database=app.database, now=app.now(), actor=editor.name)
    except NewsletterError as error:
        return _show_form(app, typed=data, error=str(error))
    say(request, f"{'Saved' if is_new else 'Replaced'}: subscribers {segment.describe()}.")
    return see_other(f"/segments/{quote(name)}")


@act(f"{_PATH}/tag", role=EditorRole.EDITOR)
def tag(request: AnyRequest, name: FromPath[str], data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    is_taken = data.get("do") == "take"
    try:
        label = check_name(data.get("tag", ""))
        count = tag_subscribers(
            label, segment=name, is_taken=is_taken, database=app.database, now=app.now(), actor=editor.name
        )
    except NewsletterError as error:
        return _show(app, name, error=str(error))
    whom = f"{count:,} {'subscriber' if count == 1 else 'subscribers'}"
    say(request, f"{whom} no longer tagged {label}." if is_taken else f"{whom} tagged {label}.")
    return see_other(f"/segments/{quote(name)}")


@act(f"{_PATH}/delete", role=EditorRole.EDITOR)
def delete(request: AnyRequest, name: FromPath[str], app: TheApp, editor: TheEditor) -> Redirect:
    delete_segment(name, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"The segment {name} is deleted. Nobody in it was changed.")
    return see_other("/segments")


def _show(app: App, name: str, *, error: str = "") -> Template:
    with app.database.snapshot() as snapshot:
        segment, tags = find_segment(snapshot, name), list_tag_names(snapshot)
    count = count_segment(segment, database=app.database, now=app.now())
    page = SegmentPage(name=name, segment=segment, count=count, tags=tags, error=error)
    return show("segment.html.j2", page, status=400 if error else 200)


def _show_form(app: App, *, typed: Mapping[str, str] | None = None, error: str = "") -> Template:
    with app.database.snapshot() as snapshot:
        tags = list_tag_names(snapshot)
    page = SegmentPage(name="", segment=Segment(), count=None, tags=tags, typed=typed, error=error)
    return show("segment.html.j2", page, status=400 if error else 200)


def _read_segment(fields: Mapping[str, str]) -> Segment:
    """Read the form. Raises InputError."""
    return Segment(
        topics=read_topics(fields),
        language=fields.get("language", "").strip().replace("_", "-"),
        domain=fields.get("domain", "").strip().lower().removeprefix("@"),
        since=_read_day(fields.get("since", "")),
        before=_read_day(fields.get("before", "")),
        source=fields.get("source", "").strip(),
        tags=tuple(check_name(tag) for tag in fields.get("tags", "").split(",") if tag.strip()),
    )


def _read_day(text: str) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError(f"{text!r} is not a day; write it as 2026-03-31.") from error
