"""Look at one report: its text, the words that decided, whom it is about, and what followed; and pass a letter on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.bounce import BounceKind
from newsletter.domain.notice import NoticeKind
from newsletter.domain.stored_report import StoredReport
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.suppression import Suppression
from newsletter.errors import RefusedError
from newsletter.mail.parts import read_message
from newsletter.mail.report_text import shown_text
from newsletter.store.audit import record_act
from newsletter.store.bounces import find_report, load_raw
from newsletter.store.database import Database
from newsletter.store.notices import queue_notice
from newsletter.store.subscribers import find_by_hash
from newsletter.store.suppressions import list_suppressions_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ExaminedBounce:
    report: StoredReport
    #: what people can read of it; "" once it was emptied
    text: str
    subject: str
    #: the subscriber whose address it counts against, or would
    reader: Subscriber | None
    #: those that it is part of the evidence for
    suppressions: tuple[Suppression, ...]


def examine_bounce(bounce_id: int, *, database: Database) -> ExaminedBounce:
    """Raise NotFoundError for a report that is not stored."""
    with database.snapshot() as snapshot:
        report = find_report(snapshot, bounce_id)
        raw = load_raw(snapshot, bounce_id)
        address_hash = report.address_hash
        reader = find_by_hash(snapshot, address_hash) if address_hash else None
        decided = list_suppressions_of(snapshot, address_hash) if address_hash else ()
    message = read_message(raw)
    return ExaminedBounce(
        report=report,
        text=shown_text(message) if raw else "",
        subject=message.subject,
        reader=reader,
        suppressions=tuple(each for each in decided if report.name in each.evidence),
    )


def mark_words(text: str, words: str) -> tuple[str, str, str]:
    """Part a text around the deciding words, however its lines were broken; all is before them where they are not."""
    pattern = r"\s+".join(map(re.escape, words.split()))
    found = re.search(pattern, text) if pattern else None
    return (text[: found.start()], found[0], text[found.end() :]) if found else (text, "", "")


def forward_again(bounce_id: int, *, database: Database, editor: str, now: datetime) -> None:
    """Send a person's letter to the editors' address once more, to be answered from there.

    Raises RefusedError for what nobody wrote, or nobody whom we know.
    """
    with database.transaction() as transaction:
        report = find_report(transaction, bounce_id)
        reader = find_by_hash(transaction, report.address_hash) if report.address_hash else None
        if report.fate.kind is not BounceKind.NOT_BOUNCE or not load_raw(transaction, bounce_id):
            raise RefusedError(f"Report {bounce_id} was written by a program: there is nobody to answer.")
        if reader is None:
            raise RefusedError(f"Nobody knows whose letter {bounce_id} is; 'newsletter bounces show' has all of it.")
        queue_notice(transaction, NoticeKind.FORWARDED_REPLY, reader.id, details={"report": bounce_id}, now=now)
        subject = f"bounce {bounce_id}"
        record_act(transaction, "letter forwarded", subject=subject, detail={}, now=now, actor=editor)
