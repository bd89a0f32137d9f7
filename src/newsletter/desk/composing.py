"""What the composer shows: an issue in rows, with what each takes, why it is there, and who wrote what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from newsletter.app import App
from newsletter.domain.approval import Approval
from newsletter.domain.arrangement import ItemKind
from newsletter.domain.article import AnnouncementKind, StoredAnnouncement
from newsletter.domain.composition import Clash, Revision, TextField, TextName, Visit
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.issue import Draft, Issue, IssueStatus, ItemSlot, Slot
from newsletter.domain.topic import Topic
from newsletter.service.compose_issue import ShownItem
from newsletter.service.item_size import measure_item
from newsletter.service.show_composer import ShownComposer, show_composer
from newsletter.service.size_sheet import MOST_BYTES, estimate_total, measure_encoded

#: Older changes stay in the database; a page does not grow with them.
_MOST_HISTORY = 40
_TOKEN = "x" * 39  # as long as a reader's token in a link
_LABELS = {
    TextField.SUBJECT: "Subject",
    TextField.PREHEADER: "Preheader",
    TextField.NOTE: "A word to readers",
    TextField.HEADLINE: "Headline",
    TextField.TEASER: "Teaser",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TextBox:
    """A text that is edited where it stands."""

    name: str
    label: str
    #: as it stands, derived or an editor's own
    words: str
    #: an editor wrote it for this issue
    is_own: bool
    #: the revision that the page shows it at
    seen: int
    may_write: bool
    #: what was set aside for it, and by whom
    clashes: tuple[Clash, ...]
    #: one of these is the editor's own
    is_contested: bool
    #: the editor's name, to call them "you"
    me: str
    #: the others who are writing it now
    writers: tuple[str, ...]

    @property
    def id(self) -> str:
        return self.name.replace(":", "-")

    @property
    def path(self) -> str:
        return "words" if ":" in self.name else "texts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """An item of the issue."""

    #: as forms name it: "12", "partner:3"
    name: str
    id: str
    title: str
    reason: str
    bytes: int
    is_pinned: bool
    #: it was retracted or retired since, so that the issue leaves it out
    is_withdrawn: bool
    is_first: bool
    is_last: bool
    is_lead: bool
    #: of articles
    headline: TextBox | None
    teaser: TextBox | None
    #: of all others
    text: str
    #: its own screen, below /desk
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    id: str
    title: str
    slot: ItemSlot
    #: what may be dragged to and fro between sections
    group: str
    rows: tuple[Row, ...]
    bytes: int
    #: said where it has none
    empty: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the history."""

    revision: Revision
    is_standing: bool
    may_take_back: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Meter:
    """What the letter takes of what mail programs show whole."""

    bytes: int
    most: int
    #: as it is compiled, and not added up
    is_exact: bool

    @property
    def is_over(self) -> bool:
        return self.bytes > self.most


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposerPage:
    number: int
    draft: Draft
    issue: Issue
    is_frozen: bool
    may_arrange: bool
    approval: Approval | None
    texts: tuple[TextBox, ...]
    sections: tuple[Section, ...]
    #: sets of topics for which the letter reads differently, the full one first
    topic_sets: tuple[Topic, ...]
    meter: Meter
    history: tuple[Entry, ...]
    undo: Revision | None
    redo: Revision | None
    others: tuple[Visit, ...]
    #: of the last change, in the site's zone; "" before any
    saved_at: str
    zone: str
    #: changes with whatever the page shows
    state: str
    #: names what the preview shows
    digest: str


def load_composer(app: App, number: int, editor: Editor) -> ComposerPage:
    shown = show_composer(number, editor=editor, database=app.database, masthead=app.masthead(), now=app.now())
    is_frozen = shown.draft.status is IssueStatus.MAILED
    may_arrange = not is_frozen and editor.role.includes(EditorRole.EDITOR)
    box = _Boxes(shown, editor, is_frozen=is_frozen)
    meter = _measure(app, shown)
    return ComposerPage(
        number=number,
        draft=shown.draft,
        issue=shown.issue,
        is_frozen=is_frozen,
        may_arrange=may_arrange,
        approval=shown.approval,
        texts=(
            box.make(TextName(TextField.SUBJECT), shown.issue.subject),
            box.make(TextName(TextField.PREHEADER), shown.issue.preheader),
            box.make(TextName(TextField.NOTE), shown.issue.note),
        ),
        sections=tuple(_lay_out(shown.items, box)),
        topic_sets=shown.issue.variants,
        meter=meter,
        history=tuple(_list_history(shown, may_arrange=may_arrange)),
        undo=None if is_frozen else shown.undo,
        redo=None if is_frozen else shown.redo,
        others=shown.others,
        saved_at=f"{shown.revisions[-1].made_at.astimezone(app.cadence.zone):%H:%M:%S}" if shown.revisions else "",
        zone=app.cadence.timezone,
        state=_digest_state(shown, meter),
        digest=shown.issue.digest[:16],
    )


@dataclass(frozen=True, slots=True)
class _Boxes:
    """Makes the boxes of one page."""

    shown: ShownComposer
    editor: Editor
    is_frozen: bool

    def make(self, name: TextName, words: str) -> TextBox:
        role = EditorRole.EDITOR if name.item is None else EditorRole.WRITER
        clashes = tuple(clash for clash in self.shown.clashes if clash.text == name)
        return TextBox(
            name=str(name),
            label=_LABELS[name.field],
            words=words,
            is_own=self._is_own(name),
            seen=self.shown.draft.revision,
            may_write=not self.is_frozen and self.editor.role.includes(role),
            clashes=clashes,
            is_contested=any(clash.made_by == self.editor.label for clash in clashes),
            me=self.editor.label,
            writers=tuple(visit.name for visit in self.shown.others if visit.text == name),
        )

    def _is_own(self, name: TextName) -> bool:
        if name.item is None:
            return getattr(self.shown.draft, name.field) is not None
        item = next(item.item for item in self.shown.items if item.item.article_id == name.article_id)
        return getattr(item, name.field) is not None


def _lay_out(items: Sequence[ShownItem], box: _Boxes) -> Iterator[Section]:
    events = [item for item in items if _is_of(item, AnnouncementKind.EVENT)]
    news = [item for item in items if _is_of(item, AnnouncementKind.NEWS)]
    by_slot = {slot: [item for item in items if item.item.slot is slot] for slot in ItemSlot}
    stories = [*by_slot[ItemSlot.LEAD], *by_slot[ItemSlot.FEATURE]]
    rows = {
        item.name: _make_row(item, row, box)
        for row in (stories, events, news, by_slot[ItemSlot.EARLIER], by_slot[ItemSlot.PARTNER])
        for item in row
    }
    for id_, title, slot, group, listed, empty in (
        ("lead", "Lead", ItemSlot.LEAD, "articles", by_slot[ItemSlot.LEAD], "No article leads yet."),
        ("features", "Features", ItemSlot.FEATURE, "articles", by_slot[ItemSlot.FEATURE], "No other articles."),
        ("events", "Events", ItemSlot.ANNOUNCEMENT, "events", events, ""),
        ("news", "News", ItemSlot.ANNOUNCEMENT, "news", news, ""),
        ("earlier", "Earlier articles", ItemSlot.EARLIER, "articles", by_slot[ItemSlot.EARLIER], ""),
        ("partners", "Visit also", ItemSlot.PARTNER, "partners", by_slot[ItemSlot.PARTNER], ""),
    ):
        yield Section(
            id=id_,
            title=title,
            slot=slot,
            group=group,
            rows=tuple(rows[item.name] for item in listed),
            bytes=sum(measure_item(item) for item in listed),
            empty=empty,
        )


def _is_of(item: ShownItem, kind: AnnouncementKind) -> bool:
    return isinstance(item.stored, StoredAnnouncement) and item.stored.announcement.kind is kind


def _make_row(item: ShownItem, row: Sequence[ShownItem], box: _Boxes) -> Row:
    name, slot = item.name, item.item.slot
    is_article = name.kind is ItemKind.ARTICLE
    has_teaser = is_article and slot is not ItemSlot.EARLIER
    return Row(
        name=name.argument,
        id=f"{name.kind}-{name.id}",
        title=item.headline,
        reason=item.item.reason,
        bytes=measure_item(item),
        is_pinned=item.item.is_pinned,
        is_withdrawn=item.is_withdrawn,
        is_first=item is row[0],
        is_last=item is row[-1],
        is_lead=slot is ItemSlot.LEAD,
        headline=box.make(TextName(TextField.HEADLINE, name.id), item.headline) if is_article else None,
        teaser=box.make(TextName(TextField.TEASER, name.id), item.text) if has_teaser else None,
        text="" if is_article else item.text,
        path=f"/{name.kind}s/{name.id}",
    )


def _list_history(shown: ShownComposer, *, may_arrange: bool) -> Iterator[Entry]:
    for revision in list(reversed(shown.revisions))[:_MOST_HISTORY]:
        is_standing = revision.number in shown.standing
        yield Entry(
            revision=revision,
            is_standing=is_standing,
            may_take_back=may_arrange and is_standing and bool(revision.made_by),
        )


def _measure(app: App, shown: ShownComposer) -> Meter:
    rendered = app.previews.recall(shown.issue)
    if rendered is None:
        kept = [item for item in shown.items if not item.is_withdrawn]
        return Meter(bytes=estimate_total(kept), most=MOST_BYTES, is_exact=False)
    html = rendered.full.html.fill(dict.fromkeys(Slot, _TOKEN))
    return Meter(bytes=max(len(html.encode()), measure_encoded(html)), most=MOST_BYTES, is_exact=True)


def _digest_state(shown: ShownComposer, meter: Meter) -> str:
    seen = (
        shown.draft.revision,
        shown.draft.status,
        shown.issue.digest,
        [(clash.id, clash.words) for clash in shown.clashes],
        [(visit.editor_id, str(visit.text)) for visit in shown.others],
        meter.is_exact,
    )
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]
