"""Notice to text: a small letter to one person, its style sheet written into the elements by premailer."""

from __future__ import annotations

import html
import logging
import secrets
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Literal

from jinja2 import Environment
from premailer import Premailer

from newsletter.domain.issue import Masthead
from newsletter.domain.notice import NoticeKind
from newsletter.render.catalogue import choose_language
from newsletter.render.language import Side
from newsletter.render.templates import close_gaps, fill_template, open_templates, strip_forbidden
from newsletter.render.theme import Theme, read_theme
from newsletter.render.view import split_address, split_paragraphs
from newsletter.render.words import fill_words
from newsletter.resources import folder

_TEMPLATE = "notice.html.j2"
_STAND_IN = f"value-{secrets.token_hex(8)}"

#: Anybody may have asked for them.
_UNASKED = {
    NoticeKind.CONFIRM,
    NoticeKind.KNOWN,
    NoticeKind.NEW_ADDRESS,
    NoticeKind.LEAVING_ADDRESS,
    NoticeKind.DATA,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedNotice:
    subject: str
    html: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """What the templates of a notice are given."""

    subject: str
    site_name: str
    language: str
    direction: Literal["ltr", "rtl"]
    start: Side
    #: the reader's; "" where unknown
    name: str
    greeting: str
    paragraphs: tuple[str, ...]
    action: str
    action_url: str
    #: the way to the latest issue, and its words; "" without
    latest: str
    latest_url: str
    closing: str
    unsubscribe: str
    #: "" where there is nothing to leave
    unsubscribe_url: str
    postal_address: tuple[str, ...]
    theme: Theme


def render_notice(
    kind: NoticeKind,
    *,
    masthead: Masthead,
    action_url: str,
    unsubscribe_url: str = "",
    latest_url: str = "",
    name: str = "",
    language: str = "",
    templates: Path | None = None,
) -> RenderedNotice:
    """Render a notice to one reader.

    It speaks the reader's ``language`` where there is a catalogue of it, else the site's. ``action_url`` is where its
    one link leads: the confirmation, the preferences, the way back. Wording, colours and fonts are those of the theme.
    """
    folders = tuple(
        path
        for path in (templates, folder("templates") / "notice", folder("templates") / "issue", folder("templates"))
        if path
    )
    spoken = choose_language(folders, language, masthead.language)
    theme = read_theme(folders, spoken)
    words = theme.notices.of(kind)
    if kind in _UNASKED:
        name = ""  # anybody may have typed it: a letter that nobody asked for must not carry a stranger's words
    view = NoticeView(
        subject=fill_words(words.subject, name=masthead.name),
        site_name=masthead.name,
        language=spoken.tag,
        direction=spoken.direction,
        start=spoken.start,
        name=name,
        greeting=fill_words(theme.words.greeting, name=name),
        paragraphs=split_paragraphs(fill_words(words.text, name=masthead.name)),
        action=fill_words(words.action, name=masthead.name),
        action_url=action_url,
        latest=fill_words(words.latest, name=masthead.name),
        latest_url=latest_url,
        closing=fill_words(words.closing, name=masthead.name),
        unsubscribe=theme.words.unsubscribe,
        unsubscribe_url=unsubscribe_url,
        postal_address=split_address(masthead.postal_address),
        theme=theme,
    )
    environment = open_templates(folders)
    return RenderedNotice(
        subject=view.subject,
        html=_fill_html(
            environment,
            view,
            greeting=theme.words.greeting,
            is_themes=templates is not None and (templates / _TEMPLATE).exists(),
        ),
        text=close_gaps(fill_template(environment, "notice.txt.j2", notice=view)),
    )


def _fill_html(environment: Environment, view: NoticeView, *, greeting: str, is_themes: bool) -> str:
    """Fill the HTML template, the reader's own last: the styles of what is the same for all are inlined once.

    Inlining takes twenty times as long as all else, and readers leave by the thousand after a letter. A template of the
    theme may do with its values what it likes, so there nothing stands in for them.
    """
    if is_themes:
        return _inline_styles(fill_template(environment, _TEMPLATE, notice=view))
    name, action, latest, unsubscribe = (f"{_STAND_IN}-{number}-" for number in range(4))
    form = replace(
        view,
        name=view.name and name,
        greeting=fill_words(greeting, name=name),
        action_url=action,
        latest_url=view.latest_url and latest,
        unsubscribe_url=view.unsubscribe_url and unsubscribe,
    )
    text = _inline_styles(fill_template(environment, _TEMPLATE, notice=form))
    own = {name: view.name, action: view.action_url, latest: view.latest_url, unsubscribe: view.unsubscribe_url}
    for stand_in, value in own.items():
        text = text.replace(stand_in, html.escape(strip_forbidden(value)))
    return text


@lru_cache(maxsize=64)
def _inline_styles(text: str) -> str:
    inliner = Premailer(
        text,
        allow_network=False,  # nothing outside the template is ever read
        strip_important=False,  # the dark colours need it
        disable_validation=True,  # its CSS is older than ours
        cssutils_logging_level=logging.CRITICAL,
    )
    return str(inliner.transform(pretty_print=False)) + "\n"
