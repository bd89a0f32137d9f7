"""What letters and pages show or link to that is no page: pictures, and events as calendar entries."""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar import Response
from litestar.params import FromPath

from newsletter.domain.article import AnnouncementKind
from newsletter.domain.picture import read_picture_path
from newsletter.errors import NotFoundError
from newsletter.render.calendar import render_calendar
from newsletter.site.collaborators import Now, TheDatabase, TheMasthead
from newsletter.store.announcements import find_announcement
from newsletter.store.pictures import load_picture
from newsletter.web.pages import page

_FOREVER = "public, max-age=31536000, immutable"
_NO_EVENT = "There is no such event; it may have been cancelled."


@page("/images/{name:str}")
def show_picture(name: FromPath[str], database: TheDatabase) -> Response[bytes]:
    """Give a picture; its name is that of its content, so it may be kept for good."""
    digest = read_picture_path(f"/images/{name}")
    with database.snapshot() as snapshot:
        found = load_picture(snapshot, digest) if digest else None
    if found is None or not found[0].path.endswith(f"/{name}"):
        raise NotFoundError("There is no such picture.")
    picture, content = found
    return Response(content, media_type=picture.media_type, headers={"Cache-Control": _FOREVER})


@page("/events/{name:str}")
def show_event(name: FromPath[str], masthead: TheMasthead, database: TheDatabase, now: Now) -> Response[bytes]:
    """Give an event as a calendar entry; before it may be shown, and after it was retracted, there is none."""
    number = name.removesuffix(".ics")
    if number == name or not (number.isascii() and number.isdecimal()):
        raise NotFoundError(_NO_EVENT)
    with database.snapshot() as snapshot:
        try:
            stored = find_announcement(snapshot, int(number))
        except NotFoundError as error:  # its own words are for editors
            raise NotFoundError(_NO_EVENT) from error
    is_early = stored.announcement.show_from is not None and stored.announcement.show_from > now
    if stored.announcement.kind is not AnnouncementKind.EVENT or stored.retracted_at or is_early:
        raise NotFoundError(_NO_EVENT)
    host = urlsplit(masthead.base_url).hostname or "localhost"
    return Response(
        render_calendar(stored, host=host, name=masthead.name),
        media_type="text/calendar",
        headers={"Content-Disposition": f'attachment; filename="event-{stored.id}.ics"'},
    )
