"""Links that every reader can open."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import SplitResult

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof
from newsletter.service.web_address import split_address

_HERE_ONLY = (".localhost", ".local", ".internal", ".test", ".lan", ".home.arpa")
_NOT_YET_PUBLIC = ("staging.", "stage.", "test.", "dev.", "preview.")


@check(
    Level.ERROR,
    on_trial=Level.WARNING,
    promise="Every address is https, on a host that everybody reaches: not a staging host, not this network's.",
)
def check_reach(proof: Proof) -> Iterator[Fault]:
    base_url = proof.issue.masthead.base_url
    for link in proof.links:
        # What is wrong with the site's own address is said once.
        is_own_page = link.url.startswith(base_url + "/")
        parts = split_address(link.url)
        fault = _find_fault(parts) if parts and not is_own_page else None
        if fault:
            mend = f"Give it a public https address: {link.change}."
            yield Fault(where=link.where, field=link.field, what=f"{link.url} {fault}.", mend=mend)


def _find_fault(parts: SplitResult) -> str | None:
    if _is_private(parts.hostname or ""):
        return "cannot be reached by readers"
    return None if parts.scheme == "https" else "is not https"


def _is_private(host: str) -> bool:
    try:
        return not ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_HERE_ONLY) or host.startswith(_NOT_YET_PUBLIC)
