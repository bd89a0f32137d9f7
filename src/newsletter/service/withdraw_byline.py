"""Take an author's name off whatever readers can still see, or let it stand again."""

from __future__ import annotations

from datetime import datetime

from newsletter.errors import InputError, NotFoundError
from newsletter.ingest.text import clean_line
from newsletter.store.article_index import enter_article
from newsletter.store.articles import list_articles, lock_articles
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.withdrawals import list_withdrawn_names, restore_name, withdraw_name


def withdraw_byline(name: str, *, database: Database, now: datetime, actor: str | None = None) -> str:
    """Take a name out of archive, article pages, search and new issues at once; return it as it is written there.

    The articles stay, and keep the name in the store. Raises InputError for no name, NotFoundError for one that stands
    under no article.
    """
    wanted = clean_line(name)
    if not wanted:
        raise InputError("Whose name? Write it as it stands under the article.")
    with database.transaction() as transaction:
        lock_articles(transaction)
        carried = [
            stored for stored in list_articles(transaction, with_retracted=True) if wanted in stored.article.authors
        ]
        if not carried:
            raise NotFoundError(f"{wanted} is not the author of any article; 'newsletter articles list' shows authors.")
        if withdraw_name(transaction, wanted, now=now):
            _enter_anew(transaction)
            for subject in (f"article {stored.id}" for stored in carried):
                record_act(transaction, "withdraw byline", subject=subject, detail={}, now=now, actor=actor)
    return wanted


def restore_byline(name: str, *, database: Database, now: datetime, actor: str | None = None) -> str:
    """Let a name stand again; raises NotFoundError for one that was not withdrawn."""
    wanted = clean_line(name)
    with database.transaction() as transaction:
        lock_articles(transaction)
        if not restore_name(transaction, wanted):
            raise NotFoundError(
                f"{wanted or 'No name'} was not withdrawn; 'newsletter articles bylines' lists who was."
            )
        _enter_anew(transaction)
        for stored in list_articles(transaction, with_retracted=True):
            if wanted in stored.article.authors:
                subject = f"article {stored.id}"
                record_act(transaction, "restore byline", subject=subject, detail={}, now=now, actor=actor)
    return wanted


def list_bylines(*, database: Database) -> list[str]:
    """Give the names that are withdrawn."""
    with database.snapshot() as snapshot:
        return sorted(list_withdrawn_names(snapshot))


def _enter_anew(transaction: Transaction) -> None:
    """Enter every article into the search as it may be found now: a name can stand in another's text, too."""
    for stored in list_articles(transaction, with_retracted=True):
        enter_article(transaction, stored.id, stored.article)
