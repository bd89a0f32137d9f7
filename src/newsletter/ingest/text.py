"""Text as it enters: the one place where the words of every format are made plain and harmless."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from urllib.parse import urlsplit

from newsletter.errors import InputError

_LONGEST_ADDRESS = 2_000

_LINE_ENDS = re.compile("\r\n?|\u2028")
_SPACES = re.compile("[\t\v\f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
# What no reader can see, and what can make a line read otherwise than it is stored.
_INVISIBLE = re.compile(
    "["
    "\x00-\x09\x0b-\x1f\x7f-\x9f"  # control characters, C1 among them; \n stays
    "\u00ad\u061c\u180e"  # soft hyphen, Arabic letter mark, Mongolian vowel separator
    "\u200b-\u200f\u202a-\u202e\u2060-\u206f"  # zero width, bidirectional control, invisible operators
    "\ufeff\ufff9-\ufffb\ufffe\uffff"  # byte order mark, interlinear annotation, noncharacters
    "\ud800-\udfff"  # halves of surrogate pairs, which no encoding takes
    "\ue000-\uf8ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"  # private use, tags
    "]"
)
_BLANK_LINES = re.compile(r"\n\s*\n")
_BETWEEN_NAMES = re.compile(r"\s*(?:[,;&]|\band\b)\s*", re.IGNORECASE)


def clean_text(text: str) -> str:
    """Give ``text`` in composed form (NFC) with Unix line ends, plain spaces, and nothing invisible.

    Typographic quotes and dashes stay. A paragraph separator becomes a blank line.
    """
    text = _LINE_ENDS.sub("\n", text.replace("\u2029", "\n\n"))
    return unicodedata.normalize("NFC", _INVISIBLE.sub("", _SPACES.sub(" ", text)))


def clean_line(text: str) -> str:
    """Give ``text`` clean and as one line, with single spaces."""
    return " ".join(clean_text(text).split())


def clean_paragraphs(text: str) -> str:
    """Give ``text`` clean, each paragraph one line, paragraphs parted by one blank line."""
    lines = (clean_line(paragraph) for paragraph in _BLANK_LINES.split(clean_text(text)))
    return "\n\n".join(line for line in lines if line)


def split_names(text: str) -> tuple[str, ...]:
    """Split "Ann Example, Ben Sample and Cleo Probe"."""
    return tuple(name for name in _BETWEEN_NAMES.split(clean_line(text)) if name)


def is_web_address(text: str) -> bool:
    """Tell whether ``text`` is an absolute http or https address that may stand in a link."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return (
        parts.scheme in {"http", "https"} and bool(parts.hostname) and len(text) <= _LONGEST_ADDRESS and " " not in text
    )


def read_web_address(text: str) -> str | None:
    """Give the address that an editor wrote, or None for an empty text; raises InputError."""
    address = clean_line(text)
    if address and not is_web_address(address):
        raise InputError(f"{address!r} is not a web address: it must begin with https:// or http://.")
    return address or None


def read_moment(text: str) -> datetime:
    """Read an ISO 8601 date or time, in UTC where it names no zone; raises ValueError."""
    moment = datetime.fromisoformat(text.strip())
    try:
        return moment.replace(tzinfo=moment.tzinfo or UTC).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(text) from error
