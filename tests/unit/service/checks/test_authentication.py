from __future__ import annotations

from dataclasses import replace

import pytest

from checking import found
from draft_builders import A_SENDER, a_proof, an_article_shown
from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Sender


def a_sender(address: str, bounce_address: str) -> Sender:
    return replace(A_SENDER, address=EmailAddress(address), bounce_address=bounce_address)


@pytest.mark.parametrize(
    ("address", "bounce_address"),
    [
        ("news@review.example", "b+{token}@review.example"),
        ("news@review.example", "b+{token}@Bounces.review.example"),
        ("news@mail.review.example", "b+{token}@bounces.review.example"),
        ("news@review.co.uk", "b@bounces.review.co.uk"),
    ],
)
def test_a_domain_of_ones_own_for_both_passes(address: str, bounce_address: str) -> None:
    sender = a_sender(address, bounce_address)

    assert found("authentication", a_proof(an_article_shown(), sender=sender)) == []


@pytest.mark.parametrize(
    ("address", "bounce_address"),
    [("news@review.example", "b+{token}@relay.example"), ("news@review.co.uk", "b+{token}@relay.co.uk")],
)
def test_reports_to_another_domain_are_a_warning(address: str, bounce_address: str) -> None:
    proof = a_proof(an_article_shown(), sender=a_sender(address, bounce_address))

    assert found("authentication", proof) == [("warning", "[mail] bounce_domain")]


@pytest.mark.parametrize(
    ("signing_domain", "expected"),
    [("relay.example", [("warning", "[dkim] domain")]), ("mail.review.example", []), (None, [])],
)
def test_a_signature_for_another_domain_is_a_warning(
    signing_domain: str | None, expected: list[tuple[str, str]]
) -> None:
    proof = replace(a_proof(an_article_shown()), signing_domain=signing_domain)

    assert found("authentication", proof) == expected


def test_an_address_at_a_mailbox_provider_is_a_warning() -> None:
    proof = a_proof(an_article_shown(), sender=a_sender("review@gmail.com", "b+{token}@gmail.com"))

    assert found("authentication", proof) == [("warning", "[mail] from")]


def test_without_a_sender_there_is_nothing_to_find() -> None:
    assert found("authentication", a_proof(an_article_shown(), sender=None)) == []
