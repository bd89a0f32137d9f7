from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.errors import RenderError
from newsletter.render.templates import close_gaps, fill_template, open_templates, wrap_lines


def fill(folder: Path, content: str, *, name: str = "letter.html.j2", **value: object) -> str:
    (folder / name).write_text(content)
    return fill_template(open_templates((folder,)), name, **value)


def test_markup_is_escaped_in_html_and_left_alone_in_text(tmp_path: Path) -> None:
    assert fill(tmp_path, "{{ it }}", it='<b> & "c"') == "&lt;b&gt; &amp; &#34;c&#34;"
    assert fill(tmp_path, "{{ it }}", name="letter.txt.j2", it='<b> & "c"') == '<b> & "c"'


def test_what_xml_forbids_never_leaves_a_template_not_even_through_a_macro(tmp_path: Path) -> None:
    content = "{% macro say(it) %}[{{ it }}]{% endmacro %}{{ it }}{{ say(it) }}"

    assert fill(tmp_path, content, it="a\x00\x0b\x85\ud800\uffffb\t") == "ab\t[ab\t]"


def test_an_undefined_name_is_refused_with_the_template(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"letter\.html\.j2.*missing"):
        fill(tmp_path, "{{ missing }}")


def test_a_template_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(RenderError, match=r"nowhere\.j2"):
        fill_template(open_templates((tmp_path,)), "nowhere.j2")


def test_lines_are_wrapped_and_only_web_addresses_may_be_longer() -> None:
    url = "https://review.example/" + "a" * 100

    lines = wrap_lines(f"{'word ' * 30} {url} {'y' * 200}").split("\n")

    assert url in lines
    assert all(len(line) <= 76 for line in lines if line != url)
    assert "".join(lines).count("y") == 200


def test_a_list_item_hangs_under_its_mark() -> None:
    first, second = wrap_lines("word " * 20, "* ").split("\n")

    assert first.startswith("* word")
    assert second.startswith("  word")


def test_gaps_close_to_one_blank_line() -> None:
    assert close_gaps("\n\na  \n \n\n\nb\nc\n\n") == "a\n\nb\nc\n"
