from __future__ import annotations

import struct
import zlib
from io import BytesIO

import pytest
from PIL import Image, ImageCms

from drawing import a_picture_file
from newsletter.domain.picture import MOST_BYTES, Picture, read_picture_path
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.picture import ReadPicture, read_picture


def read(data: bytes) -> ReadPicture:
    return read_picture("ferry.jpg", data)


def opened(taken: ReadPicture) -> Image.Image:
    image = Image.open(BytesIO(taken.content))
    image.load()
    return image


@pytest.mark.parametrize("form", ["JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP"])
def test_a_letter_gets_jpeg_or_png_whatever_the_source_was(form: str) -> None:
    taken = read(a_picture_file(form))

    assert opened(taken).format == {"jpg": "JPEG", "png": "PNG"}[taken.picture.suffix]
    assert (taken.picture.width, taken.picture.height) == opened(taken).size == (640, 420)


@pytest.mark.parametrize(
    ("size", "becomes"),
    [((4000, 3000), (1200, 900)), ((1200, 700), (1200, 700)), ((500, 400), (500, 400)), ((600, 9600), (150, 2400))],
)
def test_a_picture_is_made_smaller_and_never_larger(size: tuple[int, int], becomes: tuple[int, int]) -> None:
    assert opened(read(a_picture_file(size=size))).size == becomes


@pytest.mark.parametrize(("form", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA")])
def test_whatever_it_shows_it_stays_below_the_limit(form: str, mode: str) -> None:
    taken = read(a_picture_file(form, size=(1800, 1200), mode=mode, is_noise=True))

    assert len(taken.content) <= MOST_BYTES
    assert taken.picture.width / taken.picture.height == pytest.approx(1.5, abs=0.01)


def test_transparency_is_kept() -> None:
    image = opened(read(a_picture_file("PNG", mode="RGBA", colour=(10, 20, 30, 0))))

    assert image.convert("RGBA").getpixel((0, 0)) == (10, 20, 30, 0)


def test_nothing_of_the_camera_is_left_but_how_it_was_held() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: turn by 90 degrees
    exif[0x010E] = "taken in secret"
    taken = read(a_picture_file(size=(300, 200), exif=exif, comment="taken in secret"))

    assert opened(taken).size == (200, 300)
    assert not opened(taken).getexif()
    assert b"secret" not in taken.content


def test_colours_of_a_profile_become_those_of_every_screen() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    for own in (ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(), profile, b"no profile"):
        image = opened(read(a_picture_file("PNG", colour=(200, 30, 30), icc_profile=own)))

        assert "icc_profile" not in image.info
        assert image.convert("RGB").getpixel((5, 5)) == pytest.approx((200, 30, 30), abs=2)
    assert opened(read(a_picture_file("JPEG", mode="CMYK", colour=(0, 255, 255, 0)))).mode == "RGB"


def test_equal_files_give_equal_names() -> None:
    assert read(a_picture_file()) == read(a_picture_file())
    assert read(a_picture_file()).picture.digest != read(a_picture_file(colour="red")).picture.digest


def test_a_small_file_that_claims_to_be_huge_is_not_decoded() -> None:
    for side in (7_100, 40_000):
        with pytest.raises(UnreadableSourceError, match="at most 50 megapixels"):
            read(_a_png_that_claims(side))


def _a_png_that_claims(side: int) -> bytes:
    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<html>not found</html>",
        a_picture_file("JPEG", is_noise=True)[:900],
        a_picture_file("PNG", is_noise=True)[:900],
        a_picture_file("PNG")[:60],
    ],
)
def test_what_is_no_picture_is_refused_in_a_sentence(data: bytes) -> None:
    with pytest.raises(UnreadableSourceError, match=r"ferry\.jpg: expected a picture: JPEG, PNG"):
        read(data)


def test_a_pixel_that_counts_readers_is_no_picture() -> None:
    with pytest.raises(UnreadableSourceError, match="at least 16 by 16 pixels"):
        read(a_picture_file("GIF", size=(1, 1)))


def test_its_path_names_it_and_nothing_else_does() -> None:
    picture = Picture(digest="0123456789abcdef" * 2, suffix="png", width=400, height=100)

    assert picture.path == "/images/0123456789abcdef0123456789abcdef.png"
    assert picture.media_type == "image/png"
    assert read_picture_path(picture.path) == picture.digest
    for other in ("https://journal.example" + picture.path, "/images/x.png", picture.path + "\n", "ferry.png"):
        assert read_picture_path(other) is None


@pytest.mark.parametrize(("box", "size"), [((120, 40), (120, 30)), ((400, 10), (40, 10)), ((900, 900), (400, 100))])
def test_it_fits_into_a_box_and_is_never_enlarged(box: tuple[int, int], size: tuple[int, int]) -> None:
    assert Picture(digest="0" * 32, suffix="png", width=400, height=100).fit(*box) == size
