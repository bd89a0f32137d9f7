"""The theme: colours, fonts and words of letters, read from theme.toml and notices.toml."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, ValidationError, convert

from newsletter.domain.notice import NoticeKind
from newsletter.errors import ConfigurationError

_Table = TypeVar("_Table")


class Palette(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Colours as ``#rrggbb``, once for light and once for dark."""

    #: behind the letter
    paper: str
    #: what one reads on
    sheet: str
    ink: str
    #: what surrounds the text: bylines, labels, footer
    soft: str
    line: str
    accent: str


class Fonts(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """CSS font stacks. No font is ever fetched."""

    reading: str
    control: str


class Words(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the letter says by itself; ``{number}``, ``{name}`` and their like stand for what they name."""

    edition: str
    view_online: str
    contents: str
    byline: str
    last_author: str
    minutes: str
    image_credit: str
    events: str
    event: str
    news: str
    news_item: str
    earlier: str
    partners: str
    partners_note: str
    publishers: str
    reason: str
    unsubscribe: str
    preferences: str
    archive: str
    greeting: str


class Theme(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    light: Palette
    dark: Palette
    fonts: Fonts
    words: Words


class NoticeWords(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a notice of one kind says; ``{name}`` stands for the journal's name."""

    subject: str
    paragraphs: tuple[str, ...]
    #: what its one link does
    action: str
    #: what the link to the latest issue says, where there is one
    latest: str = ""
    closing: str


def read_theme(folders: Sequence[Path]) -> Theme:
    """Read the theme of ``folders``: single keys of the first one's file stand over those of the next one's.

    Raises ConfigurationError for a file that is not TOML, a key that no theme has and a key that is missing.
    """
    return _read([folder / "theme.toml" for folder in folders], Theme)


def read_notice_words(folders: Sequence[Path]) -> dict[NoticeKind, NoticeWords]:
    """Read what notices say, from notices.toml, by the same rule as the theme."""
    return _read([folder / "notices.toml" for folder in folders], dict[NoticeKind, NoticeWords])


def fill_words(words: str, **values: object) -> str:
    """Put ``values`` where ``words`` name them. Raises ConfigurationError if they name anything else."""
    try:
        return words.format(**values)
    except (LookupError, ValueError, AttributeError) as error:
        known = ", ".join(f"{{{name}}}" for name in values)
        raise ConfigurationError(f"The theme says {words!r}, where only {known} can be filled in.") from error


def _read(files: Sequence[Path], kind: type[_Table]) -> _Table:
    merged: dict[str, Any] = {}
    for file in reversed(files):
        for name, keys in _read_file(file).items():
            known = merged.get(name)
            merged[name] = {**known, **keys} if isinstance(known, dict) and isinstance(keys, dict) else keys
    try:
        return convert(merged, kind)
    except ValidationError as error:
        raise ConfigurationError(f"{' over '.join(map(str, files))}: {error}.") from error


def _read_file(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read as TOML: {error}.") from error
