"""Fetch pictures and store them, made fit for letters. What cannot be had is named, and nothing else is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from pathlib import Path

from newsletter.domain.article import StoredArticle
from newsletter.domain.issue import Draft, Masthead
from newsletter.domain.partner import StoredPartnerLink
from newsletter.domain.picture import Picture, read_picture_path
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.limits import LONGEST_SOURCE
from newsletter.ingest.picture import ReadPicture, read_picture
from newsletter.log import log
from newsletter.service.compose_issue import show_items
from newsletter.store.database import Database
from newsletter.store.pictures import add_picture, find_pictures, name_source

#: Gives the bytes behind an address, or raises UnreadableSourceError.
Fetch = Callable[[str], bytes]

_AT_ONCE = 8


def keep_pictures(
    sources: Iterable[str], *, fetch: Fetch, database: Database, now: datetime, again: bool = False
) -> tuple[str, ...]:
    """Store the picture of each source that is not stored yet, or of all ``again``; files are read anew each time.

    Sources are web addresses, files, and paths of pictures that the site serves already. Returns a sentence for each of
    which there is no picture; one that was stored before stays in its place then.
    """
    wanted = [source for source in dict.fromkeys(sources) if source and not read_picture_path(source)]
    with database.snapshot() as snapshot:
        known = find_pictures(snapshot, wanted)
    missing = [source for source in wanted if again or source not in known or "://" not in source]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        results = list(pool.map(lambda source: _try_reading(source, fetch), missing))
    failures = []
    for source, result in zip(missing, results, strict=True):
        if isinstance(result, UnreadableSourceError):
            failures.append(describe_failure(source, result))
            continue
        with database.transaction() as transaction:
            add_picture(transaction, result.picture, result.content, now=now)
            name_source(transaction, source, result.picture, now=now)
    if missing:
        log.info("pictures kept", stored=len(missing) - len(failures), failed=len(failures))
    return tuple(failures)


def keep_file(file: Path, *, database: Database, now: datetime) -> Picture:
    """Store the picture in ``file``; raises UnreadableSourceError."""
    read = read_picture(str(file), _load_file(file))
    with database.transaction() as transaction:
        add_picture(transaction, read.picture, read.content, now=now)
    return read.picture


def keep_upload(name: str, content: bytes, *, database: Database, now: datetime) -> Picture:
    """Store a picture that was handed in with its bytes; raises UnreadableSourceError."""
    read = read_picture(name, content)
    with database.transaction() as transaction:
        add_picture(transaction, read.picture, read.content, now=now)
    return read.picture


def keep_issue_pictures(
    draft: Draft, *, masthead: Masthead, fetch: Fetch, database: Database, now: datetime
) -> tuple[str, ...]:
    """Store what an issue shows and is not stored yet: its articles' pictures, and all logos."""
    with database.snapshot() as snapshot:
        items = show_items(draft, transaction=snapshot, masthead=masthead)
    sources = [masthead.logo, *(publisher.logo for publisher in masthead.publishers)]
    for item in items:
        if isinstance(item.stored, StoredArticle) and item.stored.article.image:
            sources.append(item.stored.article.image.url or "")
        elif isinstance(item.stored, StoredPartnerLink):
            sources.append(item.stored.link.logo or "")
    return keep_pictures(sources, fetch=fetch, database=database, now=now)


def describe_failure(source: str, error: UnreadableSourceError) -> str:
    return f"{source}: expected {error.expected}; no picture was taken from it."


def _try_reading(source: str, fetch: Fetch) -> ReadPicture | UnreadableSourceError:
    try:
        return read_picture(source, fetch(source) if "://" in source else _load_file(Path(source)))
    except UnreadableSourceError as error:
        return error


def _load_file(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            data = stream.read(LONGEST_SOURCE + 1)
    except OSError as error:
        raise UnreadableSourceError(str(file), None, f"a file that can be read ({error.strerror})") from error
    if len(data) > LONGEST_SOURCE:
        raise UnreadableSourceError(str(file), None, f"at most {LONGEST_SOURCE // 1024**2} MiB")
    return data
