"""Complaints."""

from __future__ import annotations

import pytest

from bounce_messages import RETURNED, a_complaint, fates_of
from newsletter.mail.report import read_report


def test_a_feedback_report_is_a_complaint() -> None:
    raw = a_complaint("Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <ann@mail.example>\n")

    assert read_report(raw).rule == "feedback:abuse"
    assert fates_of(raw) == "ann@mail.example complaint"


def test_a_redacted_complaint_takes_the_recipient_from_the_letter_if_it_is_there() -> None:
    fields = "Feedback-Type: abuse\nVersion: 1\nOriginal-Rcpt-To: <redacted@mail.example>\n"
    hidden = a_complaint(fields, returned="From: us@news.example\nTo: <Undisclosed Recipients>\n\nDear Ann\n")

    assert fates_of(a_complaint(fields)) == "ann@mail.example complaint"
    assert (read_report(hidden).kind, fates_of(hidden)) == ("complaint", "")


def test_a_feedback_report_without_its_fields_is_still_a_complaint() -> None:
    raw = a_complaint("").replace(b"message/feedback-report", b"text/plain")

    assert fates_of(raw) == "ann@mail.example complaint"


@pytest.mark.parametrize("fields", ["Feedback-Type: auth-failure\n", "Feedback-Type: not-spam\n"])
def test_a_feedback_report_about_something_else_is_no_complaint(fields: str) -> None:
    assert read_report(a_complaint(fields)).kind == "not_bounce"


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ("staff@hotmail.com", "complaint about message from 192.0.2.1"),
        ("scomp@aol.net", "Client TOS Notification"),
    ],
)
def test_some_providers_complain_with_the_letter_itself(sender: str, subject: str) -> None:
    raw = (
        f'From: {sender}\nSubject: {subject}\nContent-Type: multipart/mixed; boundary="b"\n\n'
        f"--b\nContent-Type: message/rfc822\n\n{RETURNED}\n--b--\n"
    )

    assert fates_of(raw.encode()) == "ann@mail.example complaint"
    assert read_report(raw.replace(subject, "Hello").encode()).kind == "not_bounce"
