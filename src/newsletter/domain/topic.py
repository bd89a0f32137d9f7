"""What a subscriber may choose to read."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntFlag

from newsletter.errors import InputError


class Topic(IntFlag):
    """A set of topics; the database stores it as one small number."""

    #: feature articles, earlier articles and what frames them
    ARTICLES = 1
    #: announcements with a date and a place
    EVENTS = 2
    #: announcements of news
    NEWS = 4

    @classmethod
    def everything(cls) -> Topic:
        return cls.ARTICLES | cls.EVENTS | cls.NEWS

    @classmethod
    def parse(cls, names: Iterable[str]) -> Topic:
        """Read topic names; none at all means everything. Raises InputError for a name that is none."""
        topics = cls(0)
        for name in names:
            try:
                topics |= cls[name.strip().upper()]
            except KeyError as error:
                known = ", ".join(topic.label for topic in cls)
                raise InputError(f"{name!r} is not a topic; choose among {known}.") from error
        return topics or cls.everything()

    @property
    def label(self) -> str:
        """The names, comma-separated, in a fixed order."""
        return ",".join(str(topic.name).lower() for topic in type(self) if topic in self)

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.label.split(",")) if self else ()
