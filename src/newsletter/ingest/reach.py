"""Which machines an address that somebody typed may lead to: those of the public internet alone."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable, Sequence

import httpx

#: Gives the IP addresses of a host name and port; raises OSError where there are none.
Resolve = Callable[[str, int], list[str]]

_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052


class UnreachableError(Exception):
    """A host with an address that only this machine or its network can see."""


def resolve_host(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def find_addresses(url: httpx.URL, *, allow_private: bool, resolve: Resolve = resolve_host) -> list[str]:
    """Return the IP addresses behind ``url``, after a look at all of them.

    Whoever connects has to use one of these and not the name: asked again, DNS may answer differently. Raises
    UnreachableError if any of them is not public, unless ``allow_private``, and OSError if the name has none.
    """
    addresses = resolve(url.host, url.port or (443 if url.scheme == "https" else 80))
    if not allow_private and not all(is_public(address) for address in addresses):
        raise UnreachableError(url.host)
    return addresses


def ask_addresses(client: httpx.Client, url: httpx.URL, hosts: Sequence[str]) -> httpx.Response:
    """Ask one of the very addresses that were looked at, under the host's name: no second answer of DNS counts."""
    refusal: httpx.HTTPError | None = None
    for host in hosts:
        request = client.build_request(
            "GET",
            url.copy_with(host=host),
            headers={"Host": url.netloc.decode("ascii")},
            extensions={"sni_hostname": url.raw_host.decode("ascii")},  # what the certificate has to name
        )
        try:
            return client.send(request, stream=True)
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            refusal = error
    raise refusal or httpx.ConnectError("the name has no address")


def is_public(address: str) -> bool:
    """Tell whether an IP address is of the public internet; one that wraps an IPv4 address counts as that one."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address) and (wrapped := _unwrap(ip)):
        return wrapped.is_global and not wrapped.is_multicast
    return ip.is_global and not ip.is_multicast


def _unwrap(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if ip in _NAT64:
        return ipaddress.IPv4Address(ip.packed[-4:])
    return ip.ipv4_mapped or ip.sixtofour
