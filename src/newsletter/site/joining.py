"""Sign up, and confirm it. Both need a button: scanners follow links."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from litestar import Request, post
from litestar.params import URLEncodedBody
from litestar.response import Template

from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import Masthead
from newsletter.domain.sign_up import SignUp, clean_name, is_filled_by_hand, stamp_form
from newsletter.domain.token import KeyRing, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.errors import InvalidAddressError
from newsletter.service.confirm_subscription import Standing, confirm_by_link, find_standing
from newsletter.service.request_subscription import request_subscription
from newsletter.site.collaborators import AddressKey, Languages, Limits, Now, TheDatabase, TheKeys, TheMasthead, Token
from newsletter.site.pages import CONSENT, ConfirmPage, SignUpForm, SignUpPage, describe_topics, read_language
from newsletter.web.pages import page, show

#: Hidden from people by the style sheet; programs that fill forms fill it.
TRAP = "website"

_ONCE_MORE = "Please look it over and press the button once more."
_NO_TOPIC = "Please choose at least one topic."


def an_empty_form(masthead: Masthead, keys: KeyRing, languages: Mapping[str, str], now: datetime) -> SignUpForm:
    return SignUpForm(
        stamp=stamp_form(now, keys),
        choices=describe_topics(Topic.everything()),
        languages=languages,
        consent=CONSENT.format(name=masthead.name),
    )


@page("/subscribe")
def show_form(masthead: TheMasthead, keys: TheKeys, languages: Languages, now: Now) -> Template:
    form = an_empty_form(masthead, keys, languages, now)
    return show("subscribe.html.j2", SignUpPage(masthead=masthead, form=form))


@post("/subscribe", status_code=200, sync_to_thread=True)
def sign_up(  # noqa: PLR0913, PLR0917 - what a handler works with, it asks for by name
    request: Request[Any, Any, Any],
    data: URLEncodedBody[dict[str, str]],
    masthead: TheMasthead,
    database: TheDatabase,
    keys: TheKeys,
    address_key: AddressKey,
    limits: Limits,
    languages: Languages,
    now: Now,
) -> Template:
    """Take a sign-up, from our own form or from one that stands on another site and asks for the address alone.

    What cannot be taken comes back as a form, with everything in it that was typed.
    """
    typed = data.get("email", "").strip()
    topics = Topic(sum(topic for topic in Topic if topic.label in data))
    comes_from_elsewhere = "stamp" not in data
    form = SignUpForm(
        stamp=stamp_form(now, keys),
        choices=describe_topics(Topic.everything() if comes_from_elsewhere else topics),
        consent=CONSENT.format(name=masthead.name),
        email=typed,
        name=clean_name(data.get("name", "")),
        languages=languages,
        language=read_language(data, languages),
    )
    if data.get(TRAP):
        return show("asked.html.j2", SignUpPage(masthead=masthead, form=form))
    try:
        address = EmailAddress.parse(typed)
    except InvalidAddressError as error:
        return _refuse(masthead, form, str(error) if typed else "Please write your address.")
    if comes_from_elsewhere or not is_filled_by_hand(data["stamp"], now, keys):
        return _refuse(masthead, form, _ONCE_MORE, status=200)
    if not topics:
        return _refuse(masthead, form, _NO_TOPIC)
    wish = SignUp(
        address=address,
        name=form.name,
        topics=topics,
        language=form.language,
        source=f"form on the site, {_version(form.consent)}",
    )
    client = request.client.host if request.client else ""
    request_subscription(wish, client=client, limits=limits, database=database, address_key=address_key, now=now)
    return show("asked.html.j2", SignUpPage(masthead=masthead, form=form))


@page("/confirm/{token:str}")
def ask_confirm(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, now: Now) -> Template:
    standing = find_standing(token, database=database, keys=keys, now=now)
    return show("confirm.html.j2", ConfirmPage(masthead=masthead, standing=standing.name.lower()))


@post("/confirm/{token:str}", status_code=200, sync_to_thread=True)
def confirm(
    token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, address_key: AddressKey, now: Now
) -> Template:
    standing, reader = confirm_by_link(token, database=database, keys=keys, address_key=address_key, now=now)
    path = ""
    if reader is not None and standing is Standing.CONFIRMED:
        path = f"/preferences/{ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, keys)}"
    value = ConfirmPage(masthead=masthead, standing=standing.name.lower(), preferences_path=path)
    return show("confirm.html.j2", value)


def _refuse(masthead: Masthead, form: SignUpForm, message: str, *, status: int = 400) -> Template:
    return show("subscribe.html.j2", SignUpPage(masthead=masthead, form=form, message=message), status=status)


def _version(consent: str) -> str:
    """Return what tells one wording of the consent from another."""
    return f"text {hashlib.sha256(consent.encode()).hexdigest()[:8]}"
