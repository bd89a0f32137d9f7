"""Commands of `newsletter articles` that write fields: an editor's words, or the source's again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli.article_document import ArticleId, print_changed
from newsletter.cli.output import JsonFlag, warn

if TYPE_CHECKING:
    from newsletter.app import App


def add_commands(articles: typer.Typer) -> None:
    articles.command()(edit)
    articles.command()(accept)


def edit(
    article_id: ArticleId,
    *,
    headline: Annotated[str | None, typer.Option(help="As readers see it.")] = None,
    standfirst: Annotated[str | None, typer.Option(help="The opening summary, which teasers show.")] = None,
    body: Annotated[
        str | None, typer.Option(metavar="FILE|-", help="Its text in Markdown, as 'show --body' gives it.")
    ] = None,
    body_was: Annotated[
        str | None,
        typer.Option(metavar="FILE", help="What 'show --body' gave; where somebody has changed it since, refuse."),
    ] = None,
    url: Annotated[str | None, typer.Option(help="Where readers find it; empty for its page on the site.")] = None,
    published_at: Annotated[str | None, typer.Option(help="Such as 2025-10-16T09:00+02:00.")] = None,
    author: Annotated[list[str] | None, typer.Option(help="Once for each author.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Once for each tag.")] = None,
    credit: Annotated[str | None, typer.Option(help="Whom the text is owed to, such as a translator.")] = None,
    biography: Annotated[str | None, typer.Option(help="Who the authors are, in a sentence or two.")] = None,
    image: Annotated[str | None, typer.Option(metavar="FILE|URL", help="The picture; empty for none.")] = None,
    image_url: Annotated[str | None, typer.Option(help="Address of the picture; empty for none.")] = None,
    image_alt: Annotated[str | None, typer.Option(help="What the picture shows, for those who do not see it.")] = None,
    image_author: Annotated[str | None, typer.Option(help="Who made the picture.")] = None,
    image_licence: Annotated[str | None, typer.Option(help="What it may be used under, such as CC BY 4.0.")] = None,
    image_source: Annotated[str | None, typer.Option(help="Address of the page that the picture is from.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Change an article; no later import overwrites what is written here."""
    from newsletter.app import open_app
    from newsletter.service.edit_article import edit_article
    from newsletter.service.keep_pictures import keep_file, keep_pictures

    texts = {
        "headline": headline,
        "standfirst": standfirst,
        "body": None if body is None else _read(body),
        "url": url,
        "published_at": published_at,
        "authors": None if author is None else "\n".join(author),
        "tags": None if tag is None else "\n".join(tag),
        "credit": credit,
        "biography": biography,
        "image_url": image_url if image is None else image,
        "image_alt": image_alt,
        "image_author": image_author,
        "image_licence": image_licence,
        "image_source": image_source,
    }
    changes = {name: text for name, text in texts.items() if text is not None}
    if not changes:
        raise typer.BadParameter("Name at least one field to change, such as --headline.")
    failed: tuple[str, ...] = ()
    with open_app() as app:
        source = changes.get("image_url", "")
        if image and "://" not in image:
            changes["image_url"] = keep_file(Path(image), database=app.database, now=app.now()).path
        seen = None if body_was is None else _mark_seen(article_id, _read(body_was), app)
        stored = edit_article(article_id, changes, database=app.database, now=app.now(), seen=seen)
        if "://" in source:
            failed = keep_pictures([source], fetch=app.fetch, database=app.database, now=app.now(), again=True)
    print_changed(stored, f"Article {stored.id} is changed: {stored.article.headline}", as_json=as_json)
    for sentence in failed:
        warn(sentence)


def accept(
    article_id: ArticleId,
    fields: Annotated[list[str] | None, typer.Argument(metavar="[FIELD...]", help="All, if none is named.")] = None,
    as_json: JsonFlag = False,
) -> None:
    """Take what the source says now in place of an editor's text."""
    from newsletter.app import open_app
    from newsletter.service.edit_article import accept_article

    with open_app() as app:
        stored = accept_article(article_id, fields or (), database=app.database, now=app.now())
    print_changed(stored, f"Article {stored.id} follows its source: {stored.article.headline}", as_json=as_json)


def _read(file: str) -> str:
    from newsletter.errors import InputError

    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file} cannot be read as text in UTF-8: {error}.") from error


def _mark_seen(article_id: int, body: str, app: App) -> dict[str, str]:
    """Give the marks of an editor who saw this body, and every other field as it is now."""
    from newsletter.domain.body_text import tidy_body
    from newsletter.domain.revision import BODY, mark, show_fields
    from newsletter.store.articles import find_article

    with app.database.snapshot() as snapshot:
        texts = show_fields(find_article(snapshot, article_id))
    return {name: mark(text) for name, text in (texts | {BODY: tidy_body(body)}).items()}
