"""Delivery reports with the fields of RFC 3464, however they are written."""

from __future__ import annotations

import pytest

from bounce_messages import FAILED, a_delivery_report, fates_of
from newsletter.domain.bounce import BounceReason
from newsletter.mail.report import read_report


def test_a_report_gives_each_recipient_his_own_fate() -> None:
    raw = a_delivery_report(
        "Reporting-MTA: dns; relay.example\n\n"
        "Final-Recipient: rfc822; ann@mail.example\nAction: failed\nStatus: 5.1.1\n"
        "Diagnostic-Code: smtp; 550 5.1.1 User unknown\n\n"
        "Final-Recipient: rfc822; bob@mail.example\nAction: failed\nStatus: 5.2.2\n"
        "Diagnostic-Code: smtp; 552 5.2.2 Over quota\n\n"
        "Final-Recipient: rfc822; cyd@mail.example\nAction: delayed\nStatus: 4.4.1\n\n"
        "Final-Recipient: rfc822; dan@mail.example\nAction: relayed\nStatus: 2.0.0\n"
    )

    assert fates_of(raw) == (
        "ann@mail.example hard, bob@mail.example soft, cyd@mail.example delayed, dan@mail.example delivered"
    )
    assert read_report(raw).kind == "hard"


_REST = "Action: failed\nStatus: 5.1.1\n"
_ODD_FIELDS = {
    "odd spacing": f"Final-Recipient : RFC822;  <Ann@Mail.Example>\n{_REST}",
    "one recipient in two blocks": f"Final-Recipient: rfc822;ann@mail.example\n\n{_REST}",
    "fields before the recipient": f"{_REST}Final-Recipient: rfc822;ann@mail.example\n",
    "no action": "Final-Recipient: rfc822;ann@mail.example\nStatus: 5.1.1\n",
    "no type": f"Final-Recipient: ann@mail.example\n{_REST}",
    "odd type": f"Final-Recipient: rfc/822;ann@mail.example\n{_REST}",
    "the original only": f"Original-Recipient: rfc822;ann@mail.example\n{_REST}",
    "X.400": f"Final-Recipient: x400; /G=Ann/S=R/C=US/\nOriginal-Recipient: rfc822;ann@mail.example\n{_REST}",
    "folded": f"Final-Recipient: rfc822;\n ann@mail.example\nDiagnostic-Code: smtp;\n 550 no such\n user\n{_REST}",
    "a comment": "Final-Recipient: rfc822; ann@mail.example\nAction: failed\nStatus: 5.1.1 (bad address)\n",
    "named twice": f"{FAILED}\n{FAILED}",
    "a category": "Final-Recipient: rfc822;ann@mail.example\nAction: failed\nX-PowerMTA-BounceCategory: bad-mailbox\n",
}


@pytest.mark.parametrize("name", _ODD_FIELDS)
def test_fields_are_read_however_they_are_written(name: str) -> None:
    assert fates_of(a_delivery_report(_ODD_FIELDS[name])) == "ann@mail.example hard"


def test_two_recipients_without_a_blank_line_are_two() -> None:
    assert fates_of(a_delivery_report(FAILED + FAILED.replace("ann", "bob"))) == (
        "ann@mail.example hard, bob@mail.example hard"
    )


@pytest.mark.parametrize("outer", ["multipart/report", "multipart/mixed", "MULTIPART/REPORT"])
@pytest.mark.parametrize("inner", ["message/delivery-status", "text/plain", "message/global-delivery-status; x=y"])
def test_the_fields_may_come_under_other_types(outer: str, inner: str) -> None:
    assert fates_of(a_delivery_report(outer=outer, fields_type=inner)) == "ann@mail.example hard"


def test_encoded_fields_are_decoded() -> None:
    fields = "RmluYWwtUmVjaXBpZW50OiByZmM4MjI7IGFubkBtYWlsLmV4YW1wbGUKQWN0aW9uOiBmYWlsZWQKU3Rh\ndHVzOiA1LjEuMQo=\n"
    raw = a_delivery_report(fields, fields_type="message/delivery-status\nContent-Transfer-Encoding: base64")

    assert fates_of(raw) == "ann@mail.example hard"


def test_the_text_explains_what_the_fields_leave_open() -> None:
    raw = a_delivery_report(
        "Final-Recipient: rfc822;ann@mail.example\nAction: failed\nStatus: 5.0.0\n",
        text="<ann@mail.example>: host mx.mail.example said: 550 User unknown",
    )

    assert fates_of(raw) == "ann@mail.example hard"


def test_what_the_text_says_of_one_recipient_is_not_said_of_another() -> None:
    silent = "Final-Recipient: rfc822;{}@mail.example\nAction: failed\nStatus: 5.0.0\n\n"
    raw = a_delivery_report(
        silent.format("ann") + silent.format("bob") + silent.format("cyd"),
        text="<ann@mail.example>: failed\n<bob@mail.example>: 550 User unknown",
    )

    assert fates_of(raw) == "ann@mail.example soft, bob@mail.example hard, cyd@mail.example soft"


def test_a_spam_rejection_is_soft_whatever_the_text_around_it_says() -> None:
    raw = a_delivery_report(
        "Final-Recipient: rfc822;ann@mail.example\nAction: failed\nStatus: 5.7.1\n"
        "Diagnostic-Code: smtp; 554 5.7.1 Message rejected as spam\n",
        text="The address may not exist. <ann@mail.example>: user unknown?",
    )
    recipient = read_report(raw).recipients[0]

    assert (recipient.kind, recipient.reason, recipient.status) == ("soft", BounceReason.SPAM_CONTENT, "5.7.1")


def test_a_temporary_status_without_action_is_a_delay_if_the_text_says_so() -> None:
    fields = "Final-Recipient: rfc822;ann@mail.example\nStatus: 4.4.1\n"

    assert fates_of(a_delivery_report(fields, text="We will keep trying.")) == "ann@mail.example delayed"
    assert fates_of(a_delivery_report(fields, text="We gave up.")) == "ann@mail.example soft"


def test_fields_without_a_recipient_leave_the_word_to_the_text() -> None:
    raw = a_delivery_report("Reporting-MTA: dns; relay.example\n", text="Not delivered to:\n\nann@mail.example\n")

    assert (read_report(raw).rule, fates_of(raw)) == ("prose", "ann@mail.example soft")


def test_a_report_that_its_system_wrapped_for_a_disclaimer_counts() -> None:
    inner = a_delivery_report().decode()
    raw = (
        "From: postmaster@relay.example\nSubject: Undelivered Mail Returned to Sender\n"
        f'Content-Type: multipart/mixed; boundary="o"\n\n--o\nContent-Type: message/rfc822\n\n{inner}\n'
        "--o\nContent-Type: text/plain\n\nThis e-mail is confidential.\n--o--\n"
    )

    assert fates_of(raw.encode()) == "ann@mail.example hard"


def test_a_broken_boundary_is_found_in_the_body() -> None:
    raw = a_delivery_report().replace(b'boundary="=_b"', b'boundary="other"')

    assert fates_of(raw) == "ann@mail.example hard"


@pytest.mark.parametrize("attached_as", ["message/rfc822", "message/delivery-status"])
def test_a_person_who_forwards_a_report_is_not_bouncing(attached_as: str) -> None:
    inside = a_delivery_report().decode() if attached_as == "message/rfc822" else FAILED
    raw = (
        "Return-Path: <jane@reader.example>\nFrom: Jane Reader <jane@reader.example>\nTo: editor@news.example\n"
        'Subject: Fwd: Undelivered Mail\nContent-Type: multipart/mixed; boundary="o"\n\n'
        f"--o\nContent-Type: text/plain\n\nWhat is this?\n\n--o\nContent-Type: {attached_as}\n\n{inside}\n--o--\n"
    )

    assert read_report(raw.encode()).kind == "not_bounce"
