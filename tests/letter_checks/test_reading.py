"""Checks 8 and 9: what a reader meets, on a phone and on a desk, by day and by night, with pictures and without."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from axe import find_barriers, read_axe
from chromium import Chromium
from letter_checks.press import PrintedIssue

SMALLEST_FONT = 13
BODY_FONT, BODY_LINE = 16, 1.5
SMALLEST_TARGET = 24


_ARE_SHOWN = "() => [...document.images].map(image => image.naturalWidth > 0)"


@pytest.mark.parametrize("shows_images", [True, False], ids=["images", "no images"])
def test_nothing_stands_in_anybodys_way(printed: PrintedIssue, chromium: Chromium, *, shows_images: bool) -> None:
    axe = read_axe()

    def look_in_every_light(page: Page) -> dict[str, list[str]]:
        assert set(page.evaluate(_ARE_SHOWN)) <= {shows_images}
        page.evaluate(axe)
        found = {}
        for width in (800, 375):
            page.set_viewport_size({"width": width, "height": 1000})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                found[f"{scheme} at {width}"] = find_barriers(page)
        return found

    barriers = chromium.look(printed.html, look_in_every_light, width=800, shows_images=shows_images)

    assert barriers == {"light at 800": [], "dark at 800": [], "light at 375": [], "dark at 375": []}


def test_axe_would_say_so(sample: PrintedIssue, chromium: Chromium) -> None:
    axe = read_axe()
    dim = sample.html.replace(' alt="', ' data-alt="').replace("#efe9de", "#332f29")

    def look(page: Page) -> list[str]:
        page.evaluate(axe)
        return find_barriers(page)

    found = {barrier.partition(":")[0] for barrier in chromium.look(dim, look, width=375, scheme="dark")}

    assert {"image-alt", "color-contrast"} <= found


_MEASURE = """() => {
  const texts = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const parent = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !parent.getClientRects().length) continue;
    const style = getComputedStyle(parent);
    const size = parseFloat(style.fontSize);
    texts.push({words: walker.currentNode.data.trim().slice(0, 60), tag: parent.tagName, size,
                line: parseFloat(style.lineHeight) / size});
  }
  const targets = [...document.querySelectorAll('a')].map(link => {
    const box = link.getBoundingClientRect();
    const line = parseFloat(getComputedStyle(link).lineHeight);
    return {words: link.textContent.trim().slice(0, 60), height: Math.max(box.height, line),
            line: getComputedStyle(link).textDecorationLine};
  });
  const wide = [...document.querySelectorAll('body *')]
    .filter(element => element.getBoundingClientRect().right > innerWidth + 0.5
                    || element.getBoundingClientRect().left < -0.5)
    .map(element => element.tagName + ' ' + element.textContent.trim().slice(0, 60));
  const columns = [...document.querySelectorAll('.picture')].map(picture => {
    const story = picture.parentElement.querySelector('.story').getBoundingClientRect();
    return story.top >= picture.getBoundingClientRect().bottom - 0.5;
  });
  return {scrolled: document.documentElement.scrollWidth, texts, targets, wide, columns};
}"""


@pytest.mark.parametrize("width", [320, 375, 600])
def test_the_letter_fits_its_window_and_is_large_enough_to_read(
    printed: PrintedIssue, chromium: Chromium, width: int
) -> None:
    seen = chromium.look(printed.html, lambda page: page.evaluate(_MEASURE), width=width)

    assert seen["scrolled"] <= width
    assert seen["wide"] == []
    assert [text for text in seen["texts"] if text["size"] < SMALLEST_FONT] == []
    assert [target for target in seen["targets"] if target["height"] < SMALLEST_TARGET] == []
    assert {target["line"] for target in seen["targets"]} == {"underline"}
    if width < 480:
        assert all(seen["columns"])
    if printed.issue.lead and printed.issue.features:
        running = [text for text in seen["texts"] if text["tag"] == "P" and text["size"] >= BODY_FONT]
        assert running
        assert [text for text in running if text["line"] < BODY_LINE] == []
