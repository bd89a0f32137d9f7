"""A reader's own data: a link to it by mail, the page behind that link, the file, and the end of it."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Response, post
from litestar.response import Template

from newsletter.domain.issue import Masthead
from newsletter.domain.person import PersonalRecord
from newsletter.service.own_data import find_own_record, forget_by_link, send_data_link
from newsletter.service.person_record import dump_record
from newsletter.site.collaborators import AddressKey, Now, TheDatabase, TheKeys, TheMasthead, Token
from newsletter.site.pages import DataPage, ReaderPage, mask
from newsletter.web.pages import page, show


@post("/preferences/{token:str}/data", status_code=200, sync_to_thread=True)
def ask_data(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    reader = send_data_link(token, database=database, keys=keys, now=now)
    value = ReaderPage(masthead=masthead, address=mask(reader.address), is_test=reader.is_sample)
    return show("data_asked.html.j2", value)


@page("/data/{token:str}")
def show_data(
    token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, address_key: AddressKey, now: Now
) -> Template:
    record = find_own_record(token, database=database, keys=keys, address_key=address_key, now=now)
    return show("data.html.j2", _describe(record, token, masthead))


@page("/data/{token:str}/record.json")
def give_data(token: Token, database: TheDatabase, keys: TheKeys, address_key: AddressKey, now: Now) -> Response[bytes]:
    """Give everything as a file; it leaves out which of the editors did something."""
    record = find_own_record(token, database=database, keys=keys, address_key=address_key, now=now)
    document: dict[str, Any] = dump_record(record)
    document["acts"] = [{name: value for name, value in act.items() if name != "actor"} for act in document["acts"]]
    return Response(
        msgspec.json.format(msgspec.json.encode(document), indent=2),
        media_type="application/json",
        headers={"Content-Disposition": 'attachment; filename="my-data.json"'},
    )


@page("/data/{token:str}/delete")
def ask_forget(
    token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, address_key: AddressKey, now: Now
) -> Template:
    record = find_own_record(token, database=database, keys=keys, address_key=address_key, now=now)
    return show("forget.html.j2", _describe(record, token, masthead))


@post("/data/{token:str}/delete", status_code=200, sync_to_thread=True)
def forget(
    token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, address_key: AddressKey, now: Now
) -> Template:
    forget_by_link(token, database=database, keys=keys, address_key=address_key, now=now)
    return show("forgotten.html.j2", ReaderPage(masthead=masthead, is_done=True))


def _describe(record: PersonalRecord, token: str, masthead: Masthead) -> DataPage:
    return DataPage(masthead=masthead, record=record, path=f"/data/{token}")
