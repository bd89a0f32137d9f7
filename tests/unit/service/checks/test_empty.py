from __future__ import annotations

from checking import found
from draft_builders import a_partner_shown, a_proof, an_announcement_shown


def test_an_issue_that_says_nothing_is_empty() -> None:
    assert found("empty", a_proof(a_partner_shown())) == [("error", "issue 42")]


def test_an_announcement_is_something_to_read() -> None:
    assert found("empty", a_proof(an_announcement_shown())) == []
