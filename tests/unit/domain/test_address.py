"""Addresses."""

from __future__ import annotations

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.errors import InvalidAddressError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("reader@example.org", "reader@example.org"),
        ("  Reader.Name+news@Example.ORG ", "Reader.Name+news@example.org"),
        ("o'brien@example.org", "o'brien@example.org"),
        ("reader@bücher.example", "reader@xn--bcher-kva.example"),
        ("reader@localserver.test", "reader@localserver.test"),
    ],
)
def test_an_address_is_read_once_at_the_edge(text: str, expected: str) -> None:
    assert str(EmailAddress.parse(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "", "reader", "reader@", "@example.org", "a b@example.org", "reader@example", "reader@-example.org",
        "два@example.org", f"{'x' * 65}@example.org", f"x@{'a' * 60}.{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 60}.org",
        "reader@example.org\r\nBcc: x@example.org", "<reader@example.org>", "reader@@example.org",
    ],
)  # fmt: skip
def test_what_an_ordinary_relay_would_not_take_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(InvalidAddressError) as refusal:
        EmailAddress.parse(text)

    assert refusal.value.text == text
    assert str(refusal.value).endswith(".")


def test_two_spellings_of_one_mailbox_are_equal_once_normalised() -> None:
    assert EmailAddress.parse("Ann@EXAMPLE.org").normalized == EmailAddress.parse("ann@example.org").normalized
    assert EmailAddress.parse("ann@example.org").domain == "example.org"
