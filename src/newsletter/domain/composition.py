"""What editors decide about a draft, and its revisions: one for each change, in order, each with its words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from newsletter.domain.arrangement import ItemKind, ItemName, Items, find_item
from newsletter.domain.issue import Draft, DraftItem, ItemSlot
from newsletter.errors import InputError


class TextField(StrEnum):
    SUBJECT = "subject"
    PREHEADER = "preheader"
    NOTE = "note"
    #: of an article, in this issue
    HEADLINE = "headline"
    TEASER = "teaser"


_OF_AN_ARTICLE = (TextField.HEADLINE, TextField.TEASER)


class TextName(NamedTuple):
    """One text of a draft, as pages write it: ``subject``; ``headline:12`` is that of article 12."""

    field: TextField
    article_id: int | None = None

    @classmethod
    def parse(cls, text: str) -> TextName:
        field, is_pair, number = text.partition(":")
        try:
            name = cls(TextField(field), int(number) if is_pair else None)
        except ValueError as error:
            raise InputError(f"{text!r} names no text of an issue.") from error
        if (name.article_id is None) is (name.field in _OF_AN_ARTICLE):
            raise InputError(f"{text!r} names no text of an issue.")
        return name

    @property
    def item(self) -> ItemName | None:
        return None if self.article_id is None else ItemName(ItemKind.ARTICLE, self.article_id)

    def __str__(self) -> str:
        return self.field if self.article_id is None else f"{self.field}:{self.article_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Composition:
    """All that a change can change, and that undoing it brings back. None stands for a text that is derived."""

    subject: str | None = None
    preheader: str | None = None
    note: str | None = None
    items: Items = ()

    @classmethod
    def of(cls, draft: Draft) -> Composition:
        return cls(subject=draft.subject, preheader=draft.preheader, note=draft.note, items=draft.items)

    def put_into(self, draft: Draft) -> Draft:
        return replace(draft, subject=self.subject, preheader=self.preheader, note=self.note, items=self.items)

    def read(self, name: TextName) -> str | None:
        """Return an editor's own text; None where it is derived, or where its article is not here."""
        if name.item is None:
            text: str | None = getattr(self, name.field)
            return text
        item = find_item(self.items, name.item)
        return getattr(item, name.field) if item else None

    def write(self, name: TextName, text: str | None) -> Composition:
        """Give one text other words; what is not here stays away."""
        field: dict[str, Any] = {name.field.value: text}
        if name.item is None:
            return replace(self, **field)
        items = tuple(replace(item, **field) if ItemName.of(item) == name.item else item for item in self.items)
        return replace(self, items=items)

    def without_pins(self) -> Composition:
        """Return what of it readers can notice."""
        return replace(self, items=tuple(replace(item, is_pinned=False) for item in self.items))

    def dump(self) -> dict[str, Any]:
        """Write it as what JSON can hold."""
        return asdict(self)

    @classmethod
    def load(cls, stored: dict[str, Any]) -> Composition:
        items = tuple(DraftItem(**item | {"slot": ItemSlot(item["slot"])}) for item in stored["items"])
        return cls(**stored | {"items": items})


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One change of a draft, or (number of the first) the draft as nobody had touched it."""

    #: counted up with each change; where one sitting wrote a text in many pauses only the last is kept
    number: int
    made_at: datetime
    #: name of the editor; "" for the draft itself
    made_by: str
    #: what was done: "moved “The Ferry” up"
    told: str
    #: the text that it wrote, where it wrote one
    text: TextName | None = None
    #: the revision that it takes back
    takes_back: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Clash:
    """Words for a text that somebody else had changed meanwhile. They are set aside until an editor chooses."""

    id: int
    text: TextName
    made_by: str
    made_at: datetime
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """An editor who has the composer open."""

    editor_id: int
    name: str
    seen_at: datetime
    #: what they are writing
    text: TextName | None


def find_standing(revisions: Iterable[Revision]) -> frozenset[int]:
    """Return the numbers of the revisions that nobody has taken back; what was taken back twice stands again."""
    gone: set[int] = set()
    for revision in sorted(revisions, key=lambda each: each.number, reverse=True):
        if revision.takes_back is not None and revision.number not in gone:
            gone.add(revision.takes_back)
    return frozenset(revision.number for revision in revisions) - gone


def find_undo(revisions: Sequence[Revision], *, by: str) -> Revision | None:
    """Return what "undo" takes back for an editor: the latest change of their own that stands."""
    standing = find_standing(revisions)
    own = (each for each in reversed(revisions) if each.made_by == by and each.number in standing)
    return next((each for each in own if each.takes_back is None), None)


def find_redo(revisions: Sequence[Revision], *, by: str) -> Revision | None:
    """Return what "redo" takes back for an editor: their latest undoing, unless they have changed something since."""
    standing, changes = find_standing(revisions), {each.number for each in revisions if each.takes_back is None}
    for each in reversed(revisions):
        if (
            each.made_by == by
            and each.number in standing
            and each.takes_back is None
            and not _is_redone(each, revisions)
        ):
            return None
        if each.made_by == by and each.number in standing and each.takes_back in changes:
            return each
    return None


def _is_redone(change: Revision, revisions: Sequence[Revision]) -> bool:
    """Tell whether a change was taken back and brought back again, so that it is no new one."""
    return any(each.takes_back == change.number for each in revisions)
