from __future__ import annotations

import pytest

from builders import a_masthead
from draft_builders import (
    a_partner_shown,
    a_stored_article,
    an_announcement_shown,
    an_article,
    an_article_shown,
    an_issue_of,
)
from newsletter.domain.article import Image
from newsletter.domain.issue import ItemSlot, Slot
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.service.compose_issue import ShownItem
from newsletter.service.item_size import measure_item

_IMAGE = Image(url="https://journal.example/ferry.jpg", alt="A ferry", author="Ilse Maren")


def rendered_size(*shown: ShownItem) -> int:
    issue = an_issue_of(*shown, masthead=a_masthead(), subject="A subject", preheader="A preheader")
    html = render_issue(issue, compiler=Mrml()).full.html
    return len(html.fill(dict.fromkeys(Slot, "")).encode())


@pytest.mark.parametrize(
    "item",
    [
        an_article_shown(a_stored_article(5), slot=ItemSlot.FEATURE),
        an_article_shown(a_stored_article(5, an_article(image=_IMAGE)), slot=ItemSlot.FEATURE),
        an_article_shown(a_stored_article(5), slot=ItemSlot.EARLIER, reason="earlier article, issue 41"),
        an_announcement_shown(),
        a_partner_shown(),
    ],
    ids=["feature", "with image", "earlier", "announcement", "partner"],
)
def test_the_estimate_is_near_what_the_item_adds_to_the_letter(item: ShownItem) -> None:
    lead = an_article_shown()

    added = rendered_size(lead, item, item) - rendered_size(lead, item)

    assert 0.6 * added < measure_item(item) < 1.5 * added


def test_longer_words_weigh_more() -> None:
    assert measure_item(an_article_shown(teaser="é" * 100)) == measure_item(an_article_shown(teaser="x" * 200))
