"""Checks 1 to 7: MJML, HTML, the document's own words about itself, sizes, what is forbidden, what clients lack."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from lxml import html as parser

from html_reading import read_html
from letter_checks.node_tools import run_node
from letter_checks.once import Once
from letter_checks.press import PrintedIssue
from newsletter.domain.issue import Slot
from newsletter.mail.message import encode_quoted_printable
from newsletter.render.mjml import Mrml, choose_compiler

# Where a mail has to differ from a web page. Everything else that html-validate recommends is an error.
HTML_RULES = {
    "extends": ["html-validate:recommended", "html-validate:document"],
    "rules": {
        "no-inline-style": "off",  # style sheets are dropped by some clients
        "no-deprecated-attr": "off",  # align, width, bgcolor: Outlook on Windows lays out by them
        "no-conditional-comment": "off",  # MJML speaks to Outlook in them
        "void-style": "off",  # <br /> and <br> are the same
        "doctype-style": "off",  # and so are <!doctype> and <!DOCTYPE>
        "prefer-native-element": "off",  # MJML's role="article"; clients drop the native element
    },
}

MOST_BYTES = {"sample": 45_000}
CEILING = 90_000
MOST_STYLE_BYTES = 16_384

# Every client that caniemail 2.0.2 has whole data on; for the others it stops at the first feature that it cannot find.
CLIENTS = (
    *("aol.android", "aol.desktop-webmail", "aol.ios", "apple-mail.ios", "apple-mail.macos"),
    *("fastmail.desktop-webmail", "gmail.android", "gmail.desktop-webmail", "gmail.ios", "gmail.mobile-webmail"),
    *("gmx.desktop-webmail", "hey.desktop-webmail", "laposte.desktop-webmail", "mail-ru.desktop-webmail"),
    *("orange.android", "orange.desktop-webmail", "orange.ios", "outlook.android", "outlook.ios", "outlook.macos"),
    *("outlook.outlook-com", "outlook.windows", "outlook.windows-mail", "protonmail.android"),
    *("protonmail.desktop-webmail", "protonmail.ios", "samsung-email.android", "sfr.android", "sfr.desktop-webmail"),
    *("sfr.ios", "thunderbird.macos", "web-de.desktop-webmail", "yahoo.android", "yahoo.desktop-webmail", "yahoo.ios"),
)
# Who does not know it passes over it; without it Apple's mail programs would choose dark colours of their own.
PASSED_OVER = {"color-scheme meta tag", "color-scheme CSS property"}
BASELINE = Path(__file__).parent / "clients_of_empty_mjml.txt"
# A letter that says nothing, of the elements that any letter of ours is made of: what clients lack of it is MJML's own.
_EMPTY = "an empty letter"
EMPTY = """<mjml lang="en" dir="ltr"><mj-head><mj-title>.</mj-title><mj-preview>.</mj-preview></mj-head>
<mj-body background-color="#ffffff"><mj-section background-color="#ffffff"><mj-column>
<mj-image src="https://review.example/dot.png" alt="" href="https://review.example/" />
<mj-text font-weight="bold">.</mj-text></mj-column></mj-section></mj-body></mjml>"""


Complaints = Mapping[str, Sequence[str]]


@pytest.fixture(scope="session")
def of_mjml(once: Once, every_printed: Sequence[PrintedIssue]) -> Complaints:
    letters = {printed.name: printed.mjml for printed in every_printed}
    return once("complaints of mjml", lambda: run_node("mjml.mjs", {"letters": letters}))


@pytest.fixture(scope="session")
def of_html(once: Once, every_printed: Sequence[PrintedIssue]) -> Complaints:
    letters = {printed.name: printed.html for printed in every_printed}
    return once("complaints of html", lambda: run_node("html.mjs", {"letters": letters, "config": HTML_RULES}))


@pytest.fixture(scope="session")
def of_clients(once: Once, every_printed: Sequence[PrintedIssue]) -> Complaints:
    """Give what clients lack of each issue, and of MJML's own empty frame under the name ``_EMPTY``."""
    letters = {printed.name: printed.html for printed in every_printed}
    if (compiler := choose_compiler("auto")).name != "mrml":
        letters[_EMPTY] = compiler.compile(EMPTY)
    return once("complaints of clients", lambda: run_node("clients.mjs", {"letters": letters, "clients": CLIENTS}))


def test_the_official_compiler_has_nothing_against_the_mjml(printed: PrintedIssue, of_mjml: Complaints) -> None:
    assert of_mjml[printed.name] == []


def test_the_official_compiler_would_say_so() -> None:
    broken = "<mjml><mj-body><mj-section><mj-column><mj-text colour='red'>.</mj-text></mj-column></mj-section>"
    included = '<mj-include path="./other.mjml" /></mj-body></mjml>'

    attribute, denied = run_node("mjml.mjs", {"letters": {"": broken + included}})[""]

    assert "colour" in attribute
    assert denied == "mj-include denied"


def test_both_compilers_make_the_same_letter_of_it(printed: PrintedIssue) -> None:
    of_mrml = Mrml().compile(printed.mjml)
    slots = {slot.value for slot in printed.rendered.full.html.slots}

    assert slots == {"unsubscribe", "preferences"}
    by_node, by_mrml = read_html(printed.rendered.full.html.fill(dict.fromkeys(Slot, "x"))), read_html(of_mrml)
    assert (by_mrml.text, by_mrml.images, by_mrml.headings) == (by_node.text, by_node.images, by_node.headings)
    assert [name for _, name in by_mrml.links] == [name for _, name in by_node.links]


def test_the_html_is_valid(printed: PrintedIssue, of_html: Complaints) -> None:
    assert of_html[printed.name] == []


def test_the_validator_would_say_so(sample: PrintedIssue) -> None:
    broken = sample.html.replace("</h1>", "</h2>", 1).replace(" alt=", " aalt=", 1)

    complaints = " ".join(run_node("html.mjs", {"letters": {"": broken}, "config": HTML_RULES})[""])

    assert "close-order" in complaints
    assert "wcag/h37" in complaints


def test_the_document_says_what_it_is(printed: PrintedIssue) -> None:
    language = printed.issue.masthead.language
    root = parser.document_fromstring(printed.html)

    assert re.match(r"<!doctype html>\s*<html ", printed.html)
    assert root.get("lang") == language
    assert root.get("dir") == ("rtl" if language == "ar" else "ltr")
    assert root.findtext(".//title") == printed.issue.subject
    assert "charset=UTF-8" in root.xpath("//meta[@http-equiv='Content-Type']/@content")[0]
    assert root.xpath("//meta[@name='color-scheme']/@content") == ["light dark"]
    assert len(root.xpath("//h1")) == 1
    headings = [" ".join(heading.text_content().split()) for heading in root.xpath("//h2")]
    for teaser in filter(None, (printed.issue.lead, *printed.issue.features)):
        assert " ".join(teaser.headline.split()) in headings
    assert not root.xpath("//table[not(@role='presentation')]")


def test_the_letter_is_small_enough_to_be_shown_whole(printed: PrintedIssue) -> None:
    most = MOST_BYTES.get(printed.name, CEILING)

    assert len(printed.html.encode()) <= most
    assert len(encode_quoted_printable(printed.html)) <= most
    for style in re.findall(r"<style.*?</style>", printed.html, re.DOTALL):
        assert len(style.encode()) <= MOST_STYLE_BYTES


def test_the_large_issue_has_all_its_articles(printed: PrintedIssue) -> None:
    if printed.name == "large":
        assert printed.issue.lead
        assert len(printed.issue.features) == 24


def test_nothing_forbidden_and_no_empty_slot_is_in_the_letter(printed: PrintedIssue) -> None:
    root = parser.document_fromstring(printed.html)
    nodes = list(root.iter(parser.etree.Element))
    forbidden = {"script", "form", "input", "button", "iframe", "object", "embed", "link", "base", "svg", "video"}

    assert forbidden.isdisjoint({node.tag for node in nodes})
    assert not [name for node in nodes for name in node.attrib if name.startswith("on")]
    assert not [node.attrib for node in nodes for name in ("href", "src") if node.get(name, "https:")[:6] != "https:"]
    styles = " ".join([*(node.get("style", "") for node in nodes), *root.xpath("//style/text()")])
    assert not re.search(r"@import|@font-face|url\(|expression|flex|grid|position:", styles)
    assert not [image for image in root.iter("img") if "1" in {image.get("width"), image.get("height")}]
    hidden = [node for node in nodes if re.search(r"display:\s*none|visibility:\s*hidden", node.get("style", ""))]
    assert [node.get("class") for node in hidden] == ["preheader"]
    for part in (printed.html, printed.text):
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\ufffe\uffff]", part)
    _check_slots(printed)


def _check_slots(printed: PrintedIssue) -> None:
    """Every brace of a template's language was in the sources, and so was every word that looks like a marker."""
    said = repr(printed.issue)
    for part in (printed.html, printed.text):
        for brace in ("{{", "}}", "{%", "%}"):
            assert brace not in part or brace in said
        assert not re.search(r"[0-9a-f]{24}(?:unsubscribe|preferences|:)", part)
        for word in ("None", "undefined", "Markup("):
            assert word not in part


def test_what_clients_lack_of_an_empty_letter_is_as_stored(of_clients: Complaints) -> None:
    if os.environ.get("WRITE_GOLDEN"):
        BASELINE.write_text("\n".join(of_clients[_EMPTY]) + "\n", encoding="utf-8")

    assert list(of_clients[_EMPTY]) == BASELINE.read_text(encoding="utf-8").splitlines()


def test_no_client_lacks_what_it_does_not_lack_of_an_empty_letter(
    printed: PrintedIssue, of_clients: Complaints
) -> None:
    baseline = BASELINE.read_text(encoding="utf-8").splitlines()
    beyond = [pair for pair in of_clients[printed.name] if pair not in baseline]

    assert not [pair for pair in beyond if pair.partition(": ")[2] not in PASSED_OVER]
