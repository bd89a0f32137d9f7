"""What a reader receives, and when nothing for a while."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

from litestar import post
from litestar.params import URLEncodedBody
from litestar.response import Template

from newsletter.domain.choice import LONGEST_PAUSE, Choices, read_pause
from newsletter.domain.issue import Masthead
from newsletter.domain.sign_up import clean_name
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import KeyRing, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NotFoundError
from newsletter.service.find_reader import find_reader
from newsletter.service.save_choices import save_choices
from newsletter.site.collaborators import Languages, Now, TheDatabase, TheKeys, TheMasthead, Token
from newsletter.site.pages import LinklessPage, PreferencesPage, describe_topics, mask, read_language
from newsletter.store.database import Database
from newsletter.web.pages import long_date, page, show

_TOMORROW = timedelta(days=1)


@page("/preferences")
def explain_preferences(masthead: TheMasthead) -> Template:
    return show("linkless.html.j2", LinklessPage(masthead=masthead, act="change what you receive"))


@page("/preferences/{token:str}")
def show_preferences(
    token: Token, masthead: TheMasthead, database: TheDatabase, keys: TheKeys, languages: Languages, now: Now
) -> Template:
    reader = _find(token, database, keys)
    value = _describe(reader, _choices_of(reader, now.date()), masthead, keys, languages, now.date())
    return show("preferences.html.j2", value)


@post("/preferences/{token:str}", status_code=200, sync_to_thread=True)
def save_preferences(
    token: Token,
    data: URLEncodedBody[dict[str, str]],
    masthead: TheMasthead,
    database: TheDatabase,
    keys: TheKeys,
    languages: Languages,
    now: Now,
) -> Template:
    """Keep what the form says; what cannot be kept comes back with everything in it that was chosen."""
    reader, today = _find(token, database, keys), now.date()
    chosen = Choices(
        topics=Topic(sum(topic for topic in Topic if topic.label in data)),
        is_text_only=data.get("format") == "text",
        # A field that the form does not have, such as that of an only language, takes nothing away.
        name=clean_name(data["name"]) if "name" in data else reader.name,
        language=read_language(data, languages) if "language" in data else reader.language,
    )
    typed = data.get("pause", "")
    try:
        chosen = replace(chosen, paused_until=read_pause(typed))
        save_choices(token, chosen, database=database, keys=keys, now=now)
    except InputError as error:
        value = _describe(reader, chosen, masthead, keys, languages, today)
        return show("preferences.html.j2", replace(value, pause=typed, message=str(error), is_error=True), status=400)
    value = _describe(reader, chosen, masthead, keys, languages, today)
    return show("preferences.html.j2", replace(value, message=_confirm(chosen)))


def _confirm(chosen: Choices) -> str:
    if chosen.paused_until is None:
        return "Your choice is saved. It counts from the next issue on."
    return f"Your choice is saved. Issues pass you by until {long_date(chosen.paused_until)}, and then come again."


def _find(token: str, database: Database, keys: KeyRing) -> Subscriber:
    reader = find_reader(token, Purpose.PREFERENCES, database=database, keys=keys)
    if reader is None:
        raise NotFoundError("Nothing is stored under this link any more, and nothing is sent.")
    return reader


def _choices_of(reader: Subscriber, today: date) -> Choices:
    return Choices(
        topics=reader.topics,
        is_text_only=reader.is_text_only,
        name=reader.name,
        language=reader.language,
        paused_until=reader.paused_until if reader.is_paused(today) else None,
    )


def _describe(
    reader: Subscriber, chosen: Choices, masthead: Masthead, keys: KeyRing, languages: Mapping[str, str], today: date
) -> PreferencesPage:
    token = ReaderToken(reader.public_id).sign(Purpose.UNSUBSCRIBE, keys)
    return PreferencesPage(
        masthead=masthead,
        address=mask(reader.address),
        choices=describe_topics(chosen.topics),
        is_text_only=chosen.is_text_only,
        name=chosen.name,
        languages=languages,
        language=chosen.language,
        pause=chosen.paused_until.isoformat() if chosen.paused_until else "",
        first_day=today + _TOMORROW,
        last_day=today + LONGEST_PAUSE,
        paused_until=chosen.paused_until,
        unsubscribe_path=f"/unsubscribe/{token}",
        own_path=f"/preferences/{ReaderToken(reader.public_id).sign(Purpose.PREFERENCES, keys)}",
        is_test=reader.is_sample,
        is_subscribed=reader.status is not SubscriberStatus.UNSUBSCRIBED,
    )
