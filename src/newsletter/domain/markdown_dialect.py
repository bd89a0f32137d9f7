"""The Markdown that editors write bodies in: CommonMark with tables, notes, and tags for what has no sign.

What surprises people who do not know Markdown is left out: HTML but for a few tags without attributes, headings by a
line below them, code by indentation, entities, links by reference. All of that stays the text that was typed.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

from newsletter.domain.body import DEEPEST

FORMAT_TAG: Final = "format_tag"
NOTE: Final = "note"
NOTE_REFERENCE: Final = "note_reference"
#: what stands behind the opening ``` of a block that is HTML and not a text to be shown as it is
HTML_BLOCK: Final = "{=html}"

# What lies deeper is passed over, so that the reader, who refuses it, has to see that there was more.
_MOST_LEVELS = DEEPEST + 10

_TAG = re.compile(r"<(?P<closes>/?)(?P<tag>strong|em|sub|sup|code|s)>|<(?P<breaks>br) ?/?>")
_REFERENCE = re.compile(r"\[\^(?P<label>[^\]\[\s]{1,40})\]")
_NOTE = re.compile(r"\[\^(?P<label>[^\]\[\s]{1,40})\]:[ \t]*(?P<text>.*)")


class _Dialect(MarkdownIt):
    """Leaves addresses as they were typed: whether one may be followed is said by the reader, with its line."""

    def validateLink(self, url: str) -> bool:  # noqa: N802, ARG002 - the library's name
        return True

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - the library's name
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 - the library's name
        return link


@cache
def make_dialect() -> MarkdownIt:
    dialect = _Dialect("commonmark", {"maxNesting": _MOST_LEVELS})
    dialect.enable(["table", "strikethrough"])
    dialect.disable(["code", "entity", "html_block", "html_inline", "lheading", "reference"])
    dialect.inline.ruler.before("autolink", FORMAT_TAG, _read_tag)
    dialect.inline.ruler.before("link", NOTE_REFERENCE, _read_reference)
    dialect.block.ruler.before("paragraph", NOTE, _read_note, {"alt": ["paragraph"]})
    return dialect


def _read_tag(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's form of a rule
    found = _TAG.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        if found["breaks"]:
            state.push("hardbreak", "br", 0).markup = found[0]
        else:
            # Without nesting of its own: it may cross other marks, and the reader says so.
            token = state.push(FORMAT_TAG, found["tag"], 0)
            token.meta = {"closes": bool(found["closes"])}
            token.content = found[0]
    state.pos = found.end()
    return True


def _read_reference(state: StateInline, silent: bool) -> bool:  # noqa: FBT001 - the library's form of a rule
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if found is None:
        return False
    if not silent:
        state.push(NOTE_REFERENCE, "sup", 0).meta = {"label": found["label"]}
    state.pos = found.end()
    return True


def _read_note(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library's form
    """Read ``[^label]: text`` up to a blank line or another block; notes stand in nothing else."""
    if state.level or state.blkIndent:
        return False
    found = _NOTE.fullmatch(state.src, state.bMarks[start] + state.tShift[start], state.eMarks[start])
    if found is None:
        return False
    if silent:
        return True
    enders = state.md.block.ruler.getRules("paragraph")
    line = start + 1
    # The library takes both flags by their place: to look only, and to keep the last line end.
    while line < end and not state.isEmpty(line) and not any(rule(state, line, end, True) for rule in enders):  # noqa: FBT003
        line += 1
    more = state.getLines(start + 1, line, state.blkIndent, False)  # noqa: FBT003
    state.line = line
    state.push("note_open", "p", 1).meta = {"label": found["label"]}
    state.tokens[-1].map = [start, line]
    token = state.push("inline", "", 0)
    token.content = "\n".join(filter(None, (found["text"], more))).strip()
    token.map = [start, line]
    token.children = []
    state.push("note_close", "p", -1)
    return True
