"""The theme: colours and fonts of letters and of the readers' site, and the wording of letters; in one theme.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, ValidationError, convert

from newsletter.errors import ConfigurationError
from newsletter.render.catalogue import Catalogue, read_catalogue
from newsletter.render.language import Language
from newsletter.render.words import Lexicon, Notices, Words

# Both are written into attributes of letters and into the site's style sheet.
Colour = Annotated[str, Meta(pattern=r"^#[0-9a-fA-F]{6}$")]
FontStack = Annotated[str, Meta(pattern=r"^[\w ,.'-]+$")]


class Palette(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours as ``#rrggbb``, once for light and once for dark."""

    #: behind the letter
    paper: Colour
    #: what one reads on
    sheet: Colour
    ink: Colour
    #: what surrounds the text: bylines, labels, footer
    soft: Colour
    line: Colour
    accent: Colour


class Logo(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    #: a picture beside theme.toml; "" for the name in letters
    file: str
    #: CSS pixels
    padding: int
    background: Colour


class Fonts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CSS font stacks. No font is ever fetched."""

    reading: FontStack
    control: FontStack


class _Tables(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """theme.toml, with all words filled in."""

    light: Palette
    dark: Palette
    logo: Logo
    fonts: Fonts
    words: Words
    notices: Notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    light: Palette
    dark: Palette
    logo: Logo
    fonts: Fonts
    words: Words
    notices: Notices
    #: which of a plural's forms belongs to a number, in the language of the words
    choose: Callable[[int], int]

    def count(self, forms: Sequence[str], number: int) -> str:
        """Return the form that belongs to ``number``; a theme may have written fewer than the language has."""
        return forms[min(self.choose(number), len(forms) - 1)]


def read_theme(folders: Sequence[Path], language: Language) -> Theme:
    """Read the theme of ``folders``: single keys of the first one's file stand over those of the next one's.

    Words are those of the catalogue of ``language``, else English, and the theme's own stand over both.

    Raises ConfigurationError for a file that is not TOML, a key that no theme has and a key that is missing.
    """
    files = [folder / "theme.toml" for folder in folders]
    written: dict[str, Any] = {}
    for file in reversed(files):
        written = _lay_over(written, _read_file(file))
    catalogue = read_catalogue(folders, language)
    spoken = _translate(msgspec.to_builtins(Lexicon()), catalogue)
    try:
        tables = convert(_lay_over(spoken, written), _Tables)
    except ValidationError as error:
        raise ConfigurationError(f"{' over '.join(map(str, files))}: {error}.") from error
    return Theme(
        light=tables.light,
        dark=tables.dark,
        logo=tables.logo,
        fonts=tables.fonts,
        words=tables.words,
        notices=tables.notices,
        choose=catalogue.choose,
    )


def _translate(tables: Mapping[str, Any], catalogue: Catalogue, prefix: str = "") -> dict[str, Any]:
    return {
        name: _translate(value, catalogue, f"{prefix}{name}.")
        if isinstance(value, dict)
        else catalogue.messages.get(f"{prefix}{name}", value)
        for name, value in tables.items()
    }


def _lay_over(under: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Return the tables of ``under`` with single keys replaced; one text may stand in for all forms of a plural."""
    merged = dict(under)
    for name, value in over.items():
        known = under.get(name)
        if isinstance(known, dict) and isinstance(value, dict):
            merged[name] = _lay_over(known, value)
        elif isinstance(known, list | tuple) and isinstance(value, str):
            merged[name] = [value]
        else:
            merged[name] = value
    return merged


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read as TOML: {error}.") from error
