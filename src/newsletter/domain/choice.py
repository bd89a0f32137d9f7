"""What a reader may choose: which topics, in which form and language, and when to hear nothing for a while."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from newsletter.domain.topic import Topic
from newsletter.errors import InputError

#: Who wants to hear nothing for longer wants to leave.
LONGEST_PAUSE = timedelta(days=366)


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """All that the preferences page asks."""

    topics: Topic
    is_text_only: bool = False
    name: str = ""
    #: BCP 47; "" for the site's own
    language: str = ""
    #: the first day on which letters may come again, by UTC; None without a pause
    paused_until: date | None = None

    def check(self, *, today: date) -> None:
        """Raise InputError where a choice cannot be kept."""
        if not self.topics:
            raise InputError("Please choose at least one topic, or unsubscribe below.")
        if self.paused_until is None:
            return
        if self.paused_until <= today:
            raise InputError("Please choose a later day for the pause to end, or leave it empty.")
        if self.paused_until - today > LONGEST_PAUSE:
            raise InputError("A pause can last a year at most; please choose an earlier day.")


def read_pause(text: str) -> date | None:
    """Read the day that a form names, None for an empty field. Raises InputError for what is no day."""
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError as error:
        raise InputError("Please write the day on which the pause ends as in 2026-03-31.") from error
