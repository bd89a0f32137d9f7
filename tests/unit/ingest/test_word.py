"""Word files: every paragraph arrives, reviewers' words do not, and hostile files are refused in one sentence."""

import struct
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from drawing import a_picture_file
from manuscripts import MANUSCRIPTS, Manuscript, google_article, word_article
from newsletter.domain.article import Article
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.source import read_source
from newsletter.ingest.text import clean_line
from word_files import FERRY, MACRO_TYPE, W, WordFile, paragraph, picture, run


def list_texts(article: Article) -> list[str]:
    """Give every text that readers can get, one paragraph each."""
    parts = [article.headline, *article.standfirst.split("\n\n"), *article.biography.split("\n\n"), article.credit]
    parts += [article.image.alt] if article.image else []
    for section in article.sections:
        parts += [section.name, *section.paragraphs]
    return parts


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, _attrs: list[tuple[str, str | None]]) -> None:
        self.words.append("" if tag in {"a", "em", "strong", "sup"} else " ")

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read_words(html: str) -> str:
    reader = _Words()
    reader.feed(html)
    return clean_line("".join(reader.words))


@pytest.mark.parametrize("make", MANUSCRIPTS.values(), ids=MANUSCRIPTS.keys())
def test_every_paragraph_of_a_document_arrives(make: Callable[[], Manuscript]) -> None:
    manuscript = make()

    sourced = read_source("story.docx", manuscript.file.write())

    texts = [text for article in sourced.articles for text in list_texts(article)]
    for said in manuscript.says:
        assert said in texts
    for kept_back in manuscript.says_not:
        assert not [text for text in texts if kept_back in text]
        assert not [article for article in sourced.articles if kept_back in (article.body_html or "")]
    for article in sourced.articles:  # the markup that the site shows says the same
        shown = read_words(article.body_html or "")
        assert all(paragraph in shown for section in article.sections for paragraph in section.paragraphs)
    assert tuple("" if a.needs_headline else a.headline for a in sourced.articles) == manuscript.headlines
    assert tuple(article.authors for article in sourced.articles) == manuscript.authors
    assert tuple(part.name for a in sourced.articles for part in a.sections if part.name) == manuscript.sections
    assert sourced.remarks == manuscript.told
    assert len(sourced.pictures) == manuscript.pictures


def test_the_first_picture_is_the_articles_own_and_the_others_stay_in_the_text() -> None:
    sourced = read_source("story.docx", google_article().file.write())

    (article,) = sourced.articles
    first, second = (read.picture for read in sourced.pictures)
    assert article.image is not None
    assert article.image.url == first.path
    assert f'<img src="{second.path}" alt="A chart of the tolls" width="200" height="120">' in (article.body_html or "")
    assert first.path not in (article.body_html or "")


def test_links_emphasis_and_lists_keep_their_markup() -> None:
    (article,) = read_source("story.docx", word_article().file.write()).articles
    (google,) = read_source("story.docx", google_article().file.write()).articles

    assert '<a href="https://example.org/register"' in (article.body_html or "")
    assert "<strong>The harbour board met" in (article.body_html or "")
    assert "<h2>Background</h2>" in (article.body_html or "")
    assert "<h3>What the captain kept</h3>" in (article.body_html or "")
    assert "<ul><li>One reason<ul><li>A reason within</li></ul></li></ul>" in (google.body_html or "")


def test_a_script_in_a_link_does_not_survive() -> None:
    file = word_article().file
    file.links["rId6"] = "javascript:alert(1)"

    (article,) = read_source("story.docx", file.write()).articles

    assert "javascript" not in (article.body_html or "")


def test_text_alone_becomes_standfirst_and_body_and_its_want_of_an_author_is_told() -> None:
    file = WordFile(body=[paragraph(run("One.")), paragraph(run("Two.")), paragraph(run("Three."))], title="Real Title")

    sourced = read_source("story.docx", file.write())

    (article,) = sourced.articles
    assert article.standfirst == "One."
    assert article.sections[0].paragraphs == ("Two.", "Three.")
    assert sourced.remarks == (
        "The document’s properties call it “Real Title”; no line in it is styled as a title.",
        "No line “By AUTHOR” was found, so the article has no author yet.",
    )


def test_a_picture_that_no_browser_shows_is_left_out_and_named() -> None:
    file = WordFile(body=[paragraph(run("Text.") + picture("rId5"))], media={"rId5": b"\x01\x00\x00\x00EMF"})

    sourced = read_source("story.docx", file.write())

    assert sourced.pictures == ()
    assert "Picture rId5.emf was left out: save it as PNG or JPEG." in sourced.remarks


def test_a_picture_of_more_pixels_than_a_camera_has_is_left_out() -> None:
    huge = bytearray(a_picture_file("PNG", size=(20, 20)))
    huge[16:24] = struct.pack(">II", 12_000, 9_000)  # what its header claims
    huge[29:33] = struct.pack(">I", zlib.crc32(huge[12:29]))
    file = WordFile(body=[paragraph(run("Text.") + picture("rId5"))], media={"rId5": bytes(huge)})

    sourced = read_source("story.docx", file.write())

    assert sourced.pictures == ()
    assert "Picture rId5.png was left out: save it as PNG or JPEG." in sourced.remarks


def test_what_refers_to_nothing_is_passed_over() -> None:
    inner = run("Text") + picture("rId99") + '<w:r><w:footnoteReference w:id="7"/></w:r>'
    inner += f'<w:hyperlink r:id="rId98">{run(" stays")}</w:hyperlink>' + run(".")

    (article,) = read_source("story.docx", WordFile(body=[paragraph(inner)]).write()).articles

    assert article.standfirst == "Text stays."


def test_strict_open_xml_is_read_like_the_other() -> None:
    parts = word_article().file.parts()
    strict = {
        name: content.replace(W.encode(), b"http://purl.oclc.org/ooxml/wordprocessingml/main").replace(
            b"http://schemas.openxmlformats.org/drawingml/2006/", b"http://purl.oclc.org/ooxml/drawingml/"
        )
        for name, content in parts.items()
    }

    assert read_source("a.docx", zipped(strict)).articles == read_source("a.docx", zipped(parts)).articles


def zipped(parts: dict[str, bytes]) -> bytes:
    stream = BytesIO()
    with ZipFile(stream, "w", ZIP_DEFLATED) as file:
        for name, content in parts.items():
            file.writestr(name, content)
    return stream.getvalue()


def _changed(**changes: bytes | None) -> bytes:
    parts = WordFile(body=[paragraph(run("Text."))]).parts()
    for key, content in changes.items():
        name = {"document": "word/document.xml", "types": "[Content_Types].xml", "big": "word/media/a.png"}[key]
        parts.pop(name, None)
        if content is not None:
            parts[name] = content
    return zipped(parts)


_ENTITIES = (
    b'<!DOCTYPE w [<!ENTITY a "x"><!ENTITY b "&a;&a;&a;">]><w:document xmlns:w="%s">&b;</w:document>' % W.encode()
)
_EXTERNAL = (
    b'<!DOCTYPE w [<!ENTITY a SYSTEM "file:///etc/hostname">]><w:document xmlns:w="%s">&a;</w:document>' % W.encode()
)
_MACROS = WordFile(body=[paragraph(run("x"))], more_parts={"word/vbaProject.bin": b"x"})

HOSTILE = {
    "a bomb": (lambda: _changed(big=b"\0" * (151 * 1024 * 1024)), "a Word file that unpacks to at most 150 MiB"),
    "a bomb of text": (
        lambda: _changed(document=b" " * (25 * 1024 * 1024)),
        "a Word file with parts of text of at most 24 MiB",
    ),
    "entities": (lambda: _changed(document=_ENTITIES), "a Word file that declares no entities of its own"),
    "an external entity": (lambda: _changed(document=_EXTERNAL), "a Word file that declares no entities of its own"),
    "no document": (lambda: _changed(document=None), "a Word document in the file; its text is missing"),
    "broken markup": (
        lambda: _changed(document=b"<w:document>"),
        "a whole .docx file; word/document.xml in it is damaged",
    ),
    "an old .doc": (
        lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600,
        "a Word document saved as .docx, and not an old",
    ),
    "an old .doc renamed text": (lambda: b"{\\rtf1 x}", "a whole .docx file; this one is damaged"),
    "macros": (_MACROS.write, "a Word document without macros; save it as .docx"),
    "a macro file by type": (
        WordFile(body=[paragraph(run("x"))], main_type=MACRO_TYPE).write,
        "a Word document without macros; save it as .docx",
    ),
    "OpenDocument": (
        lambda: zipped({"mimetype": b"x", "content.xml": b"<x/>"}),
        "a Word document; save this OpenDocument file",
    ),
    "a spreadsheet": (
        lambda: zipped({"[Content_Types].xml": b"<x/>", "xl/workbook.xml": b"<x/>"}),
        "a Word document, and not a spreadsheet or slides",
    ),
    "some zip": (lambda: zipped({"readme": b"x"}), "a Word document, and not some other zip file"),
    "no words": (
        lambda: WordFile(body=[paragraph("")]).write(),
        "an article’s text; there are no words in the document",
    ),
    "half a file": (
        lambda: WordFile(body=[paragraph(run("x"))]).write()[:900],
        "a whole .docx file; this one is damaged",
    ),
}


@pytest.mark.parametrize(("make", "expected"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_hostile_or_broken_file_is_refused_in_one_sentence(make: Callable[[], bytes], expected: str) -> None:
    data = make()

    with pytest.raises(UnreadableSourceError) as caught:
        read_source("story.docx", data)

    assert str(caught.value).startswith(f"story.docx: expected {expected}")
    assert "\n" not in str(caught.value)


def test_markup_as_deep_as_a_well_is_refused() -> None:
    deep = "<w:smartTag>" * 5_000 + run("x") + "</w:smartTag>" * 5_000

    with pytest.raises(UnreadableSourceError, match="damaged"):
        read_source("a.docx", WordFile(body=[paragraph(deep)]).write())


@pytest.mark.parametrize("at", range(0, 4000, 173))
def test_a_file_with_a_byte_turned_is_read_or_refused(at: int) -> None:
    data = bytearray(WordFile(body=[paragraph(run("x") + picture("rId5"))], media={"rId5": FERRY}).write())
    data[at % len(data)] ^= 0xFF

    try:
        read_source("story.docx", bytes(data))
    except UnreadableSourceError as error:
        assert "\n" not in str(error)  # noqa: PT017 - either answer is right, a refusal must be one line
