"""What one source gives."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.article import Article
from newsletter.ingest.picture import ReadPicture


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """The articles of one file or feed; of a published page also what its footer says."""

    articles: tuple[Article, ...]
    #: pictures that the source holds itself; the articles name them by their path on the site
    pictures: tuple[ReadPicture, ...] = ()
    #: sentences on what an editor has to know: comments, tracked changes, what was left out
    remarks: tuple[str, ...] = ()
    #: "Visit also", without addresses
    partner_names: tuple[str, ...] = ()
    #: the publisher's words about the newsletter; "" where the source has none
    blurb: str = ""
