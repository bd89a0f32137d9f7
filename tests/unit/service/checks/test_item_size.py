from __future__ import annotations

from checking import found
from draft_builders import a_proof, an_article_shown


def test_a_single_large_item_is_a_warning() -> None:
    proof = a_proof(an_article_shown(teaser="The night ferry sails on. " * 400))

    assert found("item_size", proof) == [("warning", "article 1")]


def test_an_ordinary_one_passes() -> None:
    assert found("item_size", a_proof(an_article_shown())) == []
