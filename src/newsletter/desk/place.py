"""Places in the desk: the number of an issue in a path, and the page that has the field to mend."""

from __future__ import annotations

import re
from typing import TypeAlias

from litestar.params import FromPath

from newsletter.desk.routes import PREFIX

#: The issue's number in a path.
IssueNumber: TypeAlias = FromPath[int]

_ITEM = re.compile(r"(article|announcement|partner) (\d+)")
_PICTURE = re.compile(r"image of (article|announcement|partner) (\d+)")

#: What a finding's ``where`` begins with, and the page for it; the first that fits.
_PAGES = (
    ("subject", "/issues/{number}#words-subject"),
    ("preheader", "/issues/{number}#words-preheader"),
    ("note", "/issues/{number}#words-note"),
    ("HTML", "/issues/{number}/preview"),
    ("text", "/issues/{number}/preview"),
    ("audience", "/subscribers"),
    ("publisher ", "/settings"),
    ("[", "/settings"),
    ("", "/issues/{number}"),
)


def find_place(where: str, *, number: int) -> str:
    """Return the page, and the place in it, to open in order to mend what a finding's ``where`` names."""
    if item := _ITEM.fullmatch(where):
        return f"{PREFIX}/issues/{number}#item-{item[1]}-{item[2]}"
    if picture := _PICTURE.fullmatch(where):
        return f"{PREFIX}/{picture[1]}s/{picture[2]}"
    return PREFIX + next(page for begins, page in _PAGES if where.startswith(begins)).format(number=number)
