from __future__ import annotations

from dataclasses import replace

import pytest

from checking import found
from draft_builders import A_SENDER, a_proof, an_article_shown
from newsletter.domain.address import EmailAddress


@pytest.mark.parametrize("local", ["noreply", "no-reply", "No.Reply+42", "do-not-reply", "donotreply", "nobody"])
def test_an_address_that_nobody_reads_is_a_warning(local: str) -> None:
    sender = replace(A_SENDER, reply_to=EmailAddress(f"{local}@review.example"))

    assert found("reply_to", a_proof(an_article_shown(), sender=sender)) == [("warning", "[mail] reply_to")]


def test_where_both_are_the_same_it_is_said_once() -> None:
    address = EmailAddress("noreply@review.example")
    sender = replace(A_SENDER, address=address, reply_to=address)

    assert found("reply_to", a_proof(an_article_shown(), sender=sender)) == [("warning", "[mail] from")]


@pytest.mark.parametrize("local", ["editors", "replies", "norep"])
def test_somebodys_address_passes(local: str) -> None:
    sender = replace(A_SENDER, reply_to=EmailAddress(f"{local}@review.example"))

    assert found("reply_to", a_proof(an_article_shown(), sender=sender)) == []
    assert found("reply_to", a_proof(an_article_shown(), sender=None)) == []
