"""Somebody who reads answers."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

_NOBODY = re.compile(r"(?:no|do-?not|dont|not)[-_.]?reply|nobody|null", re.IGNORECASE)


@check(Level.WARNING, promise="Sender and reply address are somebody's, so that readers who answer are heard.")
def check_reply_to(proof: Proof) -> Iterator[Fault]:
    if proof.sender is None:
        return
    places = {proof.sender.reply_to: "[mail] reply_to", proof.sender.address: "[mail] from"}
    for address, where in places.items():
        if _NOBODY.match(address.text):
            mend = "Name an address that an editor reads: set reply_to and from under [mail]."
            yield Fault(where=where, what=f"{address} tells readers not to answer.", mend=mend)
