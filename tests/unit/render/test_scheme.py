from __future__ import annotations

import pytest

from builders import a_teaser, an_issue, the_sample_issue
from newsletter.domain.issue import Slot
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.render.scheme import Scheme, force_scheme

SAID = "Write (prefers-color-scheme: dark) and color-scheme: light dark."


def a_letter(text: str = "") -> str:
    issue = an_issue(lead=a_teaser(text=text)) if text else the_sample_issue()
    return render_issue(issue, compiler=Mrml()).full.html.fill(dict.fromkeys(Slot, "x"))


@pytest.mark.parametrize(("scheme", "answer"), [("dark", "@media (min-width: 0)"), ("light", "@media (max-width: 0)")])
def test_the_letters_own_question_is_answered(scheme: Scheme, answer: str) -> None:
    letter = a_letter()
    forced = force_scheme(letter, scheme)

    assert "@media (prefers-color-scheme: dark)" in letter
    assert "prefers-color-scheme" not in forced
    assert answer in forced
    assert f'<meta name="color-scheme" content="{scheme}"' in forced
    assert f":root {{ color-scheme: {scheme};" in forced


def test_what_an_article_says_about_schemes_stays() -> None:
    assert SAID in force_scheme(a_letter(SAID), "dark")
