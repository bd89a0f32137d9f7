"""For whatever watches over the server."""

from __future__ import annotations

from litestar import Response
from litestar.enums import MediaType

from newsletter.errors import StoreError
from newsletter.site.collaborators import TheDatabase
from newsletter.web.pages import page


@page("/healthz")
def show_health() -> Response[str]:
    """Say that the process answers."""
    return _say("ok", 200)


@page("/readyz")
def show_readiness(database: TheDatabase) -> Response[str]:
    """Say whether the database is there, at the version that this program works with."""
    try:
        database.check_version()
    except StoreError:
        return _say("the database is out of reach or not migrated", 503)
    return _say("ready", 200)


def _say(words: str, status: int) -> Response[str]:
    return Response(f"{words}\n", media_type=MediaType.TEXT, status_code=status, headers={"Cache-Control": "no-store"})
