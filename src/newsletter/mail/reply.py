"""What a person wrote to us: neither a report, nor a program's answer, nor a list's mail.

The letter itself goes to the editors; here is found who wants an answer, what is new in it, and whether it speaks of
leaving. That word is shown to an editor and never obeyed: people quote our footer, and ask about it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.domain.bounce import NO_BOUNCE, Report
from newsletter.mail.fate_phrases import LEAVING
from newsletter.mail.found_address import only_addresses
from newsletter.mail.origin import from_address, has_null_sender
from newsletter.mail.parts import Message
from newsletter.mail.phrases import PhraseBook, simplify
from newsletter.mail.report_text import whole_text

_LEAVING = PhraseBook.compile(LEAVING)
_LONGEST_TEXT = 8_000  # characters of it that are shown without opening the letter
_LONGEST_NAME = 100
_LIST_FIELDS = ("list-id", "list-unsubscribe", "feedback-id")
_BULK = frozenset({"bulk", "junk", "list"})
# Few names: people do write from mail@, admin@ and service@.
_PROGRAM = re.compile(r"(?:mailer-daemon|postmaster|no-?reply|do-?not-?reply)\b|\Z")

# Where the quoted letter begins: ">", "On Thursday … wrote:", a ruled line, the fields of the letter.
_QUOTE_BEGINS = re.compile(
    r"^(?:[ \t]*>|[^\n]{0,200}(?:\d{4}|@)[^\n]{0,200}[:：][ \t]*$|[ \t]*[-_]{5,}"
    r"|[ \t]*\*?(?:from|von|de|da|van|fra|från|od|от|发件人|差出人|보낸 사람)\*?[ \t]*[:：])",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(r'\s*"?([^"<@]{1,200}?)"?\s*<')


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A person's letter."""

    #: of From, lower case; empty if it has none
    sender: str
    name: str
    #: whom to answer: Reply-To, else From; may be empty
    answer_to: str
    subject: str
    #: what the person wrote, without what is quoted
    text: str
    #: whether it speaks of unsubscribing
    asks_to_leave: bool


def read_reply(message: Message, report: Report) -> Reply | None:
    """Return what a person wrote; None for anything that ``report`` knows better, and for what a program sent."""
    if report.rule != NO_BOUNCE.rule or report.kind is not NO_BOUNCE.kind or is_from_program(message):
        return None
    sender = from_address(message)
    name = _NAME.match(message.top.first("from"))
    subject, text = message.subject, _new_text(message)
    return Reply(
        sender=sender,
        name=name.group(1).strip()[:_LONGEST_NAME] if name else "",
        answer_to=next(iter(only_addresses(message.top.first("reply-to"))), sender),
        subject=subject,
        text=text,
        asks_to_leave=any(_LEAVING.find(simplify(words)) for words in (subject, text)),
    )


def is_from_program(message: Message) -> bool:
    """Whether a program sent it of its own accord, or a list did: to pass such mail on could go round in circles."""
    fields = message.top
    return (
        fields.first("auto-submitted").strip().lower() not in {"", "no"}
        or fields.first("precedence").strip().lower() in _BULK
        or any(fields.first(name) for name in _LIST_FIELDS)
        or has_null_sender(message)
        or bool(_PROGRAM.match(from_address(message)))
    )


def _new_text(message: Message) -> str:
    text = whole_text(message).strip()
    quote = _QUOTE_BEGINS.search(text)
    own = text[: quote.start()].strip() if quote else text
    return (own or text)[:_LONGEST_TEXT]
