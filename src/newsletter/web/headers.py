"""The headers that every answer carries, errors included."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from litestar.types import Message, Scope

#: Nothing but our own style sheet and pictures; no script at all.
_CONTENT_SECURITY_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)

_ALWAYS = {
    "Content-Security-Policy": _CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    # No link from a page tells anybody the token in its address.
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow"}


def secure_headers(
    private_paths: tuple[str, ...], *, own: Mapping[str, str] | None = None
) -> Callable[[Message, Scope], Awaitable[None]]:
    """Make the hook that adds them; a handler's own header of the same name wins.

    Paths that begin with one of ``private_paths`` carry a token: no cache keeps them, no search engine lists them.
    ``own`` is what an application says otherwise.
    """
    public = _encode(_ALWAYS | dict(own or {}))
    private = _encode(_ALWAYS | dict(own or {}) | _PRIVATE)

    # Not a plain function: Litestar would run it in a thread, twice for each answer. And not by Litestar's own view of
    # the fields, which searches all of them for each.
    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        given = list(message["headers"])
        there = {name.lower() for name, _ in given}
        always = private if scope["path"].startswith(private_paths) else public
        message["headers"] = [*given, *(field for field in always if field[0] not in there)]

    return add_headers


def _encode(fields: Mapping[str, str]) -> tuple[tuple[bytes, bytes], ...]:
    return tuple((name.lower().encode("ascii"), value.encode("latin-1")) for name, value in fields.items())
