"""Whom a mailing would go to if it opened now, whom it would leave out and why, and what an editor orders."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from newsletter.domain.mailing import AudienceSize
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.topic import Topic
from newsletter.errors import RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerMailing:
    """The mailing before, as a measure."""

    issue_number: int
    intended: int
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AudienceForecast:
    """The audience as of now. It is fixed when the mailing opens, and may differ by then."""

    #: active and not suppressed, by the topics that they want …
    topics: Mapping[Topic, int] = field(default_factory=dict)
    #: … and by language (BCP 47; "" for the site's own)
    languages: Mapping[str, int] = field(default_factory=dict)
    #: active, and left out
    suppressed: Mapping[SuppressionReason, int] = field(default_factory=dict)
    #: who is no active subscriber
    inactive: Mapping[SubscriberStatus, int] = field(default_factory=dict)
    #: active and not suppressed, and pausing on the day that the first letters leave
    paused: int = 0
    former: FormerMailing | None = None

    @property
    def readers(self) -> int:
        """The size of the audience, as a mailing would have it."""
        return sum(self.topics.values())

    @property
    def size(self) -> AudienceSize:
        return AudienceSize(now=self.readers, former=self.former.intended if self.former else None)

    def count_without(self, topics: Topic) -> int:
        """Count who is in the audience and gets no letter, because the issue has none of their topics."""
        return sum(count for wanted, count in self.topics.items() if not wanted & topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOrder:
    """Whom an editor sends an issue to, and what he saw and typed when he ordered it."""

    #: name of a saved segment; "" for everybody
    segment: str = ""
    #: the editor; None for the account at work
    by: str | None = None
    #: digest of the approved text that was shown; None where nothing was
    digest: str | None = None
    #: how many readers the order named; None where it named no number
    readers: int | None = None
    #: the number that was typed in confirmation
    typed: int | None = None

    def check(self, size: AudienceSize, *, digest: str) -> None:
        """Raise RefusedError where what is sent is not what was ordered."""
        if self.digest not in {None, digest}:
            raise RefusedError("The issue was approved anew since you opened this page: look at it again.")
        if self.readers is None:
            return
        if AudienceSize(now=size.now, former=self.readers).is_unusual:
            raise RefusedError(
                f"The audience has changed from {self.readers:,} to {size.now:,} readers since you opened this page: "
                "look at it again."
            )
        if size.is_unusual and self.typed != self.readers:
            raise RefusedError(
                f"It goes to {size.now:,} readers, and the last issue went to {size.former or 0:,}: type the number "
                f"{self.readers} to confirm that this is meant."
            )
