"""Files that pages link to, under names that change with their content, so that browsers may keep them for good."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from litestar import Response
from litestar.handlers import HTTPRouteHandler

from newsletter.web.pages import page

_FOREVER = "public, max-age=31536000, immutable"


@dataclass(frozen=True, slots=True)
class Asset:
    #: where it is served
    path: str
    content: bytes
    media_type: str

    @classmethod
    def read(cls, file: Path, *, media_type: str, under: str = "/assets") -> Asset:
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:12]
        return cls(f"{under}/{file.stem}-{digest}{file.suffix}", content, media_type)


def serve_asset(asset: Asset) -> HTTPRouteHandler:
    """Make the handler that serves it."""

    def give_asset() -> Response[bytes]:
        return Response(asset.content, media_type=asset.media_type, headers={"Cache-Control": _FOREVER})

    return page(asset.path)(give_asset)
