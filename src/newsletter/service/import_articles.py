"""Import articles from files and feeds, as often as one likes."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path, PurePath

from newsletter.domain.article import Article, StoredArticle
from newsletter.domain.partner import PartnerLink
from newsletter.domain.revision import as_sourced, revise
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.source import read_source
from newsletter.ingest.sourced import Sourced
from newsletter.ingest.text import is_web_address
from newsletter.log import log
from newsletter.service.keep_pictures import Fetch, describe_failure, keep_file, keep_pictures
from newsletter.store.articles import (
    add_article,
    find_article_by_url,
    list_articles_by,
    lock_articles,
    update_article,
)
from newsletter.store.database import Database, Transaction
from newsletter.store.partners import add_partner, find_partner_by_name
from newsletter.store.pictures import add_picture
from newsletter.store.texts import BLURB, find_text, store_text


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """A source that came with its bytes: a file dropped on a page, a text pasted there."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What sources hold, before any of it is stored."""

    sourced: tuple[tuple[str, Sourced], ...]
    #: a sentence for each source of which nothing can be taken
    refused: tuple[str, ...]

    @property
    def remarks(self) -> tuple[str, ...]:
        """Give the sentences for editors, each with the file that it is about."""
        return tuple(f"{PurePath(name).name}: {remark}" for name, sourced in self.sourced for remark in sourced.remarks)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    added: tuple[StoredArticle, ...]
    updated: tuple[StoredArticle, ...]
    unchanged: tuple[StoredArticle, ...]
    #: names of partner links that were not known yet
    partners: tuple[str, ...]
    #: the page's blurb, where it is new or has changed
    blurb: str
    #: a sentence for each source of which nothing was taken
    refused: tuple[str, ...]
    #: a sentence for each picture that could not be had; its article is stored all the same
    unpictured: tuple[str, ...]
    #: a sentence for each comment, tracked change or other thing that an editor has to know of
    remarks: tuple[str, ...] = ()

    @property
    def articles(self) -> tuple[StoredArticle, ...]:
        """All articles that the sources hold, each once, in the order in which they were first stored."""
        found = {stored.id: stored for stored in (*self.unchanged, *self.updated, *self.added)}
        return tuple(found[article_id] for article_id in sorted(found))

    @property
    def proposed(self) -> tuple[StoredArticle, ...]:
        """Articles whose source now differs from what an editor wrote."""
        return tuple(stored for stored in self.articles if stored.proposed)


def read_sources(sources: Sequence[str | Handed], *, fetch: Fetch) -> Reading:
    """Read every source that can be read and store nothing: a look before an import."""
    readable: list[tuple[str, Sourced]] = []
    refused: list[str] = []
    for source in sources:
        name = source if isinstance(source, str) else source.name
        try:
            readable.append((name, read_source(name, _load(source, fetch=fetch))))
        except UnreadableSourceError as error:
            refused.append(str(error))
    return Reading(sourced=tuple(readable), refused=tuple(refused))


def import_articles(
    sources: Sequence[str | Handed], *, fetch: Fetch, database: Database, now: datetime
) -> ImportReport:
    """Import every source that can be read: paths, addresses that ``fetch`` gets, and what was handed in.

    Everything is read before anything is stored. A source that cannot be read is refused as a whole, the others are
    still imported. An article that is already stored is known by its URL, else by its authors and standfirst.
    """
    reading = read_sources(sources, fetch=fetch)
    paths = {source for source in sources if isinstance(source, str) and "://" not in source}
    readable: list[Sourced] = []
    unpictured: list[str] = []
    for source, sourced in reading.sourced:
        beside = Path(source).parent if source in paths else None
        pictured = [
            _take_picture(article, beside, unpictured, database=database, now=now) for article in sourced.articles
        ]
        readable.append(replace(sourced, articles=tuple(pictured)))
    with database.transaction() as transaction:
        lock_articles(transaction)
        for read in (read for sourced in readable for read in sourced.pictures):
            add_picture(transaction, read.picture, read.content, now=now)
        changes = [change for sourced in readable for change in _store_all(transaction, sourced.articles, now=now)]
        partners = _store_partners(transaction, (name for sourced in readable for name in sourced.partner_names))
        blurb = _store_blurb(transaction, [sourced.blurb for sourced in readable if sourced.blurb])
    wanted = [change.after.article.image.url for change in changes if change.after.article.image]
    web = [url for url in wanted if url and is_web_address(url)]
    unpictured += keep_pictures(web, fetch=fetch, database=database, now=now)
    report = _report(changes, partners=partners, blurb=blurb, reading=reading, unpictured=unpictured)
    log.info(
        "articles imported",
        added=len(report.added),
        updated=len(report.updated),
        unchanged=len(report.unchanged),
        refused=len(report.refused),
    )
    return report


def _load(source: str | Handed, *, fetch: Fetch) -> bytes:
    if isinstance(source, Handed):
        return source.content
    if "://" in source:
        return fetch(source)
    try:
        with Path(source).open("rb") as file:
            return file.read(LONGEST_SOURCE + 1)
    except OSError as error:
        raise UnreadableSourceError(source, None, f"a file that can be read ({error.strerror})") from error


def _take_picture(
    article: Article, beside: Path | None, unpictured: list[str], *, database: Database, now: datetime
) -> Article:
    """Store a picture that lies in the folder of its article's file, and name it by its path on the site."""
    image = article.image
    if beside is None or image is None or image.url is None or is_web_address(image.url):
        return article
    try:
        picture = keep_file(_stay_below(beside, image.url), database=database, now=now)
    except UnreadableSourceError as error:
        unpictured.append(describe_failure(image.url, error))
        return article
    return replace(article, image=replace(image, url=picture.path))


def _stay_below(folder: Path, name: str) -> Path:
    file = (folder / name).resolve()
    if not file.is_relative_to(folder.resolve()):
        raise UnreadableSourceError(name, None, "a picture in the folder of the article or below it")
    return file


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    before: StoredArticle | None
    after: StoredArticle


def _store_all(transaction: Transaction, articles: Iterable[Article], *, now: datetime) -> list[_Change]:
    """Store the articles of one source. They are different ones, however alike their standfirsts are."""
    changes: list[_Change] = []
    for article in dict.fromkeys(articles):
        before = find_stored(transaction, article, others={change.after.id for change in changes})
        changes.append(_store(transaction, article, before=before, now=now))
    return changes


def find_stored(transaction: Transaction, article: Article, *, others: Container[int] = ()) -> StoredArticle | None:
    """Find the stored article that this one is again, none of ``others``: by URL, else by authors and standfirst."""
    if article.url and (stored := find_article_by_url(transaction, article.url)):
        return stored
    candidates = (stored for stored in list_articles_by(transaction, article.authors) if stored.id not in others)
    return next((stored for stored in candidates if as_sourced(stored).is_same_as(article)), None)


def _store(transaction: Transaction, article: Article, *, before: StoredArticle | None, now: datetime) -> _Change:
    if before is None:
        return _Change(before=None, after=add_article(transaction, article, now=now))
    after = revise(before, article)
    if after != before:
        update_article(transaction, after)
    return _Change(before=before, after=after)


def _store_partners(transaction: Transaction, names: Iterable[str]) -> tuple[str, ...]:
    """Store the names that are new; they have no address yet, so no issue shows them."""
    new = [name for name in dict.fromkeys(names) if find_partner_by_name(transaction, name) is None]
    for name in new:
        add_partner(transaction, PartnerLink(name=name))
    return tuple(new)


def _store_blurb(transaction: Transaction, blurbs: Sequence[str]) -> str:
    if not blurbs or blurbs[-1] == find_text(transaction, BLURB):
        return ""
    store_text(transaction, BLURB, blurbs[-1])
    return blurbs[-1]


def _report(
    changes: Iterable[_Change],
    *,
    partners: tuple[str, ...],
    blurb: str,
    reading: Reading,
    unpictured: Sequence[str],
) -> ImportReport:
    """Sum up by article: one that two sources hold counts once, by what it was before and is now."""
    first: dict[int, StoredArticle | None] = {}
    last: dict[int, StoredArticle] = {}
    for change in changes:
        first.setdefault(change.after.id, change.before)
        last[change.after.id] = change.after
    return ImportReport(
        added=tuple(after for key, after in last.items() if first[key] is None),
        updated=tuple(after for key, after in last.items() if first[key] not in (None, after)),
        unchanged=tuple(after for key, after in last.items() if first[key] == after),
        partners=partners,
        blurb=blurb,
        refused=reading.refused,
        unpictured=tuple(unpictured),
        remarks=reading.remarks,
    )
