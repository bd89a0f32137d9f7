"""Draw the sample issue as inboxes show it, for README and docs: docs/images/issue-*.png.

The sample's pictures are drawn first, from docs/images/sample to examples/pictures, as an import makes them. Needs
Chromium; fonts-liberation and fonts-crosextra-caladea look most like what readers have. Nothing is fetched: every
other request is refused.
"""

from __future__ import annotations

import shutil
import sys
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Route, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
PICTURES = ROOT / "examples" / "pictures"

sys.path.insert(0, str(ROOT / "tests"))

from builders import the_sample_issue  # noqa: E402  # the sample is the tests' own
from newsletter.domain.issue import Slot  # noqa: E402
from newsletter.ingest.picture import read_picture  # noqa: E402
from newsletter.render.issue import render_issue  # noqa: E402
from newsletter.render.mjml import choose_compiler  # noqa: E402

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_LARGEST = 300_000  # bytes of one picture: a README should open at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Shot:
    name: str
    #: CSS pixels
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    shows_images: bool = True
    #: its last part, in place of its first
    from_end: bool = False


SHOTS = (
    Shot(name="issue-desktop-light", width=680, height=1620),
    Shot(name="issue-desktop-dark", width=680, height=1620, scheme="dark"),
    Shot(name="issue-phone-light", width=375, height=1400),
    Shot(name="issue-phone-dark", width=375, height=1400, scheme="dark"),
    Shot(name="issue-images-off", width=600, height=1300, shows_images=False),
    Shot(name="issue-end", width=680, height=1500, from_end=True),
)

# The picture of the README's front page: a desktop and a phone side by side.
_FRONT = """<body style="margin:0;background:#cfd6d3;overflow:hidden">
<div style="{frame};left:48px;top:44px;width:580px"><img src="{desktop}" width="580"></div>
<div style="{frame};left:672px;top:96px;width:280px"><img src="{phone}" width="280"></div>
</body>"""
_FRAME = "position:absolute;overflow:hidden;height:1200px;border-radius:8px;box-shadow:0 12px 40px rgba(20,30,30,.35)"


def main() -> int:
    program = shutil.which("chromium")
    if program is None:
        print("Chromium is not here: sudo apt-get install chromium", file=sys.stderr)
        return 1
    rendered = render_issue(the_sample_issue(), compiler=choose_compiler("auto"))
    html = rendered.full.html.fill(dict.fromkeys(Slot, "sample"))
    with open_browser(program) as browser:
        draw_pictures(browser)
        for shot in SHOTS:
            save(shot.name, take(browser, html, shot))
        save("issue-front", take(browser, front_page(), Shot(name="issue-front", width=1000, height=1100)))
    return 0


@contextmanager
def open_browser(program: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        try:
            yield browser
        finally:
            browser.close()


def draw_pictures(browser: Browser) -> None:
    """Turn the drawings into the files that the demo's articles come with."""
    PICTURES.mkdir(exist_ok=True)
    for drawing in sorted((IMAGES / "sample").glob("*.svg")):
        page = browser.new_page(viewport={"width": 1200, "height": 620})
        page.set_content(f'<body style="margin:0">{drawing.read_text(encoding="utf-8")}</body>')
        drawn = page.locator("svg").screenshot()
        page.close()
        with Image.open(BytesIO(drawn)) as image:
            flat = BytesIO()
            image.convert("RGB").save(flat, "BMP")  # not PNG: as a photograph, it becomes a JPEG
        (PICTURES / f"{drawing.stem}.jpg").write_bytes(read_picture(drawing.name, flat.getvalue()).content)


def take(browser: Browser, html: str, shot: Shot) -> bytes:
    def answer(route: Route) -> None:
        picture = PICTURES / f"{Path(route.request.url).stem}.jpg"
        if shot.shows_images and picture.exists():
            route.fulfill(path=picture, content_type="image/jpeg")
        else:
            route.abort()

    page = browser.new_page(viewport={"width": shot.width, "height": shot.height}, color_scheme=shot.scheme)
    try:
        page.route("**/*", answer)
        page.set_content(html, wait_until="load")
        if shot.from_end:
            page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        return page.screenshot()
    finally:
        page.close()


def front_page() -> str:
    return _FRONT.format(frame=_FRAME, desktop=data_url("issue-desktop-light"), phone=data_url("issue-phone-dark"))


def data_url(name: str) -> str:
    return "data:image/png;base64," + b64encode((IMAGES / f"{name}.png").read_bytes()).decode()


def save(name: str, picture: bytes) -> None:
    if len(picture) > _LARGEST:
        sys.exit(f"{name} has {len(picture):,} bytes, more than {_LARGEST:,}: make it less high.")
    (IMAGES / f"{name}.png").write_bytes(picture)
    print(f"docs/images/{name}.png", f"{len(picture):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
