"""What the doctor finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    OK = "ok"
    #: letters leave, but fewer arrive, or something will fail later
    WARNING = "warning"
    #: something that the newsletter has to do does not work
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    #: what was looked at
    check: str
    level: Level
    #: what was found and, unless all is well, what to do
    sentence: str
