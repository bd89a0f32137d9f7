"""Files that pages link to, under names that change with their content, so that browsers may keep them for good.

They are packed once, when they are read. Pages are not packed: they carry the secret of their forms beside words that
others may choose, and how well both pack together would give the secret away (BREACH).
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from litestar import Request, Response
from litestar.handlers import HTTPRouteHandler

from newsletter.web.pages import page

_FOREVER = "public, max-age=31536000, immutable"
_NO_WEIGHT = re.compile(r"q=0(\.0*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asset:
    #: where it is served
    path: str
    content: bytes
    #: the same by gzip
    packed: bytes
    media_type: str

    @classmethod
    def read(cls, file: Path, *, media_type: str, under: str = "/assets") -> Asset:
        return cls.make(file.name, file.read_bytes(), media_type=media_type, under=under)

    @classmethod
    def make(cls, name: str, content: bytes, *, media_type: str, under: str = "/assets") -> Asset:
        """Give ``content`` an address that is that of these very bytes."""
        digest = hashlib.sha256(content).hexdigest()[:12]
        stem, dot, suffix = name.rpartition(".")
        return cls(
            path=f"{under}/{stem}-{digest}{dot}{suffix}",
            content=content,
            packed=gzip.compress(content, mtime=0),
            media_type=media_type,
        )


def serve_asset(asset: Asset) -> HTTPRouteHandler:
    """Make the handler that serves it."""

    def give_asset(request: Request[Any, Any, Any]) -> Response[bytes]:
        headers = {"Cache-Control": _FOREVER, "Vary": "Accept-Encoding"}
        if not takes_gzip(request.headers.get("Accept-Encoding", "")):
            return Response(asset.content, media_type=asset.media_type, headers=headers)
        return Response(asset.packed, media_type=asset.media_type, headers=headers | {"Content-Encoding": "gzip"})

    return page(asset.path)(give_asset)


def takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding header names gzip, and not with the weight 0 (RFC 9110 12.5.3)."""
    for coding in accepted.lower().split(","):
        name, _, weight = coding.partition(";")
        if name.strip() == "gzip":
            return _NO_WEIGHT.fullmatch(weight.strip()) is None
    return False
