"""Links that readers can open: https, on a host that everybody reaches."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from newsletter.domain.issue import Teaser
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof

_HERE_ONLY = (".localhost", ".local", ".internal", ".test", ".lan")
_NOT_YET_PUBLIC = ("staging.", "stage.", "test.", "dev.", "preview.")


def check_links(proof: Proof) -> Iterator[Finding]:
    base_url = proof.issue.masthead.base_url
    for where, url in _links(proof):
        fault = _find_fault(url)
        # What is wrong with the site's own address is said once.
        if fault and (url == base_url or not url.startswith(base_url + "/")):
            yield Finding(
                check="link",
                level=Level.ERROR if fault == _NO_ADDRESS else proof.trial_level,
                where=where,
                what=f"{url} {fault}.",
                mend="Set base_url under [site]." if where == "[site] base_url" else "Give it a public https address.",
            )


_NO_ADDRESS = "is not a web address"


def _links(proof: Proof) -> Iterator[tuple[str, str]]:
    yield "[site] base_url", proof.issue.masthead.base_url
    for item in proof.items:
        if item.is_withdrawn:
            continue
        if item.url:
            yield str(item.name), item.url
        if isinstance(item.content, Teaser) and item.content.image_url:
            yield f"image of {item.name}", item.content.image_url
    for publisher in proof.issue.masthead.publishers:
        yield from ((f"publisher {publisher.name}", url) for url in (publisher.url, publisher.logo) if url)


def _find_fault(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return _NO_ADDRESS
    if parts.scheme not in {"http", "https"} or not host or any(character.isspace() for character in url):
        return _NO_ADDRESS
    if parts.username is not None:
        return "carries a name or password"
    if _is_private(host):
        return "cannot be reached by readers"
    return None if parts.scheme == "https" else "is not https"


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_HERE_ONLY) or host.startswith(_NOT_YET_PUBLIC)
