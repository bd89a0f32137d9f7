"""Subscribers: looked for, added, and written out for who may have them all.

What is looked for by address or name goes by POST, so that it stands in no log and no history.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from tempfile import TemporaryFile
from typing import IO, Annotated, TypeAlias
from urllib.parse import urlencode

from litestar.params import QueryParameter, URLEncodedBody
from litestar.response import Redirect, Stream, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import EditorRole
from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.subscriber_search import FoundSubscriber, Place, Search
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NewsletterError
from newsletter.service.add_subscriber import add_subscriber
from newsletter.service.export_subscribers import export_for_editor
from newsletter.service.subscriber_counts import count_by_status
from newsletter.store.database import Transaction
from newsletter.store.segments import find_segment, list_segments
from newsletter.store.subscriber_search import list_tag_names, search_subscribers
from newsletter.store.subscribers import find_subscriber
from newsletter.web.pages import show

_PAGE = 50
_BLOCK_BYTES = 1 << 16
_HELD = "suppressed"  # beside the statuses

Status: TypeAlias = Annotated[str, QueryParameter(name="status")]
TopicName: TypeAlias = Annotated[str, QueryParameter(name="topic")]
LanguageTag: TypeAlias = Annotated[str, QueryParameter(name="language")]
Source: TypeAlias = Annotated[str, QueryParameter(name="source")]
Tag: TypeAlias = Annotated[str, QueryParameter(name="tag")]
SegmentName: TypeAlias = Annotated[str, QueryParameter(name="segment")]
After: TypeAlias = Annotated[str, QueryParameter(name="after")]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """The fields above the list, as they were filled in."""

    text: str = ""
    #: a status, or "suppressed"
    status: str = ""
    topic: str = ""
    language: str = ""
    source: str = ""
    tag: str = ""
    #: a saved one, which goes before the single conditions
    segment: str = ""

    @classmethod
    def read(cls, fields: Mapping[str, str]) -> Filters:
        return cls(**{name: fields.get(name, "").strip() for name in cls.__dataclass_fields__})

    @property
    def path(self) -> str:
        """The list that they stand for, without the text, as a path below /desk."""
        filled = {name: value for name, value in asdict(self).items() if value and name != "text"}
        return "/subscribers" + (f"?{urlencode(filled)}" if filled else "")

    @property
    def are_narrow(self) -> bool:
        """Tell whether some are hidden behind the fold of the form."""
        return any((self.topic, self.language, self.source, self.tag, self.segment))

    def behind(self, place: Place) -> str:
        """Return the path of the page that begins there."""
        return f"{self.path}{'&' if '?' in self.path else '?'}after={place}"

    def search(self, transaction: Transaction) -> Search:
        """Return what they look for. Raises InputError or NotFoundError for what cannot be."""
        is_suppressed = self.status == _HELD
        if self.status and not is_suppressed and self.status not in set(SubscriberStatus):
            raise InputError(f"{self.status!r} is not a status; there are {', '.join(SubscriberStatus)}.")
        segment = find_segment(transaction, self.segment) if self.segment else self._conditions()
        status = SubscriberStatus(self.status) if self.status and not is_suppressed else None
        text = self.text.removeprefix("@") if self.text.startswith("@") else self.text
        if text != self.text:
            segment, text = replace(segment, domain=text.lower()), ""
        return Search(text=text, status=status, segment=segment, is_suppressed=is_suppressed)

    def _conditions(self) -> Segment:
        return Segment(
            topics=Topic.parse([self.topic]) if self.topic else Topic(0),
            language=self.language.replace("_", "-"),
            source=self.source,
            tags=(self.tag,) if self.tag else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscribersPage:
    people: tuple[FoundSubscriber, ...] = ()
    filters: Filters
    #: begins behind those of the pages before
    is_continued: bool = False
    next: Place | None = None
    #: rare as they are, there may be more further back
    is_cut_short: bool = False
    #: of everybody
    counts: Mapping[SubscriberStatus, int]
    tags: tuple[str, ...]
    segments: tuple[str, ...]
    #: why the form is shown again
    error: str = ""

    @property
    def has_nobody_yet(self) -> bool:
        return not any(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSubscriberPage:
    typed: Mapping[str, str]
    topics: tuple[str, ...]
    error: str = ""


@screen("/subscribers", role=EditorRole.EDITOR)
def show_subscribers(
    app: TheApp,
    status: Status = "",
    topic: TopicName = "",
    language: LanguageTag = "",
    source: Source = "",
    tag: Tag = "",
    segment: SegmentName = "",
    after: After = "",
) -> Template:
    filters = Filters(status=status, topic=topic, language=language, source=source, tag=tag, segment=segment)
    return _show_list(app, filters, after)


@act("/subscribers/search", role=EditorRole.EDITOR)
def find_subscribers(data: URLEncodedBody[dict[str, str]], app: TheApp) -> Template | Redirect:
    filters = Filters.read(data)
    if not filters.text:
        return see_other(filters.path)
    return _show_list(app, filters, data.get("after", ""))


@screen("/subscribers/new", role=EditorRole.EDITOR)
def show_new_subscriber() -> Template:
    return show("subscriber_new.html.j2", NewSubscriberPage(typed={}, topics=Topic.everything().names))


@act("/subscribers/new", role=EditorRole.EDITOR)
def add(
    request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor
) -> Template | Redirect:
    topics = read_topics(data)
    try:
        if not topics:
            raise InputError("Choose at least one topic.")
        address = EmailAddress.parse(data.get("email", ""))
        add_subscriber(
            address,
            name=" ".join(data.get("name", "").split()),
            topics=topics,
            language=data.get("language", "").strip().replace("_", "-"),
            consent_source=" ".join(data.get("source", "").split()),
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
            actor=editor.name,
        )
    except NewsletterError as error:
        page = NewSubscriberPage(typed=data, topics=topics.names, error=str(error))
        return show("subscriber_new.html.j2", page, status=400)
    with app.database.snapshot() as snapshot:
        stored = find_subscriber(snapshot, address)
    say(request, "Added. The next issue goes there too.")
    return see_other(f"/subscribers/{stored.id}" if stored else "/subscribers")


@act("/subscribers/export", role=EditorRole.OWNER)
def export(data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor) -> Stream:
    name = data.get("segment", "")
    file = TemporaryFile("w+", encoding="utf-8", newline="")  # noqa: SIM115 - the answer closes it
    export_for_editor(file, segment=name, database=app.database, editor=editor.name, now=app.now())
    headers = {"Content-Disposition": 'attachment; filename="subscribers.csv"', "Cache-Control": "no-store"}
    return Stream(_give_blocks(file), media_type="text/csv", headers=headers)


def read_topics(fields: Mapping[str, str]) -> Topic:
    """Return the topics whose boxes are ticked."""
    topics = Topic(0)
    for topic in Topic:
        if fields.get(f"topic-{topic.label}"):
            topics |= topic
    return topics


def _show_list(app: App, filters: Filters, after: str) -> Template:
    with app.database.snapshot() as snapshot:
        tags, segments = list_tag_names(snapshot), tuple(list_segments(snapshot))
    page = SubscribersPage(
        filters=filters,
        is_continued=bool(after),
        counts=count_by_status(database=app.database, now=app.now()),
        tags=tags,
        segments=segments,
    )
    try:
        with app.database.snapshot() as snapshot:
            place = Place.parse(after) if after else None
            found = search_subscribers(snapshot, filters.search(snapshot), after=place, limit=_PAGE)
    except NewsletterError as error:
        return show("subscribers.html.j2", replace(page, error=str(error)), status=400)
    return show(
        "subscribers.html.j2",
        replace(page, people=found.people, next=found.next, is_cut_short=found.is_cut_short),
    )


def _give_blocks(file: IO[str]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while block := file.read(_BLOCK_BYTES):
            yield block.encode("utf-8")
