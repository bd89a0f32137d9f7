"""Reports and replies in the words of many systems and languages; the general rules have to read them all."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bounce_messages import a_letter, fates_of
from newsletter.mail.reason import find_reason

_TABLE = tomllib.loads((Path(__file__).parent / "systems.toml").read_text(encoding="utf-8"))
_REPORTS = {report["system"]: report for report in _TABLE["reports"]}


@pytest.mark.parametrize("system", _REPORTS)
def test_a_report_in_prose_says_whom_it_is_about_and_how_it_fared(system: str) -> None:
    report = _REPORTS[system]
    raw = a_letter(
        report["subject"],
        report["text"],
        sender=report["sender"],
        fields=("Return-Path: <>", "Content-Type: text/plain; charset=utf-8"),
    )

    assert fates_of(raw) == f"ann@reader.example {report['kind']}"


@pytest.mark.parametrize(("kind", "reply"), _TABLE["replies"])
def test_the_words_of_a_reply_decide(kind: str, reply: str) -> None:
    assert find_reason(None, reply, is_final=True).kind == kind
