from __future__ import annotations

import re
from pathlib import Path

import pytest

from newsletter.errors import ConfigurationError
from newsletter.render.catalogue import Catalogue, Forms, list_messages, read_catalogue
from newsletter.render.language import Language
from newsletter.resources import folder

TEMPLATES = folder("templates")
LANGUAGES = sorted(file.stem for file in (TEMPLATES / "locale").glob("*.po"))


def read(language: str) -> Catalogue:
    return read_catalogue([TEMPLATES], Language(language))


def placeholders(forms: Forms) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", " ".join([forms] if isinstance(forms, str) else forms)))


def test_russian_and_arabic_are_among_the_languages() -> None:
    assert {"ru", "ar"} <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_message_is_translated_and_names_the_same_values(language: str) -> None:
    catalogue = read(language)

    for message in list_messages():
        forms = catalogue.messages[message.key]
        assert placeholders(forms) == placeholders(message.english)
        assert isinstance(forms, str) == isinstance(message.english, str)


def test_catalogues_and_their_template_hold_the_messages_of_the_program() -> None:
    keys = [message.key for message in list_messages()]

    for file in (TEMPLATES / "locale").glob("*.po*"):
        text = file.read_text(encoding="utf-8")
        assert re.findall(r'^msgctxt "(.*)"$', text, re.MULTILINE) == keys, "run tools/translations.py"
        assert "fuzzy" not in text, "a message has changed: translate it again"
        for message in list_messages():
            if isinstance(message.english, str):
                assert message.english in re.sub(r'"\n"', "", text), "run tools/translations.py"


def test_every_message_tells_translators_what_it_is() -> None:
    assert all(message.hint.endswith(".") for message in list_messages())


@pytest.mark.parametrize(("tag", "language"), [("ru-RU", "ru"), ("ar", "ar")])
def test_a_country_takes_the_catalogue_of_its_language(tag: str, language: str) -> None:
    assert read(tag).messages == read(language).messages


def test_a_language_without_a_catalogue_stays_english_with_english_plurals() -> None:
    catalogue = read("nb")

    assert catalogue.messages == {}
    assert [catalogue.choose(number) for number in (1, 2)] == [0, 1]


def test_a_catalogue_beside_the_theme_brings_a_language_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "nb.po").write_text(
        'msgid ""\nmsgstr ""\n"Language: nb\\n"\n\n'
        'msgctxt "words.events"\nmsgid "Events"\nmsgstr "Arrangementer"\n\n'
        '#, fuzzy\nmsgctxt "words.news"\nmsgid "News"\nmsgstr "Nytt?"\n\n'
        'msgctxt "words.archive"\nmsgid "All issues"\nmsgstr ""\n',
        encoding="utf-8",
    )

    catalogue = read_catalogue([tmp_path, TEMPLATES], Language("nb"))

    assert catalogue.messages == {"words.events": "Arrangementer"}


@pytest.mark.parametrize("content", [b'msgid "half\n', b'msgid "x"\nmsgstr "\xff"\n'])
def test_what_is_no_catalogue_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "locale").mkdir()
    (tmp_path / "locale" / "nb.po").write_bytes(content)

    with pytest.raises(ConfigurationError, match=r"nb\.po cannot be read as a gettext catalogue"):
        read_catalogue([tmp_path], Language("nb"))
