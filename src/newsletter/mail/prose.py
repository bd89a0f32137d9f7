"""Reports in free text: most systems before 2003, many after, each in its own words.

There is no table of systems. A report in prose names its recipients in one of a few ways (alone on a line, at the head
of one, behind a label, in a command or a reply of SMTP), and the best way that occurs in it is believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.domain.bounce import DECISIVE_REASONS, BounceKind, BounceReason, Report, ReportedRecipient, heaviest
from newsletter.mail.found_address import FoundAddress, find_addresses, only_addresses
from newsletter.mail.origin import (
    has_null_sender,
    is_automatic,
    is_clearly_from_mail_system,
    is_forward_or_reply,
    is_from_mail_program,
    is_from_mail_system,
    is_from_robot,
)
from newsletter.mail.parts import Fields, Message, decode_body, decode_words, read_fields
from newsletter.mail.reason import find_reason
from newsletter.mail.report_text import (
    copied_text,
    is_addressed_failure,
    is_own_affair,
    says_failure,
    says_mail_failed,
    says_still_trying,
    says_success,
    whole_text,
    written_text,
)

# Reasons that no ordinary letter gives.
_TELLING = DECISIVE_REASONS | {BounceReason.MAILBOX_FULL}
_MOST_RECIPIENTS = 100
_MOST_MENTIONS = 120
_AROUND = 1_200  # characters that may speak of one recipient
_BESIDE = 200  # characters of a line that are looked at on either side of an address
_CLEAR = 3  # the weight from which on a mention names a recipient

_BULLET = " \t>*-•·+=<>[](){}\"'`:;,.|"
_LABEL = re.compile(
    r"(?:recipient|address|addressee|user|mailbox|account|mail ?box|to|rcpt|failed|undeliverable|unknown|invalid|full"
    r"|e-?mail|empf[aä]nger|destinat[aá]rio|destinataire|an|para|à|a|adresse|direcci[oó]n|宛先|あて先|收件人|收件者|收信人"
    r"|发送到|发送至|投递到|寄送到|傳送到|받는 사람|수신자|получатель|адрес)"
    r"\w*\W*\Z",
    re.IGNORECASE,
)
_COMMAND = re.compile(r"rcpt to\W*\Z", re.IGNORECASE)
_NOT_RECIPIENT = re.compile(
    r"\b(?:from|sender|contact|questions?|help|support|assistance|message-id|reply-to|cc|report|write to|postmaster"
    r"|administrator|visit|http\S*|mailto|forward\w*|sent by|behalf of|send (?:e-?mail|mail|a message)|von|de|absender"
    r"|expediteur|remitente|in-reply-to|references|envelope-from|return-path|id)\b[^@\n]{0,40}\Z",
    re.IGNORECASE,
)
_OWN = re.compile(
    r"(?:mailer-daemon|postmaster|abuse|help|helpdesk|support|service|contact|admin|administrator|hostmaster|noreply"
    r"|no-reply)@",
    re.IGNORECASE,
)
_ALIAS = re.compile(r"\((?:expanded|generated) from:?\s+<?\Z|\boriginal address\W*\Z", re.IGNORECASE)
_LONGEST_ALIAS = 40  # characters before the address
_QUOTED_TO = re.compile(r"[ \t>]*to:\s", re.IGNORECASE)  # of the letter; its readers need not be the report's
# Sendmail's own words behind it are "User unknown" for whatever the other server refused with.
_GIVEN_REASON = re.compile(r"\(reason: ([^\n]{1,500})\)[ \t]*$", re.IGNORECASE | re.MULTILINE)
_OWN_FIELDS = ("from", "to", "delivered-to", "x-original-to", "return-path", "envelope-to", "sender", "reply-to")
_SENDERS = frozenset({"from", "return-path", "sender", "reply-to"})
# What a server answered, whatever the language around it.
_SERVER_REPLY = re.compile(r"(?<![\d.])[45][0-5]\d[ -](?:#?\(?[245]\.\d{1,3}\.\d{1,3}|<|[A-Za-z])")
_LINK = re.compile(rb"mailto:([^\"'?>\s]{3,200})", re.IGNORECASE)
_MOST_HTML = 64 << 10  # bytes
_DDA = re.compile(r"\bsmtp=\Z", re.IGNORECASE)  # an address inside one of X.400
_ON_DATE = re.compile(r"\W*(?:on|am|le|el|em|il|op) \w{2,4}\b")
_TRANSCRIPT = re.compile(r"\s*(?:\d{3}[ -]|<<<|>>>|---)")


@dataclass(frozen=True, slots=True)
class _Mention:
    """An address in the report, how much its place says that it is a recipient, and where its words begin."""

    address: str
    weight: int
    start: int


def read_prose(message: Message) -> Report | None:
    """Read a report of failure, delay or success from a mail system; None for anything else."""
    text = written_text(message)
    failed = [each for value in message.top.every("x-failed-recipients") for each in only_addresses(value)]
    mentions = _best(_mentions(message, text))
    if not mentions:  # some quote fields of the letter first, and say what became of it below
        whole = whole_text(message)
        mentions = [each for each in _best(_mentions(message, whole)) if each.weight >= _CLEAR]
        text = whole if mentions else text
    if not failed and not _is_report(message, text, mentions):
        return None
    addresses = list(
        dict.fromkeys(
            failed
            or [each.address for each in mentions]
            or _returned_to(message)
            or _named_in_subject(message)
            or _linked_to(message)
        )
    )
    if not addresses and not (has_null_sender(message) or is_automatic(message) or says_failure(message.subject)):
        return None
    starts = {each.address: each.start for each in reversed(mentions)}
    kind = _fate(message)
    # What is said of nobody by name is said of the only one; of several, it may be about any.
    general = (text, message.subject) if len(addresses) == 1 else ()
    recipients = tuple(
        _judge(address, (_words_of(address, starts, text), *general), kind) for address in addresses[:_MOST_RECIPIENTS]
    )
    if recipients:
        kind = heaviest(tuple(each.kind for each in recipients))
        return Report(
            kind=kind, recipients=recipients, rule="prose", words=recipients[0].words, trouble=message.trouble
        )
    judgement = find_reason("", text, is_final=kind is None)
    return Report(kind=kind or judgement.kind, rule="prose", words=judgement.words, trouble=message.trouble)


def _is_report(message: Message, text: str, mentions: list[_Mention]) -> bool:
    subject = message.subject
    if is_from_mail_program(message) or is_own_affair(subject):
        return False
    if is_clearly_from_mail_system(message) or (is_from_mail_system(message) and _is_of_mail(message, text)):
        return (
            says_failure(subject)
            or says_failure(text)
            or says_still_trying(message)
            or says_success(message)
            or find_reason("", text).reason in _TELLING
            or (bool(mentions) and mentions[0].weight >= _CLEAR and _SERVER_REPLY.search(text) is not None)
        )
    # People and ticket systems pass reports on, quoted. Under any other name it has to look like one in every way.
    names_recipients = any(each.weight >= _CLEAR and text[each.start : each.start + 1] != ">" for each in mentions)
    if not names_recipients or is_forward_or_reply(message):
        return False
    if not (has_null_sender(message) or is_automatic(message) or is_from_robot(message)):
        return False
    return _is_of_mail(message, text) and (says_failure(subject) or is_addressed_failure(text))


def _is_of_mail(message: Message, text: str) -> bool:
    return (has_null_sender(message) and says_failure(text)) or says_mail_failed(text)


def _fate(message: Message) -> BounceKind | None:
    if says_still_trying(message):
        return BounceKind.DELAYED
    return BounceKind.DELIVERED if says_success(message) else None


def _judge(address: str, texts: tuple[str, ...], kind: BounceKind | None) -> ReportedRecipient:
    """Judge by the first text that gives a reason in words; ``kind`` is known if it is no failure."""
    given = _GIVEN_REASON.search(texts[0])
    texts = (given.group(1), *texts) if given else texts
    judgement = find_reason("", texts[0], is_final=kind is None)
    for text in texts[1:]:
        if judgement.rule.startswith("words"):
            break
        wider = find_reason("", text, is_final=kind is None)
        judgement = wider if wider.rule.startswith("words") or judgement.rule == "nothing" else judgement
    return ReportedRecipient(
        address=address, kind=kind or judgement.kind, status="", reason=judgement.reason, words=judgement.words
    )


def _words_of(address: str, starts: dict[str, int], text: str) -> str:
    """Return what the report says from this recipient on to the next one."""
    start = starts.get(address, text.lower().find(address))
    if start < 0:
        return text[:_AROUND]
    later = [each for each in starts.values() if each > start]
    return text[start : min(later, default=start + _AROUND)][:_AROUND]


def _mentions(message: Message, text: str) -> list[_Mention]:
    own = _own_addresses(message)
    return [
        _Mention(_without_prefix(found.address), weight, text.rfind("\n", 0, found.start) + 1)
        for found in find_addresses(text)[:_MOST_MENTIONS]
        if (weight := _weigh(found, text, is_own=found.address in own))
    ]


def _without_prefix(address: str) -> str:
    """Take away the domain that qmail writes before a local part of one of its virtual domains."""
    domain = address.rpartition("@")[2]
    return address.removeprefix(f"{domain}-")


def _own_addresses(message: Message) -> set[str]:
    """Return the addresses that the report itself went between, and who sent the letter that came back."""
    own = {each for name in _OWN_FIELDS for value in message.top.every(name) for each in only_addresses(value)}
    fields = _returned_fields(message)
    readers = {each for name, value in fields if name == "to" for each in only_addresses(decode_words(value))}
    # The first of each: a copy that is indented looks like one long field.
    senders = {each for name, value in fields if name in _SENDERS for each in only_addresses(decode_words(value))[:1]}
    return own | (senders - readers)


def _returned_fields(message: Message) -> Fields:
    returned = message.attached
    return returned.fields if returned else read_fields(copied_text(message).encode("utf-8", "replace"))[0]


def _weigh(found: FoundAddress, text: str, *, is_own: bool) -> int:
    """How much the place of an address says that it is a recipient: 0 not at all, 5 beyond doubt."""
    line_start = text.rfind("\n", 0, found.start) + 1
    line_end = text.find("\n", found.end)
    before = text[line_start : found.start][-_BESIDE:]
    after = text[found.end : line_end if line_end >= 0 else len(text)][:_BESIDE]
    is_first = not before.strip(_BULLET)
    is_alone = is_first and (not after.strip(_BULLET) or found.address in after.lower() or bool(_ON_DATE.match(after)))
    is_transcript = bool(_TRANSCRIPT.match(before))
    if _ALIAS.search(text[max(0, found.start - _LONGEST_ALIAS) : found.start]):
        return 0
    if is_own:
        return 1 if is_alone else 0
    weights = (
        (5, bool(_DDA.search(before))),
        (5, before.endswith("<") and after.startswith(">:") and ":" not in before and not is_transcript),
        (4, is_alone),
        (0, bool(_NOT_RECIPIENT.search(before) or _OWN.match(found.address))),
        (3, is_first),
        (2, bool(_COMMAND.search(before))),
        (1, is_transcript),
        (2, bool(_QUOTED_TO.match(before))),
        (3, bool(_LABEL.search(before))),
    )
    return next((weight for weight, holds in weights if holds), 1)


def _best(mentions: list[_Mention]) -> list[_Mention]:
    most = max((each.weight for each in mentions), default=0)
    return [each for each in mentions if each.weight == most]


def _named_in_subject(message: Message) -> list[str]:
    own = _own_addresses(message)
    return [each for each in only_addresses(message.subject) if each not in own]


def _linked_to(message: Message) -> list[str]:
    """Return the only address that the report links to, where it shows no more than the reader's name."""
    own = _own_addresses(message)
    pages = (decode_body(part)[:_MOST_HTML] for part in message.texts if part.content_type == "text/html")
    links = (link.decode("latin-1") for page in pages for link in _LINK.findall(page))
    linked = list(dict.fromkeys(each for link in links for each in only_addresses(link) if each not in own))
    return linked if len(linked) == 1 else []


def _returned_to(message: Message) -> list[str]:
    """Return the recipient of the letter that came back, where the report does not name one."""
    fields = _returned_fields(message)
    for wanted in ("x-failed-recipients", "delivered-to", "to"):
        found = [each for name, value in fields if name == wanted for each in only_addresses(decode_words(value))]
        if found:
            return found[:1]
    return []
