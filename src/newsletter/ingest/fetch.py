"""Sources fetched from the web, within limits of time, size and reach."""

from __future__ import annotations

import ssl
from contextlib import closing
from time import monotonic
from urllib.parse import urljoin

import httpx

from newsletter.errors import UnreadableSourceError
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.reach import Resolve, UnreachableError, ask_addresses, find_addresses, resolve_host
from newsletter.ingest.text import is_web_address

_SECONDS_PER_WAIT = 10
_SECONDS_IN_ALL = 30
_MOST_REDIRECTS = 5
_HEADERS = {
    "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/html;q=0.8, */*;q=0.5",
    "User-Agent": "newsletter (article import)",
}


def fetch_source(
    url: str, *, allow_private: bool = False, most_bytes: int = LONGEST_SOURCE, resolve: Resolve = resolve_host
) -> bytes:
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
            if not is_web_address(address):
                raise UnreadableSourceError(url, None, "an address that begins with http:// or https://")
            try:
                hosts = find_addresses(httpx.URL(address), allow_private=allow_private, resolve=resolve)
                with closing(ask_addresses(client, httpx.URL(address), hosts)) as answer:
                    if not answer.has_redirect_location:
                        return _read_answer(url, answer, most_bytes=most_bytes, deadline=deadline)
                    address = urljoin(address, answer.headers["Location"])
            except UnreachableError as error:
                raise UnreadableSourceError(url, None, "a server on the public internet") from error
            except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                raise UnreadableSourceError(url, None, f"an answer from the server ({error})") from error
    raise UnreadableSourceError(url, None, f"at most {_MOST_REDIRECTS} redirects")


def _read_answer(url: str, answer: httpx.Response, *, most_bytes: int, deadline: float) -> bytes:
    if not answer.is_success:
        raise UnreadableSourceError(url, None, f"an answer of status 200, not {answer.status_code}")
    data = bytearray()
    for piece in answer.iter_bytes():
        data += piece
        if len(data) > most_bytes:
            raise UnreadableSourceError(url, None, f"at most {most_bytes // 1024**2} MiB")
        if monotonic() > deadline:
            raise UnreadableSourceError(url, None, f"the whole answer within {_SECONDS_IN_ALL} seconds")
    return bytes(data)
