"""Delivery reports of RFC 3464, read with a tolerant eye.

Field names come with odd spaces, the fields as quoted-printable or base64, in text/plain or multipart/mixed, without an
Action, several recipients in one block or one recipient in two. Each recipient keeps a fate of its own.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from newsletter.domain.bounce import BounceKind, Report, ReportedRecipient, heaviest
from newsletter.mail.found_address import only_addresses
from newsletter.mail.origin import has_null_sender, is_automatic, is_forward_or_reply, is_from_mail_system
from newsletter.mail.parts import Message
from newsletter.mail.reason import Judgement, best_status, find_reason
from newsletter.mail.report_text import says_still_trying, words_about, written_text

_MOST_RECIPIENTS = 100

_STATUS_TYPES = frozenset({"message/delivery-status", "message/global-delivery-status"})
_FIELD = re.compile(r"[ \t>*]*([A-Za-z][A-Za-z0-9-]{2,40})[ \t]*:[ \t]*(.*)")
_RECIPIENT_FIELDS = ("final-recipient", "original-recipient")
_TYPE = re.compile(r"\s*[\w./-]{1,40}\s*;\s*")
_DONE = frozenset({"delivered", "relayed", "expanded"})


@dataclass
class _Block:
    """The fields of one recipient while they are being collected."""

    fields: dict[str, str] = field(default_factory=dict)

    def get(self, name: str) -> str:
        return self.fields.get(name, "")

    def find_address(self) -> str:
        for name in (*_RECIPIENT_FIELDS, "x-actual-recipient"):
            value = _TYPE.sub("", self.get(name), count=1)
            found = only_addresses(value)
            if found:
                return found[0]
        return ""


def read_delivery_report(message: Message) -> Report | None:
    """Read a report with the fields of RFC 3464; None if there are none, or if a person passed them on."""
    texts = [leaf.text for leaf in message.leaves if leaf.content_type in _STATUS_TYPES]
    if not texts and _may_hide_fields(message):
        texts = [leaf.text for leaf in message.texts if "inal-recipient" in leaf.text.lower()]
    if not texts or not _is_top_level(message):
        return None
    blocks = [(address, block) for text in texts for block in _read_blocks(text) if (address := block.find_address())]
    addresses = frozenset(address for address, _ in blocks)
    recipients = tuple(_judge(each, block, message, addresses - {each}) for each, block in blocks[:_MOST_RECIPIENTS])
    if not recipients:
        return None
    recipients = tuple({each.address: each for each in reversed(recipients)}.values())[::-1]
    kind = heaviest(tuple(each.kind for each in recipients))
    words = next(each.words for each in recipients if each.kind is kind)
    return Report(kind=kind, recipients=recipients, rule="report", words=words, trouble=message.trouble)


def _may_hide_fields(message: Message) -> bool:
    return is_from_mail_system(message) or message.top.content_type == "multipart/report" or has_null_sender(message)


def _is_top_level(message: Message) -> bool:
    """Whether this message is the report, and not a person's letter around one."""
    if (
        message.top.content_type == "multipart/report"
        and message.top.parameter("report-type").lower() != "disposition-notification"
    ):
        return True
    if is_from_mail_system(message) or has_null_sender(message):
        return True
    return is_automatic(message) and not is_forward_or_reply(message)


def _read_blocks(text: str) -> list[_Block]:
    """Collect the fields of each recipient. A recipient field that was there already begins the next recipient."""
    blocks: list[_Block] = []
    current, name = _Block(), ""
    after_gap = False
    for line in text.split("\n"):
        if not line.strip():
            after_gap, name = True, ""
            continue
        match = _FIELD.match(line)
        if match and not (name and line[:1] in " \t"):
            name, value = match.group(1).lower(), match.group(2)
            if name in _RECIPIENT_FIELDS and (name in current.fields or (after_gap and current.find_address())):
                blocks.append(current)
                current = _Block()
            after_gap = after_gap and name not in _RECIPIENT_FIELDS
            current.fields.setdefault(name, value.strip())
        elif name:
            current.fields[name] += " " + line.strip()
    return [*blocks, current]


def _judge(address: str, block: _Block, message: Message, others: frozenset[str]) -> ReportedRecipient:
    said = " ".join(
        _TYPE.sub("", block.get(name), count=1)
        for name in ("diagnostic-code", "x-powermta-bouncecategory", "x-supplementary-info")
        if block.get(name)
    )
    status = best_status(block.get("status"), said)
    action = block.get("action").lower().split(" ", 1)[0].strip(";,.")
    judgement = find_reason(status, said, is_final=True)
    if action.startswith("delay") or (not action and status.startswith("4") and says_still_trying(message)):
        kind = BounceKind.DELAYED
    elif action in _DONE or (not action and status.startswith("2")):
        kind = BounceKind.DELIVERED
    else:
        judgement = _weigh(judgement, address, status, message, others)
        kind = judgement.kind
    return ReportedRecipient(address=address, kind=kind, status=status, reason=judgement.reason, words=judgement.words)


def _weigh(judgement: Judgement, address: str, status: str, message: Message, others: frozenset[str]) -> Judgement:
    """Where the fields alone do not say why, take the words that the mail system wrote for people."""
    if judgement.rule in {"words:sure", "words:blocking", "words:likely"}:
        return judgement
    spoken = find_reason(status, words_about(address, written_text(message), others), is_final=True)
    if spoken.rule in {"words:sure", "words:likely"} or (
        spoken.rule == "words:blocking" and judgement.kind is not BounceKind.HARD
    ):
        return spoken
    return judgement
