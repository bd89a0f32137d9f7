"""Auto-replies, and mail that only looks like one or like a bounce."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bounce_messages import a_letter
from newsletter.mail.report import read_report

_AUTO_REPLIES = {
    "RFC 3834": a_letter("Re: Issue 41", "Away.", fields=("Auto-Submitted: auto-replied",)),
    "an answer": a_letter("Ticket 7", "Got it.", fields=("Auto-Submitted: auto-generated", "In-Reply-To: <a@b>")),
    "X-Autoreply": a_letter("Re: Issue 41", "Away.", fields=("X-Autoreply: yes",)),
    "Precedence": a_letter("Re: Issue 41", "Away.", fields=("Precedence: auto_reply",)),
    "English": a_letter("Out of Office: Issue 41", "Write to bob@mail.example."),
    "Exchange": a_letter("Automatic reply: Issue 41", "Away.", fields=("Return-Path: <>",)),
    "German": a_letter("Automatische Antwort: Ausgabe 41", "Weg."),
    "French": a_letter("=?utf-8?q?R=C3=A9ponse_automatique_=3A?= 41", "Absent."),
    "Spanish": a_letter("=?utf-8?q?Respuesta_autom=C3=A1tica=3A?= 41", "Fuera."),
    "Japanese": a_letter("=?utf-8?b?6Ieq5YuV5b+c562U?=: 41", "x"),
    "a hint and a null sender": a_letter("On holiday", "Away.", fields=("Return-Path: <>",)),
    "bulk and the text": a_letter("Re: Issue 41", "I am out of the office.", fields=("Precedence: bulk",)),
    "from a postmaster": a_letter("Automatic reply: 41", "Away.", sender="Postmaster <postmaster@mail.example>"),
}

_TABLE = (Path(__file__).parent / "auto_replies.toml").read_text(encoding="utf-8")
_IN_MANY_LANGUAGES = tomllib.loads(_TABLE)["replies"]

_INNOCENT = {
    "a reply": a_letter("Re: Issue 41", "Lovely. But bob@mail.example did not get it: mailbox full!"),
    "a question": a_letter("Undelivered mail?", "My mail to\n\nbob@mail.example\n\ncould not be delivered. Why?"),
    "a parcel": a_letter(
        "Delivery failed: your parcel",
        "We were unable to deliver your parcel.\nQuestions? service@parcels.example",
        sender="Delivery Status <noreply@parcels.example>",
    ),
    "a newsletter": a_letter(
        "Markets", "Orders that could not be delivered were returned.", sender="Stock Exchange <news@exchange.example>"
    ),
    "a holiday letter": a_letter("On holiday: Urlaub", "Greetings"),
    "a postmaster in person": a_letter(
        "Re: Your rejected messages",
        "Hi, ann@mail.example says your mail was rejected as spam. User unknown is our default.",
        sender="Paul <postmaster@mail.example>",
        fields=("User-Agent: Mozilla Thunderbird",),
    ),
    "a DMARC report": a_letter(
        "Report domain: news.example Submitter: mail.example",
        "This is a DMARC aggregate report. Write to dmarc@mail.example.",
        sender="postmaster@mail.example",
    ),
    "a build": a_letter(
        "Build 7", "The build has failed.\n\nbob@mail.example\n", fields=("Auto-Submitted: auto-generated",)
    ),
    "a read receipt": (
        b"From: Ann <ann@mail.example>\nReturn-Path: <>\nSubject: Read: Issue 41\n"
        b'Content-Type: multipart/report; report-type=disposition-notification; boundary="b"\n\n'
        b"--b\nContent-Type: text/plain\n\nread\n--b\nContent-Type: message/disposition-notification\n\n"
        b"Final-Recipient: rfc822;ann@mail.example\nDisposition: manual-action/MDN-sent-manually; displayed\n--b--\n"
    ),
    "nothing at all": b"",
    "no fields": b"\n\nhello\n",
}


@pytest.mark.parametrize("name", _AUTO_REPLIES)
def test_a_program_that_answers_for_a_reader_is_no_bounce(name: str) -> None:
    assert read_report(_AUTO_REPLIES[name]).kind == "auto_reply"


@pytest.mark.parametrize("reply", _IN_MANY_LANGUAGES, ids=[f"{each[0]}: {each[1]}" for each in _IN_MANY_LANGUAGES])
def test_programs_answer_in_many_languages(reply: list[str]) -> None:
    _language, subject, text, fields = reply

    assert read_report(a_letter(subject, text, fields=tuple(fields.splitlines()))).kind == "auto_reply"


def test_there_are_answers_enough() -> None:
    assert len(_IN_MANY_LANGUAGES) >= 50
    assert len({language for language, *_ in _IN_MANY_LANGUAGES}) >= 15
    assert sum("Auto-Submitted" not in fields for *_, fields in _IN_MANY_LANGUAGES) >= 40


@pytest.mark.parametrize("name", _INNOCENT)
def test_ordinary_mail_is_neither(name: str) -> None:
    assert read_report(_INNOCENT[name]).kind == "not_bounce"
