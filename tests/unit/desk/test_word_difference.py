"""Two texts in one."""

from newsletter.desk.word_difference import Piece, compare


def test_words_that_went_came_and_stayed_are_told_apart() -> None:
    assert compare("A long day", "A short day") == (
        Piece("same", "A "),
        Piece("gone", "long"),
        Piece("new", "short"),
        Piece("same", " day"),
    )


def test_nothing_is_lost_of_either_text() -> None:
    before, after = "One two.\n\nThree four five.", "Two.\n\nThree  four six seven."
    pieces = compare(before, after)

    assert "".join(piece.text for piece in pieces if piece.kind != "new") == before
    assert "".join(piece.text for piece in pieces if piece.kind != "gone") == after


def test_texts_as_long_as_a_book_are_shown_one_after_the_other() -> None:
    before, after = "a b " * 3_000, "a c " * 3_000

    assert compare(before, after) == (Piece("gone", before), Piece("new", after))
