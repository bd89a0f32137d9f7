"""Builders of messages that come to the bounce address. Servers, people and addresses are invented."""

from __future__ import annotations

from newsletter.mail.report import read_report

#: the letter that came back
RETURNED = """\
Received: from news.example by relay.example; Thu, 4 Apr 2024 09:00:00 +0000
Message-ID: <abc@news.example>
From: The Journal <editor@news.example>
To: ann@mail.example
Subject: Issue 41

Dear Ann, no such user as you ...
"""

FAILED = "Final-Recipient: rfc822;ann@mail.example\nAction: failed\nStatus: 5.1.1\n"


def a_delivery_report(
    fields: str = FAILED,
    *,
    text: str = "Your letter could not be delivered.",
    outer: str = "multipart/report; report-type=delivery-status",
    fields_type: str = "message/delivery-status",
    returned: str = RETURNED,
) -> bytes:
    return (
        "Return-Path: <>\nFrom: MAILER-DAEMON@relay.example\nTo: bounces@news.example\n"
        f'Subject: Undelivered Mail Returned to Sender\nContent-Type: {outer}; boundary="=_b"\n\n'
        f"--=_b\nContent-Type: text/plain; charset=utf-8\n\n{text}\n\n"
        f"--=_b\nContent-Type: {fields_type}\n\n{fields}\n"
        f"--=_b\nContent-Type: message/rfc822\n\n{returned}\n--=_b--\n"
    ).encode()


def a_complaint(fields: str, *, returned: str = RETURNED) -> bytes:
    return (
        "From: <fbl@provider.example>\nTo: fbl@news.example\nSubject: FW: Issue 41\n"
        'Content-Type: multipart/report; report-type=feedback-report; boundary="b"\n\n'
        "--b\nContent-Type: text/plain\n\nThis is an email abuse report.\n"
        f"--b\nContent-Type: message/feedback-report\n\n{fields}\n"
        f"--b\nContent-Type: message/rfc822\n\n{returned}\n--b--\n"
    ).encode()


def a_letter(
    subject: str, text: str, *, sender: str = "Ann Reader <ann@mail.example>", fields: tuple[str, ...] = ()
) -> bytes:
    head = "".join(f"{field}\n" for field in fields)
    return f"From: {sender}\nTo: editor@news.example\nSubject: {subject}\n{head}\n{text}\n".encode()


def fates_of(raw: bytes) -> str:
    """Return "address kind" of each recipient, in the order of the report."""
    return ", ".join(f"{each.address} {each.kind}" for each in read_report(raw).recipients)
