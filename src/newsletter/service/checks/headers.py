"""The letter as bytes: exactly the headers it should have, and parts that every program can read."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.errors import RefusedError
from newsletter.mail.inspection import inspect_letter, make_samples
from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(
    Level.ERROR,
    promise="A complete letter, as bytes, has exactly its headers, each once and in its form, and two sound parts.",
)
def check_headers(proof: Proof) -> Iterator[Fault]:
    for fault in dict.fromkeys(_inspect(proof)):
        yield Fault(
            where="headers", what=fault, mend="Look at the subject, and at the names and addresses under [mail]."
        )


def _inspect(proof: Proof) -> Iterator[str]:
    if proof.rendered is None or proof.sender is None:
        return
    try:
        for letter in make_samples(proof.rendered, sender=proof.sender):
            yield from inspect_letter(letter.message)
    except RefusedError as error:
        yield str(error)
