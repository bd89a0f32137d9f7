"""Codes of the second factor, as apps make them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from newsletter.domain.second_factor import (
    find_step,
    hash_recovery_code,
    make_code,
    new_recovery_codes,
    write_key,
    write_uri,
)

KEY = b"12345678901234567890"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"), (2000000000, "279037")],
)
def test_codes_are_those_of_rfc_6238(seconds: int, code: str) -> None:
    assert make_code(KEY, seconds // 30) == code


def test_a_code_is_taken_half_a_minute_early_and_late_and_no_more() -> None:
    now = datetime(2026, 3, 2, 9, tzinfo=UTC)
    code = make_code(KEY, int(now.timestamp()) // 30)

    steps = [find_step(code, KEY, now + timedelta(seconds=30 * off)) is not None for off in range(-2, 3)]
    assert steps == [False, True, True, True, False]
    assert find_step(f" {code[:3]} {code[3:]}", KEY, now) == int(now.timestamp()) // 30


@pytest.mark.parametrize("code", ["", "1", "１２３４５６", "ключ", "1" * 1000])
def test_whatever_else_is_typed_is_no_code(code: str) -> None:
    assert find_step(code, KEY, datetime(2026, 3, 2, tzinfo=UTC)) is None


def test_the_address_for_apps_names_key_site_and_account() -> None:
    parts = urlsplit(write_uri(KEY, site="The River Review", account="ada@example.org"))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parts.path == "/The%20River%20Review%3Aada%40example.org"
    assert "+" not in parts.query
    assert parse_qs(parts.query)["secret"] == [write_key(KEY)]


def test_recovery_codes_are_taken_however_they_are_typed() -> None:
    codes = new_recovery_codes()

    assert len(set(codes)) == 10
    assert hash_recovery_code(codes[0]) == hash_recovery_code(codes[0].upper().replace("-", " "))
    assert len({hash_recovery_code(code) for code in codes}) == 10
