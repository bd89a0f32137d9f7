"""Several applications at one address, told apart by the beginning of the path."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import unquote

from litestar.types import ASGIApp, Receive, Scope, Send


def create_front(rest: ASGIApp, *, under: Mapping[str, ASGIApp]) -> ASGIApp:
    """Make the application that hands each request on: to one of ``under`` by its path's first part, else to ``rest``.

    Each keeps its own headers, templates and error pages, and sees the whole path.
    """

    async def front(scope: Scope, receive: Receive, send: Send) -> None:
        path = unquote(scope.get("path", ""))
        first = "/" + path.removeprefix("/").partition("/")[0]
        await under.get(first, rest)(scope, receive, send)

    return front
