"""A message of unknown origin, taken apart within limits.

The standard parser recurses once a level (3,000 nested multiparts end it) and builds an object for every one of 100,000
parts. Reports need neither: this reader walks with a stack of its own, stops at the limits below, says so, and never
raises. It does not descend into attached messages, because what they say is not said by the sender of this one.
"""

from __future__ import annotations

import binascii
import html
import re
from dataclasses import dataclass
from functools import cached_property

MOST_BYTES = 1 << 20
_MOST_DEPTH = 20
_MOST_PARTS = 200
_MOST_TEXT = 256 << 10
_MOST_HEADER_BYTES = 128 << 10
_MOST_LINES = 2_000
_LONGEST_VALUE = 8 << 10
_LONGEST_SUBJECT = 500

Fields = tuple[tuple[str, str], ...]

_ENCODED_WORD = re.compile(r"=\?([^?\s]{1,40})\?([bBqQ])\?([^?\s]*)\?=")
_BETWEEN_WORDS = re.compile(r"(\?=)[ \t\n]+(?==\?)")
_PARAMETER = re.compile(r";\s*([\w*-]+)\s*=\s*(\"[^\"]*\"|[^;\s]+)")
# Codecs of texts only: "punycode" takes quadratic time, and others are no character sets at all.
_CHARSET = re.compile(
    r"(?:us-?ascii|ascii|utf|unicode|iso|latin|windows|cp|koi|gb|hz|big5|euc|shift|sjis|ks|mac|tis)[\w.-]*\Z"
)
_TAG = re.compile(r"<(?![^<>\s@]+@[^<>\s]+>)(/?)([a-zA-Z!?][a-zA-Z0-9]*)[^<>]*>")
_WRITTEN = frozenset({"", "text/plain", "text/html", "text", "text/enriched"})
_LINE_TAGS = frozenset(
    {"br", "p", "div", "tr", "li", "ul", "table", "h1", "h2", "h3", "h4", "hr", "pre", "td", "blockquote"}
)
_TYPE_END = re.compile(r"[;\s]")
_LOST_PARAMETER = re.compile(r"(?:boundary|charset|report-type|name)\s*=", re.IGNORECASE)
_DELIMITER = re.compile(rb"^--(\S{1,200})[ \t]*\n(?=content-)", re.IGNORECASE | re.MULTILINE)
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


@dataclass(frozen=True)
class Part:
    """One part without parts of its own, or the head of one that has some."""

    #: lower-case names, unfolded values
    fields: Fields
    body: bytes
    depth: int

    def first(self, name: str) -> str:
        """Return the first field of that name, its encoded words decoded; empty if there is none."""
        return next((decode_words(value) for field, value in self.fields if field == name), "")

    def every(self, name: str) -> tuple[str, ...]:
        return tuple(decode_words(value) for field, value in self.fields if field == name)

    @cached_property
    def content_type(self) -> str:
        return _TYPE_END.split(self.first("content-type").strip(), maxsplit=1)[0].lower()

    def parameter(self, name: str) -> str:
        """Return a parameter of Content-Type, without its quotes; empty if there is none."""
        return _read_parameter(self.first("content-type"), name)

    @property
    def is_attached(self) -> bool:
        """Whether it is a message, or the head of one, that somebody else wrote: never read as this sender's word."""
        kind = self.content_type
        return kind in {"message/rfc822", "message/global", "message/partial"} or "rfc822-header" in kind

    @cached_property
    def text(self) -> str:
        """Its text, whatever the declared encoding and charset; HTML without its tags. At most 256 KiB."""
        return read_text(self)


@dataclass(frozen=True, eq=False)  # told apart by identity, so that what is found out of one may be remembered
class Message:
    """A message: its own fields and its leaves in order. ``trouble`` names the limit at which reading stopped."""

    top: Part
    leaves: tuple[Part, ...]
    trouble: str

    @cached_property
    def subject(self) -> str:
        return self.top.first("subject")[:_LONGEST_SUBJECT]

    @cached_property
    def texts(self) -> tuple[Part, ...]:
        """The leaves that the sender wrote for people to read."""
        return tuple(
            leaf for leaf in self.leaves if leaf.content_type in _WRITTEN or leaf.content_type.startswith("multi")
        )

    @cached_property
    def attached(self) -> Part | None:
        """The message that came back, if it is there: its fields, and its body as text."""
        for leaf in self.leaves:
            if leaf.is_attached:
                fields, body = read_fields(decode_body(leaf))
                return Part(fields, body, leaf.depth + 1)
        return None


def read_message(raw: bytes) -> Message:
    """Take a message apart. Any bytes will do."""
    trouble = "longer than 1 MiB" if len(raw) > MOST_BYTES else ""
    raw = raw[:MOST_BYTES].replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\0", b"").lstrip(b"\n")
    top = _read_part(raw, 0)
    leaves: list[Part] = []
    pending = [top]
    seen = 1
    while pending:
        part = pending.pop()
        pieces = _split_part(part, _MOST_PARTS - seen) if part.content_type.startswith("multi") else []
        seen += len(pieces)
        if not pieces:
            leaves.append(part)
        elif part.depth >= _MOST_DEPTH:
            trouble = trouble or f"nested deeper than {_MOST_DEPTH}"
        else:
            pending += [_read_part(piece, part.depth + 1) for piece in reversed(pieces)]
        if seen >= _MOST_PARTS:
            trouble = trouble or f"more than {_MOST_PARTS} parts"
            leaves += [each for each in reversed(pending) if not each.parameter("boundary")]
            break
    return Message(top, tuple(leaves), trouble)


def read_fields(raw: bytes) -> tuple[Fields, bytes]:
    """Read a block of fields and return it with what follows. Lines that are no fields are passed over."""
    if raw.startswith(b"\n"):
        return (), raw[1:]
    head, _, body = raw.partition(b"\n\n")
    fields: list[tuple[str, list[str]]] = []
    for line in _to_text(head[:_MOST_HEADER_BYTES]).split("\n", _MOST_LINES)[:_MOST_LINES]:
        if line[:1] in {" ", "\t"} or _LOST_PARAMETER.match(line):  # some fold without the space
            if fields:
                fields[-1][1].append(line)
            continue
        name, colon, value = line.partition(":")
        if colon and name and " " not in name.rstrip():
            fields.append((name.rstrip().lower(), [value]))
    return tuple((name, " ".join(" ".join(lines).split())) for name, lines in fields), body


def decode_words(value: str) -> str:
    """Decode the encoded words of RFC 2047; broken ones stay as they are."""
    value = value[:_LONGEST_VALUE]
    if "=?" not in value:
        return value
    return _ENCODED_WORD.sub(_decode_word, _BETWEEN_WORDS.sub(r"\1", value))


def decode_body(part: Part) -> bytes:
    """Undo the transfer encoding, of as much as is ever read."""
    encoding = part.first("content-transfer-encoding").strip().lower()
    if encoding == "base64":
        return _decode_base64(part.body[: 2 * _MOST_TEXT])
    if encoding == "quoted-printable":
        return binascii.a2b_qp(part.body[: 3 * _MOST_TEXT])
    return part.body


def read_text(part: Part) -> str:
    data = decode_body(part)[:_MOST_TEXT]
    text = _decode_charset(data, part.parameter("charset"))
    if part.content_type == "text/html" or (not part.content_type and text.lstrip()[:5].lower() in {"<html", "<!doc"}):
        text = _strip_tags(text)
    return text.replace("\xa0", " ").replace("\r", "\n")


def _read_part(raw: bytes, depth: int) -> Part:
    fields, body = read_fields(raw)
    return Part(fields, body, depth)


def _read_parameter(value: str, name: str) -> str:
    for key, text in _PARAMETER.findall(value):
        if key.lower() == name:
            return str(text).strip('"')
    return ""


def _split_part(part: Part, most: int) -> list[bytes]:
    pieces = _split(part.body, part.parameter("boundary").encode("utf-8", "replace"), most)
    if pieces:
        return pieces
    # A relay that rewrote one of the two: the first delimiter line with fields behind it is as good.
    visible = _DELIMITER.search(part.body)
    return _split(part.body, visible.group(1), most) if visible else []


def _split(body: bytes, boundary: bytes, most: int) -> list[bytes]:
    """Cut a multipart body at its delimiter lines (RFC 2046 5.1.1), the last part open-ended if the message is cut."""
    mark = b"--" + boundary
    if len(mark) == len(b"--"):
        return []
    starts: list[tuple[int, int]] = []  # where the delimiter line begins, and where the part behind it does
    at = body.find(mark)
    closed = False
    while at >= 0 and len(starts) <= most and not closed:
        end = body.find(b"\n", at)
        end = len(body) if end < 0 else end + 1
        rest = body[at + len(mark) : end].strip()
        if (at == 0 or body[at - 1 : at] == b"\n") and rest in {b"", b"--"}:
            starts.append((at, end))
            closed = bool(rest)
        at = body.find(mark, end)
    ends = [start for start, _ in starts[1:]] + ([] if closed else [len(body)])
    pieces = [body[begin:end] for (_, begin), end in zip(starts, ends, strict=False)]
    return [piece for piece in pieces if piece.strip()][: max(most, 0)]


def _decode_word(match: re.Match[str]) -> str:
    charset, encoding, data = match.groups()
    octets = data.encode("ascii", "replace")
    decoded = _decode_base64(octets) if encoding in "bB" else binascii.a2b_qp(octets, header=True)
    return _decode_charset(decoded, charset)


def _decode_base64(data: bytes) -> bytes:
    letters = _NOT_BASE64.sub(b"", data)
    usable = letters[: len(letters) - (len(letters) % 4 == 1)]
    return binascii.a2b_base64(usable + b"=" * (-len(usable) % 4))


def _decode_charset(data: bytes, charset: str) -> str:
    charset = charset.strip().lower().partition("*")[0]
    if _CHARSET.match(charset):
        try:
            return data.decode(charset)
        except (LookupError, ValueError):
            pass
    return _to_text(data)


def _to_text(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _strip_tags(text: str) -> str:
    for name in ("style", "script", "head"):
        text = _cut_element(text, name)
    text = _keep_lines(text)
    text = _TAG.sub(lambda match: "\n" if match.group(2).lower() in _LINE_TAGS else " ", " ".join(text.split()))
    return html.unescape(text)


def _keep_lines(text: str) -> str:
    """Mark the ends of lines of preformatted text, which is how gateways show what a server said."""
    pieces = re.split(r"(</?pre\b)", text, flags=re.IGNORECASE)
    is_open = False
    for number, piece in enumerate(pieces):
        if piece[:1] == "<" and piece.lower() in {"<pre", "</pre"}:
            is_open = piece.lower() == "<pre"
        elif is_open:
            pieces[number] = piece.replace("\n", "<br>")
    return "".join(pieces)


def _cut_element(text: str, name: str) -> str:
    lowered = text.lower()
    if len(lowered) != len(text):  # a few letters grow when lowered; their offsets would be wrong
        return text
    kept: list[str] = []
    at = 0
    while (start := lowered.find(f"<{name}", at)) >= 0:
        end = lowered.find(f"</{name}", start)
        kept.append(text[at:start])
        if end < 0:
            return "".join(kept) + text[start:]
        at = end
    return "".join(kept) + text[at:]
