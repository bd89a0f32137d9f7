from __future__ import annotations

import pytest

from newsletter.domain.text_change import Piece, compare_blocks, compare_words, split_blocks

OLD = ("THE FERRY", "The night ferry has sailed through all of them.", "A LINE", "Its bonds fall due in spring.")


def told(before: tuple[str, ...], after: tuple[str, ...]) -> list[tuple[str, str]]:
    """Write each change as its kind and its words, [gone] and {new}."""
    marks = {(False, False): "%s", (True, False): "{%s}", (False, True): "[%s]"}
    return [
        (change.kind.value, "".join(marks[piece.is_new, piece.is_gone] % piece.text for piece in change.pieces))
        for change in compare_blocks(before, after)
    ]


def test_a_text_is_split_where_lines_are_blank_or_ruled_and_lines_are_joined() -> None:
    text = "\nONE\n\n----------------------------\nTWO\nThree  four\n   \nfive\n"

    assert split_blocks(text) == ("ONE", "TWO Three four", "five")


def test_the_same_blocks_have_no_changes() -> None:
    assert compare_blocks(OLD, OLD) == ()


def test_a_block_that_shares_most_of_its_words_is_reworded_and_says_where() -> None:
    after = (*OLD[:3], "Its bonds fall due next spring.")

    assert told(OLD, after) == [("reworded", "Its bonds fall due[ in]{ next} spring.")]


def test_blocks_that_share_little_went_and_came() -> None:
    after = (*OLD[:3], "Silos are full and the river is low.")

    assert told(OLD, after) == [
        ("added", "{Silos are full and the river is low.}"),
        ("removed", "[Its bonds fall due in spring.]"),
    ]


@pytest.mark.parametrize(
    ("after", "changes"),
    [
        (OLD[:2], [("removed", "[A LINE]"), ("removed", "[Its bonds fall due in spring.]")]),
        ((*OLD, "One more."), [("added", "{One more.}")]),
        ((*OLD[2:], *OLD[:2]), [("moved", OLD[2]), ("moved", OLD[3])]),
    ],
)
def test_blocks_go_come_and_move(after: tuple[str, ...], changes: list[tuple[str, str]]) -> None:
    assert told(OLD, after) == changes


def test_words_that_went_came_and_stayed_are_told_apart() -> None:
    assert compare_words("A long day", "A short day") == (
        Piece("A"),
        Piece(" long", is_gone=True),
        Piece(" short", is_new=True),
        Piece(" day"),
    )


def test_nothing_is_lost_of_either_text() -> None:
    before, after = "One two.\n\nThree four five.", "Two.\n\nThree  four six seven."
    pieces = compare_words(before, after)

    assert "".join(piece.text for piece in pieces if not piece.is_new) == before
    assert "".join(piece.text for piece in pieces if not piece.is_gone) == after


def test_texts_as_long_as_a_book_are_shown_one_after_the_other() -> None:
    before, after = "a b " * 3_000, "a c " * 3_000

    assert compare_words(before, after) == (Piece(before, is_gone=True), Piece(after, is_new=True))
