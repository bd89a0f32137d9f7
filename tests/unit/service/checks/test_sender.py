from __future__ import annotations

from checking import found
from draft_builders import a_proof, an_article_shown


def test_a_missing_sender_is_an_error() -> None:
    assert found("sender", a_proof(an_article_shown(), sender=None)) == [("error", "[mail] from")]


def test_a_sender_passes() -> None:
    assert found("sender", a_proof(an_article_shown())) == []
