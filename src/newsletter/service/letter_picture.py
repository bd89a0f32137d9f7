"""A small picture of a letter, as a phone shows it, where Chromium is there to take it."""

from __future__ import annotations

from functools import lru_cache
from io import BytesIO
from threading import Lock

from PIL import Image

from newsletter.domain.issue import RenderedIssue, Slot
from newsletter.errors import ConfigurationError
from newsletter.render.chromium import Resource, find_chromium, open_chromium
from newsletter.service.find_picture import find_picture
from newsletter.store.database import Database

_WIDTH, _HEIGHT = 375, 640  # CSS pixels
_SECONDS = 20.0
_KEPT = 8

_LOCK = Lock()  # one browser at a time


@lru_cache(maxsize=_KEPT)
def _remember(_digest: str) -> list[bytes]:
    """Give the place that a picture of this text is kept in."""
    return []


def has_chromium() -> bool:
    try:
        find_chromium()
    except ConfigurationError:
        return False
    return True


def take_thumbnail(rendered: RenderedIssue, *, base_url: str, database: Database) -> bytes | None:
    """Return the top of a letter as PNG, None without Chromium; the same text is drawn once. Raises RenderError."""
    if not has_chromium():
        return None
    with _LOCK:
        place = _remember(rendered.digest)
        if not place:
            place.append(_draw(rendered, base_url=base_url, database=database))
        return place[0]


def _draw(rendered: RenderedIssue, *, base_url: str, database: Database) -> bytes:
    def find(url: str) -> Resource | None:
        kept = find_picture(url, base_url=base_url, database=database)
        return Resource(content=kept[1], media_type=kept[0].media_type) if kept else None

    html = rendered.full.html.fill(dict.fromkeys(Slot, "sample"))
    with open_chromium(find_chromium(), seconds=_SECONDS) as browser:
        whole = Image.open(BytesIO(browser.photograph(html, width=_WIDTH, scheme="light", find=find)))
    top = BytesIO()
    whole.crop((0, 0, whole.width, min(whole.height, _HEIGHT))).convert("P", palette=Image.Palette.ADAPTIVE).save(
        top, "PNG", optimize=True
    )
    return top.getvalue()
