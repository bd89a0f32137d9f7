"""The part of a report that a mail system wrote for people: without the letter that came back."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache

from newsletter.mail.fate_phrases import (
    ADDRESSED_FAILURE,
    COPY_BEGINS,
    DELAY_WORDS,
    FAILURE,
    MAIL_WORDS,
    OWN_AFFAIRS,
    REJECTED,
    STILL_TRYING,
    SUCCESS,
)
from newsletter.mail.parts import Message, Part
from newsletter.mail.phrases import PhraseBook, simplify

_MOST_TEXT = 16_000  # characters
_MOST_LINES = 400
_BEGINNING = 4_000
_AROUND = 1_200  # characters that may speak of one recipient

_COPY = PhraseBook.compile((("copy", "\n".join(COPY_BEGINS)),))
_TRYING = PhraseBook.compile(STILL_TRYING)
_DELAY_WORDS = PhraseBook.compile(DELAY_WORDS)
_SUCCESS = PhraseBook.compile(SUCCESS)
_ADDRESSED = PhraseBook.compile(ADDRESSED_FAILURE)
_FAILURE = PhraseBook.compile(FAILURE)
_REJECTED = PhraseBook.compile(REJECTED)
_MAIL_WORDS = PhraseBook.compile(MAIL_WORDS)
_OWN_AFFAIRS = PhraseBook.compile(OWN_AFFAIRS)

# Fields that only the copy of a letter has; From, To, Subject and Date are quoted by reports too.
_COPIED_FIELD = re.compile(
    r"(?:received|return-path|message-id|mime-version|dkim-signature|domainkey-signature|x-mailer"
    r"|content-transfer-encoding)[ \t]*:",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r" (?:not|was received|could|couldn) ")
_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status", "message/feedback-report"})
_LONGEST_MARKER = 90
_STATEMENT_ENDS = re.compile(r"[.!?]\s|[。！？]|\n\s*\n")
_MOST_STATEMENTS = 40


@lru_cache(maxsize=2)  # asked several times of a message, and for each recipient
def written_text(message: Message) -> str:
    """Return the report itself, up to the copy of the letter, plain text before HTML."""
    return "\n\n".join(before_copy(part.text[:_MOST_TEXT]) for part in _written_parts(message))[:_MOST_TEXT]


@lru_cache(maxsize=2)
def whole_text(message: Message) -> str:
    """Return the report with whatever it quotes."""
    return "\n\n".join(part.text[:_MOST_TEXT] for part in _written_parts(message))[:_MOST_TEXT]


def copied_text(message: Message) -> str:
    """Return the copy of the letter, where it stands in the text itself; empty if there is none."""
    for part in message.texts[:3]:
        text = part.text[:_MOST_TEXT]
        written = before_copy(text)
        lines = text[len(written) :].strip().split("\n")
        if len(lines) > 1:
            return "\n".join(lines[1:] if _is_marker(lines[0].strip()) else lines).strip()
    return ""


def shown_text(message: Message) -> str:
    """Return what a person can read of a message: what was written for people, and the fields of a delivery report."""
    fields = [leaf for leaf in message.leaves if leaf.content_type in _STATUS_TYPES]
    parts = [*_written_parts(message), *fields[:1]]
    return "\n\n".join(part.text.strip() for part in parts)[:_MOST_TEXT]


def before_copy(text: str) -> str:
    """Cut a text where the copy of a letter begins; a text that begins with one is left whole."""
    lines = text.split("\n")[:_MOST_LINES]
    has_words = False
    for number, line in enumerate(lines):
        stripped = line.strip()
        if not stripped:
            continue
        if has_words and (_COPIED_FIELD.match(stripped) or _is_marker(stripped)):
            return "\n".join(lines[:number])
        has_words = has_words or bool(re.search(r"\w", stripped))
    return "\n".join(lines)


def words_about(address: str, text: str, others: Collection[str] = ()) -> str:
    """Return the text from the line on that first names the address, up to the next of ``others``.

    If no line names it: all of the text where the report has no other recipients, else nothing.
    """
    lowered = text.lower()
    at = lowered.find(address)
    if at < 0:
        return "" if others else text[:_AROUND]
    ends = [found for other in others if (found := lowered.find(other, at + len(address))) >= 0]
    return text[lowered.rfind("\n", 0, at) + 1 : min(ends, default=len(text))][:_AROUND]


def says_still_trying(message: Message) -> bool:
    """Whether the subject or the report says that the letter may yet arrive."""
    subject = simplify(message.subject)
    if _TRYING.find(subject) or _TRYING.find(simplify(written_text(message)[:_BEGINNING])):
        return True
    return bool(_DELAY_WORDS.find(subject)) and not _FAILURE.find(subject)


def says_success(message: Message) -> bool:
    return bool(_SUCCESS.find(simplify(message.subject))) or (
        bool(_SUCCESS.find(simplify(written_text(message)[:2_000]))) and not says_failure(written_text(message))
    )


def says_failure(text: str) -> bool:
    return bool(_FAILURE.find(simplify(text[:_BEGINNING])))


def says_rejected(message: Message) -> bool:
    """Whether it says in a receipt's form that a letter was refused."""
    return _REJECTED.find(simplify(written_text(message)[:_BEGINNING])) is not None


def says_mail_failed(text: str) -> bool:
    """Whether one sentence of the beginning says of mail that it failed, and not of a parcel or a payment."""
    if not says_failure(text):
        return False
    sentences = (simplify(each) for each in _STATEMENT_ENDS.split(text[:_BEGINNING])[:_MOST_STATEMENTS])
    return any(_FAILURE.find(each) and _MAIL_WORDS.find(each) for each in sentences)


def is_own_affair(subject: str) -> bool:
    """Whether a mail system writes to its own users, of their quota or their quarantine."""
    return _OWN_AFFAIRS.find(simplify(subject)) is not None


def is_addressed_failure(text: str) -> bool:
    """Whether the text says "could not be delivered to this address" or the like in one breath."""
    return _ADDRESSED.find(simplify(text[:1_500])) is not None


def _written_parts(message: Message) -> list[Part]:
    plain = [part for part in message.texts if part.content_type != "text/html" and part.text.strip()]
    return (plain or list(message.texts))[:3]


def _is_marker(line: str) -> bool:
    if len(line) > _LONGEST_MARKER:
        return False
    simple = simplify(line)
    # "did not receive a copy of your message", "the original message was received at nine" are still the report.
    return not _SENTENCE.search(simple.text) and _COPY.find(simple) is not None
