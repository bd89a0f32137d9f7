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

#: Runs the official compiler as it has to be here, without the half of it that a compile does not need.
_SCRIPT = Path(__file__).with_name("compile.cjs")

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
    """The official compiler: the package ``module``, run by the program ``node``."""

    def __init__(self, module: Path, *, node: Path, seconds: float = _SECONDS) -> None:
        self._module, self._node, self._seconds = module, node, seconds

    @property
    def name(self) -> str:
        return f"mjml ({self._module})"

    def compile(self, mjml: str) -> str:
        _check_form(mjml)
        try:
            done = subprocess.run(  # noqa: S603  # both programs are known, the issue comes by standard input
                [self._node, _SCRIPT, self._module],
                input=mjml.encode(),
                capture_output=True,
                timeout=self._seconds,
                check=False,
                env=os.environ | {"NODE_NO_WARNINGS": "1"},  # what is said on standard error is about the issue then
            )
        except OSError as error:
            raise RenderError(
                f'{self._node} cannot be run: {error.strerror}. Say [render] compiler = "mrml".'
            ) from error
        except subprocess.TimeoutExpired as error:
            raise RenderError(f"{self.name} took longer than {self._seconds:g} seconds and was stopped.") from error
        complaint = done.stderr.decode().strip()
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
    node, module = shutil.which("node"), _find_module()
    if node and module:
        return NodeMjml(module, node=Path(node))
    if setting == "auto":
        return Mrml()
    raise ConfigurationError(
        'The mjml command is not here: run `npm ci` in the checkout, or say [render] compiler = "mrml".'
    )


def _find_module() -> Path | None:
    pinned = folder("node_modules") / "mjml"
    if pinned.is_dir():
        return pinned
    command = shutil.which("mjml")  # a link to bin/mjml inside the package
    return Path(command).resolve().parents[1] if command else None


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
