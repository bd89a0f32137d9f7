"""Tags from one cell of a list."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.segment import check_name
from newsletter.ingest.list_tags import read_tags


@pytest.mark.parametrize(
    ("cell", "tags"),
    [
        ("friends", ("friends",)),
        ("friends, press", ("friends", "press")),
        ('"Spring fair","Lind, Ida"', ("Spring fair", "Lind Ida")),
        ("friends; press", ("friends", "press")),
        ("friends|friends", ("friends",)),
        ("R&D, #vip, 50 %", ("R D", "vip", "50")),
        ("friends\nSpring fair,press", ("friends", "Spring fair", "press")),
        ("Cafe\u0301", ("Caf\u00e9",)),
        ('{"tags": ["friends", "press"], "vip": true, "lapsed": false}', ("friends", "press", "vip")),
        ('{"Lists": "friends, press"}', ("friends", "press")),
    ],
)
def test_names_are_read_and_tidied(cell: str, tags: tuple[str, ...]) -> None:
    assert read_tags(cell) == (tags, ())


@pytest.mark.parametrize(
    ("cell", "untaken"),
    [
        ("friends, !!!", ("!!!",)),
        (f"friends, {'x' * 51}", ("x" * 51,)),
        ("friends, \u0939\u093f\u0928\u094d\u0926\u0940", ("\u0939\u093f\u0928\u094d\u0926\u0940",)),
        ('{"tags": ["friends"], "city": "Basel", "phone": 12, "note": ""}', ("attribute city", "attribute phone")),
        ('friends\n{"tags": ', ("attributes that are not JSON",)),
        ('friends\n{"a":' + "[" * 100_000, ("attributes that are not JSON",)),
    ],
)
def test_what_is_no_tag_is_named(cell: str, untaken: tuple[str, ...]) -> None:
    assert read_tags(cell) == (("friends",), untaken)


def test_nobody_gets_tags_without_end() -> None:
    read = read_tags(",".join(f"tag {number}" for number in range(150)))

    assert len(read.tags) == 100
    assert read.untaken[0] == "tag 100"


@given(st.text() | st.text(alphabet="{}[]\":,;|\r\n'ab "))
def test_whatever_stands_there_a_tag_has_a_name_that_tags_may_have(cell: str) -> None:
    assert all(check_name(tag) == tag for tag in read_tags(cell).tags)
