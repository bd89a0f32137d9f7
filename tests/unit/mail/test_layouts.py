"""Whole messages in the layouts of many systems, legacy character sets included, and mail that only looks like one."""

from __future__ import annotations

import base64
import tomllib
from pathlib import Path

import pytest

from newsletter.mail.report import read_report

_MESSAGES = {
    message["name"]: message
    for message in tomllib.loads((Path(__file__).parent / "layouts.toml").read_text(encoding="utf-8"))["messages"]
}


def a_message(name: str) -> bytes:
    """Encode a message of the table as it declares."""
    table = _MESSAGES[name]
    head, _, text = str(table["raw"]).lstrip("\n").partition("\n\n")
    body: bytes = text.encode(table.get("charset", "utf-8"))
    return head.encode() + b"\n\n" + (base64.encodebytes(body) if table.get("encode") == "base64" else body)


def say(raw: bytes) -> str:
    report = read_report(raw)
    fates = ", ".join(f"{each.address} {each.kind}" for each in report.recipients)
    return f"{report.kind}: {fates}" if fates else str(report.kind)


@pytest.mark.parametrize("name", _MESSAGES)
def test_a_message_says_what_became_of_whom(name: str) -> None:
    assert say(a_message(name)) == _MESSAGES[name]["says"]


@pytest.mark.parametrize("name", _MESSAGES)
def test_line_ends_change_nothing(name: str) -> None:
    if _MESSAGES[name].get("charset", "") in {"", "utf-8", "us-ascii"}:
        assert say(a_message(name).replace(b"\n", b"\r\n")) == _MESSAGES[name]["says"]


@pytest.mark.parametrize("name", [name for name, each in _MESSAGES.items() if each["says"] != "not_bounce"])
@pytest.mark.parametrize("prefix", ["Re: ", "Fwd: "])
def test_a_person_who_quotes_it_does_not_bounce(name: str, prefix: str) -> None:
    quoted = _MESSAGES[name]["raw"].replace("\n", "\n> ")
    raw = (
        f"From: Ann Reader <ann@reader.example>\nTo: editors@journal.example\nSubject: {prefix}what is this\n\n{quoted}"
    )

    assert say(raw.encode()) == "not_bounce"


def test_a_ticket_system_that_quotes_a_report_does_not_bounce() -> None:
    quoted = "> <ann@reader.example>: 550 5.1.1 user unknown\n> Your message could not be delivered.\n"
    raw = (
        "From: Help <support@reader.example>\nTo: editors@journal.example\nAuto-Submitted: auto-generated\n"
        f"Subject: [#7] Undelivered Mail Returned to Sender\n\nA ticket was made of your message:\n\n{quoted}"
    )

    assert say(raw.encode()) == "not_bounce"
