from __future__ import annotations

import pytest
from lxml import html as parser

from newsletter.errors import ConfigurationError, RenderError
from newsletter.render.mjml import Mrml, choose_compiler

FRAME = '<mjml lang="en" dir="ltr"><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>'


def test_mrml_compiles_without_any_program() -> None:
    html = choose_compiler("mrml").compile(FRAME.format("<mj-text>Good morning</mj-text>"))

    assert html.startswith("<!doctype html>")
    assert "Good morning" in html


def test_mrml_links_no_font_even_if_a_theme_names_one_of_googles() -> None:
    html = Mrml().compile(FRAME.format('<mj-text font-family="Roboto">x</mj-text>'))

    assert "googleapis" not in html


@pytest.mark.parametrize(
    "words",
    ["عبّارة بيضاء", "a\\b \\u{651}", "no\u00a0break", "soft\u00adhyphen", "ﾊﾟ", "👩🏽‍🔬 🫩 𝔘", "Паром “é” – один"],
)
def test_mrml_keeps_every_character_of_an_attribute(words: str) -> None:
    html = Mrml().compile(FRAME.format(f'<mj-text><img src="https://a.example/" alt="{words}" /></mj-text>'))

    (image,) = parser.document_fromstring(html.encode(), parser=parser.HTMLParser(encoding="utf-8")).iter("img")
    assert image.get("alt") == words


@pytest.mark.parametrize(
    ("inside", "complaint"),
    [
        ("<mj-nonsense />", "no element mj-nonsense"),
        ("<mj-text>a < b</mj-text>", "not well-formed"),
        ("<mj-text>a&nbsp;b</mj-text>", "nbsp"),
        ('<mj-include path="other.mjml" />', "mrml refused"),
    ],
)
def test_mrml_is_made_as_strict_as_the_official_compiler(inside: str, complaint: str) -> None:
    with pytest.raises(RenderError, match=complaint):
        Mrml().compile(FRAME.format(inside))


def test_without_node_mrml_stands_in(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    assert choose_compiler("auto").name == "mrml"


def test_asking_for_the_official_compiler_without_node_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")

    with pytest.raises(ConfigurationError, match="npm ci"):
        choose_compiler("mjml")


def test_no_indentation_is_left_and_no_break_space_is_kept() -> None:
    html = Mrml().compile(FRAME.format("<mj-text>\n   \u00a0kept\n\n\n   </mj-text>"))

    assert "\n\u00a0kept\n" in html
    assert "\n\n" not in html
