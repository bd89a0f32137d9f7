"""What people write, told from what programs do; the letters are in people.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from bounce_messages import a_letter
from newsletter.mail.parts import read_message
from newsletter.mail.reply import Reply, read_reply
from newsletter.mail.report import judge_message, read_report

_LETTERS = tomllib.loads((Path(__file__).parent / "people.toml").read_text(encoding="utf-8"))["letters"]


def reply_in(raw: bytes) -> Reply | None:
    message = read_message(raw)
    return read_reply(message, judge_message(message))


@pytest.mark.parametrize("letter", _LETTERS, ids=[f"{each['language']}: {each['subject']}" for each in _LETTERS])
def test_what_a_person_writes_is_a_reply(letter: dict[str, str]) -> None:
    raw = a_letter(
        letter["subject"],
        letter["text"],
        sender=letter.get("sender", "Ann Reader <ann@mail.example>"),
        fields=tuple(letter.get("fields", "").splitlines()),
    )
    reply = reply_in(raw)

    assert read_report(raw).kind == "not_bounce"
    assert reply is not None
    assert reply.asks_to_leave is letter.get("asks_to_leave", False)


def test_there_are_letters_enough() -> None:
    assert len(_LETTERS) >= 30
    assert len({letter["language"] for letter in _LETTERS}) >= 8


def test_a_reply_names_who_wrote_it_and_whom_to_answer() -> None:
    reply = reply_in(a_letter("Re: Issue 41", "Fine.", fields=("Reply-To: ann@work.example",)))

    assert reply is not None
    assert (reply.sender, reply.name, reply.answer_to) == ("ann@mail.example", "Ann Reader", "ann@work.example")
    assert reply.text == "Fine."


@pytest.mark.parametrize(
    "quote",
    [
        "> You may unsubscribe here.",
        "On Thu, 12 Mar 2026 at 09:00, The Journal <news@news.example> wrote:\n\nUnsubscribe",
        "-----Original Message-----\nUnsubscribe",
        "Von: The Journal\nUnsubscribe",
        "From: The Journal\nUnsubscribe",
    ],
)
def test_our_own_footer_is_no_wish_of_the_reader_s(quote: str) -> None:
    reply = reply_in(a_letter("Re: Issue 41", f"Lovely issue.\n\n{quote}\n"))

    assert reply is not None
    assert (reply.text, reply.asks_to_leave) == ("Lovely issue.", False)


def test_a_letter_that_only_quotes_is_shown_whole() -> None:
    reply = reply_in(a_letter("Re: Issue 41", "> all of it\n> quoted\n"))

    assert reply is not None
    assert reply.text == "> all of it\n> quoted"


@pytest.mark.parametrize(
    "field",
    [
        "Auto-Submitted: auto-generated",
        "Precedence: list",
        "List-Id: <members.club.example>",
        "List-Unsubscribe: <https://club.example/leave>",
        "Return-Path: <>",
    ],
)
def test_what_a_program_sends_by_itself_is_no_reply(field: str) -> None:
    assert reply_in(a_letter("The minutes", "As agreed.", fields=(field,))) is None


@pytest.mark.parametrize("sender", ["no-reply@shop.example", "postmaster@mail.example", ""])
def test_nobody_writes_from_an_address_that_nobody_reads(sender: str) -> None:
    assert reply_in(a_letter("Hello", "Hello.", sender=sender)) is None
