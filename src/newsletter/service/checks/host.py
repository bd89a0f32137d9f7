"""Hosts that a strict mail filter would dislike."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from newsletter.domain.issue import Teaser
from newsletter.domain.partner import PartnerLink
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof
from newsletter.service.web_address import host_of

#: They hide where a link leads, and blocklists know them, whoever's address is behind.
_SHORTENERS = frozenset(
    {"bit.ly", "buff.ly", "cutt.ly", "goo.gl", "is.gd", "lnkd.in", "ow.ly", "rb.gy", "rebrand.ly", "s.id", "t.co"}
    | {"t.ly", "tiny.cc", "tinyurl.com", "clck.ru", "trib.al", "dlvr.it", "shorturl.at", "v.gd", "youtu.be"}
)


@check(
    Level.WARNING,
    promise="Links and pictures are on the newsletter's hosts, the articles' and the partners'; none is shortened.",
)
def check_hosts(proof: Proof) -> Iterator[Fault]:
    known = {_bare(host) for host in _list_known(proof)}
    named: set[str] = set()
    for link in proof.links:
        host = host_of(link.url)
        if not host or host in named:
            continue
        if _is_within(host, _SHORTENERS):
            what = f"{host} hides where the link leads; filters distrust that."
            mend = f"Give the whole address: {link.change}."
        elif not _is_within(host, known):
            what = f"{host} is not the newsletter's host, an article's or a partner's; strict filters distrust it."
            mend = f"Show it from one of those, or keep it if readers need it: {link.change}."
        else:
            continue
        named.add(host)
        yield Fault(where=link.where, field=link.field, what=what, mend=mend)


def _list_known(proof: Proof) -> Iterator[str]:
    masthead = proof.issue.masthead
    yield host_of(masthead.base_url)
    yield from (host_of(publisher.url) for publisher in masthead.publishers)
    if proof.sender:
        yield proof.sender.address.domain
    yield from (host_of(item.url or "") for item in proof.kept if isinstance(item.content, Teaser | PartnerLink))


def _bare(host: str) -> str:
    return host.removeprefix("www.")


def _is_within(host: str, known: Collection[str]) -> bool:
    """Tell whether ``host`` is one of ``known``, or below one."""
    labels = host.split(".")
    return any(".".join(labels[start:]) in known for start in range(len(labels)))
