from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.subject_line import (
    LONGEST_PREHEADER,
    LONGEST_SUBJECT,
    SHORTEST_PREHEADER,
    derive_preheader,
    derive_subject,
)


def test_a_headline_that_fits_is_the_subject() -> None:
    assert derive_subject("The Ferry  That Outlived\nThree Treaties") == "The Ferry That Outlived Three Treaties"


def test_a_long_headline_is_cut_at_a_word_end() -> None:
    headline = "Who Pays for the Mountain Railway, and Who Has Found a Reason Why the Others Should Pay"

    assert derive_subject(headline) == ("Who Pays for the Mountain Railway, and Who Has Found a Reason Why the Others…")


@given(st.text(min_size=1))
def test_no_derived_subject_is_too_long(headline: str) -> None:
    assert len(derive_subject(headline)) <= LONGEST_SUBJECT


def test_a_preheader_ends_with_a_sentence_where_sentences_are_long_enough() -> None:
    text = "Every agreement on the Velmar Strait has failed within a decade. " + "The night ferry sails on. " * 5

    assert derive_preheader([text]) == (
        "Every agreement on the Velmar Strait has failed within a decade. The night ferry sails on. "
        "The night ferry sails on."
    )


def test_a_first_sentence_that_is_too_long_is_cut_at_a_word_end() -> None:
    preheader = derive_preheader(["ferries and harbours " * 20])

    assert preheader.endswith(" harbours…")
    assert SHORTEST_PREHEADER <= len(preheader) <= LONGEST_PREHEADER


def test_short_sentences_before_a_very_long_one_are_not_left_alone() -> None:
    preheader = derive_preheader(["It is over. " + "ferries and harbours " * 20])

    assert preheader.startswith("It is over. ferries")
    assert len(preheader) >= SHORTEST_PREHEADER


def test_a_short_text_takes_in_the_next() -> None:
    assert derive_preheader(["Short.", "Who Pays for the Mountain Railway?", "Never reached."]) == (
        "Short. Who Pays for the Mountain Railway?"
    )


def test_where_there_is_too_little_all_of_it_is_taken() -> None:
    assert derive_preheader(["Short.", ""]) == "Short."


@given(st.lists(st.text(), max_size=4))
def test_no_derived_preheader_is_too_long(texts: list[str]) -> None:
    assert len(derive_preheader(texts)) <= LONGEST_PREHEADER
