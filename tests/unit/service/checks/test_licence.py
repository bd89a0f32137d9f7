from __future__ import annotations

import pytest

from builders import a_picture
from checking import found
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown
from newsletter.domain.article import Image
from newsletter.service.proof import Proof


def a_proof_with(image: Image | None) -> Proof:
    picture = a_picture() if image and image.url and "://" in image.url else None
    return a_proof(an_article_shown(a_stored_article(1, an_article(image=image)), picture=picture))


def test_an_image_wants_a_licence() -> None:
    image = Image(url="https://review.example/f.jpg", alt="A ferry", licence=" ")

    assert found("licence", a_proof_with(image)) == [("warning", "image of article 1")]


@pytest.mark.parametrize(
    "image",
    [
        Image(url="https://review.example/f.jpg", alt="A ferry", licence="CC BY 4.0"),
        Image(url="f.jpg"),
        Image(author="Harbour Archive"),
        None,
    ],
    ids=["complete", "left out", "caption only", "none"],
)
def test_only_an_image_that_readers_get_is_looked_at(image: Image | None) -> None:
    assert found("licence", a_proof_with(image)) == []
