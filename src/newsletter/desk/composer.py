"""The composer: an issue is arranged and worded here, by several editors at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from litestar import Response
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.composing import load_composer
from newsletter.desk.routes import act, goes_by_htmx, no_content, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.arrangement import ItemName
from newsletter.domain.change import Add, Change, Pin, Place, Refill, Remove, Step, Swap
from newsletter.domain.composition import Clash, TextName
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.issue import Draft, ItemSlot
from newsletter.errors import ForbiddenError, InputError
from newsletter.service.change_draft import change_draft
from newsletter.service.keep_pictures import keep_issue_pictures
from newsletter.service.list_addable import Addable, list_addable
from newsletter.service.take_back import redo_change, take_back, undo_change
from newsletter.service.visit_issue import visit_issue
from newsletter.service.write_text import settle_clash, write_text
from newsletter.web.pages import show

Number: TypeAlias = FromPath[int]
Form: TypeAlias = URLEncodedBody[dict[str, str]]
Search: TypeAlias = Annotated[str, QueryParameter(name="search")]
For: TypeAlias = Annotated[str, QueryParameter(name="for")]

_Answer: TypeAlias = Template | Redirect


@dataclass(frozen=True, slots=True, kw_only=True)
class AddPage:
    """What else an issue may show, to be added or to be put in an item's place."""

    number: int
    search: str
    found: tuple[Addable, ...]
    #: the item whose place it would take, and its title; "" where it is added
    swaps: str = ""
    title: str = ""


@screen("/issues/{number:int}", role=EditorRole.WRITER)
def show_issue(number: Number, app: TheApp, editor: TheEditor) -> Template:
    return show("composer.html.j2", load_composer(app, number, editor))


@act("/issues/{number:int}/items", role=EditorRole.EDITOR)
def change_items(request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor) -> _Answer:
    change = read_change(data.get("do", ""))
    draft = change_draft(number, change, by=editor.label, database=app.database, now=app.now())
    if isinstance(change, Add | Swap | Refill):
        _keep_pictures(app, draft)
    return _answer(request, app, number, editor, "The issue is rearranged.")


@act("/issues/{number:int}/words", role=EditorRole.WRITER)
def write_words(request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor) -> _Answer:
    """Write headline or teaser of an article, for this issue."""
    if TextName.parse(data.get("text", "")).item is None:
        raise ForbiddenError("Subject, preheader and note are an editor's to write.")
    return _write(request, number, data, app, editor)


@act("/issues/{number:int}/texts", role=EditorRole.EDITOR)
def write_texts(request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor) -> _Answer:
    """Write any text of the issue."""
    return _write(request, number, data, app, editor)


@act("/issues/{number:int}/clashes", role=EditorRole.WRITER)
def choose_words(request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor) -> _Answer:
    verb, _, clash = data.get("choose", "").partition(" ")
    settle_clash(
        number, _read_number(clash), takes_it=verb == "take", by=editor.label, database=app.database, now=app.now()
    )
    return _answer(request, app, number, editor, "The wording is chosen.")


@act("/issues/{number:int}/undo", role=EditorRole.WRITER)
def undo(request: AnyRequest, number: Number, app: TheApp, editor: TheEditor) -> _Answer:
    return _walk_back(undo_change, request, app, number, editor, "Your last change is taken back.")


@act("/issues/{number:int}/redo", role=EditorRole.WRITER)
def redo(request: AnyRequest, number: Number, app: TheApp, editor: TheEditor) -> _Answer:
    return _walk_back(redo_change, request, app, number, editor, "Your change is done again.")


@act("/issues/{number:int}/take-back", role=EditorRole.EDITOR)
def take_change_back(request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor) -> _Answer:
    revision = _read_number(data.get("revision", ""))
    take_back(number, revision, by=editor.label, database=app.database, now=app.now())
    return _answer(request, app, number, editor, "That change is taken back.")


@act("/issues/{number:int}/pulse", role=EditorRole.WRITER)
def feel_pulse(number: Number, data: Form, app: TheApp, editor: TheEditor) -> Template | Response[bytes]:
    """Say that the editor is here and what they write; get what others changed, or nothing."""
    text = TextName.parse(data["text"]) if data.get("text") else None
    visit_issue(number, editor=editor, text=text, database=app.database, now=app.now())
    page = load_composer(app, number, editor)
    return no_content() if page.state == data.get("state") else show("composer_body.html.j2", page)


@screen("/issues/{number:int}/add", role=EditorRole.EDITOR)
def show_addable(
    request: AnyRequest, number: Number, app: TheApp, editor: TheEditor, search: Search = "", swaps: For = ""
) -> Template:
    found = list_addable(number, search=search, database=app.database, now=app.now())
    title = ""
    if swaps:
        kind = ItemName.parse(swaps).kind
        found = tuple(addable for addable in found if addable.name.kind is kind)
        rows = [row for section in load_composer(app, number, editor).sections for row in section.rows]
        title = next((row.title for row in rows if row.name == swaps), "")
    page = AddPage(number=number, search=search, found=found, swaps=swaps, title=title)
    return show("addable_list.html.j2" if goes_by_htmx(request) else "addable.html.j2", page)


def read_change(text: str) -> Change:
    """Read what a button or a drop says: "up 12", "place 12 feature 14", "swap 12 14". Raises InputError."""
    try:
        return _read_change(text.split())
    except (ValueError, IndexError) as error:
        raise InputError(f"{text!r} is nothing that can be done to an issue.") from error


def _read_change(words: list[str]) -> Change:
    verb, names = words[0], [ItemName.parse(word) for word in words[1:2]]
    if verb == "refill" and len(words) == 1:
        return Refill()
    changes: dict[str, Callable[[ItemName], Change]] = {
        "up": lambda item: Step(item, -1),
        "down": lambda item: Step(item, 1),
        "lead": lambda item: Place(item, ItemSlot.LEAD),
        "pin": lambda item: Pin(item, is_pinned=True),
        "unpin": lambda item: Pin(item, is_pinned=False),
        "remove": Remove,
        "add": Add,
        "swap": lambda item: Swap(item, ItemName.parse(words[2])),
        "place": lambda item: Place(item, ItemSlot(words[2]), ItemName.parse(words[3]) if words[3:] else None),
    }
    if verb not in changes:
        raise ValueError(verb)
    return changes[verb](names[0])


def _write(request: AnyRequest, number: int, data: dict[str, str], app: App, editor: Editor) -> _Answer:
    written = write_text(
        number,
        TextName.parse(data.get("text", "")),
        data.get("words", ""),
        seen=_read_number(data.get("seen", "")),
        by=editor.label,
        database=app.database,
        now=app.now(),
    )
    if isinstance(written, Clash):
        return _answer(
            request,
            app,
            number,
            editor,
            "Somebody else has changed this text since you opened the page. Yours is kept beside it: choose one.",
        )
    return _answer(request, app, number, editor, "Saved.")


def _walk_back(
    walk: Callable[..., Draft], request: AnyRequest, app: App, number: int, editor: Editor, sentence: str
) -> _Answer:
    walk(number, by=editor.label, database=app.database, now=app.now())
    return _answer(request, app, number, editor, sentence)


def _answer(request: AnyRequest, app: App, number: int, editor: Editor, sentence: str) -> _Answer:
    """Answer a script with the issue as it stands now, and a form with the page."""
    if goes_by_htmx(request):
        return show("composer_body.html.j2", load_composer(app, number, editor))
    say(request, sentence)
    return see_other(f"/issues/{number}")


def _keep_pictures(app: App, draft: Draft) -> None:
    keep_issue_pictures(draft, masthead=app.masthead(), fetch=app.fetch, database=app.database, now=app.now())


def _read_number(text: str) -> int:
    try:
        return int(text)
    except ValueError as error:
        raise InputError("The form was incomplete: load the page again.") from error
