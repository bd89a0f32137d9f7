"""Files and pages handed in, kept between the look at them and the import."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import delete, insert, select

from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import handed_in


def add_to_tray(transaction: Transaction, tray: str, files: Iterable[tuple[str, bytes]], *, now: datetime) -> None:
    rows = [{"tray": tray, "name": name, "content": content, "at": now} for name, content in files]
    if rows:
        transaction.execute(insert(handed_in), rows)


def list_tray(transaction: Transaction, tray: str) -> list[tuple[str, bytes]]:
    """Give names and contents, in the order in which they came; raises NotFoundError for an empty tray."""
    query = select(handed_in.c.name, handed_in.c.content).filter_by(tray=tray).order_by(handed_in.c.id)
    files = [(name, content) for name, content in transaction.execute(query)]
    if not files:
        raise NotFoundError("Nothing is kept under this address any more: hand the files in again.")
    return files


def empty_tray(transaction: Transaction, tray: str) -> None:
    transaction.execute(delete(handed_in).filter_by(tray=tray))


def empty_old_trays(transaction: Transaction, *, before: datetime) -> None:
    transaction.execute(delete(handed_in).where(handed_in.c.at < before))
