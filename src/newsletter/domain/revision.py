"""How a stored article changes: by its source, and by editors, whose words win.

Every field that both may write has a text form, under one name, so that "edited", "proposed" and a command's options
mean the same thing. That of the body is Markdown.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime

from newsletter.domain.article import Article, Image, StoredArticle, provisional_headline
from newsletter.domain.body_text import read_body, write_body
from newsletter.errors import ChangedMeanwhileError, InputError, RefusedError

_IMAGE = {f"image_{part}": part for part in ("url", "alt", "author", "licence", "source")}
_LINES = ("authors", "tags")
_WORDS = ("headline", "standfirst", "credit", "biography")
#: the name of the body among the fields
BODY = "body"
_NEVER_EMPTY = frozenset({"headline", "standfirst", "published_at"})

#: the fields that an editor may write
FIELDS = (*_WORDS, BODY, *_LINES, "url", "published_at", *_IMAGE)


def read_fields(article: Article) -> dict[str, str]:
    """Give each field as text: names and tags one a line, times in ISO 8601, "" for what is absent."""
    image = article.image or Image()
    return {
        **{name: getattr(article, name) for name in _WORDS},
        BODY: write_body(article.sections, article.body_html),
        **{name: "\n".join(getattr(article, name)) for name in _LINES},
        "url": article.url or "",
        "published_at": article.published_at.isoformat() if article.published_at else "",
        **{name: getattr(image, part) or "" for name, part in _IMAGE.items()},
    }


def show_fields(stored: StoredArticle) -> dict[str, str]:
    """Give the fields as an editor finds them: a headline that nobody has written is empty."""
    texts = read_fields(stored.article)
    return texts | {"headline": ""} if stored.article.needs_headline else texts


def mark(text: str) -> str:
    """Give a short mark of a field's text, by which it is known later whether somebody has changed it meanwhile."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def merge(stored: StoredArticle, texts: Mapping[str, str], seen: Mapping[str, str]) -> dict[str, str]:
    """Give what an editor changed, of fields whose texts had the marks ``seen`` when the editor began.

    What somebody else changed meanwhile stays. Raises ChangedMeanwhileError where both changed the same field.
    """
    present = show_fields(stored)
    changed = {name: text for name, text in texts.items() if mark(text) != seen.get(name) and text != present[name]}
    theirs = {name: present[name] for name in changed if mark(present[name]) != seen.get(name)}
    if theirs:
        names = ", ".join(name.replace("_", " ") for name in theirs)
        raise ChangedMeanwhileError(f"Article {stored.id}: somebody has changed {names} since you began.", theirs)
    return changed


def write_fields(article: Article, texts: Mapping[str, str]) -> Article:
    """Give the article with these fields changed; the texts are as ``read_fields`` gives them.

    Raises UnreadableTextError for a body with a mark that means nothing.
    """
    changes: dict[str, object] = {name: texts[name] for name in _WORDS if name in texts}
    changes |= {name: tuple(texts[name].splitlines()) for name in _LINES if name in texts}
    if BODY in texts:
        changes["sections"], changes["body_html"] = read_body(texts[BODY])
    if "url" in texts:
        changes["url"] = texts["url"] or None
    if "published_at" in texts:
        changes["published_at"] = datetime.fromisoformat(texts["published_at"])
    if not _IMAGE.keys().isdisjoint(texts):
        parts = {part: texts[name] for name, part in _IMAGE.items() if name in texts}
        image = replace(article.image or Image(), **parts)
        changes["image"] = image if any(read_fields(replace(article, image=image))[name] for name in _IMAGE) else None
    return replace(article, **changes)  # type: ignore[arg-type]


def as_sourced(stored: StoredArticle) -> Article:
    """Give the article as its source last had it: by this an import knows it again."""
    known = {name: text for name, text in stored.sourced.items() if text or name not in _NEVER_EMPTY}
    return write_fields(stored.article, known)


def revise(stored: StoredArticle, source: Article) -> StoredArticle:
    """Take over what the source changed, except where an editor wrote: there the source's change is proposed.

    A field that the source leaves empty stays as it is: the page text of an article that came by feed has no address.
    """
    said = {name: text for name, text in read_fields(source).items() if text}
    if source.needs_headline:
        del said["headline"]
    present = read_fields(stored.article)
    proposed, sourced = dict(stored.proposed), dict(stored.sourced)
    for name in stored.edited & said.keys():
        if said[name] == present[name]:
            proposed.pop(name, None)
        elif said[name] != sourced.get(name):
            proposed[name] = said[name]
        sourced[name] = said[name]

    taken = {name: text for name, text in said.items() if name not in stored.edited}
    article = write_fields(stored.article, {name: text for name, text in taken.items() if name != BODY})
    if BODY in taken:
        article = replace(article, sections=source.sections, body_html=source.body_html)
    return replace(
        stored,
        article=_settle_headline(article, is_written="headline" in taken),
        proposed=proposed,
        sourced=sourced,
        dated_by_import=stored.dated_by_import and "published_at" not in taken,
    )


def edit(stored: StoredArticle, changes: Mapping[str, str]) -> StoredArticle:
    """Write an editor's texts, which no import changes from now on; raises InputError if one may not be empty."""
    if empty := sorted(name for name in _NEVER_EMPTY & changes.keys() if not changes[name]):
        raise InputError(f"Article {stored.id}: {empty[0]} cannot be empty; leave it out to keep it as it is.")
    present = read_fields(stored.article)
    if stored.article.needs_headline:
        present["headline"] = ""
    sourced = {name: present[name] for name in changes} | stored.sourced
    return replace(
        stored,
        article=_settle_headline(write_fields(stored.article, changes), is_written="headline" in changes),
        edited=stored.edited | changes.keys(),
        proposed={name: text for name, text in stored.proposed.items() if name not in changes},
        sourced=sourced,
        dated_by_import=stored.dated_by_import and "published_at" not in changes,
    )


def accept(stored: StoredArticle, names: Iterable[str] = ()) -> StoredArticle:
    """Take what the source proposes for these fields, or for all; they follow the source again.

    Raises RefusedError if nothing is proposed for one of them.
    """
    chosen = frozenset(names) or frozenset(stored.proposed)
    if unknown := sorted(chosen - stored.proposed.keys()):
        raise RefusedError(f"Article {stored.id}: its source proposes nothing new for {unknown[0]}.")
    article = write_fields(stored.article, {name: stored.proposed[name] for name in chosen})
    return replace(
        stored,
        article=_settle_headline(article, is_written="headline" in chosen),
        edited=stored.edited - chosen,
        proposed={name: text for name, text in stored.proposed.items() if name not in chosen},
        sourced={name: text for name, text in stored.sourced.items() if name not in chosen},
    )


def decline(stored: StoredArticle, names: Iterable[str] = ()) -> StoredArticle:
    """Keep the editors' texts: what the source said is known, and only another change of it is proposed.

    Raises RefusedError if nothing is proposed for one of the fields.
    """
    chosen = frozenset(names) or frozenset(stored.proposed)
    if unknown := sorted(chosen - stored.proposed.keys()):
        raise RefusedError(f"Article {stored.id}: its source proposes nothing new for {unknown[0]}.")
    return replace(stored, proposed={name: text for name, text in stored.proposed.items() if name not in chosen})


def _settle_headline(article: Article, *, is_written: bool) -> Article:
    """Let a provisional headline follow the standfirst until somebody has written one."""
    if is_written or not article.needs_headline:
        return replace(article, needs_headline=False)
    return replace(article, headline=provisional_headline(article.standfirst))
