"""Places in the desk: the number of an issue in a path, and the page that has the field to mend."""

from __future__ import annotations

import re
from typing import TypeAlias

from litestar.params import FromPath

from newsletter.desk.frame import NAVIGATION
from newsletter.desk.routes import PREFIX
from newsletter.domain.editor import EditorRole
from newsletter.service.finding import Finding

#: The issue's number in a path.
IssueNumber: TypeAlias = FromPath[int]

_ITEM = re.compile(r"(?:image of )?(article|announcement|partner) (\d+)")

#: Who may open the pages that not everybody may.
_ROLES = {entry.path: entry.role for entry in NAVIGATION}

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


def find_place(finding: Finding, *, number: int, role: EditorRole) -> str:
    """Return the page, and the place in it, to open in order to mend what a preflight found.

    "" where whoever has ``role`` may not open it.
    """
    if item := _ITEM.fullmatch(finding.where):
        kind, id_ = item.groups()
        page = f"/{kind}s/{id_}#field-{finding.field}" if finding.field else f"/issues/{number}#item-{kind}-{id_}"
        return PREFIX + page
    page = next(page for begins, page in _PAGES if finding.where.startswith(begins))
    return PREFIX + page.format(number=number) if role.includes(_ROLES.get(page, EditorRole.WRITER)) else ""
