"""Where an earlier article appeared, and why it is shown again: as a draft writes it down, and read back."""

from __future__ import annotations

import re
from dataclasses import dataclass

_WRITTEN = re.compile(r"(?:also on (?P<tag>.+)|.+), issue (?P<number>\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Appearance:
    #: of the issue that carried it
    number: int
    #: what it has in common with the new articles, or ""
    tag: str = ""

    @classmethod
    def parse(cls, reason: str) -> Appearance | None:
        """Read an item's reason; None for one that names no issue."""
        found = _WRITTEN.fullmatch(reason)
        return cls(number=int(found["number"]), tag=found["tag"] or "") if found else None

    def __str__(self) -> str:
        return f"also on {self.tag}, issue {self.number}" if self.tag else f"earlier article, issue {self.number}"
