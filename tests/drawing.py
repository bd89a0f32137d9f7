"""Picture files drawn on the spot."""

from __future__ import annotations

import random
from io import BytesIO
from pathlib import Path

from PIL import Image

_NOISE = random.Random(42)  # noqa: S311 - noise is all it makes


def a_picture_file(  # one property, one parameter
    form: str = "JPEG",
    *,
    size: tuple[int, int] = (640, 420),
    mode: str = "RGB",
    colour: str | tuple[int, ...] = "navy",
    is_noise: bool = False,
    **options: object,
) -> bytes:
    """Return a picture of one colour, or of noise, which no compression makes small."""
    if is_noise:
        image = Image.frombytes(mode, size, _NOISE.randbytes(size[0] * size[1] * len(mode)))
    else:
        image = Image.new(mode, size, colour)
    stream = BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def write_picture(file: Path, *, form: str = "JPEG", size: tuple[int, int] = (640, 420)) -> Path:
    file.write_bytes(a_picture_file(form, size=size))
    return file
