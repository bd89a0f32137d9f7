"""What preflight finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    #: blocks an approval, unless an editor overrides it with a reason
    ERROR = "error"
    #: is shown, and blocks nothing
    WARNING = "warning"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What a check says of one place."""

    #: "subject", "article 12", "[mail] from": what to open in order to mend it
    where: str
    #: a sentence
    what: str
    #: name of the field that it is about, of the article, announcement or partner itself, such as "url";
    #: "" where the place is the issue's own
    field: str = ""
    #: what to do, as a sentence; the command that does so stands after a colon
    mend: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A fault, and how much it weighs."""

    #: name of the check; an override names it
    check: str
    level: Level
    where: str
    what: str
    field: str = ""
    mend: str

    @property
    def advice(self) -> str:
        """What to do, without the command: for those who have a page for it before them."""
        advice, command, _ = self.mend.partition(": newsletter ")
        return f"{advice}." if command else advice
