"""Draw every page of the readers' site for docs/readers.md: docs/images/reader-*.png.

Each picture shows one page four times: on a phone and on a desk, in light and dark. The site is that of the browser
tests, with the same readers; names of pages draw only those. Needs Chromium; nothing but the site itself is reached.
"""

from __future__ import annotations

import logging
import shutil
import sys
import tempfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import structlog
from PIL import Image
from playwright.sync_api import Page

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"

sys.path.insert(0, str(ROOT / "tests"))

from chromium import Chromium, Scheme  # noqa: E402  # the stand is the tests' own
from newsletter.store.database import Database  # noqa: E402
from readers_stand import Shown, open_stand  # noqa: E402

_PHONE, _DESK = 375, 1280  # CSS pixels
_VIEWS: tuple[tuple[int, Scheme], ...] = (
    (_PHONE, "light"),
    (_PHONE, "dark"),
    (_DESK, "light"),
    (_DESK, "dark"),
)
_HIGHEST = 1_500  # CSS pixels: what is longer is cut, to be seen at a glance
_HEIGHT_OF_ALL = 760
_SHARE_OF_DESK = 0.55
_GAP = 16
_GROUND = "#8d9690"
_COLOURS = 96


def main() -> int:
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not here: sudo apt-get install chromium", file=sys.stderr)
        return 1
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with tempfile.TemporaryDirectory() as folder:
        migrated = Path(folder) / "migrated.db"
        database = Database(f"sqlite:///{migrated}")
        database.migrate()
        database.close()
        with open_stand(Path(folder), migrated) as stand, Chromium(Path(program)) as chromium:
            views: dict[str, list[Image.Image]] = {}
            for width, scheme in _VIEWS:
                for name, shown in stand.list_pages().items():  # anew: some buttons work once
                    if sys.argv[1:] and name not in sys.argv[1:]:
                        continue
                    picture = chromium.visit(stand.base + shown.path, _draw(shown, width), width=width, scheme=scheme)
                    views.setdefault(name, []).append(Image.open(BytesIO(picture)))
    for name, pictures in views.items():
        _save(name, pictures)
    return 0


def _draw(shown: Shown, width: int) -> Callable[[Page], bytes]:
    def see(page: Page) -> bytes:
        shown.act(page)
        height = min(page.evaluate("() => document.documentElement.scrollHeight"), _HIGHEST)
        page.set_viewport_size({"width": width, "height": height})
        return page.screenshot()

    return see


def _save(name: str, pictures: list[Image.Image]) -> None:
    scaled = [_scale(picture) for picture in pictures]
    size = sum(each.width for each in scaled) + _GAP * 5, max(each.height for each in scaled) + _GAP * 2
    sheet = Image.new("RGB", size, _GROUND)
    left = _GAP
    for each in scaled:
        sheet.paste(each, (left, _GAP))
        left += each.width + _GAP
    file = IMAGES / f"reader-{name}.png"
    sheet.quantize(_COLOURS).save(file, "PNG", optimize=True)
    print(f"docs/images/{file.name}", f"{file.stat().st_size:,} bytes")


def _scale(picture: Image.Image) -> Image.Image:
    """Make it half as wide on a desk, and never higher than the sheet."""
    image = picture.convert("RGB")
    share = min(_SHARE_OF_DESK if image.width > _PHONE else 1, _HEIGHT_OF_ALL / image.height)
    return image.resize((round(image.width * share), round(image.height * share)), Image.Resampling.LANCZOS)


if __name__ == "__main__":
    sys.exit(main())
