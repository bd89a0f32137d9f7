"""A letter in one colour scheme, whatever the browser prefers: for looking at both of them side by side."""

from __future__ import annotations

import re
from typing import Literal

Scheme = Literal["light", "dark"]

# What a letter says about schemes stands in its style sheets and meta elements; whatever an article says stays.
_RULES = re.compile(r"<style\b.*?</style>|<meta\b[^>]*>", re.DOTALL | re.IGNORECASE)
_QUERY = re.compile(r"\(\s*prefers-color-scheme\s*:\s*(light|dark)\s*\)")
_OFFERED = re.compile(r"(?<=color-scheme)(\"\s+content=\"|\s*:\s*)(?:light\s+dark|dark\s+light)")


def force_scheme(html: str, scheme: Scheme) -> str:
    """Return the letter as a mail program in ``scheme`` shows it: its own rules for that scheme hold, no others.

    Nothing is added. What the letter asks about the reader's preference is answered, and nothing else is touched.
    """

    def answer(query: re.Match[str]) -> str:
        # A length that every screen has, and one that none has: a query in brackets stays a query in brackets.
        return "(min-width: 0)" if query[1] == scheme else "(max-width: 0)"

    def decide(rules: re.Match[str]) -> str:
        return _OFFERED.sub(lambda offer: f"{offer[1]}{scheme}", _QUERY.sub(answer, rules[0]))

    return _RULES.sub(decide, html)
