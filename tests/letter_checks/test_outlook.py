"""Check 23: without any style sheet, and in Outlook's Word, nothing is lost, moved or too narrow to read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from axe import find_barriers, read_axe
from chromium import Chromium
from html_reading import read_html
from letter_checks.outlook import drop_style_sheets, is_true_for_word, read_as_word
from letter_checks.press import PrintedIssue

SMALLEST_FONT = 13
#: CSS pixels; some twenty-five characters of 16 px, below which running text falls to pieces
NARROWEST_TEXT = 200
TOLERANCE = 1

_SHOWN = """() => ({
  words: document.body.innerText.split(/\\s+/).filter(Boolean).join(' '),
  scrolled: document.documentElement.scrollWidth,
  fonts: Math.min(...[...document.querySelectorAll('p, h1, h2, h3, li, a, span')]
    .filter(element => element.getClientRects().length && element.textContent.trim())
    .map(element => parseFloat(getComputedStyle(element).fontSize))),
  narrow: [...document.querySelectorAll('p, h1, h2, h3, li')]
    .filter(element => element.getClientRects().length && element.textContent.trim().length > 40
      && !element.closest('.picture'))
    .map(element => [Math.round(element.getBoundingClientRect().width), element.textContent.trim().slice(0, 60)]),
})"""

Reader = Callable[[str], str]


def see(page: Page) -> Any:  # noqa: ANN401 - what the script measures
    return page.evaluate(_SHOWN)


@pytest.mark.parametrize("read", [drop_style_sheets, read_as_word])
@pytest.mark.parametrize("width", [320, 600])
def test_nothing_is_lost_and_all_can_be_read(
    printed: PrintedIssue, chromium: Chromium, read: Reader, width: int
) -> None:
    html = read(printed.html)
    whole = chromium.look(printed.html, see, width=width)
    shown = chromium.look(html, see, width=width)

    assert read_html(html) == read_html(printed.html)
    assert shown["words"] == whole["words"]
    assert shown["fonts"] >= SMALLEST_FONT
    assert [text for text in shown["narrow"] if text[0] < NARROWEST_TEXT] == []
    # Word lays out on a page of 600 and knows no narrower one.
    assert shown["scrolled"] <= (width if read is drop_style_sheets else 600) + TOLERANCE


@pytest.mark.parametrize("read", [drop_style_sheets, read_as_word])
def test_no_style_that_contrast_needs_stood_in_a_sheet(printed: PrintedIssue, chromium: Chromium, read: Reader) -> None:
    axe = read_axe()

    def look(page: Page) -> list[str]:
        page.evaluate(axe)
        return find_barriers(page)

    assert chromium.look(read(printed.html), look, width=600) == []


@pytest.mark.parametrize(
    ("condition", "holds"),
    [("mso | IE", True), ("mso", True), ("!mso", False), ("lte mso 11", False), ("gte mso 9", True), ("IE", False)],
)
def test_conditions_hold_for_word_as_for_no_other_program(condition: str, holds: bool) -> None:  # noqa: FBT001
    assert is_true_for_word(condition) is holds


def test_word_gets_the_tables_that_others_do_not(sample: PrintedIssue) -> None:
    word = read_as_word(sample.html)

    assert "<!--[if" not in word
    assert word.count("<table") > sample.html.replace("<!--[if mso | IE]><table", "").count("<table")
    assert "@media" not in word
    assert "X-UA-Compatible" not in word
