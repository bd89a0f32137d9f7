"""A letter as programs read it that drop a part of it: style sheets, or what Outlook's Word does not know."""

from __future__ import annotations

import re

_STYLE = re.compile(r"<style\b.*?</style>", re.DOTALL)
_CONDITIONAL = re.compile(r"<!--\[if ([^\]]+)\]>(.*?)<!\[endif\]-->", re.DOTALL)
_FOR_OTHERS = re.compile(r"<!--\[if !mso[^\]]*\]><!-->.*?<!--<!\[endif\]-->", re.DOTALL)
_AT_MEDIA = re.compile(r"@media[^{]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")
# What Word's engine does not know of the properties that a fluid layout lives by.
_UNKNOWN_TO_WORD = re.compile(r"(?:max-width|min-width|max-height|overflow|display:\s*inline-block)[^;\"]*;?")

_WORD = 16  # mso's number of every Word since 2016


def drop_style_sheets(html: str) -> str:
    return _STYLE.sub("", html)


def read_as_word(html: str) -> str:
    """Resolve conditional comments as Word does, and leave out what its engine passes over."""
    html = _FOR_OTHERS.sub("", html)
    html = _CONDITIONAL.sub(lambda found: found[2] if is_true_for_word(found[1]) else "", html)
    html = _STYLE.sub(lambda found: _AT_MEDIA.sub("", found[0]), html)
    return re.sub(r'style="[^"]*"', lambda found: _UNKNOWN_TO_WORD.sub("", found[0]), html)


def is_true_for_word(condition: str) -> bool:
    """Tell what a condition such as ``mso | IE`` or ``lte mso 11`` says of Word."""
    return any(_holds(part.strip(" ()")) for part in condition.split("|"))


def _holds(part: str) -> bool:
    if part.startswith("!"):
        return not _holds(part[1:].strip())
    version = re.fullmatch(r"(lte?|gte?)\s+mso\s+(\d+)", part)
    if version is None:
        return part == "mso"
    number = int(version[2])
    return {"lt": number > _WORD, "lte": number >= _WORD, "gt": number < _WORD, "gte": number <= _WORD}[version[1]]
