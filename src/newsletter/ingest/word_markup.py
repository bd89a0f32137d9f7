"""WordprocessingML made plain, so that no word is lost on the way to HTML.

What the converter passes over (text boxes, fields, formulas, content controls) is unwrapped, and what nobody sees on
paper is taken out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from copy import deepcopy
from typing import Any

from lxml import etree

from newsletter.ingest.label import read_label
from newsletter.ingest.text import clean_line
from newsletter.ingest.word_package import RELATIONS, WORDS
from newsletter.ingest.word_review import quote

_W = f"{{{WORDS}}}"
_R = f"{{{RELATIONS}}}"
_MC = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_A = "{http://schemas.openxmlformats.org/drawingml/2006/main}"
_PIC = "{http://schemas.openxmlformats.org/drawingml/2006/picture}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_VML = "{urn:schemas-microsoft-com:vml}"

#: the names of paragraph styles that the converter is told of
ROLES = ("Title", "Subtitle", "Caption", "Quote", "Code", *(f"Heading{level}" for level in range(1, 7)))
_ROLE_NAMES = {
    "title": "Title",
    "subtitle": "Subtitle",
    "heading": "Heading1",
    "quote": "Quote",
    "intense quote": "Quote",
    "quotations": "Quote",
    "block text": "Quote",
    "block quotation": "Quote",
    "caption": "Caption",
    "figure": "Caption",
    "illustration": "Caption",
    "html preformatted": "Code",
    "preformatted text": "Code",
    "code": "Code",
    "source code": "Code",
    "toc heading": "Contents",
    "contents heading": "Contents",
    "table of figures": "Contents",
}
_HEADING = re.compile(r"heading ([1-6])")
_CONTENTS = re.compile(r"(?:toc|contents) \d+")
_LEVELS = 6
_OFF = frozenset({"0", "false", "off", "none"})

_WRAPPERS = ("fldSimple", "smartTag", "customXml", "bdo", "dir", "ins", "moveTo")
_DROPPED = ("bookmarkStart", "bookmarkEnd", "commentReference", "commentRangeStart", "commentRangeEnd", "proofErr")


def read_roles(styles: Any) -> dict[str, str]:  # noqa: ANN401 - lxml has no types
    """Tell, by style id, what a paragraph style is for: by its name, its outline level, or the style it is based on."""
    if styles is None:
        return {}
    found = {style.get(f"{_W}styleId", ""): style for style in styles.iter(f"{_W}style")}
    return {name: role for name in found if (role := _find_role(name, found))}


def make_plain(root: Any, *, roles: Mapping[str, str], targets: Mapping[str, str]) -> list[str]:  # noqa: ANN401 - lxml
    """Change the tree of one part, whose tracked changes are settled; gives a sentence for what was left out."""
    remarks: list[str] = []
    _choose_alternates(root)
    _settle_controls(root, remarks)
    _drop_hidden(root, remarks)
    for name in _WRAPPERS:
        for element in list(root.iter(f"{_W}{name}")):
            if element.getparent().tag not in {f"{_W}rPr", f"{_W}trPr", f"{_W}numPr"}:
                _unwrap(element)
    for name in _DROPPED:
        for element in list(root.iter(f"{_W}{name}")):
            element.getparent().remove(element)
    _free_text_boxes(root)
    _settle_drawings(root, remarks)
    _settle_signs(root, remarks)
    _settle_links(root, targets)
    _name_roles(root, roles, remarks)
    return remarks


def part_lines(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Make paragraphs of the lines of one, where they were parted by line breaks instead: a blank one, or a label."""
    for paragraph in list(root.iter(f"{_W}p")):
        breaks = paragraph.findall(f"{_W}r/{_W}br")
        if breaks:
            lines = [clean_line(line) for line in _read_lines(paragraph)]
            if "" in lines[1:-1] or any(read_label(line) for line in lines if line):
                _part(paragraph)


def _find_role(name: str, styles: Mapping[str, Any]) -> str:
    seen: set[str] = set()
    while name in styles and name not in seen:
        seen.add(name)
        style = styles[name]
        if role := _role_of(style):
            return role
        base = style.find(f"{_W}basedOn")
        name = "" if base is None else base.get(f"{_W}val", "")
    return ""


def _role_of(style: Any) -> str:  # noqa: ANN401 - lxml has no types
    named = style.find(f"{_W}name")
    name = "" if named is None else " ".join(named.get(f"{_W}val", "").lower().split())
    if heading := _HEADING.fullmatch(name):
        return f"Heading{heading[1]}"
    if _CONTENTS.fullmatch(name):
        return "Contents"
    return _ROLE_NAMES.get(name) or _read_outline(style.find(f"{_W}pPr"))


def _read_outline(properties: Any) -> str:  # noqa: ANN401 - lxml has no types
    level = None if properties is None else properties.find(f"{_W}outlineLvl")
    text = "" if level is None else level.get(f"{_W}val", "")
    return f"Heading{int(text) + 1}" if text.isdecimal() and int(text) < _LEVELS else ""


def _choose_alternates(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Of two forms of one drawing take the newer, which has its words and pictures too."""
    for element in list(root.iter(f"{_MC}AlternateContent")):
        choice = element.find(f"{_MC}Choice")
        fallback = element.find(f"{_MC}Fallback")
        is_known = choice is not None and next(choice.iter(f"{_W}drawing", f"{_W}t"), None) is not None
        chosen = choice if is_known or fallback is None else fallback
        for child in [] if chosen is None else list(chosen):
            element.addprevious(child)
        element.getparent().remove(element)


def _settle_controls(root: Any, remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    """Unwrap content controls; a prompt such as "Click here to enter text" and a table of contents are no text."""
    for control in list(root.iter(f"{_W}sdt")):
        properties, content = control.find(f"{_W}sdtPr"), control.find(f"{_W}sdtContent")
        is_prompt = properties is not None and properties.find(f"{_W}showingPlcHdr") is not None
        gallery = None if properties is None else properties.find(f".//{_W}docPartGallery")
        if gallery is not None and "contents" in gallery.get(f"{_W}val", "").lower():
            _remark(remarks, "The table of contents was left out.")
        elif not is_prompt and content is not None:
            for child in list(content):
                control.addprevious(child)
        control.getparent().remove(control)


def _drop_hidden(root: Any, remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    hidden = []
    for mark in list(root.iterfind(f".//{_W}r/{_W}rPr/{_W}vanish")):
        run = mark.getparent().getparent()
        if mark.get(f"{_W}val", "1") not in _OFF:
            hidden.append("".join(run.itertext(f"{_W}t")))
            run.getparent().remove(run)
    if clean_line("".join(hidden)):
        _remark(remarks, f"Hidden text was left out: {quote(''.join(hidden))}.")


def _free_text_boxes(root: Any) -> None:  # noqa: ANN401 - lxml has no types
    """Let what stands in a text box follow the paragraph that holds it."""
    for box in list(root.iter(f"{_W}txbxContent")):
        holder = next(box.iterancestors(f"{_W}p"), None)
        if holder is None:
            continue
        for block in reversed(list(box)):
            holder.addnext(block)
        box.getparent().remove(box)


def _settle_drawings(root: Any, remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    """Bring the pictures of groups and canvases to where the converter looks for them."""
    for drawing in list(root.iter(f"{_W}drawing")):
        pictures = list(drawing.iter(f"{_PIC}pic"))
        data = next(drawing.iter(f"{_A}graphicData"), None)
        if data is None or not pictures:
            if "chart" in (data.get("uri", "") if data is not None else "") or "diagram" in etree.tostring(
                drawing, encoding="unicode"
            ):
                _remark(remarks, "A chart or diagram was left out: save it as a picture to have it in the article.")
            drawing.getparent().remove(drawing)
            continue
        for child in list(data):
            data.remove(child)
        data.extend(pictures)


def _settle_signs(root: Any, remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    _settle_formulas(root, remarks)
    for ruby in list(root.iter(f"{_W}ruby")):
        for base in ruby.findall(f"{_W}rubyBase"):
            for child in list(base):
                ruby.addprevious(child)
        _remove(ruby)
    for name, sign in (("cr", "br"), ("ptab", "tab")):
        for element in list(root.iter(f"{_W}{name}")):
            element.tag = f"{_W}{sign}"
    for row_span in root.iter(f"{_W}gridSpan"):
        if not row_span.get(f"{_W}val", "1").isdecimal():
            row_span.set(f"{_W}val", "1")
    if next(root.iter(f"{_W}altChunk"), None) is not None:
        _remark(remarks, "A document within the document was left out: put its text in, and import again.")


def _settle_formulas(root: Any, remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    for formula in list(root.iter(f"{_MATH}oMath")):
        words = "".join(formula.itertext(f"{_MATH}t"))
        run = etree.Element(f"{_W}r")
        etree.SubElement(run, f"{_W}t").text = f" {words} "
        formula.addprevious(run)
        _remove(formula)
        _remark(remarks, f"A formula was kept as plain text: {quote(words)}.")
    for paragraph in list(root.iter(f"{_MATH}oMathPara")):
        _unwrap(paragraph)


def _settle_links(root: Any, targets: Mapping[str, str]) -> None:  # noqa: ANN401 - lxml has no types
    """Take away references that lead to nothing: the words and the other pictures stay."""
    for link in list(root.iter(f"{_W}hyperlink")):
        if link.get(f"{_R}id", "") not in targets:
            _unwrap(link)
    for picture in list(root.iter(f"{_A}blip", f"{_VML}imagedata")):
        name = f"{_R}id" if picture.tag == f"{_VML}imagedata" else f"{_R}embed"
        if picture.get(name) not in targets:
            picture.attrib.pop(name, None)
    for link in list(root.iter(f"{_A}hlinkClick")):
        link.getparent().remove(link)


def _name_roles(root: Any, roles: Mapping[str, str], remarks: list[str]) -> None:  # noqa: ANN401 - lxml has no types
    for paragraph in list(root.iter(f"{_W}p")):
        properties = paragraph.find(f"{_W}pPr")
        if properties is None:
            continue
        style = properties.find(f"{_W}pStyle")
        role = "" if style is None else roles.get(style.get(f"{_W}val", ""), "")
        role = role or _read_outline(properties)
        if role == "Contents":
            _remark(remarks, "The table of contents was left out.")
            _remove(paragraph)
        elif role:
            if style is None:
                style = etree.SubElement(properties, f"{_W}pStyle")
            style.set(f"{_W}val", f"role{role}")


def _read_lines(paragraph: Any) -> list[str]:  # noqa: ANN401 - lxml has no types
    words = [
        "\n" if element.tag == f"{_W}br" else element.text or ""
        for element in paragraph.iter(f"{_W}t", f"{_W}br")
        if element.tag == f"{_W}t" or element.getparent().getparent() is paragraph
    ]
    return "".join(words).split("\n")


def _part(paragraph: Any) -> None:  # noqa: ANN401 - lxml has no types
    properties = paragraph.find(f"{_W}pPr")
    pieces: list[list[Any]] = [[]]
    for child in paragraph:
        if child is properties:
            continue
        if child.tag != f"{_W}r":
            pieces[-1].append(child)
            continue
        shape = child.find(f"{_W}rPr")
        run: list[Any] = []
        for part in [part for part in child if part is not shape]:
            if part.tag == f"{_W}br":
                pieces[-1].append(_make_run(shape, run))
                pieces.append([])
                run = []
            else:
                run.append(part)
        pieces[-1].append(_make_run(shape, run))
    for piece in pieces:
        line = etree.Element(f"{_W}p")
        if properties is not None:
            line.append(deepcopy(properties))
        line.extend(piece)
        paragraph.addprevious(line)
    _remove(paragraph)


def _make_run(shape: Any, parts: Iterable[Any]) -> Any:  # noqa: ANN401 - lxml has no types
    run = etree.Element(f"{_W}r")
    if shape is not None:
        run.append(deepcopy(shape))
    run.extend(parts)
    return run


def _remark(remarks: list[str], sentence: str) -> None:
    if sentence not in remarks:
        remarks.append(sentence)


def _unwrap(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    for child in list(element):
        element.addprevious(child)
    _remove(element)


def _remove(element: Any) -> None:  # noqa: ANN401 - lxml has no types
    element.getparent().remove(element)
