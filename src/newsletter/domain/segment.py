"""Segments: some of the subscribers, by what is known of them; saved under a name, and never a copy of a list."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, Self

from newsletter.domain.topic import Topic
from newsletter.errors import InputError

#: What a tag or a segment may be called: a word or several, without what a list or a command line would trip over.
_NAME = re.compile(r"[^\W_][\w .-]{0,49}")


_NONE = Topic(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Conditions that all have to hold; one that is empty holds for everybody."""

    #: wants at least one of them
    topics: Topic = _NONE
    #: BCP 47; with or without a region: "de" has "de-AT" in it
    language: str = ""
    #: what stands behind the @, with all that ends in it: "example.org" has "mail.example.org" in it
    domain: str = ""
    #: the day on which the subscriber came, or later
    since: date | None = None
    #: the day before which the subscriber came
    before: date | None = None
    #: words of the place where consent was given
    source: str = ""
    #: all of them
    tags: tuple[str, ...] = ()
    #: one of these, normalised; for an act on single people, and never saved
    addresses: tuple[str, ...] = ()

    @property
    def is_everybody(self) -> bool:
        return self == Segment()

    def dump(self) -> dict[str, Any]:
        """Return it as JSON has it; what is empty is left out."""
        values = asdict(self) | {
            "topics": list(self.topics.names),
            "since": self.since.isoformat() if self.since else "",
            "before": self.before.isoformat() if self.before else "",
            "tags": list(self.tags),
        }
        del values["addresses"]
        return {name: value for name, value in values.items() if value}

    @classmethod
    def load(cls, values: dict[str, Any]) -> Self:
        topics = values.get("topics")
        return cls(
            topics=Topic.parse(topics) if topics else _NONE,
            language=values.get("language", ""),
            domain=values.get("domain", ""),
            since=date.fromisoformat(values["since"]) if "since" in values else None,
            before=date.fromisoformat(values["before"]) if "before" in values else None,
            source=values.get("source", ""),
            tags=tuple(values.get("tags", ())),
        )

    def describe(self) -> str:
        """Say it as the end of a sentence that begins with "subscribers"."""
        parts = [
            f"who want {' or '.join(self.topics.names)}" if self.topics else "",
            f"who read {self.language}" if self.language else "",
            f"at {self.domain}" if self.domain else "",
            f"who came on {self.since} or later" if self.since else "",
            f"who came before {self.before}" if self.before else "",
            f"whose consent was given at “{self.source}”" if self.source else "",
            f"tagged {' and '.join(self.tags)}" if self.tags else "",
        ]
        return ", ".join(filter(None, parts)) or "of every kind"


def check_name(text: str) -> str:
    """Return the name of a tag or segment, spaces tidied. Raises InputError."""
    name = " ".join(text.split())
    if not _NAME.fullmatch(name):
        raise InputError(f"{text!r} cannot be a name: use letters, digits, spaces, dots and hyphens, 50 at most.")
    return name
