"""Picture files, made fit for letters: small, upright, in sRGB, with nothing in them but what one sees."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Literal

from PIL import Image, ImageCms, ImageOps

from newsletter.domain.picture import MOST_BYTES, MOST_WIDTH, Picture
from newsletter.errors import UnreadableSourceError

_FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP")
_EXPECTED = "a picture: JPEG, PNG, GIF, WebP, TIFF or BMP"

#: A camera's largest; decoded, it takes 200 MB. A few kilobytes of PNG can claim a thousand times as many.
_MOST_PIXELS = 50_000_000
#: Smaller ones are no pictures: pixels that count readers, and ornaments.
_LEAST_SIDE = 16
_MOST_HEIGHT = 2 * MOST_WIDTH

_QUALITIES = (86, 80, 74, 68, 62, 56, 50)
_SHRINK = 0.8

_SRGB = ImageCms.createProfile("sRGB")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadPicture:
    picture: Picture
    content: bytes


def read_picture(source: str, data: bytes) -> ReadPicture:
    """Read a picture file and write it anew: a JPEG, or a PNG where it has transparency or is small as one.

    Equal files give equal bytes. Raises UnreadableSourceError for what is no picture, or too large or small for one.
    """
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > _MOST_PIXELS:
                raise UnreadableSourceError(source, None, f"a picture of at most {_MOST_PIXELS // 10**6} megapixels")
            if min(image.size) < _LEAST_SIDE:
                raise UnreadableSourceError(
                    source, None, f"a picture of at least {_LEAST_SIDE} by {_LEAST_SIDE} pixels"
                )
            is_drawn = image.format in {"PNG", "GIF"}
            image.draft("RGB", (MOST_WIDTH, _MOST_HEIGHT))  # a JPEG is decoded no larger than it has to be
            plain = _take_out(image)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise UnreadableSourceError(source, None, f"a picture of at most {_MOST_PIXELS // 10**6} megapixels") from error
    except (OSError, ValueError, SyntaxError, EOFError, OverflowError, struct.error, IndexError, TypeError) as error:
        raise UnreadableSourceError(source, None, _EXPECTED) from error  # Pillow's ways to say that a file is broken
    for size in _list_sizes(plain):
        smaller = plain if size == plain.size else plain.resize(size, Image.Resampling.LANCZOS)
        for suffix, content in _write(smaller, is_drawn=is_drawn):
            if len(content) <= MOST_BYTES:
                digest = hashlib.sha256(content).hexdigest()[:32]
                picture = Picture(digest=digest, suffix=suffix, width=smaller.width, height=smaller.height)
                return ReadPicture(picture=picture, content=content)
    raise UnreadableSourceError(source, None, _EXPECTED)  # pragma: no cover - noise of the smallest size is small


def _take_out(image: Image.Image) -> Image.Image:
    """Return the first frame as RGB or RGBA in sRGB, turned as its camera was held; EXIF and the like stay behind."""
    upright = ImageOps.exif_transpose(image)
    mode = "RGBA" if upright.has_transparency_data else "RGB"
    profile = upright.info.get("icc_profile")
    if profile and upright.mode in {"RGB", "RGBA", "CMYK", "L"}:
        try:
            # Without the profile, what was in wide colours would look faded.
            converted = ImageCms.profileToProfile(upright, BytesIO(profile), _SRGB, outputMode=mode)
        except (ImageCms.PyCMSError, OSError):
            converted = None
        upright = converted or upright
    plain = Image.new(mode, upright.size)
    plain.paste(upright.convert(mode))
    return plain


def _list_sizes(image: Image.Image) -> Iterator[tuple[int, int]]:
    scale = min(1.0, MOST_WIDTH / image.width, _MOST_HEIGHT / image.height)
    while True:
        size = max(1, round(image.width * scale)), max(1, round(image.height * scale))
        yield size
        if min(size) <= _LEAST_SIDE:
            return
        scale *= _SHRINK


def _write(image: Image.Image, *, is_drawn: bool) -> Iterator[tuple[Literal["jpg", "png"], bytes]]:
    """Try the ways to write it, the best first."""
    if is_drawn:
        yield "png", _save(image, "PNG", optimize=True)
    if image.mode == "RGBA":
        yield "png", _save(image.quantize(256, method=Image.Quantize.FASTOCTREE), "PNG", optimize=True)
        return
    for quality in _QUALITIES:
        yield "jpg", _save(image, "JPEG", quality=quality, optimize=True, progressive=True)


def _save(image: Image.Image, form: str, **options: object) -> bytes:
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()
