"""Pictures, with their bytes: every machine that serves the site has them, and a backup does too."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Literal

from sqlalchemy import insert, select, update

from newsletter.domain.picture import Picture, read_picture_path
from newsletter.store.database import Transaction
from newsletter.store.tables import picture_sources, pictures

_FACTS = (pictures.c.digest, pictures.c.suffix, pictures.c.width, pictures.c.height)


def add_picture(transaction: Transaction, picture: Picture, content: bytes, *, now: datetime) -> None:
    """Store a picture; one that is stored already stays as it is."""
    if _find_by_digest(transaction, picture.digest) is None:
        values = {"suffix": picture.suffix, "width": picture.width, "height": picture.height}
        transaction.execute(insert(pictures).values(digest=picture.digest, content=content, stored_at=now, **values))


def name_source(transaction: Transaction, source: str, picture: Picture, *, now: datetime) -> None:
    """Remember that the address or file ``source`` was last seen to hold this picture."""
    values = {"digest": picture.digest, "fetched_at": now}
    known = transaction.execute(update(picture_sources).where(picture_sources.c.source == source).values(values))
    if known.rowcount == 0:
        transaction.execute(insert(picture_sources).values(source=source, **values))


def find_pictures(transaction: Transaction, sources: Iterable[str]) -> dict[str, Picture]:
    """Give the stored picture of each source that has one: of an address, a file, or a path of the site."""
    wanted = set(sources)
    query = (
        select(picture_sources.c.source, *_FACTS)
        .join(pictures, pictures.c.digest == picture_sources.c.digest)
        .where(picture_sources.c.source.in_(wanted))
    )
    found = {source: _read(*facts) for source, *facts in transaction.execute(query)}
    for source in wanted:
        digest = read_picture_path(source)
        if digest and (picture := _find_by_digest(transaction, digest)):
            found[source] = picture
    return found


def load_picture(transaction: Transaction, digest: str) -> tuple[Picture, bytes] | None:
    row = transaction.execute(select(*_FACTS, pictures.c.content).where(pictures.c.digest == digest)).one_or_none()
    if row is None:
        return None
    *facts, content = row
    return _read(*facts), content


def _find_by_digest(transaction: Transaction, digest: str) -> Picture | None:
    row = transaction.execute(select(*_FACTS).where(pictures.c.digest == digest)).one_or_none()
    return _read(*row) if row else None


def _read(digest: str, suffix: Literal["jpg", "png"], width: int, height: int) -> Picture:
    return Picture(digest=digest, suffix=suffix, width=width, height=height)
