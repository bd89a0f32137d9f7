"""Sources fetched from the web, within limits of time, size and reach."""

from __future__ import annotations

import ipaddress
import socket
import ssl
from collections.abc import Iterable
from time import monotonic

import httpx

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.source import LONGEST_SOURCE
from newsletter.ingest.text import is_web_address

_SECONDS_PER_WAIT = 10
_SECONDS_IN_ALL = 30
_MOST_REDIRECTS = 5
_HEADERS = {
    "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/plain;q=0.8, */*;q=0.5",
    "User-Agent": "newsletter (article import)",
}


def fetch_source(url: str, *, allow_private: bool = False) -> bytes:
    """Fetch ``url``; raises UnreadableSourceError.

    Only public addresses are asked, unless ``allow_private``: an address in a form must not reach what only this
    machine or its network can see. No proxy is used, since that check would then say nothing.
    """
    deadline = monotonic() + _SECONDS_IN_ALL
    with httpx.Client(
        timeout=_SECONDS_PER_WAIT, headers=_HEADERS, trust_env=False, verify=ssl.create_default_context()
    ) as client:
        address = url
        for _ in range(_MOST_REDIRECTS + 1):
            try:
                _check_reach(url, address, allow_private=allow_private)
                with client.stream("GET", address) as answer:
                    _check_peer(url, answer, allow_private=allow_private)
                    if answer.next_request is None:
                        return _read_answer(url, answer, deadline=deadline)
                    address = str(answer.next_request.url)
            except (httpx.HTTPError, httpx.InvalidURL, OSError, UnicodeError) as error:
                raise UnreadableSourceError(url, None, f"an answer from the server ({error})") from error
    raise UnreadableSourceError(url, None, f"at most {_MOST_REDIRECTS} redirects")


def _check_reach(url: str, address: str, *, allow_private: bool) -> None:
    if not is_web_address(address):
        raise UnreadableSourceError(url, None, "an address that begins with http:// or https://")
    if not allow_private:
        host = httpx.URL(address).host
        found = socket.getaddrinfo(host, None, proto=socket.IPPROTO_TCP)
        _check_public(url, (str(entry[4][0]) for entry in found))


def _check_peer(url: str, answer: httpx.Response, *, allow_private: bool) -> None:
    """Look at whom we really talk to: a name may resolve otherwise the second time."""
    if not allow_private:
        host, *_ = answer.extensions["network_stream"].get_extra_info("server_addr")
        _check_public(url, [host])


def _check_public(url: str, hosts: Iterable[str]) -> None:
    if not all(ipaddress.ip_address(host.partition("%")[0]).is_global for host in hosts):
        raise UnreadableSourceError(url, None, "a server on the public internet")


def _read_answer(url: str, answer: httpx.Response, *, deadline: float) -> bytes:
    if not answer.is_success:
        raise UnreadableSourceError(url, None, f"an answer of status 200, not {answer.status_code}")
    data = bytearray()
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > LONGEST_SOURCE:
            raise UnreadableSourceError(url, None, f"at most {LONGEST_SOURCE // 1024**2} MiB")
        if monotonic() > deadline:
            raise UnreadableSourceError(url, None, f"the whole answer within {_SECONDS_IN_ALL} seconds")
    return bytes(data)
