"""What editors do to a stored article."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from newsletter.domain.article import StoredArticle
from newsletter.domain.body import list_pictures, size_pictures
from newsletter.domain.body_text import read_body, tidy_body
from newsletter.domain.picture import read_picture_path
from newsletter.domain.revision import BODY, FIELDS, accept, decline, edit, merge, read_fields, show_fields
from newsletter.errors import InputError, RefusedError, UnreadableTextError
from newsletter.ingest.text import clean_line, clean_paragraphs, clean_text, read_moment, read_web_address
from newsletter.log import log
from newsletter.store.articles import find_article, find_article_by_url, lock_articles, update_article
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.pictures import find_pictures

_PARAGRAPHS = frozenset({"standfirst", "biography"})
_LINES = frozenset({"authors", "tags"})
_ADDRESSES = frozenset({"url", "image_url"})


def edit_article(
    article_id: int,
    changes: Mapping[str, str],
    *,
    database: Database,
    now: datetime,
    actor: str | None = None,
    seen: Mapping[str, str] | None = None,
) -> StoredArticle:
    """Write these fields (of ``revision.FIELDS``); no import changes them from now on.

    With ``seen``, the marks of the texts that the editor began with, only what the editor changed is written. Raises
    InputError for a text that the field cannot hold, UnreadableTextError where that is the body, RefusedError for the
    URL of another article, ChangedMeanwhileError where somebody else has written the same field since.
    """
    texts = _read_texts(changes, database)

    def write(stored: StoredArticle) -> StoredArticle:
        own = texts if seen is None else merge(stored, texts, seen)
        return edit(stored, own) if own else stored

    return _change(article_id, "edit article", write, database=database, now=now, actor=actor)


def try_article(article_id: int, changes: Mapping[str, str], *, database: Database) -> StoredArticle:
    """Give the article as ``edit_article`` would leave it, and store nothing; raises InputError as that does."""
    texts = _read_texts(changes, database)
    with database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
        present = show_fields(stored)
        tried = edit(stored, {name: text for name, text in texts.items() if text != present[name]})
        return _size_pictures(snapshot, tried)


def accept_article(
    article_id: int, fields: Sequence[str] = (), *, database: Database, now: datetime, actor: str | None = None
) -> StoredArticle:
    """Take what the source proposes, for these fields or for all; raises RefusedError where it proposes nothing."""
    return _change(
        article_id, "accept article", lambda stored: accept(stored, fields), database=database, now=now, actor=actor
    )


def decline_article(
    article_id: int, fields: Sequence[str] = (), *, database: Database, now: datetime, actor: str | None = None
) -> StoredArticle:
    """Keep the editors' text in these fields, or in all; the source proposes anew when it changes again."""
    return _change(
        article_id, "decline article", lambda stored: decline(stored, fields), database=database, now=now, actor=actor
    )


def retract_article(article_id: int, *, database: Database, now: datetime, actor: str | None = None) -> StoredArticle:
    """Take an article out of all later issues; it stays stored, and an import does not bring it back."""
    return _change(
        article_id,
        "retract article",
        lambda stored: replace(stored, retracted_at=stored.retracted_at or now),
        database=database,
        now=now,
        actor=actor,
    )


def restore_article(article_id: int, *, database: Database, now: datetime, actor: str | None = None) -> StoredArticle:
    """Take a retraction back."""
    return _change(
        article_id,
        "restore article",
        lambda stored: replace(stored, retracted_at=None),
        database=database,
        now=now,
        actor=actor,
    )


def _change(
    article_id: int,
    act: str,
    change: Callable[[StoredArticle], StoredArticle],
    *,
    database: Database,
    now: datetime,
    actor: str | None,
) -> StoredArticle:
    with database.transaction() as transaction:
        lock_articles(transaction)
        before = find_article(transaction, article_id)
        after = _size_pictures(transaction, change(before))
        if after == before:
            return before
        if after.article.url != before.article.url:
            _check_url_is_free(transaction, after)
        update_article(transaction, after)
        was, became = read_fields(before.article), read_fields(after.article)
        fields = [name for name in FIELDS if was[name] != became[name]]
        subject = f"article {article_id}"
        record_act(transaction, act, subject=subject, detail={"fields": fields}, now=now, actor=actor)
    log.info("article changed", article=article_id, act=act)
    return after


def _check_url_is_free(transaction: Transaction, stored: StoredArticle) -> None:
    other = find_article_by_url(transaction, stored.article.url) if stored.article.url else None
    if other and other.id != stored.id:
        raise RefusedError(f"Article {stored.id}: {stored.article.url} is the address of article {other.id} already.")


def _size_pictures(transaction: Transaction, stored: StoredArticle) -> StoredArticle:
    html = stored.article.body_html or ""
    pictures = find_pictures(transaction, list_pictures(html))
    return replace(stored, article=replace(stored.article, body_html=size_pictures(html, pictures) or None))


def _read_texts(changes: Mapping[str, str], database: Database) -> dict[str, str]:
    if unknown := sorted(changes.keys() - set(FIELDS)):
        raise InputError(f"An article has no field {unknown[0]!r}; it has {', '.join(FIELDS)}.")
    texts = {name: _read_text(name, text) for name, text in changes.items() if name != BODY}
    if BODY in changes:
        body = clean_text(changes[BODY])
        _check_pictures(body, database)
        texts[BODY] = tidy_body(body)
    return texts


def _check_pictures(text: str, database: Database) -> None:
    """See that the pictures that a body names are stored; raises UnreadableTextError."""
    _, html = read_body(text)
    paths = list_pictures(html or "")
    with database.snapshot() as snapshot:
        found = find_pictures(snapshot, paths)
    if missing := next((path for path in paths if path not in found), None):
        line = next((at for at, line in enumerate(text.split("\n"), start=1) if missing in line), 1)
        raise UnreadableTextError(line, f"no picture is stored as {missing}; hand its file in, and its line is written")


def _read_text(name: str, text: str) -> str:
    if name in _PARAGRAPHS:
        return clean_paragraphs(text)
    if name in _LINES:
        return "\n".join(line for part in text.splitlines() if (line := clean_line(part)))
    if name == "image_url" and read_picture_path(text):
        return text
    if name in _ADDRESSES:
        return read_web_address(text) or ""
    line = clean_line(text)
    if name == "published_at" and line:
        try:
            return read_moment(line).isoformat()
        except ValueError as error:
            raise InputError(f"{line!r} is not a date: write it as 2025-10-16 or 2025-10-16T09:00+02:00.") from error
    return line
