"""Text as it enters."""

import unicodedata
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import InputError
from newsletter.ingest.text import (
    clean_line,
    clean_paragraphs,
    clean_text,
    is_web_address,
    read_moment,
    read_web_address,
    split_names,
)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("one\u00a0two\u202fthree\tfour", "one two three four"),
        ("“quoted” – author’s…", "“quoted” – author’s…"),
        ("a\u200bb\u2060c\ufeffd\u00ade", "abcde"),
        ("safe\u202eevil\u2066x\u200f", "safeevilx"),
        ("bell\x07 c1\x85\x9f nul\x00", "bell c1 nul"),
        ("\ue000private\U000f0000", "private"),
        ("half\ud800", "half"),
        ("one\r\ntwo\rthree\u2028four\u2029five", "one\ntwo\nthree\nfour\n\nfive"),
        ("Jovanovic\u0301", "Jovanović"),
    ],
)
def test_only_what_a_reader_can_see_is_kept(text: str, clean: str) -> None:
    assert clean_text(text) == clean


@given(st.text())
def test_clean_text_stays_as_it_is(text: str) -> None:
    clean = clean_text(text)

    assert clean_text(clean) == clean
    assert not any(unicodedata.category(character) in {"Cc", "Co", "Cs"} for character in clean.replace("\n", ""))
    clean.encode()


def test_a_line_has_single_spaces_and_paragraphs_are_parted_by_one_blank_line() -> None:
    assert clean_line("  one \n two\u00a0 three ") == "one two three"
    assert clean_paragraphs("one\ntwo\n \n\n three  \n") == "one two\n\nthree"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Ann Example", ("Ann Example",)),
        ("Ann Example and Ben Sample", ("Ann Example", "Ben Sample")),
        ("Ann Example, Ben Sample, and Cleo Probe", ("Ann Example", "Ben Sample", "Cleo Probe")),
        (
            "Ann Example AND Ben Sample & Cleo Probe; Dan Trial",
            ("Ann Example", "Ben Sample", "Cleo Probe", "Dan Trial"),
        ),
        ("Andrea Sandford", ("Andrea Sandford",)),
        (" ", ()),
    ],
)
def test_names_are_split_at_commas_and_words_between_them(text: str, names: tuple[str, ...]) -> None:
    assert split_names(text) == names


@pytest.mark.parametrize("text", ["https://example.org", "http://example.org:8080/a?b=ü"])
def test_an_address_of_the_web_may_stand_in_a_link(text: str) -> None:
    assert is_web_address(text)


@pytest.mark.parametrize(
    "text", ["", "example.org", "javascript:alert(1)", "https://", "http://[", "https://a b", "https://a/" + "x" * 2000]
)
def test_anything_else_may_not(text: str) -> None:
    assert not is_web_address(text)


def test_an_editors_address_is_read_or_refused() -> None:
    assert read_web_address(" https://example.org/\u200b ") == "https://example.org/"
    assert read_web_address(" ") is None
    with pytest.raises(InputError, match="must begin with https://"):
        read_web_address("example.org")


def test_a_moment_is_given_in_utc() -> None:
    assert read_moment("2025-10-16") == datetime(2025, 10, 16, tzinfo=UTC)
    assert read_moment(" 2025-10-16T09:00+02:00 ") == datetime(2025, 10, 16, 7, tzinfo=UTC)


@pytest.mark.parametrize("text", ["", "soon", "2025-13-01", "0001-01-01T00:00+14:00"])
def test_what_is_no_moment_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        read_moment(text)
