"""What signing (DKIM) adds to a letter, beside the bare signature of the same library."""

from __future__ import annotations

import timeit
from datetime import UTC, datetime

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from bench.figure import Figure
from mailing_stand import KEYS, SENDER, a_rendered_issue
from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.topic import Topic
from newsletter.mail.dkim import DkimSigner, make_key, read_key
from newsletter.mail.message import Splicer, compile_letters

_LETTERS = 400
_LETTER_BYTES = 80_000


def measure_signature() -> Figure:
    key = read_key(make_key(), domain="review.example.org", selector="n1")
    plain, signing = (
        Splicer(
            compile_letters(a_rendered_issue(words=_LETTER_BYTES // 5), sender=SENDER),
            sender=SENDER,
            keys=KEYS,
            clock=lambda: datetime.now(UTC),
            signer=signer,
        )
        for signer in (None, DkimSigner(key, clock=lambda: datetime.now(UTC)))
    )
    recipient = Recipient(
        delivery=DeliveryId(1, 1), address=EmailAddress("reader@example.net"), public_id=bytes(8), topics=Topic.ARTICLES
    )
    header = signing.splice(recipient).message.partition(b"\r\n\r\n")[0]
    padding, digest = PKCS1v15(), SHA256()
    added, bare = [], []
    for _ in range(7):
        without, with_it, alone = (
            timeit.timeit(work, number=_LETTERS) / _LETTERS
            for work in (
                lambda: plain.splice(recipient),
                lambda: signing.splice(recipient),
                lambda: key.key.sign(header, padding, digest),
            )
        )
        added.append(with_it - without)
        bare.append(alone)
    ours, yardstick = min(added), min(bare)
    return Figure(
        name=f"signing a letter of {_LETTER_BYTES // 1000} kB (DKIM)",
        measured=f"{ours * 1e6:.0f} µs",
        yardstick=f"the bare RSA-2048 signature, {yardstick * 1e6:.0f} µs",
        ratio=ours / yardstick,
    )
