"""Pictures that the site serves itself: those of articles, and logos. No letter shows one from another host."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

#: bytes of one picture: a letter with six of them still opens at once on a phone
MOST_BYTES = 200_000
#: twice what a letter is wide, for dense screens
MOST_WIDTH = 1200

_PATH = re.compile(r"/images/(?P<digest>[0-9a-f]{32})\.(?:jpg|png)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What is known of one, besides its bytes."""

    #: the first half of the SHA-256 of its bytes, in hex
    digest: str
    suffix: Literal["jpg", "png"]
    #: pixels
    width: int
    height: int

    @property
    def path(self) -> str:
        """Where the site serves it: the name changes with the content."""
        return f"/images/{self.digest}.{self.suffix}"

    @property
    def media_type(self) -> str:
        return "image/jpeg" if self.suffix == "jpg" else "image/png"

    def fit(self, width: int, height: int) -> tuple[int, int]:
        """Return the size at which it fits into a box, in pixels; it is never enlarged."""
        scale = min(1.0, width / self.width, height / self.height)
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))


def read_picture_path(address: str) -> str | None:
    """Return the digest of the picture that a path of the site names; None for any other address."""
    found = _PATH.fullmatch(address)
    return found["digest"] if found else None
