"""What a published page says about the newsletter itself."""

from __future__ import annotations

from sqlalchemy import insert, select, update

from newsletter.store.database import Transaction
from newsletter.store.tables import site_texts

#: the publisher's words about the newsletter
BLURB = "blurb"


def find_text(transaction: Transaction, name: str) -> str:
    """Give the text stored under ``name``, or ""."""
    return transaction.execute(select(site_texts.c.text).where(site_texts.c.name == name)).scalar_one_or_none() or ""


def store_text(transaction: Transaction, name: str, text: str) -> None:
    changed = transaction.execute(update(site_texts).where(site_texts.c.name == name).values(text=text))
    if changed.rowcount == 0:
        transaction.execute(insert(site_texts).values(name=name, text=text))
