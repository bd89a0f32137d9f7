"""Check 25: the whole letter, byte by byte, as it was last looked at and found good."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from letter_checks.press import PrintedIssue
from newsletter.render.mjml import choose_compiler

GOLDEN = Path(__file__).parent / "golden"


def test_the_letter_is_as_stored(printed: PrintedIssue) -> None:
    if printed.name == "published page":
        pytest.skip("a published page is not ours to store")
    if choose_compiler("auto").name == "mrml":
        pytest.skip("Node 20 or newer with its packages is not here: install Node and npm, then make setup")
    golden = GOLDEN / f"{printed.name}.eml"
    if os.environ.get("WRITE_GOLDEN"):
        golden.write_bytes(printed.letter.message)

    assert printed.letter.message == golden.read_bytes(), "if that is meant: WRITE_GOLDEN=1 pytest tests/letter_checks"
