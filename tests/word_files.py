"""Word files made here, in the manner of Word, Google Docs and LibreOffice: their styles, runs, lists and wrappers."""

from __future__ import annotations

from dataclasses import dataclass, field
from html import escape
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

from drawing import a_picture_file

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATION = "http://schemas.openxmlformats.org/package/2006/relationships"
_SPACES = (
    f'xmlns:w="{W}" xmlns:r="{R}" '
    'xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing" '
    'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" '
    'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture" '
    'xmlns:mc="http://schemas.openxmlformats.org/markup-compatibility/2006" '
    'xmlns:wps="http://schemas.microsoft.com/office/word/2010/wordprocessingShape" '
    'xmlns:v="urn:schemas-microsoft-com:vml" '
    'xmlns:m="http://schemas.openxmlformats.org/officeDocument/2006/math"'
)
_STYLE_NAMES = {
    "Title": "Title",
    "Subtitle": "Subtitle",
    "Heading1": "heading 1",
    "Heading2": "heading 2",
    "Quote": "Quote",
    "Caption": "caption",
    "ListParagraph": "List Paragraph",
}
_TYPES = (
    '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
    '<Default Extension="jpeg" ContentType="image/jpeg"/><Default Extension="emf" ContentType="image/x-emf"/>'
    '<Override PartName="/word/document.xml" ContentType="{kind}"/></Types>'
)
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
MACRO_TYPE = "application/vnd.ms-word.document.macroEnabled.main+xml"


def run(text: str, shape: str = "", *, rsid: str = "") -> str:
    shape = f"<w:rPr>{shape}</w:rPr>" if shape else ""
    mark = f' w:rsidR="{rsid}"' if rsid else ""
    return f'<w:r{mark}>{shape}<w:t xml:space="preserve">{escape(text)}</w:t></w:r>'


def split(text: str, shape: str = "") -> str:
    """Write a text in many runs, as Word does after a spelling check and two sessions."""
    pieces = [text[at : at + 7] for at in range(0, len(text), 7)]
    proof = '<w:proofErr w:type="spellStart"/>'
    return proof.join(run(piece, shape, rsid=f"00A{at:05X}") for at, piece in enumerate(pieces))


def paragraph(inner: str, style: str = "", properties: str = "") -> str:
    style = f'<w:pStyle w:val="{style}"/>' if style else ""
    return f"<w:p><w:pPr>{style}{properties}</w:pPr>{inner}</w:p>"


def listed(inner: str, *, level: int = 0, number: int = 1, style: str = "ListParagraph") -> str:
    numbering = f'<w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
    return paragraph(inner, style, numbering)


def link(text: str, relation: str) -> str:
    words = run(text, '<w:rStyle w:val="Hyperlink"/>')
    return f'<w:hyperlink r:id="{relation}" w:history="1">{words}</w:hyperlink>'


def picture(relation: str, description: str = "") -> str:
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="Picture 1" descr="{escape(description)}"/><a:graphic>'
        '<a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:blipFill>'
        f'<a:blip r:embed="{relation}"/></pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline>'
        "</w:drawing></w:r>"
    )


def note_reference(number: int, kind: str = "footnote") -> str:
    return f'<w:r><w:rPr><w:vertAlign w:val="superscript"/></w:rPr><w:{kind}Reference w:id="{number}"/></w:r>'


def table(*rows: tuple[str, ...]) -> str:
    cells = ("".join(f"<w:tc><w:tcPr/>{paragraph(run(cell))}</w:tc>" for cell in row) for row in rows)
    return "<w:tbl><w:tblPr/><w:tblGrid/>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def inserted(text: str, author: str) -> str:
    return f'<w:ins w:id="1" w:author="{author}" w:date="2026-01-05T10:00:00Z">{run(text)}</w:ins>'


def deleted(text: str, author: str) -> str:
    words = f'<w:r><w:delText xml:space="preserve">{escape(text)}</w:delText></w:r>'
    return f'<w:del w:id="2" w:author="{author}" w:date="2026-01-05T10:00:00Z">{words}</w:del>'


def commented(text: str, number: int) -> str:
    reference = f'<w:r><w:commentReference w:id="{number}"/></w:r>'
    start, end = f'<w:commentRangeStart w:id="{number}"/>', f'<w:commentRangeEnd w:id="{number}"/>'
    return f"{start}{run(text)}{end}{reference}"


@dataclass(kw_only=True)
class WordFile:
    """A document to be written; what it says to readers is listed beside it."""

    body: list[str]
    styles: dict[str, str] = field(default_factory=lambda: dict(_STYLE_NAMES))
    #: XML of single styles, beyond names
    more_styles: str = ""
    links: dict[str, str] = field(default_factory=dict)
    media: dict[str, bytes] = field(default_factory=dict)
    footnotes: dict[int, str] = field(default_factory=dict)
    endnotes: dict[int, str] = field(default_factory=dict)
    comments: list[tuple[int, str, str]] = field(default_factory=list)
    title: str = ""
    main: str = "word/document.xml"
    main_type: str = MAIN_TYPE
    more_parts: dict[str, bytes] = field(default_factory=dict)

    def write(self) -> bytes:
        stream = BytesIO()
        with ZipFile(stream, "w", ZIP_DEFLATED) as file:
            for name, content in self.parts().items():
                file.writestr(name, content)
        return stream.getvalue()

    def parts(self) -> dict[str, bytes]:
        folder, name = self.main.rsplit("/", 1)
        document = f"<w:document {_SPACES}><w:body>{''.join(self.body)}<w:sectPr/></w:body></w:document>"
        relations = [
            *(_relation(key, "hyperlink", target, external=True) for key, target in self.links.items()),
            *(_relation(key, "image", f"media/{key}.{_suffix(data)}") for key, data in self.media.items()),
            *(_relation(f"part{kind}", kind, f"{kind}.xml") for kind in ("styles", "numbering")),
        ]
        parts = {
            "[Content_Types].xml": _TYPES.format(kind=self.main_type),
            "_rels/.rels": _relations([_relation("rId1", "officeDocument", self.main)]),
            self.main: document,
            f"{folder}/styles.xml": self._styles(),
            f"{folder}/numbering.xml": _NUMBERING,
            "docProps/core.xml": _core(self.title),
        }
        for kind, notes in (("footnotes", self.footnotes), ("endnotes", self.endnotes)):
            if notes:
                parts[f"{folder}/{kind}.xml"] = _notes(kind, notes)
                relations.append(_relation(f"part{kind}", kind, f"{kind}.xml"))
        if self.comments:
            parts[f"{folder}/comments.xml"] = _comments(self.comments)
            relations.append(_relation("partcomments", "comments", "comments.xml"))
        parts[f"{folder}/_rels/{name}.rels"] = _relations(relations)
        written = {key: f'<?xml version="1.0" encoding="UTF-8"?>{part}'.encode() for key, part in parts.items()}
        media = {f"{folder}/media/{key}.{_suffix(data)}": data for key, data in self.media.items()}
        return written | media | self.more_parts

    def _styles(self) -> str:
        named = "".join(
            f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
            for key, name in self.styles.items()
        )
        return f"<w:styles {_SPACES}>{named}{self.more_styles}</w:styles>"


def _suffix(data: bytes) -> str:
    return "png" if data.startswith(b"\x89PNG") else "jpeg" if data.startswith(b"\xff\xd8") else "emf"


def _relation(key: str, kind: str, target: str, *, external: bool = False) -> str:
    mode = ' TargetMode="External"' if external else ""
    return f'<Relationship Id="{key}" Type="{R}/{kind}" Target="{escape(target)}"{mode}/>'


def _relations(entries: list[str]) -> str:
    return f'<Relationships xmlns="{_RELATION}">{"".join(entries)}</Relationships>'


def _notes(kind: str, notes: dict[int, str]) -> str:
    one = kind[:-1]
    entries = "".join(
        f'<w:{one} w:id="{number}">{paragraph(f"<w:r><w:{one}Ref/></w:r>" + run(f" {text}"))}</w:{one}>'
        for number, text in notes.items()
    )
    separator = f'<w:{one} w:type="separator" w:id="-1"><w:p><w:r><w:separator/></w:r></w:p></w:{one}>'
    return f"<w:{kind} {_SPACES}>{separator}{entries}</w:{kind}>"


def _comments(comments: list[tuple[int, str, str]]) -> str:
    entries = "".join(
        f'<w:comment w:id="{number}" w:author="{author}" w:initials="X">{paragraph(run(text))}</w:comment>'
        for number, author, text in comments
    )
    return f"<w:comments {_SPACES}>{entries}</w:comments>"


def _core(title: str) -> str:
    return (
        '<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title></cp:coreProperties>'
    )


def _level(at: int, form: str) -> str:
    return f'<w:lvl w:ilvl="{at}"><w:numFmt w:val="{form}"/></w:lvl>'


_NUMBERING = (
    f"<w:numbering {_SPACES}>"
    f'<w:abstractNum w:abstractNumId="0">{"".join(_level(at, "bullet") for at in range(4))}</w:abstractNum>'
    f'<w:abstractNum w:abstractNumId="1">{"".join(_level(at, "decimal") for at in range(4))}</w:abstractNum>'
    '<w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num><w:num w:numId="2"><w:abstractNumId w:val="1"/></w:num>'
    "</w:numbering>"
)

#: A picture for a document.
FERRY = a_picture_file("JPEG", size=(320, 200))
CHART = a_picture_file("PNG", size=(200, 120), colour="teal")
