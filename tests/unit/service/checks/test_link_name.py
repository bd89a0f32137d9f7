from __future__ import annotations

import pytest

from checking import a_complete_proof, found, with_html


@pytest.mark.parametrize(
    "name", ["", "Here", "Read more …", "› подробнее", "<img src='https://review.example/f.png' alt=''>"]
)
def test_a_link_whose_name_says_nothing_is_an_error(name: str) -> None:
    assert found("link_name", with_html(f'<p><a href="https://review.example/1">{name}</a></p>')) == [("error", "HTML")]


def test_the_place_of_an_items_link_is_the_item() -> None:
    html = '<p><a href="https://review.example/articles/1">here</a></p>'

    assert found("link_name", with_html(html)) == [("error", "article 1")]


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://review.example/1">Here Be Dragons</a>',
        '<a href="https://review.example/1"><img src="https://review.example/f.png" alt="The Ferry"></a>',
        '<a href="https://review.example/1" aria-label="The Ferry"> </a>',
        '<a name="contents"></a>',
    ],
)
def test_a_name_is_words_or_the_text_of_a_picture(link: str) -> None:
    assert found("link_name", with_html(link)) == []


def test_the_projects_own_templates_name_every_link() -> None:
    assert found("link_name", a_complete_proof()) == []
