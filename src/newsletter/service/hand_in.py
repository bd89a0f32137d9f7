"""Hand files in, look at what they hold, and take it into the store, or not."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath

from newsletter.domain.article import Article, StoredArticle
from newsletter.domain.revision import read_fields, revise
from newsletter.errors import InputError, UnreadableSourceError
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.text import is_web_address
from newsletter.service.import_articles import Handed, ImportReport, find_stored, import_articles, read_sources
from newsletter.service.keep_pictures import Fetch
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.handed_in import add_to_tray, empty_old_trays, empty_tray, list_tray

_KEPT = timedelta(days=1)
_MOST_FILES = 30
_LONGEST_NAME = 200


class Arrival(StrEnum):
    """What an import would do with an article."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    #: a file before it has the same article
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """One article of a file, and what taking it in would do."""

    article: Article
    arrival: Arrival
    #: the stored article that it is again
    stored: StoredArticle | None
    #: names of fields that would change
    changed: tuple[str, ...] = ()
    #: names of fields where an editor's text stays, and the source's is proposed
    proposed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LookedAt:
    """One file or page that could be read."""

    name: str
    expected: tuple[Expected, ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a tray holds. Nothing of it is stored yet."""

    files: tuple[LookedAt, ...]
    #: a sentence for each file that cannot be read
    refused: tuple[str, ...]

    @property
    def count(self) -> int:
        """Count the articles that there will be of it, each once."""
        return sum(each.arrival is not Arrival.REPEATED for file in self.files for each in file.expected)

    @property
    def is_worth_taking(self) -> bool:
        """Tell whether taking it in would change anything."""
        return any(each.arrival in {Arrival.NEW, Arrival.CHANGED} for file in self.files for each in file.expected)


def hand_in(
    files: Sequence[Handed], *, text: str = "", address: str = "", fetch: Fetch, database: Database, now: datetime
) -> str:
    """Keep files, a pasted text and the page at an address together; return the name of their tray.

    Raises InputError where nothing was handed in, or too much; UnreadableSourceError for an address without an answer.
    """
    kept = [(_name(file.name), file.content) for file in files if file.content]
    if text.strip():
        kept.append((_name_text(text), text.encode()))
    if address.strip():
        if not is_web_address(address.strip()):
            raise InputError(f"{address.strip()!r} is not a web address: it must begin with https:// or http://.")
        kept.append((address.strip(), fetch(address.strip())))
    if not kept:
        raise InputError("Nothing was handed in: choose a file, paste a text, or give an address.")
    if len(kept) > _MOST_FILES:
        raise InputError(f"These are {len(kept)} files, and {_MOST_FILES} go in at a time.")
    for name, content in kept:
        if len(content) > LONGEST_SOURCE:
            raise UnreadableSourceError(name, None, f"at most {LONGEST_SOURCE // 1024**2} MiB")
    tray = secrets.token_hex(16)
    with database.transaction() as transaction:
        empty_old_trays(transaction, before=now - _KEPT)
        add_to_tray(transaction, tray, kept, now=now)
    return tray


def look_over(tray: str, *, database: Database) -> Look:
    """Read what was handed in, and say what taking it in would do; raises NotFoundError."""
    with database.snapshot() as snapshot:
        kept = list_tray(snapshot, tray)
    reading = read_sources([Handed(name=name, content=content) for name, content in kept], fetch=_refuse)
    files: list[LookedAt] = []
    earlier: list[Article] = []
    with database.snapshot() as snapshot:
        for name, sourced in reading.sourced:
            articles = tuple(dict.fromkeys(sourced.articles))
            expected = tuple(_expect(snapshot, article, earlier) for article in articles)
            files.append(LookedAt(name=name, expected=expected, remarks=sourced.remarks))
            earlier += articles
    return Look(files=tuple(files), refused=reading.refused)


def take_in(tray: str, *, fetch: Fetch, database: Database, now: datetime, actor: str | None = None) -> ImportReport:
    """Store what was handed in, and empty the tray; raises NotFoundError."""
    with database.snapshot() as snapshot:
        kept = list_tray(snapshot, tray)
    sources = [Handed(name=name, content=content) for name, content in kept]
    report = import_articles(sources, fetch=fetch, database=database, now=now)
    with database.transaction() as transaction:
        empty_tray(transaction, tray)
        for stored in (*report.added, *report.updated):
            record_act(transaction, "import article", subject=f"article {stored.id}", detail={}, now=now, actor=actor)
    return report


def discard(tray: str, *, database: Database) -> None:
    with database.transaction() as transaction:
        empty_tray(transaction, tray)


def _expect(snapshot: Transaction, article: Article, earlier: Iterable[Article]) -> Expected:
    stored = find_stored(snapshot, article)
    if any(article.is_same_as(other) for other in earlier):
        return Expected(article=article, arrival=Arrival.REPEATED, stored=stored)
    if stored is None:
        return Expected(article=article, arrival=Arrival.NEW, stored=None)
    after = revise(stored, article)
    was, becomes = read_fields(stored.article), read_fields(after.article)
    changed = [name for name in was if was[name] != becomes[name]]
    proposed = tuple(name for name in after.proposed if after.proposed[name] != stored.proposed.get(name))
    arrival = Arrival.CHANGED if changed or proposed else Arrival.UNCHANGED
    return Expected(article=article, arrival=arrival, stored=stored, changed=tuple(changed), proposed=proposed)


def _name(name: str) -> str:
    """Give the file's own name, whatever path the browser names."""
    return PurePosixPath(name.replace("\\", "/")).name[-_LONGEST_NAME:] or "file"


def _name_text(text: str) -> str:
    """Give a pasted text the name of what it looks like."""
    start = text.lstrip()[:20].lower()
    return (
        "pasted text.html"
        if start.startswith("<") and not start.startswith(("<?xml", "<rss", "<feed"))
        else "pasted text"
    )


def _refuse(url: str) -> bytes:
    raise UnreadableSourceError(url, None, "a file that was handed in")
