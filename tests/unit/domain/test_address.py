"""Addresses."""

from __future__ import annotations

import pytest
from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email
from hypothesis import assume, given
from hypothesis import strategies as st

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


# Mostly the plain shapes that are read without the validator, and what is nearly one of them.
_LABEL = st.from_regex(r"[A-Za-z0-9-]{1,12}|[a-z]{2}--[a-z0-9]{1,5}|xn--[a-z0-9-]{1,8}", fullmatch=True)
_LOCAL = st.from_regex(r"[A-Za-z0-9_+.-]{1,66}", fullmatch=True)
_DOMAIN = st.builds(lambda labels, top: ".".join([*labels, top]), st.lists(_LABEL, max_size=4), _LABEL | st.just("org"))


@given(local=_LOCAL, domain=_DOMAIN)
def test_what_is_read_quickly_is_read_as_the_validator_reads_it(local: str, domain: str) -> None:
    # Names of a network of one's own are for the relay to judge.
    assume(not any(f".{domain.lower()}".endswith(f".{name}") for name in SPECIAL_USE_DOMAIN_NAMES))
    text = f"{local}@{domain}"
    try:
        valid = validate_email(text, check_deliverability=False, allow_smtputf8=False, globally_deliverable=False)
    except EmailNotValidError:
        expected = None
    else:
        expected = f"{valid.local_part}@{valid.ascii_domain}" if "." in valid.ascii_domain else None
    try:
        read = EmailAddress.parse(text).text
    except InvalidAddressError:
        read = None

    assert read == expected
