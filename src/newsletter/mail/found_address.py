"""Addresses in free text, without a pattern that could take more than linear time."""

from __future__ import annotations

import re
from dataclasses import dataclass

_LONGEST_LOCAL = 128  # more than RFC 5321 allows: some reports carry rewritten addresses
_MOST = 500
_PREFIXES = ("smtp=", "rfc822=", "addr=", "to=")

_LOCAL_BREAK = re.compile(r"[\s<>()\[\]:;,\"|*`@]")
_DOMAIN = re.compile(r"(?:[\w-]{1,63}\.){1,10}[\w-]{1,63}|[\w-]{1,63}")


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address and where it stands in the text."""

    address: str
    start: int
    end: int


def find_addresses(text: str) -> list[FoundAddress]:
    """Return every address in order, in lower case, at most 500."""
    found: list[FoundAddress] = []
    at = text.find("@")
    while at >= 0 and len(found) < _MOST:
        domain = _DOMAIN.match(text, at + 1)
        local = _read_local(text, at) if domain else ""
        if domain and local and not domain.group().isdigit():
            found.append(FoundAddress(f"{local}@{domain.group()}".lower(), at - len(local), domain.end()))
            at = text.find("@", domain.end())
        else:
            at = text.find("@", at + 1)
    return found


def only_addresses(text: str) -> list[str]:
    return [each.address for each in find_addresses(text)]


def _read_local(text: str, at: int) -> str:
    before = text[max(0, at - _LONGEST_LOCAL) : at]
    if before.endswith('"') and '"' in before[:-1] and "\n" not in before[before.rindex('"', 0, -1) :]:
        return before[before.rindex('"', 0, -1) :]
    local = _LOCAL_BREAK.split(before)[-1].lstrip("'.=")
    return local.rpartition("=")[2] if local.lower().startswith(_PREFIXES) else local
