"""The readers' site, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from litestar import Litestar, Router
from litestar.di import Provide

from newsletter.domain.issue import Masthead
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.token import KeyRing
from newsletter.gatherer import Gatherer
from newsletter.render.language import Language
from newsletter.render.theme import Theme
from newsletter.resources import folder
from newsletter.service.take_webhook import Webhooks
from newsletter.service.unsubscribe import unsubscribe_by_links
from newsletter.site import (
    archive,
    files,
    finding,
    health,
    hooks,
    joining,
    leaving,
    moving,
    own_data,
    preferences,
    syndication,
)
from newsletter.site.collaborators import Farewell
from newsletter.store.database import Database
from newsletter.web.assets import serve_asset
from newsletter.web.errors import create_error_handler
from newsletter.web.headers import secure_headers
from newsletter.web.pages import open_templates
from newsletter.web.stylesheet import read_stylesheet

#: Paths that carry a token, or an address in an answer, or speak with one provider.
_PRIVATE_PATHS = (
    "/confirm",
    "/data",
    "/hooks",
    "/keep",
    "/move",
    "/preferences",
    "/return",
    "/subscribe",
    "/unsubscribe",
)

_HANDLERS = (
    archive.show_front_page,
    archive.show_issues,
    archive.show_issue,
    archive.show_article,
    files.show_picture,
    files.show_event,
    finding.search,
    syndication.show_feed,
    joining.show_form,
    joining.sign_up,
    joining.ask_confirm,
    joining.confirm,
    leaving.explain_unsubscribe,
    leaving.ask_unsubscribe,
    leaving.unsubscribe,
    leaving.say_why,
    leaving.ask_return,
    leaving.come_back,
    preferences.explain_preferences,
    preferences.show_preferences,
    preferences.save_preferences,
    moving.show_change,
    moving.ask_change,
    moving.ask_move,
    moving.move,
    moving.ask_keep,
    moving.keep,
    own_data.ask_data,
    own_data.show_data,
    own_data.give_data,
    own_data.ask_forget,
    own_data.forget,
    health.show_health,
    health.show_readiness,
    hooks.take_hook,
)


def create_site(  # noqa: PLR0913  # what the pages need, each by its name
    *,
    database: Database,
    keys: KeyRing,
    address_key: bytes,
    masthead: Masthead,
    limits: SignUpLimits,
    now: Callable[[], datetime],
    webhooks: Webhooks,
    theme: Theme,
    languages: Sequence[str] = (),
) -> Litestar:
    """Make the ASGI application, in the colours and fonts of ``theme``.

    ``languages`` are those (BCP 47) among which readers may say what they prefer.

    It sets no cookie and needs no script. Its caller serves it without an access log: paths carry tokens.
    """
    templates = folder("templates") / "site"
    named = {tag: Language(tag).own_name for tag in languages}
    farewell = Farewell(
        keys=keys,
        masthead=masthead,
        departures=Gatherer(lambda readers: unsubscribe_by_links(readers, database=database, now=now())),
    )
    stylesheet = read_stylesheet(theme)
    return Litestar(
        # Through a router: handed over one by one, the second handler of a path would have the first one of that path
        # prepared for its thread twice (Litestar 2.25), and its page would never come.
        route_handlers=[Router("/", route_handlers=[*_HANDLERS, serve_asset(stylesheet)])],
        dependencies={
            "database": Provide(lambda: database, sync_to_thread=False),
            "address_key": Provide(lambda: address_key, sync_to_thread=False),
            "languages": Provide(lambda: named, sync_to_thread=False),
            "limits": Provide(lambda: limits, sync_to_thread=False),
            "keys": Provide(lambda: keys, sync_to_thread=False),
            "masthead": Provide(lambda: masthead, sync_to_thread=False),
            "now": Provide(now, sync_to_thread=False),
            "farewell": Provide(lambda: farewell, sync_to_thread=False),
            "webhooks": Provide(lambda: webhooks, sync_to_thread=False),
        },
        template_config=open_templates(templates, stylesheet=stylesheet.path),
        exception_handlers={Exception: create_error_handler(masthead)},
        before_send=[secure_headers(_PRIVATE_PATHS)],
        openapi_config=None,
        logging_config=None,
    )
