"""Leave, and come back. Only a POST changes anything: scanners fetch every link of a letter."""

from __future__ import annotations

from dataclasses import replace

from litestar import Response, post
from litestar.enums import MediaType
from litestar.params import RawBody, URLEncodedBody
from litestar.response import Template

from newsletter.domain.issue import Masthead
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import Purpose
from newsletter.errors import InputError
from newsletter.service.find_reader import SAMPLE, find_reader, read_link
from newsletter.service.give_reason import give_reason
from newsletter.service.return_subscriber import return_by_link
from newsletter.site.collaborators import Now, TheDatabase, TheFarewell, TheKeys, TheMasthead, Token
from newsletter.site.pages import LinklessPage, ReaderPage, mask
from newsletter.web.pages import page, show

_ONE_CLICK = b"One-Click"  # RFC 8058 3.1; in a form of either encoding. The page's own form is empty.
_LEFT = b"You have left.\n"


@page("/unsubscribe")
def explain_unsubscribe(masthead: TheMasthead) -> Template:
    return show("linkless.html.j2", LinklessPage(masthead=masthead, act="unsubscribe"))


@page("/unsubscribe/{token:str}")
def ask_unsubscribe(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys) -> Template:
    reader = find_reader(token, Purpose.UNSUBSCRIBE, database=database, keys=keys)
    is_gone = reader is None or reader.status is SubscriberStatus.UNSUBSCRIBED
    return show("unsubscribe.html.j2", _offer_reason(_reader_page(reader, masthead, is_done=is_gone), reader, token))


@post("/unsubscribe/{token:str}", status_code=200)
async def unsubscribe(token: Token, body: RawBody, farewell: TheFarewell) -> Template | Response[bytes]:
    """Obey the page's button and RFC 8058's one-click request alike.

    Mail programs and providers send the latter by the hundred while a mailing runs, so whoever comes while others are
    let go shares the next transaction, and nobody draws a page that no person sees.
    """
    link = read_link(token, Purpose.UNSUBSCRIBE, keys=farewell.keys)
    is_sample = link.public_id == SAMPLE.public_id
    reader = SAMPLE if is_sample else await farewell.departures.do(link)
    if _ONE_CLICK in bytes(body) and not is_sample:
        return Response(_LEFT, media_type=MediaType.TEXT)
    value = _reader_page(reader, farewell.masthead, is_done=True)
    return show("unsubscribe.html.j2", _offer_reason(value, reader, token))


@post("/unsubscribe/{token:str}/reason", status_code=200, sync_to_thread=True)
def say_why(
    token: Token,
    data: URLEncodedBody[dict[str, str]],
    masthead: TheMasthead,
    database: TheDatabase,
    keys: TheKeys,
    now: Now,
) -> Template:
    try:
        give_reason(
            token, cause=data.get("cause", ""), words=data.get("words", ""), database=database, keys=keys, now=now
        )
    except InputError as error:
        reader = find_reader(token, Purpose.UNSUBSCRIBE, database=database, keys=keys)
        value = _offer_reason(_reader_page(reader, masthead, is_done=True), reader, token)
        return show("unsubscribe.html.j2", replace(value, message=str(error)), status=400)
    return show("thanks.html.j2", ReaderPage(masthead=masthead, is_done=True))


@page("/return/{token:str}")
def ask_return(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys) -> Template:
    reader = find_reader(token, Purpose.RETURN, database=database, keys=keys)
    is_back = reader is not None and reader.status is SubscriberStatus.ACTIVE
    return show("return.html.j2", _reader_page(reader, masthead, is_done=is_back))


@post("/return/{token:str}", status_code=200, sync_to_thread=True)
def come_back(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    return_by_link(token, database=database, keys=keys, now=now)
    reader = find_reader(token, Purpose.RETURN, database=database, keys=keys)
    return show("return.html.j2", _reader_page(reader, masthead, is_done=True))


def _offer_reason(value: ReaderPage, reader: Subscriber | None, token: str) -> ReaderPage:
    """Ask once why a reader has left."""
    is_open = value.is_done and reader is not None and not reader.gave_reason
    return replace(value, reason_path=f"/unsubscribe/{token}/reason" if is_open else "")


def _reader_page(reader: Subscriber | None, masthead: Masthead, *, is_done: bool) -> ReaderPage:
    return ReaderPage(
        masthead=masthead,
        address=mask(reader.address) if reader else "",
        is_done=is_done,
        is_test=reader is not None and reader.is_sample,
    )
