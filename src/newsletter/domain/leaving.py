"""Why readers leave, if they care to say. It is kept without saying who said it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Self

from newsletter.errors import InputError

_LONGEST = 500  # characters
_ADDRESS = re.compile(r"\S+@\S+")


class LeavingCause(StrEnum):
    #: more letters than the reader wants
    TOO_MANY = "too_many"
    #: the contents are not, or no longer, what the reader looks for
    NOT_FOR_ME = "not_for_me"
    #: the reader reads the journal on the web, or in a feed
    READ_ELSEWHERE = "read_elsewhere"
    #: letters are hard to read: broken, too long, unfit for a screen reader
    HARD_TO_READ = "hard_to_read"
    #: the reader does not remember having asked for it
    NEVER_ASKED = "never_asked"
    #: anything else, in the reader's words
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeavingReason:
    cause: LeavingCause
    #: the reader's own, on one line, without addresses; "" where nothing was written
    words: str = ""
    given_on: date

    @classmethod
    def read(cls, cause: str, words: str, *, today: date) -> Self:
        """Read what the form says. Raises InputError where it says nothing."""
        written = " ".join(_ADDRESS.sub("…", "".join(c if c.isprintable() else " " for c in words)).split())[:_LONGEST]
        if not cause and not written:
            raise InputError("Please choose a reason, or write one.")
        known = cause in LeavingCause.__members__.values()
        return cls(cause=LeavingCause(cause) if known else LeavingCause.OTHER, words=written, given_on=today)
