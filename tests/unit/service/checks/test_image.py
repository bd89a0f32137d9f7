from __future__ import annotations

from checking import found, the_only
from draft_builders import a_proof, a_stored_article, an_article, an_article_shown
from newsletter.domain.article import Image
from newsletter.domain.issue import ItemSlot


def test_an_image_of_which_no_picture_is_stored_is_named() -> None:
    image = Image(url="https://journal.example/f.jpg", alt="A ferry", licence="CC BY 4.0")

    finding = the_only("image", a_proof(an_article_shown(a_stored_article(1, an_article(image=image)))))

    assert finding.what == "No picture could be had from https://journal.example/f.jpg, so the image is left out."


def test_a_caption_without_an_image_and_earlier_articles_are_not_looked_at() -> None:
    bare = an_article(headline="Earlier", image=Image(url="f.jpg"))
    proof = a_proof(
        an_article_shown(a_stored_article(1, an_article(image=Image(author="Harbour Archive")))),
        an_article_shown(a_stored_article(2, bare), slot=ItemSlot.EARLIER),
    )

    assert found("image", proof) == []
