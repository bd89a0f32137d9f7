"""What a message to the bounce address says. Pure, bounded and total: any bytes give a Report.

The order: a complaint (RFC 5965), a delivery report (RFC 3464), an auto-reply (RFC 3834), a report in prose. Only
the message itself is asked, never one that is attached to it: a person who forwards a bounce is not bouncing.
"""

from __future__ import annotations

from newsletter.domain.bounce import NO_BOUNCE, Report
from newsletter.mail.arf import read_complaint
from newsletter.mail.autoreply import read_auto_reply
from newsletter.mail.dsn import read_delivery_report
from newsletter.mail.notification import read_notification
from newsletter.mail.origin import is_from_mail_system
from newsletter.mail.parts import Message, decode_body, read_message
from newsletter.mail.prose import read_prose
from newsletter.mail.report_text import says_rejected


def read_report(raw: bytes) -> Report:
    """Read one message. What cannot be read within the limits names its trouble; it is kept and shown, never lost."""
    return judge_message(read_message(raw))


def judge_message(message: Message) -> Report:
    """Say what a message is that was taken apart already."""
    report = _read(message)
    if message.trouble and not report.trouble:
        return Report(
            kind=report.kind,
            recipients=report.recipients,
            rule=report.rule,
            words=report.words,
            trouble=message.trouble,
        )
    return report


def _read(message: Message) -> Report:
    if inner := _own_report_within(message):
        message = inner
    if notification := read_notification(message):
        return notification
    if complaint := read_complaint(message):
        return complaint
    if _is_receipt(message):
        return Report(kind=NO_BOUNCE.kind, rule="receipt", words=message.subject[:200])
    if report := read_delivery_report(message):
        return report
    readers = (read_auto_reply, read_prose)
    if is_from_mail_system(message) or message.top.first("x-failed-recipients"):
        readers = (read_prose, read_auto_reply)
    return next((report for read in readers if (report := read(message))), NO_BOUNCE)


def _is_receipt(message: Message) -> bool:
    """Whether it says that a letter was shown or deleted; some servers refuse letters in that form too (RFC 5429)."""
    return any(
        leaf.content_type == "message/disposition-notification" for leaf in message.leaves
    ) and not says_rejected(message)


def _own_report_within(message: Message) -> Message | None:
    """Return a report that its own mail system wrapped up once more, for a disclaimer; a person's forward is none."""
    if message.top.content_type != "multipart/mixed" or not is_from_mail_system(message):
        return None
    leaf = next((each for each in message.leaves if each.is_attached), None)
    inner = read_message(decode_body(leaf)) if leaf else None
    if (
        inner is not None
        and inner.top.content_type == "multipart/report"
        and is_from_mail_system(inner)
        and inner.top.first("subject") == message.subject
    ):
        return inner
    return None
