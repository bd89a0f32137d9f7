from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.domain.composition import Revision, TextField, TextName, find_redo, find_standing, find_undo
from newsletter.errors import InputError

AINO, TOMAS = "Aino Salo", "Tomas Brandt"


def revisions(*made: tuple[str, int | None]) -> list[Revision]:
    """Make a history: changes from 1 on, each by its editor, with the one that it takes back."""
    drafted = Revision(number=0, made_at=datetime(2026, 12, 1, tzinfo=UTC), made_by="", told="drafted")
    return [
        drafted,
        *(
            Revision(number=number, made_at=drafted.made_at, made_by=by, told="moved", takes_back=takes_back)
            for number, (by, takes_back) in enumerate(made, start=1)
        ),
    ]


def undo(listed: list[Revision], by: str = AINO) -> int | None:
    found = find_undo(listed, by=by)
    return found.number if found else None


def redo(listed: list[Revision], by: str = AINO) -> int | None:
    found = find_redo(listed, by=by)
    return found.number if found else None


@pytest.mark.parametrize("text", ["subject", "preheader", "note", "headline:12", "teaser:3"])
def test_a_text_is_named_by_its_field_and_its_article(text: str) -> None:
    assert str(TextName.parse(text)) == text


@pytest.mark.parametrize("text", ["", "headline", "subject:3", "headline:x", "title:3"])
def test_a_name_that_names_no_text_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="names no text"):
        TextName.parse(text)


def test_the_text_of_an_article_has_that_article() -> None:
    assert str(TextName(TextField.TEASER, 3).item) == "article 3"


def test_undo_takes_back_ones_own_latest_change() -> None:
    listed = revisions((AINO, None), (AINO, None), (TOMAS, None))

    assert (undo(listed), undo(listed, TOMAS), undo(listed, "Ilse Maren")) == (2, 3, None)


def test_undo_goes_on_backwards_and_redo_comes_back_the_same_way() -> None:
    once = revisions((AINO, None), (AINO, None), (AINO, 2))
    twice = revisions((AINO, None), (AINO, None), (AINO, 2), (AINO, 1))
    again = revisions((AINO, None), (AINO, None), (AINO, 2), (AINO, 1), (AINO, 4))

    assert (undo(once), redo(once)) == (1, 3)
    assert (undo(twice), redo(twice)) == (None, 4)
    assert (undo(again), redo(again)) == (1, 3)


def test_what_was_undone_and_done_again_stands() -> None:
    listed = revisions((AINO, None), (AINO, 1), (AINO, 2))

    assert find_standing(listed) == {0, 1, 3}


def test_a_new_change_leaves_nothing_to_do_again() -> None:
    assert redo(revisions((AINO, None), (AINO, 1), (AINO, None))) is None


def test_what_another_editor_does_leaves_my_redo() -> None:
    assert redo(revisions((AINO, None), (AINO, 1), (TOMAS, None))) == 2
