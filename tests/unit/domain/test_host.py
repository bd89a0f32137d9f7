from __future__ import annotations

import pytest

from newsletter.domain.host import is_loopback


@pytest.mark.parametrize("host", ["localhost", "review.localhost", "127.0.0.1", "127.9.9.9", "::1"])
def test_this_machine_is_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "review.example", "192.0.2.1", "localhost.example", "2001:db8::1"])
def test_anything_else_is_not(host: str) -> None:
    assert not is_loopback(host)
