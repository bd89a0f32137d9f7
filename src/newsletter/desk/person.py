"""One subscriber: all that is stored, and what editors may do about it.

The page's path has a number and no address. An address is masked, also in what servers said about it; who may see it in
full presses a button, and the audit log has that.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.reason import read_reason
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.subscribers import read_topics
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import mask_addresses
from newsletter.domain.choice import Choices, read_pause
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.person import PersonalRecord
from newsletter.domain.segment import check_name
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NewsletterError
from newsletter.service.change_suppression import lift_suppression, suppress_address
from newsletter.service.edit_subscriber import edit_subscriber, load_subscriber, note_view
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import find_record
from newsletter.service.save_segment import tag_subscribers
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.web.pages import show

_PATH = "/subscribers/{subscriber_id:int}"
_WHY = "who looks at this page in a year will want to know"

Fields = URLEncodedBody[dict[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonPage:
    person: Subscriber
    record: PersonalRecord
    #: masked, unless it may be seen
    address: str
    is_shown: bool = False
    topics: tuple[str, ...] = Topic.everything().names
    #: what was typed and not taken, in place of what is stored
    typed: Mapping[str, str] | None = None
    error: str = ""

    @property
    def is_mailed(self) -> bool:
        return self.person.status is SubscriberStatus.ACTIVE and self.record.suppression is None

    def masked(self, words: str | None) -> str:
        """Return what a stranger wrote, without the addresses in it."""
        return (words or "") if self.is_shown else mask_addresses(words or "")

    def value(self, field: str) -> str:
        """Return what stands in a field of the form."""
        if self.typed is not None:
            return self.typed.get(field, "")
        stored = {"name": self.person.name, "language": self.person.language}
        stored["paused_until"] = str(self.person.paused_until or "")
        return stored[field]

    def is_ticked(self, box: str) -> bool:
        if self.typed is not None:
            return bool(self.typed.get(box))
        if box == "text_only":
            return self.person.is_text_only
        return box.removeprefix("topic-") in self.person.topics.names


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetPage:
    person: Subscriber
    address: str
    #: letters whose rows lose the name of their reader
    letters: int
    notices: int
    reports: int


@screen(_PATH, role=EditorRole.EDITOR)
def show_person(subscriber_id: FromPath[int], app: TheApp) -> Template:
    return _show(app, subscriber_id)


@act(f"{_PATH}/show", role=EditorRole.OWNER)
def show_address(subscriber_id: FromPath[int], app: TheApp, editor: TheEditor) -> Template:
    note_view(subscriber_id, database=app.database, editor=editor.name, now=app.now())
    return _show(app, subscriber_id, is_shown=True)


@act(f"{_PATH}/edit", role=EditorRole.EDITOR)
def edit(
    request: AnyRequest, subscriber_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    try:
        choices = Choices(
            topics=read_topics(data),
            is_text_only=bool(data.get("text_only")),
            name=" ".join(data.get("name", "").split()),
            language=data.get("language", "").strip().replace("_", "-"),
            paused_until=_read_pause(data, app.now().date()),
        )
        edit_subscriber(subscriber_id, choices, database=app.database, editor=editor.name, now=app.now())
    except InputError as error:
        return _show(app, subscriber_id, typed=data, error=str(error))
    say(request, "Saved. The next letter goes by it.")
    return see_other(f"/subscribers/{subscriber_id}")


@act(f"{_PATH}/tags", role=EditorRole.EDITOR)
def change_tags(
    request: AnyRequest, subscriber_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    taken = data.get("take", "")

    def change(person: Subscriber) -> str:
        tag_subscribers(
            check_name(taken or data.get("tag", "")),
            addresses=[person.address],
            is_taken=bool(taken),
            database=app.database,
            now=app.now(),
            actor=editor.name,
        )
        return f"No longer tagged {taken}." if taken else "Tagged."

    return _do(request, app, subscriber_id, change)


@act(f"{_PATH}/suppress", role=EditorRole.EDITOR)
def suppress(
    request: AnyRequest, subscriber_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    def change(person: Subscriber) -> str:
        _decide(suppress_address, person, data, app, editor)
        return "Suppressed: no letter goes there until somebody lifts it."

    return _do(request, app, subscriber_id, change)


@act(f"{_PATH}/lift", role=EditorRole.EDITOR)
def lift(
    request: AnyRequest, subscriber_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    def change(person: Subscriber) -> str:
        _decide(lift_suppression, person, data, app, editor)
        return "The suppression is lifted."

    return _do(request, app, subscriber_id, change)


@act(f"{_PATH}/unsubscribe", role=EditorRole.EDITOR)
def unsubscribe(
    request: AnyRequest, subscriber_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    def change(person: Subscriber) -> str:
        source = read_reason(data, because=_WHY)
        has_left = unsubscribe_address(
            person.address, source=source, database=app.database, now=app.now(), actor=editor.name
        )
        return "Unsubscribed; a goodbye with a way back is under way." if has_left else "The reader had left before."

    return _do(request, app, subscriber_id, change)


@screen(f"{_PATH}/forget", role=EditorRole.PUBLISHER)
def show_forgetting(subscriber_id: FromPath[int], app: TheApp) -> Template:
    person, record = _load(app, subscriber_id)
    page = ForgetPage(
        person=person,
        address=person.address.masked,
        letters=len(record.deliveries),
        notices=len(record.notices),
        reports=len(record.bounces),
    )
    return show("person_forget.html.j2", page)


@act(f"{_PATH}/forget", role=EditorRole.PUBLISHER)
def forget(request: AnyRequest, subscriber_id: FromPath[int], app: TheApp, editor: TheEditor) -> Redirect:
    person = load_subscriber(subscriber_id, database=app.database)
    forget_subscriber(
        person.address, database=app.database, address_key=app.address_key, now=app.now(), actor=editor.name
    )
    say(request, "Erased. Only hashes are left, which name nobody.")
    return see_other("/subscribers")


def _decide(
    decide: Callable[..., None], person: Subscriber, fields: Mapping[str, str], app: App, editor: Editor
) -> None:
    """Suppress an address or lift that, for the reason of the form."""
    decide(
        person.address,
        because=read_reason(fields, because=_WHY),
        database=app.database,
        address_key=app.address_key,
        now=app.now(),
        actor=editor.name,
    )


def _do(request: AnyRequest, app: App, subscriber_id: int, change: Callable[[Subscriber], str]) -> Template | Redirect:
    """Do an act, and show the page again with the reason where it is refused."""
    person = load_subscriber(subscriber_id, database=app.database)
    try:
        sentence = change(person)
    except NewsletterError as error:
        return _show(app, subscriber_id, error=mask_addresses(str(error)))
    say(request, sentence)
    return see_other(f"/subscribers/{subscriber_id}")


def _show(
    app: App,
    subscriber_id: int,
    *,
    is_shown: bool = False,
    typed: Mapping[str, str] | None = None,
    error: str = "",
) -> Template:
    person, record = _load(app, subscriber_id)
    page = PersonPage(
        person=person,
        record=record,
        address=person.address.text if is_shown else person.address.masked,
        is_shown=is_shown,
        typed=typed,
        error=error,
    )
    return show("person.html.j2", page, status=400 if error else 200)


def _load(app: App, subscriber_id: int) -> tuple[Subscriber, PersonalRecord]:
    person = load_subscriber(subscriber_id, database=app.database)
    return person, find_record(person.address, database=app.database, address_key=app.address_key)


def _read_pause(fields: Mapping[str, str], today: date) -> date | None:
    """Read the end of a pause; one that lies behind was only shown again."""
    until = read_pause(fields.get("paused_until", ""))
    return None if until is not None and until <= today else until
