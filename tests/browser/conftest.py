"""The browser that a module's tests share."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from chromium import Chromium


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    """Give a browser; the test is skipped where Chromium is not installed."""
    program = shutil.which("chromium")
    if program is None:
        pytest.skip("Chromium is not installed: sudo apt-get install chromium")
    with Chromium(Path(program)) as browser:
        yield browser
