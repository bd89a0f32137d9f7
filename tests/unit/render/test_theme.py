from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.domain.notice import TO_READERS
from newsletter.errors import ConfigurationError
from newsletter.render.language import Language
from newsletter.render.theme import Palette, Theme, read_theme
from newsletter.render.words import fill_words
from newsletter.resources import folder

ISSUE = folder("templates") / "issue"


def a_theme(*folders: Path, language: str = "en") -> Theme:
    return read_theme([*folders, ISSUE, folder("templates")], Language(language))


def test_single_keys_of_the_nearer_theme_stand_over_those_of_the_farther(tmp_path: Path) -> None:
    (tmp_path / "theme.toml").write_text('[words]\nevents = "Gatherings"\n')

    theme, original = a_theme(tmp_path), a_theme()

    assert theme.words.events == "Gatherings"
    assert theme.words.news == original.words.news
    assert theme.light == original.light


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ('[words]\ntitel = "x"\n', "titel"),
        ("[light]\nink = 3\n", r"light\.ink"),
        ("light = 3\n", "light"),
        ("[light\n", "cannot be read as TOML"),
        ("[sounds]\n", "sounds"),
    ],
)
def test_a_wrong_theme_is_refused_with_file_and_key(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "theme.toml").write_text(content)

    with pytest.raises(ConfigurationError, match=complaint) as caught:
        a_theme(tmp_path)
    assert str(tmp_path) in str(caught.value)


def test_the_theme_s_own_words_stand_over_a_translation_and_one_text_over_all_its_plurals(tmp_path: Path) -> None:
    (tmp_path / "theme.toml").write_text(
        '[words]\nevents = "Встречи"\nminutes = "{minutes} мин"\n[notices.goodbye]\nsubject = "До встречи"\n'
    )

    theme, original = a_theme(tmp_path, language="ru"), a_theme(language="ru")

    assert (theme.words.events, original.words.events) == ("Встречи", "События")
    assert [theme.count(theme.words.minutes, number) for number in (1, 2, 5)] == ["{minutes} мин"] * 3
    assert theme.notices.goodbye.subject == "До встречи"
    assert theme.notices.goodbye.action == original.notices.goodbye.action


def test_a_missing_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="light"):
        read_theme([tmp_path], Language("en"))


@pytest.mark.parametrize(
    "written",
    ['[light]\naccent = "red; } body { display: none"', '[fonts]\nreading = "Georgia</style>"'],
    ids=["colour", "font"],
)
def test_what_is_no_colour_or_font_is_refused(tmp_path: Path, written: str) -> None:
    (tmp_path / "theme.toml").write_text(written, encoding="utf-8")

    with pytest.raises(ConfigurationError, match=r"theme\.toml.*matching"):
        read_theme([tmp_path, folder("templates") / "issue"], Language("en"))


@pytest.mark.parametrize("words", ["{nmae}", "{", "{0}", "{name.real.imag}"])
def test_words_that_name_what_nobody_fills_in_are_refused(words: str) -> None:
    assert fill_words("From {name}", name="The Review") == "From The Review"

    with pytest.raises(ConfigurationError, match=r"only \{name\} can be filled in"):
        fill_words(words, name="The Review")


def test_every_notice_to_a_reader_has_its_words() -> None:
    for kind in TO_READERS:
        assert "{name}" in a_theme().notices.of(kind).subject


@pytest.mark.parametrize("palette", [a_theme().light, a_theme().dark], ids=["light", "dark"])
def test_every_text_colour_stands_out_from_every_ground(palette: Palette) -> None:
    for ground in (palette.paper, palette.sheet):
        for text in (palette.ink, palette.soft, palette.accent):
            assert contrast(text, ground) >= 4.5, (text, ground)


@pytest.mark.parametrize("palette", [a_theme().light, a_theme().dark], ids=["light", "dark"])
def test_no_colour_is_one_that_inboxes_turn_into_its_opposite(palette: Palette) -> None:
    """Pure white and pure black are what programs look for when they invert a letter by themselves."""
    colours = {palette.paper, palette.sheet, palette.ink, palette.soft, palette.line, palette.accent}

    assert not colours & {"#ffffff", "#000000", "#fff", "#000"}


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of WCAG 2.2, 1 to 21."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def luminance(colour: str) -> float:
    channels = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    linear = (value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels)
    return sum(weight * value for weight, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
