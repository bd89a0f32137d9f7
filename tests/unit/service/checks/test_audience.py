from __future__ import annotations

import pytest

from checking import found, the_only
from draft_builders import a_proof, an_article_shown
from newsletter.domain.mailing import AudienceSize


@pytest.mark.parametrize(
    ("audience", "words"),
    [
        (AudienceSize(now=0, former=None), "no active subscriber"),
        (AudienceSize(now=0, former=1_000), "no active subscriber"),
        (AudienceSize(now=799, former=1_000), "799 readers, fewer by 20% than the last issue (1,000)"),
        (AudienceSize(now=2_500, former=1_000), "2,500 readers, more by 150% than the last issue (1,000)"),
    ],
)
def test_an_audience_that_changed_by_more_than_a_fifth_is_a_warning(audience: AudienceSize, words: str) -> None:
    finding = the_only("audience", a_proof(an_article_shown(), audience=audience))

    assert (finding.level.value, finding.where) == ("warning", "audience")
    assert words in finding.what


@pytest.mark.parametrize(
    "audience",
    [
        AudienceSize(now=5),
        AudienceSize(now=5, former=0),
        AudienceSize(now=800, former=1_000),
        AudienceSize(now=6, former=5),
    ],
)
def test_a_smaller_change_and_the_first_issue_pass(audience: AudienceSize) -> None:
    assert found("audience", a_proof(an_article_shown(), audience=audience)) == []
