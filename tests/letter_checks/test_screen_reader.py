"""Check 24: what a screen reader says of the letter is what its text part says, in the same order."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page

from chromium import Chromium
from letter_checks.press import PrintedIssue

CREDIT = {"en": "Image:", "ru": "Изображение:", "ar": "الصورة:"}


@dataclass(frozen=True, slots=True)
class Heard:
    #: every piece of text, in order
    text: tuple[str, ...]
    links: tuple[str, ...]
    images: tuple[str, ...]


def listen(page: Page) -> Heard:
    """Read Chromium's accessibility tree from top to bottom."""
    session = page.context.new_cdp_session(page)
    nodes = {node["nodeId"]: node for node in session.send("Accessibility.getFullAXTree")["nodes"]}
    (root,) = [node for node in nodes.values() if "parentId" not in node]
    said = list(_walk(root, nodes))
    return Heard(
        text=tuple(name for role, name in said if role == "StaticText"),
        links=tuple(name for role, name in said if role == "link"),
        images=tuple(name for role, name in said if role == "image"),
    )


def _walk(node: Any, nodes: dict[str, Any]) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - Chromium's own document
    if not node["ignored"]:
        yield node["role"]["value"], node.get("name", {}).get("value", "")
    for child in node.get("childIds", ()):
        yield from _walk(nodes[child], nodes)


def letters_of(text: str) -> str:
    """Keep what is said aloud, whatever the line breaks, capitals and punctuation."""
    return "".join(re.findall(r"\w", text.casefold()))


def without_addresses(text: str) -> str:
    return re.sub(r"(?m)^\s*https://\S+$", "", text)


@pytest.fixture(scope="session")
def heard(printed: PrintedIssue, chromium: Chromium) -> Heard:
    return chromium.look(printed.html, listen, width=600)


def credits_of(printed: PrintedIssue) -> set[str]:
    label = CREDIT[printed.issue.masthead.language]
    cards = filter(None, (printed.issue.lead, *printed.issue.features))
    return {letters_of(label + card.image_credit) for card in cards if card.image_url and card.image_credit}


def test_a_screen_reader_says_what_the_text_part_says_in_the_same_order(printed: PrintedIssue, heard: Heard) -> None:
    said, written = letters_of(" ".join(heard.text)), letters_of(without_addresses(printed.text))
    for credit in credits_of(printed):
        # It stands below its picture, and where there is no picture, below the article.
        assert said.count(credit) == written.count(credit)
        said, written = said.replace(credit, ""), written.replace(credit, "")

    assert said == written
    assert not re.search("[\u00ad\u034f\u200b-\u200f\u2060-\u206f\ufeff]{2}|(?:&zwnj;|&nbsp;|\u00a0){2}", printed.html)
    assert list(heard.images) == [
        " ".join(card.image_alt.split())
        for card in filter(None, (printed.issue.lead, *printed.issue.features))
        if card.image_url
    ]


def test_no_two_links_have_the_same_name(heard: Heard) -> None:
    counted = Counter(name.casefold() for name in heard.links)

    assert [name for name, count in counted.items() if count > 1] == []
    assert all(heard.links)
