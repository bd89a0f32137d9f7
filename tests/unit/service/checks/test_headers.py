from __future__ import annotations

from dataclasses import replace

import pytest

from checking import a_complete_proof, found, the_only
from draft_builders import A_SENDER, a_partner_shown, a_proof, an_article_shown
from newsletter.domain.letter import Sender


def test_a_sound_letter_passes() -> None:
    assert found("headers", a_complete_proof()) == []


@pytest.mark.parametrize(
    ("sender", "words"),
    [
        (replace(A_SENDER, feedback_id="abc"), "Feedback-ID is"),
        (replace(A_SENDER, list_id="editors@review.example"), "List-Id is"),
        (replace(A_SENDER, bounce_address="<{token}>@review.example"), "List-Unsubscribe is"),
        (replace(A_SENDER, name="The Review\r\nBcc: everybody@example.org"), "From holds a control character"),
    ],
)
def test_a_header_that_receivers_would_not_understand_is_an_error_said_once(sender: Sender, words: str) -> None:
    finding = the_only("headers", a_proof(an_article_shown(), sender=sender))

    assert finding.level.value == "error"
    assert words in finding.what


def test_without_a_sender_or_anything_to_say_there_is_no_letter() -> None:
    assert found("headers", a_proof(an_article_shown(), sender=None)) == []
    assert found("headers", a_proof(a_partner_shown())) == []
