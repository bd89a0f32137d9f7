"""An issue as letters show it: on phone and desktop, light and dark, without pictures, as text; and a letter to try."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Literal, TypeAlias
from urllib.parse import urlencode

from litestar import Response
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, goes_by_htmx, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import EmailAddress
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.reply import Accepted, Deferred, Outcome, Postponed, Rejected, Unknown
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NewsletterError, NotFoundError, RefusedError
from newsletter.render.scheme import force_scheme
from newsletter.service.find_reader import SAMPLE
from newsletter.service.open_mailing import refuse_leak
from newsletter.service.preview_issue import (
    Preview,
    find_model_by_address,
    find_model_by_id,
    list_headers,
    preview_issue,
)
from newsletter.service.send_test import send_tests, write_tests
from newsletter.web.pages import show

Number: TypeAlias = FromPath[int]
Form: TypeAlias = URLEncodedBody[dict[str, str]]
Topics: TypeAlias = Annotated[int, QueryParameter(name="topics")]
As: TypeAlias = Annotated[int, QueryParameter(name="as")]
Looks: TypeAlias = Annotated[str, QueryParameter(name="look")]
InScheme: TypeAlias = Annotated[Literal["light", "dark", ""], QueryParameter(name="scheme")]
Images: TypeAlias = Annotated[str, QueryParameter(name="images")]

#: For a letter in a frame: its own style, the site's pictures, and nothing that runs, is sent or is fetched elsewhere.
_LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src {images}; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin"
)


class Look(StrEnum):
    """What a preview shows."""

    PHONE = "phone"
    DESKTOP = "desktop"
    #: as mail programs show it that load none
    NO_IMAGES = "no-images"
    TEXT = "text"
    HEADERS = "headers"


_TITLES = {
    Look.PHONE: "Phone",
    Look.DESKTOP: "Desktop",
    Look.NO_IMAGES: "Without images",
    Look.TEXT: "Text part",
    Look.HEADERS: "Headers",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    value: str
    title: str
    path: str
    is_chosen: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderChoice:
    """A subscriber among those whose letter the composer may show."""

    id: int
    #: masked for all but owners
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PreviewPage:
    number: int
    subject: str
    preheader: str
    look: Look
    looks: tuple[Choice, ...]
    #: sets of topics for which it reads differently; one alone is no choice
    topics: tuple[Choice, ...]
    #: whose letter it is, masked for all but owners; "" for nobody's
    reader: str
    reader_id: int
    #: of the frame, below /desk
    letter_path: str
    text: str
    headers: tuple[tuple[str, str], ...]
    #: where a test letter goes unless the editor says otherwise
    to: str
    #: why the form is shown again
    error: str = ""


@screen("/issues/{number:int}/preview", role=EditorRole.WRITER)
def show_preview(
    number: Number, app: TheApp, editor: TheEditor, look: Looks = "phone", topics: Topics = 0, reader: As = 0
) -> Template:
    return show("preview.html.j2", _load(app, number, editor, _read_look(look), topics, reader))


@screen("/issues/{number:int}/preview/letter", role=EditorRole.WRITER)
def show_letter(
    number: Number,
    app: TheApp,
    look: Looks = "",
    topics: Topics = 0,
    reader: As = 0,
    scheme: InScheme = "",
    images: Images = "",
) -> Response[str]:
    """Show the letter alone, as it is, or as it is in one colour scheme; its text part alone; or why there is none."""
    policy = _LETTER_POLICY.format(images="'none'" if images == "none" else "'self' data:")
    headers = {"Content-Security-Policy": policy, "Cross-Origin-Resource-Policy": "same-origin"}
    model = _find_reader(app, reader, topics)
    try:
        preview = _preview(app, number, model.topics)
    except RefusedError as error:  # said where the letter would stand, since no frame shows an error's page
        return Response(str(error), media_type="text/plain", status_code=409, headers=headers)
    if look == Look.TEXT or model.is_text_only:
        return Response(preview.text, media_type="text/plain", headers=headers)
    html = preview.html
    if scheme:
        html = force_scheme(html, scheme)
    # Where the site is not published yet its pictures are here: on the desk's own host.
    html = html.replace(f'"{app.settings.site.base_url.rstrip("/")}/images/', '"/images/')
    return Response(html, media_type="text/html", headers=headers)


@act("/issues/{number:int}/preview", role=EditorRole.EDITOR)
def choose_reader(
    request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    """Look at the issue as a subscriber gets it, who is found by an address that no URL shows."""
    reader = find_model_by_address(EmailAddress.parse(data.get("address", "")), database=app.database)
    if goes_by_htmx(request):
        return show("reader_choice.html.j2", ReaderChoice(id=reader.id, name=_name_reader(reader, editor)))
    return see_other(
        f"/issues/{number}/preview?{urlencode({'look': _read_look(data.get('look', '')), 'as': reader.id})}"
    )


@act("/issues/{number:int}/test", role=EditorRole.EDITOR)
def send_test_letter(
    request: AnyRequest, number: Number, data: Form, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    """Send it to some addresses at once, marked as a test, with links that change nobody."""
    topics, reader = _read_number(data.get("topics", "")), _read_number(data.get("as", ""))
    typed = data.get("to", "")
    try:
        outcome = _send(app, number, editor, typed, topics, reader)
    except NotFoundError:
        raise
    except NewsletterError as error:
        page = _load(app, number, editor, Look.PHONE, topics, reader, to=typed, error=str(error))
        return show("preview.html.j2", page, status=400)
    say(request, outcome)
    query = {"look": Look.PHONE, **({"as": reader} if reader else {"topics": topics} if topics else {})}
    return see_other(f"/issues/{number}/preview?{urlencode(query)}")


def _send(app: App, number: int, editor: Editor, typed: str, topics: int, reader: int) -> str:
    addresses = [EmailAddress.parse(text) for text in dict.fromkeys(typed.replace(",", " ").split())]
    if not addresses:
        raise InputError("Write the address that the test letter shall go to.")
    refuse_leak(app.sender.base_url, app.relay_host)
    model = _find_reader(app, reader, topics)
    rendered = _preview(app, number, model.topics).rendered
    letters = write_tests(rendered, addresses, model=model, make_splicer=app.make_splicer)
    sending = send_tests(number, letters, connect=app.connect, database=app.database, now=app.now(), by=editor.label)
    outcomes = asyncio.run(sending)
    return " ".join(f"{address.text}: {_tell(outcome)}" for address, outcome in zip(addresses, outcomes, strict=True))


def _tell(outcome: Outcome) -> str:
    match outcome:
        case Accepted(_):
            return "the relay took the test letter."
        case Deferred(reply) | Postponed(reply):
            return f"the relay does not take it now ({reply}); send another later."
        case Rejected(reply):
            return f"the relay refuses it ({reply})."
        case Unknown(why):
            return f"it may or may not arrive ({why})."


def _load(
    app: App,
    number: int,
    editor: Editor,
    look: Look,
    topics: int,
    reader: int,
    *,
    to: str | None = None,
    error: str = "",
) -> PreviewPage:
    model = _find_reader(app, reader, topics)
    preview = _preview(app, number, model.topics)
    whose = {"as": str(reader)} if reader else {"topics": str(topics)} if topics else {}
    headers = _list_headers(app, preview, model, editor) if look is Look.HEADERS else ()
    frame = {"topics": str(int(preview.topics)), **({"images": "none"} if look is Look.NO_IMAGES else {})}
    return PreviewPage(
        number=number,
        subject=preview.rendered.subject,
        preheader=preview.rendered.preheader,
        look=look,
        looks=tuple(_choose(number, {"look": each, **whose}, _TITLES[each], each is look) for each in Look),
        topics=tuple(
            _choose(
                number,
                {"look": look, "topics": str(int(variant))},
                ", ".join(variant.names),
                not reader and variant == preview.topics,
            )
            for variant in preview.rendered.variants
        ),
        reader=_name_reader(model, editor) if reader else "",
        reader_id=reader,
        letter_path=f"/issues/{number}/preview/letter?{urlencode(frame)}",
        text=preview.text if look is Look.TEXT or model.is_text_only else "",
        headers=headers,
        to=editor.address.text if to is None else to,
        error=error,
    )


def _choose(number: int, query: dict[str, str], title: str, is_chosen: bool) -> Choice:  # noqa: FBT001 - a field
    path = f"/issues/{number}/preview?{urlencode(query)}"
    return Choice(value=query.get("topics", ""), title=title, path=path, is_chosen=is_chosen)


def _preview(app: App, number: int, topics: Topic) -> Preview:
    return preview_issue(
        number,
        topics,
        database=app.database,
        masthead=app.masthead(),
        render=app.previews.render,
        keys=app.keys,
    )


def _list_headers(app: App, preview: Preview, model: Subscriber, editor: Editor) -> tuple[tuple[str, str], ...]:
    fields = list_headers(preview, to=SAMPLE.address, make_splicer=app.make_splicer)
    return tuple((name, _name_reader(model, editor) if name == "To" else value) for name, value in fields)


def _name_reader(model: Subscriber, editor: Editor) -> str:
    is_open = model.is_sample or editor.role.includes(EditorRole.OWNER)
    return model.address.text if is_open else model.address.masked


def _find_reader(app: App, reader: int, topics: int) -> Subscriber:
    """Return whose letter is shown: a subscriber's, or that of nobody who chose these topics."""
    if reader:
        return find_model_by_id(reader, database=app.database)
    return Subscriber(
        id=SAMPLE.id,
        public_id=SAMPLE.public_id,
        address=SAMPLE.address,
        created_at=SAMPLE.created_at,
        topics=_read_topics(topics),
    )


def _read_topics(bits: int) -> Topic:
    return Topic(bits) & Topic.everything() or Topic.everything()


def _read_look(text: str) -> Look:
    return Look(text) if text in list(Look) else Look.PHONE


def _read_number(text: str) -> int:
    return int(text) if text.isdecimal() else 0
