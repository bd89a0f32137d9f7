"""Catalogues: what the messages of ``words`` are in other languages. Gettext's .po files, read as they stand."""

from __future__ import annotations

import gettext
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, get_args, get_type_hints

from babel.messages.plurals import get_plural
from babel.messages.pofile import PoFileError, read_po
from msgspec import Struct

from newsletter.errors import ConfigurationError
from newsletter.render.language import Language
from newsletter.render.words import Lexicon

#: one form, or those of a plural
Forms = str | tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    #: by key; what is missing stays English
    messages: Mapping[str, Forms]
    #: which of a plural's forms belongs to a number
    choose: Callable[[int], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message of the program, in English."""

    key: str
    english: Forms
    #: what a translator has to know
    hint: str


def list_messages(tables: Struct | None = None, prefix: str = "") -> Iterator[Message]:
    """Give every message that catalogues translate, in the order in which the program has them."""
    tables = Lexicon() if tables is None else tables
    hints = get_type_hints(type(tables), include_extras=True)
    for name in tables.__struct_fields__:
        value, key = getattr(tables, name), f"{prefix}{name}"
        if isinstance(value, Struct):
            yield from list_messages(value, f"{key}.")
        elif value:
            _, meta = get_args(hints[name])
            yield Message(key=key, english=value, hint=meta.description)


def read_catalogue(folders: Sequence[Path], language: Language) -> Catalogue:
    """Read the catalogue of ``language`` from the first of ``folders`` that has one in its folder ``locale``.

    A language that none has is spoken in English. Raises ConfigurationError for a file that is no catalogue.
    """
    for name in (language.tag.replace("-", "_"), language.tag.partition("-")[0]):
        for folder in folders:
            file = folder / "locale" / f"{name}.po"
            if file.is_file():
                return _read(file, name)
    return Catalogue(messages={}, choose=gettext.c2py(get_plural("en").plural_expr))


def choose_language(folders: Sequence[Path], wanted: str, otherwise: str) -> Language:
    """Return the language that is wanted (BCP 47) if words are there for it, else the other one."""
    language = Language(wanted)
    is_spoken = wanted.partition("-")[0] == "en" or bool(wanted and read_catalogue(folders, language).messages)
    return language if is_spoken else Language(otherwise)


def _read(file: Path, language: str) -> Catalogue:
    try:
        catalogue = read_po(BytesIO(file.read_bytes()), locale=language, abort_invalid=True)
    except (PoFileError, UnicodeError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read as a gettext catalogue: {error}.") from error
    messages: dict[str, Forms] = {}
    for message in catalogue:
        forms: Any = message.string
        if message.context and not message.fuzzy and forms and all(forms):
            messages[message.context] = forms
    return Catalogue(messages=messages, choose=gettext.c2py(catalogue.plural_expr))
