"""The end of the process that serves the desk: what streams to a browser stops by itself, and nobody waits for it."""

from __future__ import annotations

from litestar import Litestar

_KEY = "is_ending"


def end_streams(desk: Litestar) -> None:
    """Have every stream end within a second or two; from any thread."""
    desk.state[_KEY] = True


def is_ending(desk: Litestar) -> bool:
    return bool(desk.state.get(_KEY))
