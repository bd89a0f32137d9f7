from __future__ import annotations

import pytest

from checking import found
from draft_builders import a_proof, an_article_shown


@pytest.mark.parametrize("preheader", ["x" * 39, "x" * 131, "x" * 50 + "\n", "=?" + "x" * 50])
def test_a_preheader_has_its_limits(preheader: str) -> None:
    assert found("preheader", a_proof(an_article_shown(), preheader=preheader)) == [("error", "preheader")]


@pytest.mark.parametrize("preheader", ["x" * 40, "x" * 130])
def test_within_them_it_passes(preheader: str) -> None:
    assert found("preheader", a_proof(an_article_shown(), preheader=preheader)) == []
