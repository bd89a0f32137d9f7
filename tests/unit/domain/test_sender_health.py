"""When what is refused and what comes back is too much."""

from __future__ import annotations

import pytest

from newsletter.domain.sender_health import PauseThresholds, SenderFigures, find_pause_reason

LIMITS = PauseThresholds()


@pytest.mark.parametrize(
    "figures",
    [
        SenderFigures(accepted=99, rejected=100),  # not enough outcomes
        SenderFigures(accepted=191, rejected=9),  # not enough failures
        SenderFigures(accepted=4000, bounced=199),  # not enough in a hundred
        SenderFigures(accepted=10, complaints=2),
        SenderFigures(accepted=4000, complaints=3),
    ],
)
def test_what_is_ordinary_pauses_nothing(figures: SenderFigures) -> None:
    assert find_pause_reason(figures, LIMITS) is None


@pytest.mark.parametrize(
    ("figures", "words"),
    [
        (SenderFigures(accepted=190, rejected=10), "10 of 200 letters were rejected, more than 5 in a hundred"),
        (
            SenderFigures(accepted=200, bounced=10),
            "10 of 200 letters were accepted and came back for good, more than 5",
        ),
        (
            SenderFigures(accepted=195, rejected=5, bounced=5),
            "10 of 200 letters were rejected (5) or came back for good (5)",
        ),
        (SenderFigures(accepted=3000, complaints=3), "3 of 3000 readers reported the letter as spam, more than 0.1 in"),
    ],
)
def test_beyond_a_threshold_and_its_least_count_a_sentence_says_why(figures: SenderFigures, words: str) -> None:
    reason = find_pause_reason(figures, LIMITS)

    assert reason is not None
    assert reason.startswith(words)
    assert reason.endswith("before you resume.")


def test_what_an_editor_has_seen_counts_no_more() -> None:
    seen = SenderFigures(accepted=190, rejected=10, complaints=3)
    now = SenderFigures(accepted=380, rejected=19, complaints=1)  # two complaints were taken back

    assert now.since(seen) == SenderFigures(accepted=190, rejected=9, complaints=0, is_resumed=True)


def test_what_comes_on_top_is_told_from_the_letters_that_went_out_meanwhile() -> None:
    on_top = SenderFigures(accepted=200, bounced=200, is_resumed=True)

    assert find_pause_reason(on_top, LIMITS) == (
        "Since the mailing was resumed, 200 letters were accepted and came back for good and 200 went out: "
        "more than 5 in a hundred. Look at the reasons in the report before you resume."
    )
