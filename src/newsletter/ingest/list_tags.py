"""Tags from one cell of a list: names parted by commas, or the attributes that listmonk writes as JSON.

A tag's name is tidied to what a tag of ours may be called. Of attributes those are tags that say so: names in a list
that is called like one, and what is marked as true. Everything else about a person is named and left where it was.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple
from unicodedata import category, normalize

from newsletter.domain.segment import check_name
from newsletter.errors import InputError

#: Stands between the cells of several columns that all have tags.
BETWEEN_CELLS = "\n"

#: Attributes whose values are names of tags.
_LISTS_OF_TAGS = frozenset({"groups", "interests", "labels", "lists", "segments", "tags", "topics"})
_NOT_IN_A_NAME = re.compile(r"[^\w .-]+")
_MOST_TAGS = 100  # of one person
_LONGEST_NAMED = 60  # characters of what is named as not taken
_SEPARATORS = ",;|"


class ReadTags(NamedTuple):
    tags: tuple[str, ...]
    #: what could not be a tag, in words
    untaken: tuple[str, ...]


@lru_cache(maxsize=256)
def read_tags(text: str) -> ReadTags:
    """Read what stands in the cells of a line, BETWEEN_CELLS between them."""
    tags: dict[str, None] = {}
    untaken: dict[str, None] = {}
    for is_name, words in _read_cells(text):
        tag = _tidy(words) if is_name else None
        if tag and (tag in tags or len(tags) < _MOST_TAGS):
            tags[tag] = None
        else:
            untaken[words[:_LONGEST_NAMED]] = None
    return ReadTags(tuple(tags), tuple(untaken))


def _read_cells(text: str) -> Iterator[tuple[bool, str]]:
    """Give names of tags, with True, and what is none, with False."""
    for cell in text.split(BETWEEN_CELLS):
        if cell.startswith("{"):
            yield from _read_attributes(cell)
        else:
            yield from ((True, name) for name in _split(cell))


def _split(text: str) -> Iterator[str]:
    """Give the names in a cell, in which some may have quotation marks of their own, as Mailchimp's do."""
    separator = next((sign for sign in _SEPARATORS if sign in text), _SEPARATORS[0])
    for names in csv.reader(text.splitlines(), delimiter=separator, skipinitialspace=True):
        yield from filter(None, map(str.strip, names))


def _read_attributes(text: str) -> Iterator[tuple[bool, str]]:
    try:
        attributes: dict[str, Any] = json.loads(text)
    except (ValueError, RecursionError):
        yield False, "attributes that are not JSON"
        return
    for key, value in attributes.items():
        if value is True:
            yield True, key
        elif key.lower() in _LISTS_OF_TAGS and isinstance(value, str):
            yield from ((True, name) for name in _split(value))
        elif key.lower() in _LISTS_OF_TAGS and isinstance(value, list):
            yield from ((isinstance(name, str), str(name)) for name in value)
        elif value not in (False, None, "", [], {}):
            yield False, f"attribute {key}"


def _tidy(name: str) -> str | None:
    """Return the name with a space for each sign that no tag has; None where that is no name."""
    composed = normalize("NFC", name)
    if any(category(sign).startswith("M") for sign in composed):
        return None  # a letter of some scripts, which the name would lose
    try:
        return check_name(_NOT_IN_A_NAME.sub(" ", composed).lstrip(" _.-"))
    except InputError:
        return None
