"""Why a letter was refused, from a status and the other side's words: for SMTP replies, reports and webhooks alike.

The status is weak evidence. "5.x.x means gone" would suppress about every fourth address that is only full, greylisted
or disliked today. So the words decide, and in this order: the reader is named as the cause, somebody blocks, the detail
of the status (RFC 3463), its first digit. Only words or details that name a missing mailbox or domain make a failure
hard, and never while the status says that another try may succeed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from newsletter.domain.bounce import DECISIVE_REASONS, BounceKind, BounceReason
from newsletter.mail.phrases import PhraseBook, simplify
from newsletter.mail.reason_codes import REASON_OF_DETAIL, REASON_OF_SUBJECT
from newsletter.mail.reason_languages import BLOCKING_ELSEWHERE, SURE_ELSEWHERE
from newsletter.mail.reason_phrases import LIKELY, SURE, VAGUE
from newsletter.mail.refusal_phrases import BLOCKING

_LONGEST_TEXT = 4_000  # characters; a reply of RFC 5321 has 512 a line, and whatever says more says it first
_LONGEST_QUOTE = 200

_STATUS = re.compile(r"(?<![\d.])([245])[.](\d{1,3})[.](\d{1,3})(?![\d.]\d)")
_REPLY_CODE = re.compile(r"(?<![\d.\[(:/-])([45])[0-5]\d(?=[\s:-])(?!-\d)")
_PARAGRAPH_ENDS = re.compile(r"\n[ \t]*\n")

# The command that was refused, where a relay names it: before RCPT it was not about the reader.
_STAGE = re.compile(
    r"(?:after|reply to|response to|sending) (?:initial connection|he?lo|ehlo|helo|mail from|the mail from)\b",
    re.IGNORECASE,
)

_BOOKS = (
    (PhraseBook.compile(SURE, SURE_ELSEWHERE), "sure"),
    (PhraseBook.compile(BLOCKING, BLOCKING_ELSEWHERE), "blocking"),
    (PhraseBook.compile(LIKELY), "likely"),
)
_VAGUE = PhraseBook.compile(VAGUE)


@dataclass(frozen=True, slots=True)
class Judgement:
    """HARD or SOFT, why, by which rule, and the words that it rests on."""

    kind: BounceKind
    reason: BounceReason
    rule: str
    words: str


def find_reason(status: str | None, text: str, *, is_final: bool = False) -> Judgement:
    """Judge one failure. ``status`` as "5.1.1" where a field or the reply has one; ``text`` in the server's own words.

    ``is_final`` says that nobody will try again, as a report of failure does; a reply of 4yz alone does not.
    Never fails, whatever the text is, and takes time in proportion to its length (of which it reads 4,000 characters).
    """
    return _judge(status, text[:_LONGEST_TEXT], is_final=is_final)


@lru_cache(maxsize=256)  # servers repeat themselves
def _judge(status: str | None, text: str, *, is_final: bool) -> Judgement:
    status = best_status(status or "", text)
    reason, rule = _choose(status, text)
    if is_final and rule == f"status:{status}" and status.startswith("4.") and status.endswith(".0"):
        # "Try again later", and nothing more, until whoever tried gave up.
        reason = BounceReason.EXPIRED
    is_hard = reason in DECISIVE_REASONS and (not _may_pass(status, text) or (is_final and _is_certain(reason, rule)))
    kind = BounceKind.HARD if is_hard else BounceKind.SOFT
    return Judgement(kind, reason, rule, " ".join(text.split())[:_LONGEST_QUOTE])


def best_status(status: str, text: str) -> str:
    """Return the most telling enhanced status of the two: a detail that is not zero wins, the field before the text."""
    given = _STATUS.search(status)
    candidates = [given.group(1, 2, 3)] if given else []
    candidates += _STATUS.findall(text)
    if not candidates:
        return ""
    telling = [each for each in candidates if each[2] != "0"] or [each for each in candidates if each[1] != "0"]
    return ".".join((telling or candidates)[0])


def _choose(status: str, text: str) -> tuple[BounceReason, str]:
    whole = simplify(text)
    # A relay quotes the other server behind words of its own ("rejected by the recipient's domain: 550 no such user").
    # What stands behind it in a paragraph of its own is advice: "the address may not exist, or the mailbox is full".
    code = _REPLY_CODE.search(text)
    end = _PARAGRAPH_ENDS.search(text, code.end()) if code else None
    reply = simplify(text[code.start() : end.start() if end else None]) if code else whole
    is_about_us = _STAGE.search(text) is not None
    for simple in (reply, whole) if code and (code.start() or end) else (whole,):
        for book, name in _BOOKS:
            reason = book.find(simple)
            if reason and is_about_us and reason in DECISIVE_REASONS:
                return BounceReason.SENDER_REFUSED, "words:stage"
            if reason:
                return reason, f"words:{name}"
    if reason := REASON_OF_DETAIL.get(status[2:]):
        return reason, f"status:{status}"
    if reason := _VAGUE.find(whole):
        return reason, "words:vague"
    if reason := REASON_OF_SUBJECT.get(status[2:3]):
        return reason, f"status:{status}"
    return BounceReason.UNSPECIFIED, "nothing"


def _is_certain(reason: BounceReason, rule: str) -> bool:
    # A domain that the DNS could not find just now may be there tomorrow; a user whom his server does not know will not
    # be.
    return reason is BounceReason.UNKNOWN_USER and rule == "words:sure"


def _may_pass(status: str, text: str) -> bool:
    """Whether the other side says that a later try may succeed (RFC 5321 4.2.1, RFC 3463 2)."""
    if status:
        return status.startswith("4")
    code = _REPLY_CODE.search(text)
    return code is not None and code.group(1) == "4"
