"""Links that are the same for everybody."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qsl, unquote

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof
from newsletter.service.web_address import split_address

_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]+")
#: By these, letters of common mailing systems name their reader; they come along when a link is copied from a letter.
_READER_PARAMETERS = frozenset(
    {"mc_eid", "mkt_tok", "_hsenc", "_hsmi", "vero_id", "ck_subscriber_id", "ml_subscriber", "ml_subscriber_hash"}
    | {"_ke", "_kx", "oly_anon_id", "oly_enc_id", "rb_clickid", "s_cid", "wickedid", "email", "subscriber_id"}
)


@check(
    Level.ERROR,
    promise="No link names a person: no password, no email address, nothing by which another letter knew its reader.",
)
def check_personal(proof: Proof) -> Iterator[Fault]:
    for link in proof.links:
        fault = _find_fault(link.url)
        if fault:
            mend = f"Give the address as everybody may have it: {link.change}."
            yield Fault(where=link.where, field=link.field, what=f"{link.url} {fault}.", mend=mend)


def _find_fault(url: str) -> str | None:
    parts = split_address(url)
    if parts is None:
        return None
    if parts.username is not None:
        return "carries a name or password"
    named = sorted(name for name, _ in parse_qsl(parts.query) if name.lower() in _READER_PARAMETERS)
    if named:
        return f"carries {named[0]}, which names whoever got the letter that it was copied from"
    if _ADDRESS.search(unquote(parts.path + "?" + parts.query)):
        return "carries an email address"
    return None
