"""Compile MJML to HTML: with the official compiler where Node is, else with mrml. Both are equally strict here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import unicodedata
from pathlib import Path
from typing import Literal, Protocol

import mrml
from lxml import etree

from newsletter.errors import ConfigurationError, RenderError
from newsletter.resources import folder

_SECONDS = 20.0

_OPTIONS = (
    "--stdin",
    "--stdout",
    "--noStdoutFileComment",
    "--config.validationLevel=strict",  # without it an unknown element is dropped and the exit status is 0
    "--config.fonts={}",  # without it Google's fonts are linked
    "--config.beautify=false",
    "--config.minify=false",
)

# The words of the official compiler, less its own frame.
_FRAME = re.compile(
    r"^(null|Error: |ValidationError: ?|Command line error:|Input file\(s\) failed to render)+", re.MULTILINE
)
_LEFT_OVER = re.compile(r"<(mj[a-z-]*)")
_ATTRIBUTE = re.compile(r'="[^"]*"')
_BEYOND_ASCII = re.compile(r"[^ -\[\]-~]")
# Letters and digits of the living scripts; marks, formats and what came into Unicode late are not among them.
_WRITTEN_AS_THEY_ARE = frozenset({"Ll", "Lu", "Lo", "Nd"})


class Compiler(Protocol):
    @property
    def name(self) -> str:
        """What does the work, for people: the program with its place, or the library."""

    def compile(self, mjml: str) -> str:
        """Return the HTML of ``mjml``. Raises RenderError with the compiler's own lines if it refuses."""


class NodeMjml:
    """The official compiler, a program of Node."""

    def __init__(self, program: Path, *, seconds: float = _SECONDS) -> None:
        self._program, self._seconds = program, seconds

    @property
    def name(self) -> str:
        return f"mjml ({self._program})"

    def compile(self, mjml: str) -> str:
        _check_form(mjml)
        try:
            done = subprocess.run(  # noqa: S603  # the program is the configured one, the issue comes by standard input
                [self._program, *_OPTIONS],
                input=mjml.encode(),
                capture_output=True,
                timeout=self._seconds,
                check=False,
                env=os.environ | {"NODE_NO_WARNINGS": "1"},  # what is said on standard error is about the issue then
            )
        except OSError as error:
            raise RenderError(
                f'{self._program} cannot be run: {error.strerror}. Say [render] compiler = "mrml".'
            ) from error
        except subprocess.TimeoutExpired as error:
            raise RenderError(f"{self._program} took longer than {self._seconds:g} seconds and was stopped.") from error
        complaint = "\n".join(
            filter(None, (line.strip() for line in _FRAME.sub("", done.stderr.decode()).splitlines()))
        )
        if done.returncode or complaint:
            raise RenderError(f"mjml refused the issue: {complaint or f'exit status {done.returncode}'}")
        return _tidy(done.stdout.decode())


class Mrml:
    """The compiler in Rust, a library: it needs no Node and a hundredth of the time, but says less of what is amiss."""

    name = "mrml"

    def compile(self, mjml: str) -> str:
        _check_form(mjml)
        try:
            output = mrml.to_html(_spell_out(mjml), None, mrml.RenderOptions(fonts={}))
        except OSError as error:
            raise RenderError(f"mrml refused the issue: {error}") from error
        if left_over := _LEFT_OVER.search(output.content):
            raise RenderError(f"mrml refused the issue: there is no element {left_over[1]}.")
        return _tidy(output.content)


def choose_compiler(setting: Literal["auto", "mjml", "mrml"]) -> Compiler:
    """Return the compiler that ``[render] compiler`` asks for; ``auto`` takes the official one where it is installed.

    Raises ConfigurationError if the official one is asked for and is not here.
    """
    if setting == "mrml":
        return Mrml()
    program = _find_program()
    if program:
        return NodeMjml(program)
    if setting == "auto":
        return Mrml()
    raise ConfigurationError(
        'The mjml command is not here: run `npm ci` in the checkout, or say [render] compiler = "mrml".'
    )


def _find_program() -> Path | None:
    pinned = folder("node_modules") / ".bin" / "mjml"
    if shutil.which("node") is None:
        return None
    found = str(pinned) if pinned.exists() else shutil.which("mjml")
    return Path(found) if found else None


def _check_form(mjml: str) -> None:
    # The official compiler closes what a template left open wherever it likes, and mrml does not say where it stopped.
    try:
        etree.fromstring(mjml.encode(), etree.XMLParser(resolve_entities=False, huge_tree=False))
    except etree.XMLSyntaxError as error:
        raise RenderError(f"The templates make MJML that is not well-formed: {error.msg}.") from error


def _spell_out(mjml: str) -> str:
    """Write as references what mrml would put into an attribute as an escape of Rust's, in place of a vowel mark."""
    return _ATTRIBUTE.sub(lambda attribute: _BEYOND_ASCII.sub(_refer_to, attribute[0]), mjml)


def _refer_to(found: re.Match[str]) -> str:
    character = found[0]
    is_kept = character < "\U00010000" and unicodedata.category(character) in _WRITTEN_AS_THEY_ARE
    return character if is_kept else f"&#{ord(character)};"


def _tidy(html: str) -> str:
    """Drop indentation and empty lines: both mean nothing in HTML, and every byte counts against clipping."""
    return "\n".join(filter(None, (line.strip(" \t\r") for line in html.split("\n")))) + "\n"
