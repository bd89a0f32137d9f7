"""Change one's address: the form, and the two links that letters carry: to the new address, and to the old one."""

from __future__ import annotations

from typing import Any

from litestar import Request, post
from litestar.params import URLEncodedBody
from litestar.response import Template

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import Purpose
from newsletter.errors import InvalidAddressError, NotFoundError
from newsletter.service.change_address import confirm_change, find_fate, request_change, undo_change
from newsletter.service.find_reader import find_reader
from newsletter.site.collaborators import AddressKey, Limits, Now, TheDatabase, TheKeys, TheMasthead, Token
from newsletter.site.pages import ChangePage, MovePage, mask
from newsletter.web.pages import page, show


@page("/preferences/{token:str}/address")
def show_change(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys) -> Template:
    reader = find_reader(token, Purpose.PREFERENCES, database=database, keys=keys)
    return show("address.html.j2", ChangePage(masthead=masthead, **_whose(reader, token)))


@post("/preferences/{token:str}/address", status_code=200, sync_to_thread=True)
def ask_change(  # noqa: PLR0913, PLR0917 - what a handler works with, it asks for by name
    token: Token,
    request: Request[Any, Any, Any],
    data: URLEncodedBody[dict[str, str]],
    masthead: TheMasthead,
    database: TheDatabase,
    keys: TheKeys,
    address_key: AddressKey,
    limits: Limits,
    now: Now,
) -> Template:
    typed = data.get("email", "").strip()
    try:
        address = EmailAddress.parse(typed)
    except InvalidAddressError as error:
        reader = find_reader(token, Purpose.PREFERENCES, database=database, keys=keys)
        sentence = str(error) if typed else "Please write the new address."
        value = ChangePage(masthead=masthead, email=typed, message=sentence, **_whose(reader, token))
        return show("address.html.j2", value, status=400)
    reader = request_change(
        token,
        address,
        client=request.client.host if request.client else "",
        limits=limits,
        database=database,
        keys=keys,
        address_key=address_key,
        now=now,
    )
    return show("address_asked.html.j2", ChangePage(masthead=masthead, email=typed, **_whose(reader, token)))


@page("/move/{token:str}")
def ask_move(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    fate = find_fate(token, Purpose.CHANGE_ADDRESS, database=database, keys=keys, now=now)
    return show("move.html.j2", MovePage(masthead=masthead, fate=fate.name.lower()))


@post("/move/{token:str}", status_code=200, sync_to_thread=True)
def move(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    fate = confirm_change(token, database=database, keys=keys, now=now)
    return show("move.html.j2", MovePage(masthead=masthead, fate=fate.name.lower()))


@page("/keep/{token:str}")
def ask_keep(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    fate = find_fate(token, Purpose.KEEP_ADDRESS, database=database, keys=keys, now=now)
    return show("keep.html.j2", MovePage(masthead=masthead, fate=fate.name.lower()))


@post("/keep/{token:str}", status_code=200, sync_to_thread=True)
def keep(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    fate = undo_change(token, database=database, keys=keys, now=now)
    return show("keep.html.j2", MovePage(masthead=masthead, fate=fate.name.lower()))


def _whose(reader: Subscriber | None, token: str) -> dict[str, Any]:
    """Return what the page says of the reader. Raises NotFoundError where nothing is stored any more."""
    if reader is None:
        raise NotFoundError("Nothing is stored under this link any more, and nothing is sent.")
    return {
        "address": mask(reader.address),
        "is_subscribed": reader.status is SubscriberStatus.ACTIVE,
        "is_test": reader.is_sample,
        "back": f"/preferences/{token}",
    }
