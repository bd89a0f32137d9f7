"""A browser for the tests: Debian's Chromium, without a network, in a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Literal, Self, TypeVar
from urllib.parse import urlsplit

from PIL import Image
from playwright.sync_api import Browser, Page, Playwright, Route, expect, sync_playwright

Scheme = Literal["light", "dark"]
_Seen = TypeVar("_Seen")

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

# Five seconds, as is usual, are too few where other tests keep the machine busy; what comes sooner is not waited for.
expect.set_options(timeout=60_000)


class Chromium:
    """A context manager. Playwright runs an event loop of its own, so it may not live in the thread of the tests."""

    def __init__(self, program: Path) -> None:
        self._program = program
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="chromium")
        self._playwright: Playwright
        self._browser: Browser
        self._pages: dict[bool, Page] = {}

    def __enter__(self) -> Self:
        self._thread.submit(self._start).result()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.submit(self._stop).result()
        self._thread.shutdown()

    def look(
        self,
        html: str,
        see: Callable[[Page], _Seen],
        *,
        width: int,
        scheme: Scheme = "light",
        shows_images: bool = True,
    ) -> _Seen:
        """Open ``html`` at ``width`` CSS pixels and return what ``see`` finds in it. Every picture is grey, or none."""

        def open_page() -> _Seen:
            page = self._pages[shows_images]
            page.set_viewport_size({"width": width, "height": 1000})
            page.emulate_media(color_scheme=scheme)
            page.set_content(html, wait_until="load")
            return see(page)

        return self._thread.submit(open_page).result()

    def visit(
        self,
        url: str,
        see: Callable[[Page], _Seen],
        *,
        width: int,
        scheme: Scheme = "light",
        runs_scripts: bool = True,
    ) -> _Seen:
        """Open a page of a server on this machine and return what ``see`` finds; nothing else can be reached."""

        def answer(route: Route) -> None:
            if urlsplit(route.request.url).hostname == urlsplit(url).hostname:
                route.continue_()
            else:
                route.abort()

        def open_page() -> _Seen:
            page = self._browser.new_page(
                viewport={"width": width, "height": 1000}, color_scheme=scheme, java_script_enabled=runs_scripts
            )
            try:
                page.route("**/*", answer)
                page.goto(url, wait_until="load")
                return see(page)
            finally:
                page.close()

        return self._thread.submit(open_page).result()

    def _start(self) -> None:
        self._playwright = sync_playwright().start()
        self._browser = self._playwright.chromium.launch(executable_path=self._program, args=list(_FLAGS))
        # Opening a page takes longer than most looks, so two are kept; a page that once had a picture remembers it.
        for shows_images in (True, False):
            page = self._pages[shows_images] = self._browser.new_page()
            page.route("**/*", _show_grey if shows_images else _refuse)

    def _stop(self) -> None:
        self._browser.close()
        self._playwright.stop()


def _show_grey(route: Route) -> None:
    if route.request.resource_type == "image":
        route.fulfill(body=_PICTURE, content_type="image/png")
    else:
        route.abort()


def _refuse(route: Route) -> None:
    route.abort()


def _draw_picture() -> bytes:
    picture = BytesIO()
    Image.new("RGB", (1056, 594), "#8a9a9a").save(picture, "PNG")
    return picture.getvalue()


_PICTURE = _draw_picture()
