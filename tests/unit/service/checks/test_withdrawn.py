from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from builders import an_event
from checking import found, the_only
from draft_builders import (
    NOW,
    a_partner_shown,
    a_proof,
    a_stored_announcement,
    a_stored_article,
    a_stored_partner,
    an_announcement_shown,
    an_article,
    an_article_shown,
    days_before,
)
from newsletter.domain.article import Image
from newsletter.domain.issue import ItemSlot
from newsletter.service.preflight import preflight


def test_what_was_withdrawn_is_named_and_not_checked_further() -> None:
    bad_image = an_article(image=Image(url="ferry.jpg"), headline="TODO", url="ftp://journal.example/")
    proof = a_proof(
        an_article_shown(a_stored_article(1)),
        an_article_shown(a_stored_article(2, bad_image, retracted_at=NOW), slot=ItemSlot.FEATURE),
        an_announcement_shown(a_stored_announcement(3, retracted_at=NOW)),
        a_partner_shown(a_stored_partner(4, retired_at=NOW)),
    )

    assert [(finding.check, finding.level.value, finding.where) for finding in preflight(proof)] == [
        ("withdrawn", "warning", "article 2"),
        ("withdrawn", "warning", "announcement 3"),
        ("withdrawn", "warning", "partner 4"),
    ]


def test_the_command_that_removes_it_is_given_as_it_is_typed() -> None:
    proof = a_proof(an_announcement_shown(a_stored_announcement(3, retracted_at=NOW)))

    assert the_only("withdrawn", proof).mend == "Remove it: newsletter issue arrange 42 --remove announcement:3."


@pytest.mark.parametrize("began", [days_before(1), NOW])
def test_an_event_that_has_begun_is_a_warning(began: dt.datetime) -> None:
    event = replace(an_event(starts_at=began), show_until=NOW + dt.timedelta(days=1))
    proof = a_proof(an_announcement_shown(a_stored_announcement(3, event)))

    assert found("withdrawn", proof) == [("warning", "announcement 3")]
