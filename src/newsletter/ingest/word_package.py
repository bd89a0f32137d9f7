"""The file around a Word document: a zip of XML parts and media, taken apart within limits.

What comes out holds nothing that unfolds: no declaration of entities, no macro, no part beyond a set size. Strict
Open XML is given the names of the usual, transitional kind.
"""

from __future__ import annotations

import lzma
import posixpath
import struct
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any
from zipfile import ZIP_STORED, BadZipFile, ZipFile, ZipInfo

from lxml import etree

from newsletter.errors import UnreadableSourceError

WORDS = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE_RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

#: how files by Word of old begin, and all that are locked with a password
OLD_WORD = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"

_MOST_PARTS = 5_000
_LARGEST_XML = 24 * 1024 * 1024
_LARGEST_UNPACKED = 150 * 1024 * 1024
_ENCRYPTED = 0x1

#: the parts that an article is read from, besides the document itself, by the last word of their relation's name
_KINDS = ("styles", "numbering", "footnotes", "endnotes", "comments")
_CONTENT_TYPES = "[Content_Types].xml"
_PROPERTIES = "docProps/core.xml"

_STRICT = {
    b"http://purl.oclc.org/ooxml/wordprocessingml/main": WORDS.encode(),
    b"http://purl.oclc.org/ooxml/officeDocument/relationships": RELATIONS.encode(),
    b"http://purl.oclc.org/ooxml/drawingml/": b"http://schemas.openxmlformats.org/drawingml/2006/",
}
_BROKEN = (BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True, slots=True, kw_only=True)
class WordPackage:
    """The parts that matter, XML parsed; whoever changes an element changes what ``write`` gives."""

    main: str
    #: by name in the package
    roots: dict[str, Any]
    #: name in the package, by kind: "styles", "footnotes" and the like
    names: dict[str, str]
    media: dict[str, bytes]
    #: title, author and the like, as the program that wrote the file filled them in
    properties: dict[str, str]

    @property
    def document(self) -> Any:  # noqa: ANN401 - lxml has no types
        return self.roots[self.main]

    def root(self, kind: str) -> Any:  # noqa: ANN401 - lxml has no types
        """Give the root element of this part; None where the file has none."""
        return self.roots.get(self.names.get(kind, ""))

    def targets(self, part: str) -> dict[str, str]:
        """Give what the part refers to, by relation id."""
        root = self.roots.get(_relations_name(part))
        return {} if root is None else {entry.get("Id", ""): entry.get("Target", "") for entry in root}

    def write(self, *, without: Iterable[str] = ()) -> bytes:
        """Put the parts together again, but for some kinds of them."""
        left_out = {self.names.get(kind) for kind in without}
        stream = BytesIO()
        with ZipFile(stream, "w", ZIP_STORED) as file:
            for name, root in self.roots.items():
                if name not in left_out:
                    file.writestr(name, etree.tostring(root, encoding="utf-8", xml_declaration=True))
            for name, content in self.media.items():
                file.writestr(name, content)
        return stream.getvalue()


def open_package(source: str, data: bytes) -> WordPackage:
    """Take a file apart; raises UnreadableSourceError for what is no Word document or a hostile one."""
    if data.startswith(OLD_WORD):
        raise _unreadable(source, "a Word document saved as .docx, and not an old .doc or one with a password")
    try:
        with ZipFile(BytesIO(data)) as file:
            return _Reader(source, file).read()
    except (*_BROKEN, struct.error) as error:
        raise _unreadable(source, "a whole .docx file; this one is damaged") from error


class _Reader:
    def __init__(self, source: str, file: ZipFile) -> None:
        self._source = source
        self._file = file
        self._entries: dict[str, ZipInfo] = {entry.filename: entry for entry in file.infolist()}

    def read(self) -> WordPackage:
        self._check_size()
        self._check_kind()
        roots: dict[str, Any] = {}
        self._take_xml(_CONTENT_TYPES, roots)
        self._take_xml("_rels/.rels", roots)
        main = self._find(roots["_rels/.rels"], "officeDocument", "", "word/document.xml")
        if main is None:
            raise _unreadable(self._source, "a Word document in the file; its text is missing")
        self._check_macros(roots.get(_CONTENT_TYPES), main)
        self._take_xml(main, roots)
        self._take_xml(_relations_name(main), roots)
        relations, folder = roots[_relations_name(main)], posixpath.dirname(main)
        names: dict[str, str] = {}
        for kind in _KINDS:
            if name := self._find(relations, kind, folder, f"word/{kind}.xml"):
                names[kind] = name
                self._take_xml(name, roots)
                if _relations_name(name) in self._entries:
                    self._take_xml(_relations_name(name), roots)
        media = {name: self._file.read(name) for name in self._entries if "/media/" in f"/{name}" and name[-1] != "/"}
        return WordPackage(main=main, roots=roots, names=names, media=media, properties=self._read_properties())

    def _check_size(self) -> None:
        """Believe the sizes that the file states: nothing more of an entry is unpacked, and a false one is an error."""
        if any(entry.flag_bits & _ENCRYPTED for entry in self._entries.values()):
            raise _unreadable(self._source, "a file without a password")
        if len(self._entries) > _MOST_PARTS:
            raise _unreadable(self._source, f"a Word file of at most {_MOST_PARTS} parts")
        if sum(entry.file_size for entry in self._file.infolist()) > _LARGEST_UNPACKED:
            raise _unreadable(self._source, f"a Word file that unpacks to at most {_LARGEST_UNPACKED // 1024**2} MiB")

    def _check_kind(self) -> None:
        if "mimetype" in self._entries and "content.xml" in self._entries:
            raise _unreadable(self._source, "a Word document; save this OpenDocument file as .docx")
        if _CONTENT_TYPES not in self._entries and not any(name.startswith("word/") for name in self._entries):
            raise _unreadable(self._source, "a Word document, and not some other zip file")
        if any(name.startswith(("xl/", "ppt/")) for name in self._entries) and "word/document.xml" not in self._entries:
            raise _unreadable(self._source, "a Word document, and not a spreadsheet or slides")

    def _check_macros(self, types: Any, main: str) -> None:  # noqa: ANN401 - lxml has no types
        stated = [] if types is None else [e for e in types if e.get("PartName", "").lstrip("/") == main]
        if any(name.lower().endswith("vbaproject.bin") for name in self._entries) or any(
            "macroenabled" in entry.get("ContentType", "").lower() for entry in stated
        ):
            raise _unreadable(self._source, "a Word document without macros; save it as .docx")

    def _take_xml(self, name: str, roots: dict[str, Any]) -> None:
        entry = self._entries.get(name)
        if entry is None:
            roots[name] = etree.Element(f"{{{PACKAGE_RELATIONS}}}Relationships" if name.endswith(".rels") else "none")
            return
        if entry.file_size > _LARGEST_XML:
            raise _unreadable(self._source, f"a Word file with parts of text of at most {_LARGEST_XML // 1024**2} MiB")
        roots[name] = self._parse(name, self._file.read(name))

    def _parse(self, name: str, data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
        root = self._parse_once(name, data)
        if root.getroottree().docinfo.doctype:
            raise _unreadable(self._source, f"a Word file that declares no entities of its own, as {name} does")
        plain = etree.tostring(root, encoding="utf-8")
        if b"http://purl.oclc.org/ooxml/" not in plain:
            return root
        for strict, usual in _STRICT.items():
            plain = plain.replace(strict, usual)
        return self._parse_once(name, plain)

    def _parse_once(self, name: str, data: bytes) -> Any:  # noqa: ANN401 - lxml has no types
        parser = etree.XMLParser(resolve_entities=False, no_network=True, remove_comments=True, remove_pis=True)
        try:
            return etree.fromstring(data, parser)
        except etree.XMLSyntaxError as error:
            raise _unreadable(self._source, f"a whole .docx file; {name} in it is damaged") from error

    def _find(self, relations: Any, kind: str, folder: str, usual: str) -> str | None:  # noqa: ANN401 - lxml
        for entry in relations:
            if entry.get("Type", "").endswith(f"/{kind}"):
                name = posixpath.normpath(posixpath.join("/", folder, entry.get("Target", ""))).lstrip("/")
                if name in self._entries:
                    return name
        return usual if usual in self._entries else None

    def _read_properties(self) -> dict[str, str]:
        if _PROPERTIES not in self._entries:
            return {}
        roots: dict[str, Any] = {}
        self._take_xml(_PROPERTIES, roots)
        return {etree.QName(element).localname: element.text or "" for element in roots[_PROPERTIES]}


def _relations_name(part: str) -> str:
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def _unreadable(source: str, expected: str) -> UnreadableSourceError:
    return UnreadableSourceError(source, None, expected)
