"""Reports that Postfix 3.7 and Exim 4.96 wrote on loopback, of letters that the next server refused or put off."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.mail.report import read_report

MESSAGES = Path(__file__).parent / "reports_of_servers"


def test_both_servers_are_there_with_each_of_their_reports() -> None:
    assert len(list(MESSAGES.glob("postfix_*.eml"))) == len(list(MESSAGES.glob("exim_*.eml"))) == 5


@pytest.mark.parametrize("server", ["postfix", "exim"])
@pytest.mark.parametrize(
    ("report", "kind", "reasons"),
    [
        ("gone_failed", BounceKind.HARD, {BounceReason.UNKNOWN_USER}),
        ("full_failed", BounceKind.SOFT, {BounceReason.MAILBOX_FULL}),
        ("big_failed", BounceKind.SOFT, {BounceReason.TOO_BIG}),
        ("late_delayed", BounceKind.DELAYED, set(BounceReason)),
        ("late_failed", BounceKind.SOFT, {BounceReason.EXPIRED}),
    ],
)
def test_their_reports_are_understood(server: str, report: str, kind: BounceKind, reasons: set[BounceReason]) -> None:
    read = read_report((MESSAGES / f"{server}_{report}.eml").read_bytes())

    (recipient,) = read.recipients
    assert (read.kind, recipient.kind) == (kind, kind)
    assert recipient.address == f"{report.partition('_')[0]}@example.net"
    assert recipient.reason in reasons
