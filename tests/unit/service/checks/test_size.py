from __future__ import annotations

from checking import a_complete_proof, found, the_only, with_html
from newsletter.service.checks.size import MOST_STYLE_BYTES
from newsletter.service.size_sheet import MOST_BYTES


def test_a_letter_that_would_be_clipped_is_an_error_that_names_the_largest_items() -> None:
    finding = the_only("size", with_html("x" * (MOST_BYTES + 1)))

    assert finding.level.value == "error"
    assert "article 1" in finding.mend


def test_the_encoded_size_counts_too() -> None:
    assert found("size", with_html("ж" * (MOST_BYTES // 3))) == [("error", "HTML")]


def test_a_style_sheet_that_would_be_dropped_is_an_error() -> None:
    assert "theme" in the_only("size", with_html(f"<style>{'x' * MOST_STYLE_BYTES}</style>")).mend


def test_an_ordinary_letter_passes() -> None:
    assert found("size", a_complete_proof()) == []
