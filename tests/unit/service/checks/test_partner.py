from __future__ import annotations

from dataclasses import replace

from builders import a_partner
from checking import found, the_only
from draft_builders import a_partner_shown, a_proof, a_stored_partner, an_article_shown, days_before


def test_partners_without_an_address_are_named() -> None:
    proof = a_proof(an_article_shown(), partners=[a_stored_partner(5, a_partner(name="Tarn", url=None))])

    assert the_only("partner", proof).what == "Tarn has no address and is not shown."


def test_a_partner_shown_outside_its_window_is_a_warning() -> None:
    over = replace(a_partner(), window_until=days_before(1))
    proof = a_proof(an_article_shown(), a_partner_shown(a_stored_partner(5, over)))

    assert found("partner", proof) == [("warning", "partner 5")]


def test_one_within_its_window_passes() -> None:
    proof = a_proof(an_article_shown(), a_partner_shown(), partners=[a_stored_partner(1)])

    assert found("partner", proof) == []
