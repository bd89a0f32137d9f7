"""What somebody looks for among the subscribers, and one page of whom is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Self

from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.errors import InputError

_EVERYBODY = Segment()


class Stage(StrEnum):
    """Where a search is. Addresses come first, since they are found by an index; then names are looked through."""

    ADDRESSES = "a"
    NAMES = "n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where the next page begins: behind this subscriber. It names nobody, so that it may stand in an address."""

    stage: Stage
    #: 0: at the beginning of the stage
    subscriber_id: int = 0

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read what ``str`` wrote. Raises InputError."""
        stage, number = text[:1], text[1:]
        if stage not in set(Stage) or not (number.isascii() and number.isdigit()):
            raise InputError("This is not a page of the list: begin at its first one.")
        return cls(stage=Stage(stage), subscriber_id=int(number))

    def __str__(self) -> str:
        return f"{self.stage}{self.subscriber_id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """Conditions that all have to hold."""

    #: how an address, or one of the words of a name, begins; "" for everybody
    text: str = ""
    status: SubscriberStatus | None = None
    segment: Segment = _EVERYBODY
    #: only those whom a suppression stands against
    is_suppressed: bool = False

    @property
    def is_everybody(self) -> bool:
        return self == Search()


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundSubscriber:
    subscriber: Subscriber
    is_suppressed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchPage:
    people: tuple[FoundSubscriber, ...]
    #: None at the end
    next: Place | None
    #: the page is not full, because looking further would take too long at once; ``next`` goes on
    is_cut_short: bool = False
