"""Write all subscribers to a CSV file that can be imported again."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import datetime
from typing import TextIO

from newsletter.domain.segment import Segment
from newsletter.domain.subscriber import Consent, Subscriber
from newsletter.ingest.csv_subscribers import protect_cell
from newsletter.ingest.list_layout import COLUMNS
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.segments import find_segment
from newsletter.store.subscribers import stream_with_consent


def export_subscribers(stream: TextIO, *, database: Database, segment: Segment | None = None) -> int:
    """Write a header and one line per subscriber, as they are read; return how many.

    The consent is the latest that was given. Open the stream with ``newline=""``.
    """
    writer = csv.writer(stream, lineterminator="\r\n")  # RFC 4180 2.1
    writer.writerow(COLUMNS)
    count = 0
    with database.snapshot() as snapshot:
        for subscriber, consent, tags in stream_with_consent(snapshot, segment=segment):
            writer.writerow(map(protect_cell, _cells(subscriber, consent, tags)))
            count += 1
    return count


def export_for_editor(stream: TextIO, *, segment: str = "", database: Database, editor: str, now: datetime) -> int:
    """Do the same for an editor, which the audit log has; ``segment`` names a saved one. Raises NotFoundError."""
    with database.transaction() as transaction:
        those = find_segment(transaction, segment) if segment else None
        detail = {"segment": segment}
        record_act(transaction, "subscribers exported", subject="subscribers", detail=detail, now=now, actor=editor)
    return export_subscribers(stream, database=database, segment=those)


def _cells(subscriber: Subscriber, consent: Consent | None, tags: Sequence[str]) -> tuple[str, ...]:
    """Return the cells in the order of COLUMNS."""
    return (
        subscriber.address.text,
        subscriber.name,
        consent.source if consent else "",
        consent.given_at.isoformat() if consent else "",
        subscriber.topics.label,
        subscriber.language,
        subscriber.status.value,
        subscriber.created_at.isoformat(),
        subscriber.unsubscribed_at.isoformat() if subscriber.unsubscribed_at else "",
        ",".join(tags),
    )
