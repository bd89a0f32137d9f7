"""The desk, put together: every module of this package that has screens is part of it."""

from __future__ import annotations

import pkgutil
from collections.abc import Iterator, Sequence
from importlib import import_module

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.handlers import HTTPRouteHandler

from newsletter import desk
from newsletter.app import App
from newsletter.desk.collaborators import provide_editor, provide_sign_in
from newsletter.desk.errors import show_error
from newsletter.desk.frame import frame_filters, frame_names
from newsletter.desk.guard import create_guard
from newsletter.desk.routes import PREFIX, ROLE
from newsletter.desk.scripts import read_scripts, read_stylesheet
from newsletter.desk.visit import give_cookies
from newsletter.garbage import pass_over_loaded
from newsletter.resources import folder
from newsletter.service.check import load_checks
from newsletter.web.assets import serve_asset
from newsletter.web.headers import secure_headers
from newsletter.web.pages import open_templates

#: Nothing but our own files; no script inside a page, and none that makes code of text.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' https: data: blob:; connect-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_OWN_HEADERS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    # With "no-referrer" browsers would send the desk's own forms with the origin "null".
    "Referrer-Policy": "same-origin",
}


def create_desk(app: App, *, handlers: Sequence[HTTPRouteHandler] | None = None) -> Litestar:
    """Make the ASGI application, for all paths below /desk; ``handlers`` are those that there are, unless given.

    Raises ValueError for a handler that names no role.
    """
    present = tuple(find_handlers()) if handlers is None else tuple(handlers)
    for handler in present:
        if ROLE not in handler.opt:
            raise ValueError(f"{handler.fn.__name__} names no role: serve it by @screen or @act.")
    stylesheet, scripts = read_stylesheet(), read_scripts()
    shown = frozenset(path for handler in present for path in handler.paths if "GET" in handler.http_methods)
    names = frame_names(
        app.settings.site.name, app.cadence.timezone, {name: asset.path for name, asset in scripts.items()}, shown
    )
    return Litestar(
        route_handlers=[
            Router(PREFIX, route_handlers=present, guards=[create_guard(app)]),
            Router("/", route_handlers=[serve_asset(asset) for asset in (stylesheet, *scripts.values())]),
        ],
        dependencies={
            "app": Provide(lambda: app, sync_to_thread=False),
            "sign_in": Provide(provide_sign_in, sync_to_thread=False),
            "editor": Provide(provide_editor, sync_to_thread=False),
        },
        template_config=open_templates(
            folder("templates") / "desk", stylesheet=stylesheet.path, names=names, filters=frame_filters(app.cadence)
        ),
        exception_handlers={Exception: show_error},
        before_send=[secure_headers((PREFIX,), own=_OWN_HEADERS), give_cookies],
        openapi_config=None,
        logging_config=None,
    )


def prepare_screens(desk: Litestar) -> None:
    """Do what the first look at each screen would have to: compile its templates, and load the checks of preflight.

    From then on collecting garbage passes over all that is loaded, which would take a tenth of a second of some look.
    """
    if desk.template_engine is None:
        raise RuntimeError("The desk has no templates.")
    for template in (folder("templates") / "desk").glob("*.j2"):
        desk.template_engine.get_template(template.name)
    load_checks()
    pass_over_loaded()


def find_handlers() -> Iterator[HTTPRouteHandler]:
    """Give the handlers of all modules of this package."""
    for module in pkgutil.iter_modules(desk.__path__, f"{desk.__name__}."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, HTTPRouteHandler):
                yield value
