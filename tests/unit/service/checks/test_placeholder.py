from __future__ import annotations

import pytest

from checking import found
from draft_builders import a_proof, an_article_shown


@pytest.mark.parametrize(
    "text", ["Dear {{ name }}", "{% if %}", "Lorem ipsum dolor", "A TODO", "[Headline here]", "[insert quote", "so }}"]
)
def test_leftover_placeholders_are_errors(text: str) -> None:
    proof = a_proof(an_article_shown(teaser=f"{text} and what follows, in a long enough sentence."), preheader="x" * 50)

    assert found("placeholder", proof) == [("error", "article 1")]


def test_words_that_only_contain_one_pass() -> None:
    teaser = "Todos los barcos {zarpan} [hoy], and the ipsum of the harbour does too."

    assert found("placeholder", a_proof(an_article_shown(teaser=teaser))) == []
