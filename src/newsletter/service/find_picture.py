"""The stored picture behind an address that a letter shows."""

from __future__ import annotations

from newsletter.domain.picture import Picture, read_picture_path
from newsletter.store.database import Database
from newsletter.store.pictures import load_picture


def find_picture(url: str, *, base_url: str, database: Database) -> tuple[Picture, bytes] | None:
    """Return the picture with its bytes; None for an address that is not one of the site's pictures."""
    digest = read_picture_path(url.removeprefix(base_url))
    if digest is None:
        return None
    with database.snapshot() as snapshot:
        return load_picture(snapshot, digest)
