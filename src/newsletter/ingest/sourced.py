"""What one source gives."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.article import Article


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """The articles of one file or feed; of a published page also what its footer says."""

    articles: tuple[Article, ...]
    #: "Visit also", without addresses
    partner_names: tuple[str, ...] = ()
    #: the publisher's words about the newsletter; "" where the source has none
    blurb: str = ""
