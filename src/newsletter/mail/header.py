"""Header fields, written so that no folding can break them and no input can add one.

The standard library's policies fold a long List-Unsubscribe into encoded-words, which kills one-click, or let a crafted
encoded-word become a header of its own; so fields are written here, one by one, and checked as bytes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.header import Header

from newsletter.errors import RefusedError

_LONGEST_LINE = 998  # RFC 5322 2.1.1, without CRLF
_ENCODED_LINE = 75  # RFC 2047 2: an encoded-word is at most 75 characters long
_LINE_OF_ENCODED = 76  # ibid.: and a line that holds one at most 76
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_FIELD = re.compile(rb"([!-9;-~]+):[ \t]")
# RFC 5322 3.2.3: what a display name may hold without quotes.
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")


def check_text(name: str, text: str) -> str:
    """Return text that is fit for a header. Raises RefusedError for control characters and for ``=?``.

    Decoders differ on what ``=?`` starts in the middle of text, and CPython before 3.11.10 let one carry a line break.
    """
    if _CONTROL.search(text):
        raise RefusedError(f"{name} holds a control character or line break; remove it.")
    if "=?" in text:
        raise RefusedError(f'{name} holds "=?", which mail programs take for an encoded word; write it differently.')
    return text


def encode_text(name: str, text: str) -> bytes:
    """Encode unstructured text, such as a subject: as it is where ASCII, else as encoded-words (RFC 2047)."""
    check_text(name, text)
    if text.isascii() and len(name) + 2 + len(text) <= _LONGEST_LINE:
        return text.encode("ascii")
    folded = Header(text, "utf-8", maxlinelen=_ENCODED_LINE, header_name=name).encode(linesep="\r\n")
    return folded.encode("ascii")


def encode_mailbox(name: str, display_name: str, address: str) -> bytes:
    """Encode a display name with its address (RFC 5322 3.4)."""
    check_text(name, display_name)
    if not display_name:
        return address.encode("ascii")
    if not display_name.isascii():
        phrase = encode_text(name, display_name)
    elif _ATOMS.fullmatch(display_name):
        phrase = display_name.encode("ascii")
    else:
        quoted = display_name.replace("\\", "\\\\").replace('"', '\\"')
        phrase = f'"{quoted}"'.encode("ascii")
    mailbox = b"<" + address.encode("ascii") + b">"
    last_line = f"{name}: ".encode("ascii") + phrase if b"\r\n" not in phrase else phrase.rpartition(b"\r\n")[2]
    is_short = display_name.isascii() or len(last_line) + 1 + len(mailbox) <= _LINE_OF_ENCODED
    return phrase + (b" " if is_short else b"\r\n ") + mailbox


def check_fields(block: bytes, expected: Sequence[str]) -> None:
    """Raise RefusedError unless a serialised header block holds exactly the ``expected`` fields, each once, in order.

    Whatever slipped through the checks on input would show here, in the bytes that would be sent.
    """
    names: list[str] = []
    for line in block.removesuffix(b"\r\n").split(b"\r\n"):
        if len(line) > _LONGEST_LINE or b"\r" in line or b"\n" in line or not line.isascii():
            raise RefusedError("A header line is too long, broken or not ASCII; check subject, names and addresses.")
        if line[:1] in {b" ", b"\t"}:
            continue
        field = _FIELD.match(line)
        names.append(field.group(1).decode("ascii") if field else "")
    if names != list(expected):
        raise RefusedError(f"The letter's headers are {', '.join(names)}; expected exactly {', '.join(expected)}.")
