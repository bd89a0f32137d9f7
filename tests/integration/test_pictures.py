"""Pictures by a real Chromium: what is seen, and that nothing leaves the machine."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from newsletter.errors import ConfigurationError, RenderError
from newsletter.render.chromium import Resource, find_chromium, open_chromium
from newsletter.render.pictures import VIEWS, take_pictures

_DARK = "@media (prefers-color-scheme: dark) { body { background: #000 !important } }"
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><style>%s</style></head>
<body style="margin:0;background:#fff">
<img src="https://review.example/images/1.png" width="300" height="2000">%s
</body></html>"""

_GREEN, _WHITE, _BLACK = (0, 128, 0), (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def program() -> Path:
    try:
        return find_chromium()
    except ConfigurationError as error:
        pytest.skip(str(error))


def a_green_picture(_url: str) -> Resource:
    content = BytesIO()
    Image.new("RGB", (30, 30), _GREEN).save(content, "PNG")
    return Resource(content=content.getvalue(), media_type="image/png")


def pixel(png: bytes | Path, x: int, y: int) -> tuple[int, ...]:
    with Image.open(BytesIO(png) if isinstance(png, bytes) else png) as picture:
        found = picture.convert("RGB").getpixel((x, y))
    assert isinstance(found, tuple)
    return tuple(round(part) for part in found)


def size(png: Path) -> tuple[int, int]:
    with Image.open(png) as picture:
        return picture.size


@pytest.fixture(scope="module")
def folder(program: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take all pictures of a page once."""
    out = tmp_path_factory.mktemp("pictures")
    with open_chromium(program) as browser:
        written = take_pictures(
            _PAGE % (_DARK, ""),
            subject="Ferries <and> rails",
            preheader="What is new",
            browser=browser,
            out=out,
            find=a_green_picture,
        )
        names = [file.name for file in written]
    assert names == [*(f"{view.name}.png" for view in VIEWS), "index.html"]
    return out


def test_a_picture_is_as_wide_as_its_view_and_as_high_as_the_letter(folder: Path) -> None:
    assert {view.name: size(folder / f"{view.name}.png")[0] for view in VIEWS} == {
        view.name: view.width for view in VIEWS
    }
    assert size(folder / "desktop-light.png")[1] >= 2000


@pytest.mark.parametrize(
    ("name", "image", "ground"),
    [
        ("desktop-light", _GREEN, _WHITE),
        ("desktop-dark", _GREEN, _BLACK),
        ("phone-dark", _GREEN, _BLACK),
        ("desktop-images-off", _WHITE, _WHITE),
        ("phone-no-style", _GREEN, _WHITE),
    ],
)
def test_each_view_shows_what_its_inbox_would(
    folder: Path, name: str, image: tuple[int, ...], ground: tuple[int, ...]
) -> None:
    assert (pixel(folder / f"{name}.png", 150, 1000), pixel(folder / f"{name}.png", 350, 1000)) == (image, ground)


def test_the_page_shows_them_side_by_side(folder: Path) -> None:
    index = (folder / "index.html").read_text()

    assert all(f'src="{view.name}.png"' in index for view in VIEWS)
    assert "Ferries &lt;and&gt; rails" in index


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as opened:
        opened.settimeout(1)
        yield opened


def test_no_script_runs_and_nothing_is_fetched(program: Path, listener: socket.socket) -> None:
    port = listener.getsockname()[1]
    style = f"@import url('http://127.0.0.1:{port}/style.css');"
    rest = (
        "<script>document.body.style.background='#f00'</script>"
        f"<img src='http://127.0.0.1:{port}/1.png'><iframe src='http://127.0.0.1:{port}/'></iframe>"
        f"<iframe src='file:///etc/passwd'></iframe>"
    )

    with open_chromium(program) as browser:
        picture = browser.photograph(_PAGE % (style, rest), width=400, scheme="light")

    assert pixel(picture, 350, 100) == _WHITE
    with pytest.raises(TimeoutError):
        listener.accept()


def test_a_browser_that_says_nothing_is_stopped(tmp_path: Path) -> None:
    silent = tmp_path / "silent"
    silent.write_text("#!/bin/sh\nexec sleep 60\n")
    silent.chmod(0o755)

    with pytest.raises(RenderError, match="took too long"), open_chromium(silent, seconds=0.3) as browser:
        browser.photograph("<p>A letter", width=300, scheme="light")


@pytest.mark.parametrize("program", ["/bin/true", "/nonexistent"])
def test_one_that_ends_at_once_is_named(program: str) -> None:
    with pytest.raises(RenderError, match="ended before"), open_chromium(Path(program)) as browser:
        browser.photograph("<p>A letter" * 100_000, width=300, scheme="light")


def test_without_the_program_the_command_that_brings_it_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(ConfigurationError, match="sudo apt-get install chromium"):
        find_chromium()
