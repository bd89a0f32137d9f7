"""Word files (.docx), whichever program wrote them.

mammoth makes HTML of them; before, the markup is made plain (``word_markup``) and what reviewers left is named
(``word_review``); after, the text is read by the same rules as a page's (``manuscript``).
"""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any
from zipfile import BadZipFile

import mammoth
from lxml import html

from newsletter.domain.picture import Picture
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.block import Block, read_blocks
from newsletter.ingest.manuscript import NO_AUTHOR, read_manuscript
from newsletter.ingest.picture import ReadPicture, read_picture
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.text import clean_line
from newsletter.ingest.word_markup import ROLES, make_plain, part_lines, read_roles
from newsletter.ingest.word_package import WORDS, WordPackage, open_package
from newsletter.ingest.word_review import list_comments, settle_changes

_LARGEST_PICTURE = 40 * 1024 * 1024
_NOTE_ID = re.compile(r"(?:foot|end)note-.+")
_BACK = "↑"  # mammoth's link from a note to its place
_NO_HEADLINES = re.compile(r"(?i)microsoft word - .*|untitled.*|(?:new )?(?:word )?document ?\d*|.*\.(?:docx?|odt|rtf)")
_LONGEST_TITLE = 200

_ROLE_PATHS = {
    "Title": "h1.title:fresh",
    "Subtitle": "p.subtitle:fresh",
    "Caption": "p.caption:fresh",
    "Quote": "blockquote > p:fresh",
    "Code": "pre:separator('\\n')",
    **{f"Heading{level}": f"h{level}:fresh" for level in range(1, 7)},
}
_STYLE_MAP = "\n".join(
    [
        *(f"p.role{role} => {_ROLE_PATHS[role]}" for role in ROLES),
        "r[style-name='Emphasis'] => em",
        "r[style-name='Intense Emphasis'] => em",
        "r[style-name='Strong Emphasis'] => strong",
        "r[style-name='Intense Reference'] =>",
    ]
)


def read_word(source: str, data: bytes) -> Sourced:
    """Read the articles, their pictures, and what an editor has to know; raises UnreadableSourceError."""
    package = open_package(source, data)
    remarks = _make_plain(package)
    try:
        root = html.fragment_fromstring(_convert(source, package), create_parent="div")
        pictures = _Pictures(package, remarks)
        notes = _take_notes(root)
        blocks = list(read_blocks(root))
    except (ValueError, RecursionError) as error:
        raise UnreadableSourceError(source, None, f"a text that can be read ({error})") from error
    articles = read_manuscript(blocks, notes=notes, find_picture=pictures.find)
    if not articles:
        raise UnreadableSourceError(source, None, "an article’s text; there are no words in the document")
    title = _find_title(package)
    if len(articles) == 1 and articles[0].needs_headline and title:
        remarks.append(f"The document’s properties call it “{title}”; no line in it is styled as a title.")
    if any(not article.authors for article in articles):
        remarks.append(NO_AUTHOR)
    remarks += pictures.describe_lost(blocks)
    return Sourced(articles=articles, pictures=tuple(pictures.kept), remarks=tuple(dict.fromkeys(remarks)))


def _make_plain(package: WordPackage) -> list[str]:
    roles = read_roles(package.root("styles"))
    comments = package.root("comments")
    remarks: list[str] = [] if comments is None else list_comments(comments, package.document)
    for name in (package.main, package.names.get("footnotes"), package.names.get("endnotes")):
        if name:
            root = package.roots[name]
            remarks += settle_changes(root)
            remarks += make_plain(root, roles=roles, targets=package.targets(name))
    _settle_notes(package)
    part_lines(package.document)
    return remarks


def _settle_notes(package: WordPackage) -> None:
    """Take away references to notes that are not there."""
    for kind in ("footnote", "endnote"):
        root = package.root(f"{kind}s")
        known = set() if root is None else {note.get(f"{{{WORDS}}}id") for note in root}
        for reference in list(package.document.iter(f"{{{WORDS}}}{kind}Reference")):
            if reference.get(f"{{{WORDS}}}id") not in known:
                reference.getparent().remove(reference)


def _convert(source: str, package: WordPackage) -> str:
    names = {content: name for name, content in package.media.items()}

    def name_image(image: Any) -> dict[str, str]:  # noqa: ANN401 - mammoth has no types
        try:
            with image.open() as stream:
                return {"src": f"picture:{names.get(stream.read(), 'missing')}"}
        except (KeyError, BadZipFile, OSError, ValueError):
            return {"src": "picture:missing"}

    try:
        result = mammoth.convert_to_html(
            BytesIO(package.write(without=["comments"])),
            style_map=_STYLE_MAP,
            include_embedded_style_map=False,
            external_file_access=False,
            convert_image=mammoth.images.img_element(name_image),
        )
    except (KeyError, ValueError, IndexError, AttributeError, TypeError, OSError, RecursionError) as error:
        # mammoth has no errors of its own for markup that breaks the format's rules.
        raise UnreadableSourceError(
            source, None, "a whole .docx file; parts of this one do not fit together"
        ) from error
    return str(result.value)


def _take_notes(root: Any) -> dict[str, str]:  # noqa: ANN401 - lxml has no types
    """Take the notes from the end of the text, and number the references to them."""
    texts: dict[str, str] = {}
    for entry in list(root.iterfind("ol/li")):
        if _NOTE_ID.fullmatch(entry.get("id") or ""):
            for link in list(entry.iter("a")):
                if (link.text or "") == _BACK:
                    link.drop_tree()
            texts[entry.get("id")] = clean_line(" ".join(part.text_content() for part in entry) or entry.text_content())
    for notes in {entry.getparent() for entry in root.iterfind("ol/li") if entry.get("id") in texts}:
        notes.drop_tree()
    numbered: dict[str, str] = {}
    for reference in list(root.iter("sup")):
        link = reference.find("a")
        target = "" if link is None else (link.get("href") or "").removeprefix("#")
        if target in texts:
            number = clean_line(reference.text_content()).strip("[]")
            numbered[number] = texts[target]
            tail = reference.tail
            reference.clear()
            reference.text, reference.tail = f"[{number}]", tail
            reference.set("data-note", number)
    return numbered


def _find_title(package: WordPackage) -> str:
    title = clean_line(package.properties.get("title", ""))
    return "" if len(title) > _LONGEST_TITLE or _NO_HEADLINES.fullmatch(title) else title


class _Pictures:
    """The document's own pictures, each made fit for the site once."""

    def __init__(self, package: WordPackage, remarks: list[str]) -> None:
        self._package = package
        self._remarks = remarks
        self._read: dict[str, ReadPicture | None] = {}

    @property
    def kept(self) -> list[ReadPicture]:
        return [read for read in self._read.values() if read]

    def find(self, address: str) -> Picture | None:
        name = address.removeprefix("picture:")
        if name not in self._read:
            self._read[name] = self._try_reading(name)
        read = self._read[name]
        return read.picture if read else None

    def describe_lost(self, blocks: list[Block]) -> list[str]:
        """Say which pictures of the text could not be had."""
        lost = [block for block in blocks if block.picture and self.find(block.picture) is None]
        known = {block.picture.removeprefix("picture:") for block in lost}
        return [f"Picture {name.rpartition('/')[2]} was left out: save it as PNG or JPEG." for name in sorted(known)]

    def _try_reading(self, name: str) -> ReadPicture | None:
        content = self._package.media.get(name)
        if content is None or len(content) > _LARGEST_PICTURE:
            return None
        try:
            return read_picture(name, content)
        except UnreadableSourceError:
            return None
