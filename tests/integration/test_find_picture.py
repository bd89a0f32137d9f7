"""The picture behind an address of the site, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

from newsletter.domain.picture import Picture
from newsletter.service.find_picture import find_picture
from newsletter.store.database import Database
from newsletter.store.pictures import add_picture

_SITE = "https://review.example"
_PICTURE = Picture(digest="0a" * 16, suffix="png", width=600, height=400)


def test_only_the_sites_own_pictures_are_found(database: Database) -> None:
    with database.transaction() as transaction:
        add_picture(transaction, _PICTURE, b"the bytes", now=datetime.now(UTC))

    def find(url: str) -> tuple[Picture, bytes] | None:
        return find_picture(url, base_url=_SITE, database=database)

    assert find(_SITE + _PICTURE.path) == (_PICTURE, b"the bytes")
    assert find("https://elsewhere.example" + _PICTURE.path) is None
    assert find(f"{_SITE}/images/{'0b' * 16}.png") is None
