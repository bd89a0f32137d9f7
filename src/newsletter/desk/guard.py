"""Who may do what: looked at before any handler runs, and before its body is read as anything but a form."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from urllib.parse import quote, urlsplit

from litestar import Request
from litestar.exceptions import MethodNotAllowedException
from litestar.handlers import BaseRouteHandler

from newsletter.app import App
from newsletter.desk.routes import ANYBODY, PREFIX, ROLE
from newsletter.desk.visit import AnyConnection, AnyRequest, Visit, remember
from newsletter.domain.editor import EditorRole
from newsletter.errors import ForbiddenError, UnauthenticatedError
from newsletter.service.sign_in import find_sign_in

#: The hidden field of each form, and the header by which scripts send the same.
FORM_FIELD = "form"
FORM_HEADER = "X-Desk-Form"

_READS = frozenset({"GET", "HEAD"})
_OWN_SITES = frozenset({"same-origin", "none"})
_STALE = "This page was open for too long, or in another sign-in; go back, load it again, and repeat what you did."


class SignInNeededError(UnauthenticatedError):
    """Nobody is signed in; ``back`` is where to go afterwards."""

    def __init__(self, back: str) -> None:
        self.back = back
        super().__init__("Please sign in.")


def create_guard(app: App) -> Callable[[AnyConnection, BaseRouteHandler], Awaitable[None]]:
    """Make what looks at each request first; it raises SignInNeededError, ForbiddenError or UnauthenticatedError."""
    is_secure = urlsplit(app.settings.site.base_url).scheme == "https"

    async def let_in(connection: AnyConnection, handler: BaseRouteHandler) -> None:
        needed = handler.opt.get(ROLE)
        if needed is None:
            raise MethodNotAllowedException  # OPTIONS, which Litestar adds to every path
        request: AnyRequest = Request(connection.scope, connection.receive, connection.send)
        visit = Visit(keys=app.keys, is_secure=is_secure, cookies=dict(request.cookies))
        remember(request, visit)
        if visit.token:
            visit.sign_in = await asyncio.to_thread(find_sign_in, visit.token, database=app.database, now=app.now())
        if needed is not ANYBODY:
            _require_role(visit, needed, request)
        if request.method not in _READS:
            await _require_own_form(request, visit)

    return let_in


def _require_role(visit: Visit, needed: EditorRole, request: AnyRequest) -> None:
    if visit.sign_in is None:
        raise SignInNeededError(_way_back(request))
    role = visit.sign_in.editor.role
    if not role.includes(needed):
        raise ForbiddenError(f"This takes the role “{needed}” or a higher one, and yours is “{role}”; ask an owner.")


async def _require_own_form(request: AnyRequest, visit: Visit) -> None:
    """See that a page of ours, given to this browser, sends the request."""
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    is_foreign = site not in _OWN_SITES if site else bool(origin) and _host(origin or "") != request.headers.get("Host")
    value = request.headers.get(FORM_HEADER)
    if value is None and not is_foreign:
        value = (await request.form()).get(FORM_FIELD)
    if is_foreign or not isinstance(value, str) or not visit.owns_form(value):
        raise UnauthenticatedError(_STALE)


def _host(origin: str) -> str:
    return urlsplit(origin).netloc


def _way_back(request: AnyRequest) -> str:
    """Return what was asked for, where it can be asked for again."""
    if request.method not in _READS or "HX-Request" in request.headers:
        return ""
    query = request.scope["query_string"].decode("latin-1")
    path = quote(request.scope["path"])
    return f"{path}?{query}" if query else path


def read_way_back(text: str) -> str:
    """Return the page to go to after signing in, below /desk: one of ours, whatever was typed into the address."""
    parts = urlsplit(text)
    is_ours = not parts.scheme and not parts.netloc and f"{parts.path}/".startswith(f"{PREFIX}/")
    if not is_ours or not text.isprintable() or "\\" in text:
        return "/"
    below = parts.path.removeprefix(PREFIX) or "/"
    return f"{below}?{parts.query}" if parts.query else below
