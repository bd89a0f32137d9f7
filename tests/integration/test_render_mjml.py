"""The official compiler, as it runs on this machine."""

from __future__ import annotations

import os
import resource
from dataclasses import replace
from pathlib import Path

import pytest

from builders import a_masthead, a_teaser, an_issue, the_sample_issue
from html_reading import read_html
from newsletter.domain.issue import Issue, RenderedVariant, Slot
from newsletter.errors import ConfigurationError, RenderError
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Compiler, Mrml, NodeMjml, choose_compiler

GOLDEN = Path(__file__).parents[1] / "unit" / "render" / "golden" / "articles-events-news.mjml.html"

FRAME = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


@pytest.fixture(scope="module")
def official() -> Compiler:
    try:
        return choose_compiler("mjml")
    except ConfigurationError as error:
        pytest.skip(str(error))


def html_of(variant: RenderedVariant) -> str:
    return variant.html.fill({Slot.UNSUBSCRIBE: "leave-token", Slot.PREFERENCES: "choose-token"})


@pytest.mark.parametrize(
    "issue",
    [
        the_sample_issue(),
        replace(the_sample_issue(), masthead=a_masthead(language="ar")),
        an_issue(lead=a_teaser(headline='</mj-text> {{ 7*7 }} <script> =?utf-8? 🦊 "quoted" ' + "w" * 2_000)),
    ],
    ids=["sample", "from the right", "hostile"],
)
def test_both_compilers_give_the_same_words_links_and_pictures(official: Compiler, issue: Issue) -> None:
    by_node, by_mrml = render_issue(issue, compiler=official), render_issue(issue, compiler=Mrml())

    assert by_node.variants.keys() == by_mrml.variants.keys()
    for topics, variant in by_node.variants.items():
        assert read_html(html_of(variant)) == read_html(html_of(by_mrml.variants[topics]))
        assert variant.text == by_mrml.variants[topics].text
        assert variant.html.slots == set(Slot)


def test_the_official_compiler_gives_the_stored_bytes(official: Compiler) -> None:
    rendered = html_of(render_issue(the_sample_issue(), compiler=official).full)
    if os.environ.get("WRITE_GOLDEN"):
        GOLDEN.write_text(rendered, encoding="utf-8")

    assert rendered == GOLDEN.read_text(encoding="utf-8"), "if that is meant, run it again with WRITE_GOLDEN=1"


def test_the_sample_is_as_small_with_the_official_compiler_and_fetches_no_font(official: Compiler) -> None:
    html = html_of(render_issue(the_sample_issue(), compiler=official).full)

    assert len(html.encode()) <= 45_000
    assert html.startswith("<!doctype html>")
    assert "fonts.googleapis.com" not in html
    assert "mj-include" not in html


def test_a_compile_of_all_variants_costs_about_a_start_of_node(official: Compiler) -> None:
    seconds = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        render_issue(the_sample_issue(), compiler=official)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        seconds.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)

    assert min(seconds) <= 1.0  # of processor time: a quarter alone on a machine, more beside other tests


def test_the_official_compiler_is_taken_where_it_is_installed(official: Compiler) -> None:
    assert choose_compiler("auto").name == official.name
    assert official.name.startswith("mjml (")


@pytest.mark.parametrize(
    ("mjml", "complaint"),
    [
        (FRAME.format("<mj-nonsense />"), "mj-nonsense"),
        (FRAME.format('<mj-text colour="red">x</mj-text>'), "colour"),
        (FRAME.format("<mj-text>open"), "not well-formed"),
        ('<mjml><mj-body><mj-include path="other.mjml" /></mj-body></mjml>', "mj-include"),
    ],
)
def test_what_the_official_compiler_dislikes_is_an_error_in_its_own_words(
    official: Compiler, mjml: str, complaint: str
) -> None:
    with pytest.raises(RenderError, match=complaint) as caught:
        official.compile(mjml)

    assert "undefined" not in str(caught.value)


def test_what_the_compiler_needs_seldom_is_there_when_it_does(official: Compiler) -> None:
    style = '<mj-head><mj-style inline="inline">.loud { color: red }</mj-style></mj-head>'
    body = FRAME.format('<mj-text><p class="loud">x</p></mj-text>')

    assert '<p class="loud" style="color: red;">' in official.compile(body.replace("<mjml>", f"<mjml>{style}"))


def test_a_compiler_that_hangs_is_stopped(tmp_path: Path) -> None:
    hanging = _program(tmp_path, "exec sleep 30")

    with pytest.raises(RenderError, match=r"longer than 0\.2 seconds"):
        NodeMjml(tmp_path, node=hanging, seconds=0.2).compile(FRAME.format(""))


def test_a_compiler_that_fails_without_a_word_is_named_by_its_status(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="exit status 3"):
        NodeMjml(tmp_path, node=_program(tmp_path, "cat > /dev/null; exit 3")).compile(FRAME.format(""))


def test_a_compiler_that_cannot_be_run_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match="compiler ="):
        NodeMjml(tmp_path, node=tmp_path / "missing").compile(FRAME.format(""))


def _program(folder: Path, line: str) -> Path:
    program = folder / "mjml"
    program.write_text(f"#!/bin/sh\n{line}\n")
    program.chmod(0o755)
    return program
