"""Reports in prose, in the shapes of many mail systems and languages: in ``messages``, with their fates in a file.

They were written for these tests; servers, people and addresses are invented.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from bounce_messages import a_letter, fates_of
from newsletter.mail.parts import read_message
from newsletter.mail.report import read_report

_MESSAGES = Path(__file__).parent / "messages"
_FATES = dict(line.split(": ", 1) for line in (_MESSAGES / "fates.txt").read_text(encoding="utf-8").splitlines())


def read_case(name: str) -> bytes:
    return (_MESSAGES / f"{name}.eml").read_bytes()


@pytest.mark.parametrize("name", _FATES)
def test_a_report_in_prose_names_its_recipients_and_their_fates(name: str) -> None:
    assert fates_of(read_case(name)) == _FATES[name]


@pytest.mark.parametrize("name", _FATES)
def test_line_ends_change_nothing(name: str) -> None:
    raw = read_case(name)

    assert read_report(raw.replace(b"\n", b"\r\n")) == read_report(raw)
    assert read_report(raw.replace(b"\n", b"\r")) == read_report(raw)


@pytest.mark.parametrize("name", _FATES)
def test_html_says_the_same(name: str) -> None:
    head, _, text = read_case(name).decode().partition("\n\n")
    html = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\n", "<br>\n")
    raw = f"{head.replace('text/plain', 'text/html')}\n\n<html><head><style>p {{}}</style></head><p>{html}</p></html>"

    assert fates_of(raw.encode()) == _FATES[name]


@pytest.mark.parametrize("name", _FATES)
@pytest.mark.parametrize("prefix", ["Fwd: ", "Re: ", ""])
def test_a_person_who_quotes_or_forwards_a_report_is_not_bouncing(name: str, prefix: str) -> None:
    message = read_message(read_case(name))
    text = message.texts[0].text
    quoted = "\n".join(f"> {line}" for line in text.split("\n"))
    inline = f"I got this back, what does it mean?\n\n---------- Forwarded message ---------\n{text}"

    for body in (quoted, inline):
        assert read_report(a_letter(prefix + message.subject, body)).kind == "not_bounce"


def test_the_letter_that_came_back_names_the_recipient_where_the_report_does_not() -> None:
    said = "From: MAILER-DAEMON@relay.example\nReturn-Path: <>\nSubject: Undeliverable message\n"
    inside = f"{said}\nCould not be delivered.\n\nOriginal Message:\nFrom: b@news.example\nTo: ann@mail.example\n"
    attached = (
        f'{said}Content-Type: multipart/mixed; boundary="b"\n\n--b\n\nCould not be delivered.\n'
        "--b\nContent-Type: message/rfc822\n\nFrom: b@news.example\nTo: ann@mail.example\n\nDear Ann\n--b--\n"
    )

    assert fates_of(inside.encode()) == "ann@mail.example soft"
    assert fates_of(attached.encode()) == "ann@mail.example soft"


def test_a_report_without_any_address_is_still_a_report() -> None:
    report = read_report(b"From: MAILER-DAEMON@relay.example\nSubject: Undeliverable message\n\nMailbox full.\n")

    assert (report.kind, report.recipients) == ("soft", ())


def test_failed_recipients_in_a_field_need_no_words() -> None:
    raw = b"From: x@relay.example\nX-Failed-Recipients: ann@mail.example, bob@mail.example\nSubject: Hm\n\nHm.\n"

    assert fates_of(raw) == "ann@mail.example soft, bob@mail.example soft"


def test_what_is_said_of_one_recipient_is_not_said_of_another() -> None:
    text = "Could not be delivered:\n\n<ann@mail.example>:\nfailed\n\n<bob@mail.example>:\n550 User unknown\n"
    raw = a_letter("failure notice", text, sender="MAILER-DAEMON@relay.example")

    assert fates_of(raw) == "ann@mail.example soft, bob@mail.example hard"
