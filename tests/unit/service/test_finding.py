"""Advice that stands without its command."""

from __future__ import annotations

import pytest

from newsletter.service.finding import Finding, Level


@pytest.mark.parametrize(
    ("mend", "advice"),
    [
        ("Set one: newsletter articles edit 3 --headline TEXT.", "Set one."),
        ("Set from under [mail].", "Set from under [mail]."),
        ("Shorten or remove the largest items: article 1.", "Shorten or remove the largest items: article 1."),
    ],
)
def test_a_page_gives_the_advice_without_the_command(mend: str, advice: str) -> None:
    finding = Finding(check="c", level=Level.ERROR, where="subject", what="It is empty.", mend=mend)

    assert finding.advice == advice
