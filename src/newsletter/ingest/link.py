"""Links, tried: does an address that a letter leads to answer? Only the head of each answer is read."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from http import HTTPStatus
from time import monotonic
from urllib.parse import urljoin

import httpx

from newsletter.ingest.reach import Resolve, UnreachableError, ask_addresses, find_addresses, resolve_host
from newsletter.ingest.text import is_web_address

_MOST_REDIRECTS = 5
_UNKNOWN = {socket.EAI_NONAME, socket.EAI_NODATA}
_GONE = {HTTPStatus.NOT_FOUND, HTTPStatus.GONE}
_HEADERS = {"Accept": "*/*", "User-Agent": "newsletter (link check)"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    #: more than an issue has; the others are not tried
    links: int = 200
    at_once: int = 8
    seconds_per_wait: float = 10
    seconds_in_all: float = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkAnswer:
    #: HTTP status at the end of all redirects; None where there was no answer
    status: int | None = None
    #: why there was none, as the end of a sentence
    why: str = ""
    #: the name in it does not exist
    is_unknown_host: bool = False

    @property
    def is_dead(self) -> bool:
        """Tell what no second look would mend from what may pass, or may be meant for programs alone."""
        return self.is_unknown_host or self.status in _GONE


def try_links(
    urls: Iterable[str],
    *,
    allow_private: bool = False,
    resolve: Resolve = resolve_host,
    patience: Patience = Patience(),
) -> dict[str, LinkAnswer]:
    """Ask for each address, some at once, and return what it answered.

    Only public addresses are asked, unless ``allow_private``, at every step of a redirect. What is beyond ``patience``
    was not tried, and its answer says so.
    """
    wanted = list(dict.fromkeys(urls))
    deadline = monotonic() + patience.seconds_in_all
    untried = LinkAnswer(why="was not tried: the links before it were too many, or too slow")
    with (
        httpx.Client(
            timeout=patience.seconds_per_wait,
            headers=_HEADERS,
            trust_env=False,
            verify=ssl.create_default_context(),
        ) as client,
        ThreadPoolExecutor(patience.at_once) as pool,
    ):

        def ask(url: str) -> LinkAnswer:
            if monotonic() > deadline:
                return untried
            try:
                return _follow(url, client=client, allow_private=allow_private, resolve=resolve)
            except (UnreachableError, httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
                return _explain(error)

        answers = dict(zip(wanted, pool.map(ask, wanted[: patience.links]), strict=False))
    return dict.fromkeys(wanted, untried) | answers


def _follow(url: str, *, client: httpx.Client, allow_private: bool, resolve: Resolve) -> LinkAnswer:
    address = url
    for _ in range(_MOST_REDIRECTS + 1):
        if not is_web_address(address):
            return LinkAnswer(why="leads to something that is not a web address")
        hosts = find_addresses(httpx.URL(address), allow_private=allow_private, resolve=resolve)
        with closing(ask_addresses(client, httpx.URL(address), hosts)) as answer:
            if not answer.has_redirect_location:
                return LinkAnswer(status=answer.status_code)
            address = urljoin(address, answer.headers["Location"])
    return LinkAnswer(why=f"redirects more than {_MOST_REDIRECTS} times")


def _explain(error: Exception) -> LinkAnswer:
    match error:
        case UnreachableError():
            return LinkAnswer(why="leads to a machine that only this network reaches")
        case socket.gaierror():
            if error.errno in _UNKNOWN:
                return LinkAnswer(why="has a host that does not exist", is_unknown_host=True)
            return LinkAnswer(why="has a host that DNS says nothing about now")
        case httpx.TimeoutException():
            return LinkAnswer(why="did not answer in time")
        case _:
            return LinkAnswer(why=f"did not answer ({error})")
