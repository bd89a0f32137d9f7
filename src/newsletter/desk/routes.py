"""Screens and acts. Each names the role that it is for; the guard lets nobody else in."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final

from litestar import Response, post, route
from litestar.enums import HttpMethod
from litestar.handlers import HTTPRouteHandler
from litestar.response import Redirect
from litestar.types import AnyCallable

from newsletter.desk.visit import AnyRequest, visit_of
from newsletter.domain.editor import EditorRole

#: Where the desk is.
PREFIX: Final = "/desk"
#: The key of a handler's role among its options.
ROLE: Final = "role"
_MOST_BYTES = 10 << 20  # of a form


class Anybody(Enum):
    """In place of a role: who is not signed in, too."""

    ANYBODY = "anybody"


ANYBODY: Final = Anybody.ANYBODY

Needed = EditorRole | Anybody
_Decorator = Callable[[AnyCallable], HTTPRouteHandler]


def screen(path: str, *, role: Needed) -> _Decorator:
    """Serve what only shows something, by GET and HEAD, in a thread. ``path`` is below /desk."""
    return route(
        path, http_method=[HttpMethod.GET, HttpMethod.HEAD], status_code=200, sync_to_thread=True, opt={ROLE: role}
    )


def act(path: str, *, role: Needed, most_bytes: int = _MOST_BYTES) -> _Decorator:
    """Serve what changes something, by POST, in a thread; before it runs, the form is known to be the editor's own.

    A form may have ``most_bytes``.
    """
    return post(path, status_code=200, sync_to_thread=True, request_max_body_size=most_bytes, opt={ROLE: role})


def see_other(path: str) -> Redirect:
    """Answer an act with the page to look at now; ``path`` is below /desk."""
    return Redirect(f"{PREFIX}{path}", status_code=303)


def say(request: AnyRequest, sentence: str) -> None:
    """Have the next page say what was done."""
    visit_of(request).say(sentence)


def goes_by_htmx(request: AnyRequest) -> bool:
    """Tell whether a part of a page is asked for, and not a whole one."""
    return "HX-Request" in request.headers and "HX-Boosted" not in request.headers


def no_content() -> Response[bytes]:
    """Answer an act of a script after which nothing has to be shown anew."""
    return Response(b"", status_code=204)
