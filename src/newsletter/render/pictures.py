"""An issue as inboxes show it, side by side: desktop and phone, light and dark, without images, without styles."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from newsletter.render.chromium import Chromium, FindResource
from newsletter.render.templates import fill_template, open_templates
from newsletter.resources import folder

_DESKTOP, _PHONE = 600, 375  # CSS pixels
_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """One way in which an inbox may show a letter."""

    #: of the file, without its suffix
    name: str
    title: str
    width: int
    scheme: Literal["light", "dark"] = "light"
    shows_images: bool = True
    #: as Outlook and some web mail, which drop what stands in the head
    keeps_styles: bool = True


VIEWS = (
    View(name="desktop-light", title="Desktop, light", width=_DESKTOP),
    View(name="desktop-dark", title="Desktop, dark", width=_DESKTOP, scheme="dark"),
    View(name="phone-light", title="Phone, light", width=_PHONE),
    View(name="phone-dark", title="Phone, dark", width=_PHONE, scheme="dark"),
    View(name="desktop-images-off", title="Desktop, images off", width=_DESKTOP, shows_images=False),
    View(name="phone-images-off", title="Phone, images off", width=_PHONE, shows_images=False),
    View(name="desktop-no-style", title="Desktop, style sheets removed", width=_DESKTOP, keeps_styles=False),
    View(name="phone-no-style", title="Phone, style sheets removed", width=_PHONE, keeps_styles=False),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the page that shows them side by side is made of."""

    title: str
    preheader: str
    #: of the HTML
    bytes: int
    views: tuple[View, ...] = VIEWS


def take_pictures(
    html: str, *, subject: str, preheader: str, browser: Chromium, out: Path, find: FindResource
) -> Iterator[Path]:
    """Write a PNG of each view, and index.html, which shows them side by side; give each file once it is written.

    ``find`` gives the letter's pictures; those that it does not have are missing, as with images off.
    """
    for view in VIEWS:
        picture = browser.photograph(
            html if view.keeps_styles else _STYLE.sub("", html),
            width=view.width,
            scheme=view.scheme,
            find=find if view.shows_images else lambda _: None,
        )
        file = out / f"{view.name}.png"
        file.write_bytes(picture)
        yield file
    sheet = Sheet(title=subject, preheader=preheader, bytes=len(html.encode()))
    index = out / "index.html"
    environment = open_templates((folder("templates") / "pictures",))
    index.write_text(fill_template(environment, "index.html.j2", sheet=sheet), encoding="utf-8")
    yield index
