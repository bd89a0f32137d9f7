"""What a reader receives."""

from __future__ import annotations

from litestar import post
from litestar.params import URLEncodedBody
from litestar.response import Template

from newsletter.domain.issue import Masthead
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import KeyRing, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NotFoundError
from newsletter.service.choose_topics import choose_topics
from newsletter.service.find_reader import find_reader
from newsletter.site.collaborators import TheDatabase, TheKeys, TheMasthead, Token
from newsletter.site.pages import LinklessPage, PreferencesPage, describe_topics, mask
from newsletter.store.database import Database
from newsletter.web.pages import page, show


@page("/preferences")
def explain_preferences(masthead: TheMasthead) -> Template:
    return show("linkless.html.j2", LinklessPage(masthead=masthead, act="change what you receive"))


@page("/preferences/{token:str}")
def show_preferences(token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys) -> Template:
    reader = _find(token, database, keys)
    return _show(reader, reader.topics, masthead, keys, is_text_only=reader.is_text_only)


@post("/preferences/{token:str}", status_code=200, sync_to_thread=True)
def save_preferences(
    token: Token, data: URLEncodedBody[dict[str, str]], masthead: TheMasthead, database: TheDatabase, keys: TheKeys
) -> Template:
    chosen = Topic(sum(topic for topic in Topic if topic.label in data))
    is_text_only = data.get("format") == "text"
    try:
        reader = choose_topics(token, chosen, is_text_only=is_text_only, database=database, keys=keys)
    except InputError as error:
        reader = _find(token, database, keys)
        return _show(reader, chosen, masthead, keys, is_text_only=is_text_only, message=str(error), is_error=True)
    message = "Your choice is saved. It counts from the next issue on."
    return _show(reader, chosen, masthead, keys, is_text_only=is_text_only, message=message)


def _find(token: str, database: Database, keys: KeyRing) -> Subscriber:
    reader = find_reader(token, Purpose.PREFERENCES, database=database, keys=keys)
    if reader is None:
        raise NotFoundError("Nothing is stored under this link any more, and nothing is sent.")
    return reader


def _show(
    reader: Subscriber,
    chosen: Topic,
    masthead: Masthead,
    keys: KeyRing,
    *,
    is_text_only: bool,
    message: str = "",
    is_error: bool = False,
) -> Template:
    token = ReaderToken(reader.public_id).sign(Purpose.UNSUBSCRIBE, keys)
    value = PreferencesPage(
        masthead=masthead,
        address=mask(reader.address),
        choices=describe_topics(chosen),
        is_text_only=is_text_only,
        unsubscribe_path=f"/unsubscribe/{token}",
        is_test=reader.is_sample,
        is_subscribed=reader.status is not SubscriberStatus.UNSUBSCRIBED,
        message=message,
        is_error=is_error,
    )
    return show("preferences.html.j2", value, status=400 if is_error else 200)
