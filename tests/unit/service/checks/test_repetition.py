from __future__ import annotations

import pytest

from checking import found
from draft_builders import a_proof, a_published_issue, a_stored_article, an_article_shown, days_before
from newsletter.domain.assembly import History
from newsletter.domain.issue import ItemSlot


def test_an_article_that_readers_have_had_is_a_warning_but_not_as_an_earlier_one() -> None:
    history = History(issues=(a_published_issue(41, days_before(14)),), articles={1: 41, 2: 41})
    proof = a_proof(
        an_article_shown(a_stored_article(1)),
        an_article_shown(a_stored_article(2), slot=ItemSlot.EARLIER),
        history=history,
    )

    assert found("repetition", proof) == [("warning", "article 1")]


def test_a_mailed_issue_does_not_repeat_itself() -> None:
    proof = a_proof(an_article_shown(a_stored_article(1)), history=History(articles={1: 42}))

    assert proof.draft.number == 42
    assert found("repetition", proof) == []


@pytest.mark.parametrize("subject", ["The same", "THE SAME"])
def test_a_subject_used_before_is_a_warning(subject: str) -> None:
    history = History(issues=(a_published_issue(41, days_before(14), subject="The same"),))
    proof = a_proof(an_article_shown(), subject=subject, history=history)

    assert found("repetition", proof) == [("warning", "subject")]


def test_two_articles_under_one_headline_are_a_warning() -> None:
    proof = a_proof(
        an_article_shown(a_stored_article(1), headline="Twice"),
        an_article_shown(a_stored_article(2), slot=ItemSlot.FEATURE, headline="Twice"),
    )

    assert found("repetition", proof) == [("warning", "headlines")]
