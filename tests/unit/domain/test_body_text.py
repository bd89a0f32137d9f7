"""A body as HTML, as the Markdown that editors write, and back: nothing is lost, and nothing gets in."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import escape

import nh3
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from manuscripts import (
    Manuscript,
    google_article,
    google_lines,
    libreoffice_article,
    libreoffice_issue,
    libreoffice_scripts,
    word_article,
    word_furniture,
    word_german,
    word_page,
    word_reviewed,
)
from newsletter.domain.article import Section
from newsletter.domain.body import (
    Block,
    list_pictures,
    replace_in_blocks,
    size_pictures,
    write_blocks,
)
from newsletter.domain.body_text import read_body, tidy_body, write_body
from newsletter.domain.html_reader import read_html
from newsletter.domain.markdown_dialect import HTML_BLOCK
from newsletter.domain.markdown_reader import LONGEST, read_markdown
from newsletter.domain.markdown_writer import add_picture, write_markdown
from newsletter.domain.picture import Picture
from newsletter.domain.running_text import plain
from newsletter.errors import UnreadableTextError
from newsletter.ingest.html import clean_html
from newsletter.ingest.word import read_word

PICTURE = "/images/0123456789abcdef0123456789abcdef.jpg"

# Letters, and whatever Markdown, HTML or tables take for a sign.
_SIGNS = "ab1 .,*_`~[]()<>{}!#-+=|\\/&;:^\"'“”—é漢"
_words = st.text(st.sampled_from(_SIGNS), min_size=1, max_size=12)
_addresses = st.sampled_from(
    [
        "https://example.org/",
        "http://example.net/a_b(c)*?x=1&copy;=2",
        "https://example.org/a b",
        "mailto:a@example.org",
    ]
)


def _wrap(inside: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    tags = st.sampled_from(["em", "strong", "s", "sub", "sup", "code", "b", "i"])
    return st.one_of(
        st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", tags, inside),
        st.builds(lambda address, text: f'<a href="{escape(address)}">{text}</a>', _addresses, inside),
        st.lists(inside, max_size=3).map("".join),
        inside.map(lambda text: f"{text}<br>"),
    )


_running = st.recursive(_words.map(escape), _wrap, max_leaves=5)


def _nest(blocks: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    flow = st.lists(st.one_of(blocks, _running), max_size=3).map("".join)
    items = st.lists(flow.map(lambda text: f"<li>{text}</li>"), max_size=3).map("".join)
    cells = st.lists(
        st.builds(lambda tag, text: f"<{tag}>{text}</{tag}>", st.sampled_from(["td", "th"]), st.one_of(_running, flow)),
        max_size=3,
    )
    rows = st.lists(cells.map(lambda row: f"<tr>{''.join(row)}</tr>"), max_size=3).map("".join)
    return st.one_of(
        flow.map(lambda text: f"<blockquote>{text}</blockquote>"),
        items.map(lambda text: f"<ul>{text}</ul>"),
        items.map(lambda text: f"<ol>{text}</ol>"),
        st.builds(lambda head, body: f"<table><thead>{head}</thead><tbody>{body}</tbody></table>", rows, rows),
        st.builds(lambda term, text: f"<dl><dt>{term}</dt><dd>{text}</dd></dl>", _running, flow),
    )


_leaves = st.one_of(
    _running.map(lambda text: f"<p>{text}</p>"),
    st.builds(lambda level, text: f"<h{level}>{text}</h{level}>", st.integers(1, 6), _running),
    st.text(st.sampled_from(_SIGNS + "\n"), max_size=30).map(lambda text: f"<pre>{escape(text)}</pre>"),
    _words.map(lambda text: f'<p><img src="{PICTURE}" alt="{escape(text)}"></p>'),
    st.builds(
        lambda alt, words: (
            f'<figure><img src="{PICTURE}" alt="{escape(alt)}"><figcaption>{escape(words)}</figcaption></figure>'
        ),
        _words,
        _words,
    ),
    st.just("<hr>"),
)
_bodies = st.lists(st.one_of(_running, st.recursive(_leaves, _nest, max_leaves=6)), max_size=5).map("".join)

_typed = st.one_of(
    st.text(st.sampled_from(_SIGNS + "\n"), max_size=80),
    st.lists(
        st.sampled_from(
            [
                "# ", "## ", "> ", "- ", "1. ", "2. ", "    ", "\n", "\n\n", "```\n", "```{=html}\n", "| a | b |\n",
                "| --- | --- |\n", "***", "**", "*", "~~", "`", "[^1]", "[^1]: ", "\n[^a]: ", "[a](https://example.org)",
                f"![a]({PICTURE})", "<sub>", "</sub>", "<em>", "</em>", "<br>", "\\", "word", "other words",
                "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "javascript:alert(1)", "</p>", "<td>",
                "[x](javascript:alert(1))", "&lt;", "---\n", "<a href='x'>", '"', "_",
            ]
        ),
        max_size=14,
    ).map("".join),
)  # fmt: skip

#: The tags and attributes that the site's page may hold, and no other.
_ALLOWED = {
    "a", "blockquote", "br", "code", "dd", "dl", "dt", "em", "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6",
    "hr", "img", "li", "ol", "p", "pre", "s", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


def only_words(html: str) -> str:
    return re.sub(r"\W+", " ", " ".join(_list_words(read_html(html).blocks))).strip()


def _list_words(blocks: tuple[Block, ...]) -> list[str]:
    words = []
    for block in blocks:
        words += [plain(block.spans), block.alt, *_list_words(block.children)]
    return words


@given(html=_bodies)
@settings(max_examples=150)
def test_a_body_comes_back_from_markdown_as_it_was(html: str) -> None:
    blocks = read_html(html).blocks

    assert read_markdown(write_markdown(blocks)) == blocks


@given(html=_bodies)
@settings(max_examples=150)
def test_a_body_is_written_as_html_that_holds_the_same_body(html: str) -> None:
    blocks = read_html(html).blocks

    assert read_html(write_blocks(blocks)).blocks == blocks


@given(text=_typed)
@settings(max_examples=150)
@example(text="<script>alert(1)</script>")
@example(text="```{=html}\n</p></div><p>x\n```")
def test_whatever_is_typed_is_refused_by_its_line_or_makes_clean_html(text: str) -> None:
    refusal: UnreadableTextError | None = None
    html: str | None = ""
    try:
        _, html = read_body(text)
    except UnreadableTextError as error:
        refusal = error

    if refusal:
        assert str(refusal).startswith(f"Line {refusal.line}: ")
        assert 1 <= refusal.line <= text.count("\n") + 1
    attributes = {"a": {"href", "rel"}, "img": {"src", "alt"}}
    assert nh3.clean(html or "", tags=_ALLOWED, attributes=attributes, link_rel=None) == (html or "")
    assert tidy_body(write_body((), html)) == write_body((), html)


_soup = st.lists(
    st.sampled_from(
        [
            "<p>", "</p>", "<ul>", "<li>", "</ul>", "<em>", "</em>", "<b>", "<table>", "<tr>", "<td>", "</table>",
            "<h2>", "<a href='https://example.org/'>",
            "</a>", "<blockquote>", "<pre>", "</pre>", "<dl>", "<dd>", "<br>",
            "<hr>", "<code>", "</code>", "one", " two ", "three\n", "<sup>[1]</sup>", "&amp;lt;",
            "<h2>Notes</h2><p>[1] four</p>",
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@given(soup=_soup)
@settings(max_examples=150)
def test_whatever_an_import_keeps_of_a_page_goes_to_the_editor_and_back_with_every_word(soup: str) -> None:
    html = clean_html(soup)

    text = write_body((), html)

    assert only_words(read_body(text)[1] or "") == only_words(html)
    assert read_markdown(text) == read_html(html).blocks


@pytest.mark.parametrize(
    "manuscript",
    [
        *(word_article, word_page, word_reviewed, word_furniture, word_german, google_article, google_lines),
        *(libreoffice_article, libreoffice_scripts, libreoffice_issue),
    ],
)
def test_every_manuscript_comes_back_with_its_sections(manuscript: Callable[[], Manuscript]) -> None:
    for article in read_word("story.docx", manuscript().file.write()).articles:
        text = write_body(article.sections, article.body_html)
        sections, html = read_body(text)

        assert sections == article.sections
        assert read_html(html or "").blocks == read_html(article.body_html or "").blocks
        assert HTML_BLOCK not in text, "every block of these has a Markdown form"


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>One <em>two</em> <strong>three</strong>.</p><p>Four.</p>", "One *two* **three**.\n\nFour."),
        ("<p><em>all of <b>it</b></em></p>", "*all of __it__*"),
        ("<p><b><i>both</i></b></p>", "**_both_**"),
        ("<p>un<em>believ</em>able</p>", "un*believ*able"),
        ("<p>a<em>“b”</em>c</p>", "a<em>“b”</em>c"),
        ("<h2>Background</h2><h3>Before</h3>", "## Background\n\n### Before"),
        ("<blockquote><p>a</p><p>b</p></blockquote>", "> a\n>\n> b"),
        ("<ul><li>a<ul><li>b</li></ul></li><li>c</li></ul>", "- a\n  - b\n- c"),
        ("<ol><li><p>a</p></li><li><p>b</p></li></ol>", "1. a\n\n2. b"),
        ("<ul><li>a</li></ul><ul><li>b</li></ul>", "- a\n\n* b"),
        ("<p>a<br>b</p>", "a\\\nb"),
        ("<hr>", "---"),
        ("<pre><code>a\n  b\n</code></pre>", "```\na\n  b\n```"),
        ("<p><a href='https://example.org/'>a</a></p>", "[a](https://example.org/)"),
        ("<p>H<sub>2</sub>O, <code>x*y</code>, <s>gone</s></p>", "H<sub>2</sub>O, `x*y`, ~~gone~~"),
        ("<table><tr><td>a</td><td>b|c</td></tr></table>", "|  |  |\n| --- | --- |\n| a | b\\|c |"),
        ("<table><tr><th>a</th></tr><tr><td>b<br>c</td></tr></table>", "| a |\n| --- |\n| b<br>c |"),
        (f'<p><img src="{PICTURE}" alt="A ferry" width="9" height="9"></p>', f"![A ferry]({PICTURE})"),
        (
            f'<figure><img src="{PICTURE}" alt=""><figcaption>Ann, CC "BY" 4.0</figcaption></figure>',
            f'![]({PICTURE} "Ann, CC \\"BY\\" 4.0")',
        ),
        ("<p><a href='https://example.org/'>^[1]</a></p>", "[\\^\\[1\\]](https://example.org/)"),
        ("<ul><li><hr></li></ul>", "```{=html}\n<ul><li><hr></li></ul>\n```"),
        ("<pre>a <em>b</em></pre>", "```{=html}\n<pre>a <em>b</em></pre>\n```"),
        (
            "<table><tr><td><p>a</p><p>b</p></td></tr></table>",
            "```{=html}\n<table><tbody><tr><td><p>a</p><p>b</p></td></tr></tbody></table>\n```",
        ),
        ("<dl><dt>a</dt><dd>b</dd></dl>", "```{=html}\n<dl><dt>a</dt><dd>b</dd></dl>\n```"),
        ("<p>1914. War</p><p># 1</p><p>- no</p><p>2 * 3 * 4</p>", "1914\\. War\n\n\\# 1\n\n\\- no\n\n2 * 3 * 4"),
        ("<p>[name withdrawn] in snake_case &amp; &lt;script&gt;</p>", "[name withdrawn] in snake_case & \\<script>"),
        ("", ""),
    ],
)
def test_what_an_editor_finds_of_a_block_reads_well_and_is_read_again(html: str, text: str) -> None:
    assert write_body((), html) == text
    assert read_markdown(text) == read_html(html).blocks


def test_notes_stand_below_the_text_and_are_numbered_in_its_order() -> None:
    html = "<p>A<sup>[1]</sup> b<sup>[2]</sup>.</p><h2>Notes</h2><p>[1] One.</p><p>[2] Two <em>of</em> it.</p>"
    text = "A[^1] b[^2].\n\n[^1]: One.\n\n[^2]: Two *of* it."

    assert write_body((), html) == text
    sections, _ = read_body("A[^1] new[^x] b[^2].\n\n[^x]: New.\n[^1]: One.\n[^2]: Two.")

    assert sections == (
        Section(name="", paragraphs=("A[1] new[2] b[3].",)),
        Section(name="Notes", paragraphs=("[1] One.", "[2] New.", "[3] Two.")),
    )


def test_a_note_that_another_field_refers_to_keeps_its_number() -> None:
    html = "<p>b<sup>[2]</sup></p>\n<h2>Notes</h2>\n<p>[1] Of the standfirst.</p>\n<p>[2] Two.</p>"

    assert read_body(write_body((), html))[1] == html


def test_notes_in_no_order_stay_as_they_came() -> None:
    html = "<p>a<sup>[2]</sup> b<sup>[1]</sup></p>\n<h2>Notes</h2>\n<p>[1] One.</p>\n<p>[2] Two.</p>"

    assert write_body((), html) == "a<sup>[2]</sup> b<sup>[1]</sup>\n\n## Notes\n\n[1] One.\n\n[2] Two."
    assert read_body(write_body((), html))[1] == html


def test_a_number_without_a_note_stays_a_raised_number() -> None:
    html = "<p>b<sup>[2]</sup></p>"

    assert write_body((), html) == "b<sup>[2]</sup>"


def test_sections_without_markup_are_headings_and_paragraphs() -> None:
    sections = (
        Section(name="", paragraphs=("Above.",)),
        Section(name="BACKGROUND", paragraphs=("*No* emphasis.", "# No heading.")),
    )

    text = write_body(sections, None)

    assert text == "Above.\n\n## BACKGROUND\n\n\\*No\\* emphasis.\n\n\\# No heading."
    assert read_body(text)[0] == sections


def test_words_below_a_picture_are_no_part_of_the_text() -> None:
    sections, html = read_body(f'One.\n\n![A ferry]({PICTURE} "Ann Example, CC BY 4.0")')

    assert sections == (Section(name="", paragraphs=("One.",)),)
    assert "<figcaption>Ann Example, CC BY 4.0</figcaption>" in (html or "")


def test_a_picture_is_added_behind_all_that_there_is() -> None:
    text = add_picture("One.\n\n- a\n", PICTURE, alt="[A]  ferry", credit=" Ann,\nCC BY ")

    assert text == f'One.\n\n- a\n\n![\\[A\\] ferry]({PICTURE} "Ann, CC BY")'
    assert add_picture("", PICTURE, alt="", credit="") == f"![]({PICTURE})"


def test_a_script_that_is_typed_comes_out_as_text() -> None:
    _, html = read_body("<script>alert(1)</script> and <img src=x onerror=alert(1)> and <b>")

    assert html == ("<p>&lt;script&gt;alert(1)&lt;/script&gt; and &lt;img src=x onerror=alert(1)&gt; and &lt;b&gt;</p>")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a\n\n[b](javascript:alert(1))", "Line 3: a link leads to an address that begins with https://, http://"),
        ("[b](/articles/3)", "Line 1: a link leads to an address"),
        ('[b](https://example.org/ "title")', "Line 1: a link has an address alone"),
        ("![b](https://example.org/pixel.gif)", "Line 1: a picture in the text is stored here first"),
        (f"a\nb ![c]({PICTURE})", "Line 2: a picture stands alone"),
        ("a[^1]\nb[^2]\n\n[^1]: c", "Line 2: the note [^2] has no text; write it below, in a line that begins [^2]:"),
        ("a[^1]\n\n[^1]: b\n[^1]: c", "Line 4: the note [^1] has a text already, in line 3"),
        ("a\n\n```\nb", "Line 3: what ``` begins has no end; write ``` below it"),
        ("```python\nb\n```", "Line 1: nothing may stand behind ```"),
        ("a\n\n```{=html}\n<div>b</div>\n```", "Line 3: a block of HTML may not hold <div>"),
        ("```{=html}\n<p onclick='x()'>b</p>\n```", "Line 1: a block of HTML may not hold the attribute onclick"),
        ("```{=html}\n<a href='javascript:x()'>b</a>\n```", "may not hold a link to what is no address"),
        ("```{=html}\n<img src='https://example.org/'>\n```", "may not hold a picture from elsewhere"),
        ("```{=html}\n<!-- b --><!doctype x><?x?>\n```", "may not hold a comment"),
        ("a <sub>b\n\nc", "Line 1: <sub> has no end; write </sub> behind the words, or \\<sub> for the sign"),
        ("a\n*b <sub>c* d</sub>", "Line 2: </em> ends what does not begin within the same marks"),
        ("a\n\n1914. b", "Line 3: a numbered list begins with 1; where 1914 begins a sentence, write 1914\\."),
        ("| a |\n| --- |\n| b | c |", "Line 3: the row has 2 cells, and the table’s first row has 1"),
        ("> | a |\n> | --- |\n> | b | c |", "Line 3: the row has 2 cells"),
        ("> " * 80 + "a", "Line 1: quotations and lists stand too deep within each other"),
        ("a" * (LONGEST + 1), "Line 1: the text has 400,001 characters; at most 400,000 are taken"),
    ],
)
def test_a_mark_that_means_nothing_is_named_with_its_line(text: str, sentence: str) -> None:
    with pytest.raises(UnreadableTextError, match=re.escape(sentence)):
        read_body(text)


def test_the_sentence_shows_the_beginning_of_its_line() -> None:
    with pytest.raises(UnreadableTextError) as caught:
        read_body("First.\n\nThe ferry has a [timetable](ferry.pdf) that nobody keeps.")

    assert str(caught.value) == (
        "Line 3: a link leads to an address that begins with https://, http:// or mailto:, not to 'ferry.pdf' "
        "(“The ferry has a [timetable](ferry.pdf) t…”)."
    )


@pytest.mark.parametrize(
    "text", ["a\n===", "    a", "&copy; &amp;", "[a]: https://example.org", "#a", "<b>a</b>", "a_b_c"]
)
def test_what_only_those_who_know_markdown_expect_stays_the_text_that_was_typed(text: str) -> None:
    assert [plain(block.spans) for block in read_markdown(text)] == [" ".join(text.split())]


def test_a_body_that_is_too_long_to_be_saved_is_shown_all_the_same() -> None:
    html = f"<p>{'a' * (LONGEST + 1)}</p>"

    assert write_body((), html) == f"```{{=html}}\n{html}\n```"


def test_lists_may_stand_as_deep_within_each_other_as_a_body_keeps_them() -> None:
    html = "<ul><li>" * 15 + "deep" + "</li></ul>" * 15

    assert read_body(write_body((), html))[1] == html
    with pytest.raises(UnreadableTextError, match="too deep within each other"):
        read_body("- " * 16 + "deep")


def test_an_address_alone_is_a_link() -> None:
    assert write_body((), read_body("See <https://example.org/a_b>.")[1]) == (
        "See [https://example.org/a_b](https://example.org/a_b)."
    )


def test_html_that_nests_without_end_keeps_its_words() -> None:
    html = "<blockquote>" * 2_000 + "deep" + "<ul><li>" * 500 + "deeper"

    assert only_words(read_body(write_body((), html))[1] or "") == "deep deeper"


def test_words_are_replaced_wherever_formats_part_them_and_where_they_describe_a_picture() -> None:
    html = (
        f'<p>By <em>Ben</em> Sample &amp; Sons.</p><ul><li>Ben S</li></ul><p><img src="{PICTURE}" alt="Ben Sample"></p>'
    )

    replaced = replace_in_blocks(read_html(html).blocks, "Ben Sample", "[gone]")

    assert write_blocks(replaced) == (
        f'<p>By <em>[gone]</em> &amp; Sons.</p>\n<ul><li>Ben S</li></ul>\n<p><img src="{PICTURE}" alt="[gone]"></p>'
    )


def test_the_size_of_a_picture_is_said_where_it_is_known() -> None:
    picture = Picture(digest="0123456789abcdef0123456789abcdef", suffix="jpg", width=20, height=10)
    html = f'<p><img src="{PICTURE}" alt="&quot;a&quot;" width="1" height="1"></p>'

    assert list_pictures(html) == (PICTURE,)
    assert size_pictures(html, {PICTURE: picture}) == html.replace('"1" height="1"', '"20" height="10"')
    assert size_pictures(html, {}) == html


@pytest.mark.parametrize(
    ("html", "clean"),
    [
        ("loose<p>b", "<p>loose</p>\n<p>b</p>"),
        ("<a href='https://example.org/'><p>a</p></a>", '<p><a href="https://example.org/" {rel}>a</a></p>'),
        ("<a>a</a> <a href='https://[x'>b</a>", "<p>a b</p>"),
        ("<em> a </em>b<b></b>", "<p><em>a</em> b</p>"),
        ("<h2><p>a</p></h2></em></div>", "<h2>a</h2>"),
        ("<ul>a<li>b</li><ul><li>c</li></ul></ul>", "<ul><li>a</li><li>b</li><li><ul><li>c</li></ul></li></ul>"),
        ("<li>a</li>", "<ul><li>a</li></ul>"),
        ("<dl>a<dt>b</dt></dl>", "<dl><dd>a</dd><dt>b</dt></dl>"),
        (
            f"<figure><p>a</p><img src='{PICTURE}'><h2>b</h2></figure>",
            f'<p>a</p>\n<p><img src="{PICTURE}" alt=""></p>\n<h2>b</h2>',
        ),
        ("<table><tr><td></td></tr></table><p> </p><pre>\n</pre>", ""),
        (
            "<table>a<p>b</p><tbody>c</tbody></table>",
            "<table><tbody><tr><td>a</td></tr><tr><td>b</td></tr><tr><td>c</td></tr></tbody></table>",
        ),
    ],
)
def test_html_of_any_making_gets_one_form(html: str, clean: str) -> None:
    expected = clean.format(rel='rel="noopener noreferrer nofollow"') if "{rel}" in clean else clean

    assert write_blocks(read_html(html).blocks) == expected
