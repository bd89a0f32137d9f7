from __future__ import annotations

import httpx
import pytest

from newsletter.ingest.reach import UnreachableError, find_addresses, is_public

PUBLIC, PRIVATE = "93.184.215.14", "10.1.2.3"


@pytest.mark.parametrize("address", [PUBLIC, "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "64:ff9b::5db8:d70e"])
def test_what_everybody_can_reach_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", PRIVATE, "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1", "255.255.255.255"),  # noqa: S104
        *("::1", "::", "fe80::1%eth0", "fd00::1", "ff02::1"),
        *("::ffff:127.0.0.1", "2002:7f00:1::", "64:ff9b::7f00:1"),
    ],
)
def test_what_only_a_machine_or_its_network_can_see_is_not_public(address: str) -> None:
    assert not is_public(address)


def test_one_private_address_among_public_ones_is_enough_to_refuse() -> None:
    url = httpx.URL("https://news.example/feed")

    with pytest.raises(UnreachableError):
        find_addresses(url, allow_private=False, resolve=lambda *_: [PUBLIC, PRIVATE])
    assert find_addresses(url, allow_private=True, resolve=lambda *_: [PUBLIC, PRIVATE]) == [PUBLIC, PRIVATE]


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://news.example/", 80), ("https://news.example/", 443), ("https://news.example:8443/", 8443)],
)
def test_the_port_is_the_one_that_will_be_asked(url: str, port: int) -> None:
    asked = []

    def resolve(host: str, asked_port: int) -> list[str]:
        asked.append((host, asked_port))
        return [PUBLIC]

    assert find_addresses(httpx.URL(url), allow_private=False, resolve=resolve) == [PUBLIC]
    assert asked == [("news.example", port)]
