"""Jinja2, set up for letters: nothing undefined, everything escaped, no character that a letter must not carry."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from jinja2 import (
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    StrictUndefined,
    TemplateError,
    TemplateSyntaxError,
    select_autoescape,
)
from markupsafe import Markup

from newsletter.errors import RenderError

#: Characters a line of a text part: RFC 5322 2.1.1 recommends 78 at most, and replies add a mark of two.
TEXT_WIDTH = 76

# What XML 1.0 (2.2) forbids, and the C1 controls, which no text means. Half a surrogate pair cannot be sent at all.
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")

_GAP = re.compile(r"\n\s*\n")


@cache  # compiling the templates takes longer than filling them; Jinja2 notices by itself when a file has changed
def open_templates(folders: tuple[Path, ...]) -> Environment:
    """Return the templates of ``folders``; a file of the first one stands in for its namesake in the next."""
    environment = Environment(
        loader=ChoiceLoader([FileSystemLoader(folder) for folder in folders]),
        undefined=StrictUndefined,
        autoescape=select_autoescape(disabled_extensions=("txt.j2",), default=True),
        finalize=_strip_forbidden,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["wrapped"] = wrap_lines
    return environment


def fill_template(environment: Environment, name: str, **value: object) -> str:
    """Fill the template ``name``. Raises RenderError with its file and line where the template is wrong."""
    try:
        return environment.get_template(name).render(**value)
    except TemplateSyntaxError as error:
        raise RenderError(f"{error.filename or name}, line {error.lineno}: {error.message}") from error
    except TemplateError as error:
        raise RenderError(f"The template {name} cannot be filled: {error.message}.") from error


def wrap_lines(text: str, indent: str = "") -> str:
    """Wrap running text for a text part; a web address is never broken, any other word longer than a line is."""
    lines = textwrap.wrap(
        " ".join(str(_strip_forbidden(text)).split()),
        width=TEXT_WIDTH,
        initial_indent=indent,
        subsequent_indent=" " * len(indent),
        break_long_words=False,
        break_on_hyphens=False,
    )
    return "\n".join(piece for line in lines for piece in _break_line(line))


def close_gaps(text: str) -> str:
    """Leave at most one blank line anywhere, none at the ends: what a template leaves out leaves no gap."""
    return "\n".join(line.rstrip() for line in _GAP.sub("\n\n", text).strip().split("\n")) + "\n"


def _break_line(line: str) -> Iterator[str]:
    while len(line) > TEXT_WIDTH and "://" not in line:
        yield line[:TEXT_WIDTH]
        line = line[TEXT_WIDTH:]
    yield line


def strip_forbidden(text: str) -> str:
    """Take out what a letter must not carry."""
    return _FORBIDDEN.sub("", text)


def _strip_forbidden(value: object) -> object:
    """Take it out of a template's input; what a macro returns has been through here."""
    return strip_forbidden(value) if isinstance(value, str) and not isinstance(value, Markup) else value
