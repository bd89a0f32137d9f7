"""Partner links: the "Visit also" entries, shown in fair rotation."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerLink:
    name: str
    #: an entry without an address is stored and named, but not shown
    url: str | None = None
    text: str = ""
    logo: str | None = None
    #: BCP 47, of the name; "" for the site's own
    language: str = ""
    #: how often it is shown in relation to the others, at least 1
    weight: int = 1
    window_from: datetime | None = None
    window_until: datetime | None = None

    def is_shown_at(self, now: datetime) -> bool:
        return (
            self.url is not None
            and (self.window_from is None or self.window_from <= now)
            and (self.window_until is None or now < self.window_until)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPartnerLink:
    id: int
    link: PartnerLink
    retired_at: datetime | None = None


def rotate(
    partners: Sequence[StoredPartnerLink], shown: Mapping[int, int], *, now: datetime, count: int
) -> tuple[StoredPartnerLink, ...]:
    """Choose the ``count`` links that are furthest behind their share; ties go to the older entry.

    ``shown`` counts, by id, the issues that have carried a link. Each choice is the entry whose count after being
    shown again would be smallest for its weight, so counts stay within one of their fair shares.
    """
    candidates = [partner for partner in partners if partner.retired_at is None and partner.link.is_shown_at(now)]
    candidates.sort(key=lambda partner: ((shown.get(partner.id, 0) + 1) / partner.link.weight, partner.id))
    return tuple(candidates[:count])
