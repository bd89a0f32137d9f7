"""Checks 17 and 18: DKIM by two verifiers, SPF and DMARC; what is tampered with fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dkim
import pytest

from letter_checks.once import Once
from letter_checks.press import NOW, PrintedIssue
from newsletter.mail.dkim import DkimKey, DkimSigner, make_key, read_key
from newsletter.mail.message import Splicer, compile_letters
from receiver import authenticate

CLIENT = "192.0.2.7"
ONE_CLICK_FIELDS = (b"List-Unsubscribe", b"List-Unsubscribe-Post")


@pytest.fixture(scope="session")
def key(once: Once) -> DkimKey:
    return read_key(once("signing key", make_key), domain="ostrel-review.example", selector="n1")


def sign(printed: PrintedIssue, key: DkimKey) -> bytes:
    signer = DkimSigner(key, clock=lambda: NOW)
    forms = compile_letters(printed.rendered, sender=printed.sender)
    splicer = Splicer(forms, sender=printed.sender, keys=printed.keys, clock=lambda: NOW, signer=signer)
    return splicer.splice(printed.recipient).message


def tamper(message: bytes, field: bytes) -> bytes:
    """Change one character of a field's value."""
    return message.replace(b"\r\n" + field + b": ", b"\r\n" + field + b": x", 1)


def verify(message: bytes, key: DkimKey) -> bool:
    def look_up(name: bytes, timeout: int = 5) -> bytes:  # noqa: ARG001 - dkimpy gives it
        assert name.decode().rstrip(".") == key.record_name
        return key.record.encode()

    return bool(dkim.verify(message, dnsfunc=look_up))


@pytest.fixture(scope="session")
def verdicts(once: Once, every_printed: Sequence[PrintedIssue], key: DkimKey) -> Mapping[str, Sequence[Any]]:
    """Give what mailauth says of each issue, by name: as it was signed, and with each one-click field changed."""

    def judge_all() -> dict[str, Sequence[Any]]:
        messages = []
        for printed in every_printed:
            signed = sign(printed, key)
            messages += [signed, *(tamper(signed, name) for name in ONE_CLICK_FIELDS)]
        judged = judge(messages, every_printed[0], key)
        return {printed.name: judged[3 * at : 3 * at + 3] for at, printed in enumerate(every_printed)}

    return once("verdicts of mailauth", judge_all)


def judge(messages: Sequence[bytes], printed: PrintedIssue, key: DkimKey) -> list[Any]:
    records = {
        key.record_name: {"TXT": [[key.record[:255], key.record[255:]]]},
        "ostrel-review.example": {"TXT": [[f"v=spf1 ip4:{CLIENT} -all"]]},
        "_dmarc.ostrel-review.example": {"TXT": [["v=DMARC1; p=reject; adkim=s; aspf=s"]]},
    }
    sender = printed.letter.envelope_sender
    return authenticate(messages, dns=records, client=CLIENT, helo="relay.ostrel-review.example", sender=sender)


def test_dkimpy_takes_the_signature_and_sees_what_was_tampered_with(printed: PrintedIssue, key: DkimKey) -> None:
    signed = sign(printed, key)
    field = signed.partition(b"\r\n")[0] + signed[: signed.index(b"\r\nFrom:")]

    assert verify(signed, key)
    for name in ONE_CLICK_FIELDS:
        assert tamper(signed, name) != signed
        assert not verify(tamper(signed, name), key)
        assert not verify(name + b": <https://elsewhere.example/>\r\n" + signed, key)  # each is signed once too often
    assert b"c=relaxed/relaxed" in field
    assert b" l=" not in field


def test_mailauth_takes_signature_sender_and_alignment(
    printed: PrintedIssue, verdicts: Mapping[str, Sequence[Any]]
) -> None:
    sound, *tampered = verdicts[printed.name]

    assert sound["dkim"] == ["pass"]
    assert sound["spf"] == "pass"
    assert sound["dmarc"] == "pass"
    assert sound["dmarcAligned"]["dkim"]["result"] == "ostrel-review.example"
    assert sound["dmarcAligned"]["spf"]["result"] == "ostrel-review.example"
    assert len(tampered) == len(ONE_CLICK_FIELDS)
    assert all(verdict["dkim"] != ["pass"] for verdict in tampered)
