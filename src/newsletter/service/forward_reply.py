"""Pass on to the editors what readers write to the bounce address. Whatever is not passed on is kept and shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Letter, Sender
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.stored_report import plain_words
from newsletter.domain.token import KeyRing
from newsletter.errors import InvalidAddressError
from newsletter.log import log
from newsletter.mail.parts import MOST_BYTES
from newsletter.mail.reply import Reply
from newsletter.mail.reply_letter import compose_forwarded_reply
from newsletter.render.forwarded_reply import ForwardedReplyView, render_forwarded_reply
from newsletter.service.attribute_report import Attribution, open_report
from newsletter.store.bounces import find_report, load_raw
from newsletter.store.database import Database, Transaction
from newsletter.store.notices import count_notices, queue_notice
from newsletter.store.subscribers import find_subscriber

#: Of one reader. Two programs that answer each other stop here, should all other signs be missing.
MOST_FORWARDED = 10
_MOST_FORWARDED_IN = timedelta(days=1)


def queue_forward(
    transaction: Transaction, bounce_id: int, reply: Reply, attribution: Attribution, *, now: datetime
) -> bool:
    """Queue a person's letter for the editors; False if it only stays in the list of what came.

    Passed on is what answers a letter of ours, however old, and what a subscriber wrote. Strangers without our token
    are not: the address gets its share of spam.
    """
    reader = attribution.delivery.reader if attribution.delivery else None
    subscriber_id = reader.id if reader else _find_sender(transaction, reply)
    if subscriber_id is None:
        return False
    since = now - _MOST_FORWARDED_IN
    if count_notices(transaction, subscriber_id, NoticeKind.FORWARDED_REPLY, since=since) >= MOST_FORWARDED:
        log.warning("reply kept and not forwarded: too many in a day", bounce=bounce_id, subscriber=subscriber_id)
        return False
    queue_notice(transaction, NoticeKind.FORWARDED_REPLY, subscriber_id, details={"report": bounce_id}, now=now)
    return True


def write_forwarded_reply(
    notice: Notice,
    *,
    editors: EmailAddress,
    site_name: str,
    database: Database,
    sender: Sender,
    keys: KeyRing,
    theme: Path | None,
    now: datetime,
) -> Letter:
    """Return the letter that shows a stored message to the editors."""
    with database.snapshot() as snapshot:
        stored = find_report(snapshot, notice.report)
        raw = load_raw(snapshot, notice.report)
    opened = open_report(raw, envelope_recipient="")
    reply = opened.reply or Reply(
        sender="", name="", answer_to="", subject=opened.subject, text="", asks_to_leave=False
    )
    text = render_forwarded_reply(
        ForwardedReplyView(
            site_name=site_name,
            sender=plain_words(f"{reply.name} <{reply.sender}>").strip(),
            is_answerable=bool(reply.answer_to),
            subscriber=notice.address.text,
            subject=plain_words(reply.subject),
            received_at=f"{stored.received_at:%Y-%m-%d %H:%M} UTC",
            report=notice.report,
            asks_to_leave=reply.asks_to_leave,
            is_cut=len(raw) > MOST_BYTES,
            lines=tuple(reply.text.splitlines()),
        ),
        templates=theme,
    )
    return compose_forwarded_reply(
        notice,
        editors=editors,
        reply=reply,
        text=text,
        raw=raw,
        sender=sender,
        keys=keys,
        now=now,
    )


def _find_sender(transaction: Transaction, reply: Reply) -> int | None:
    try:
        subscriber = find_subscriber(transaction, EmailAddress.parse(reply.sender))
    except InvalidAddressError:
        return None
    return subscriber.id if subscriber else None
