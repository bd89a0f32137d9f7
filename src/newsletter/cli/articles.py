"""`newsletter articles`: import, list, show, edit, accept, retract; and names that are withdrawn."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table, say, warn

if TYPE_CHECKING:
    from newsletter.domain.article import StoredArticle
    from newsletter.service.import_articles import ImportReport

articles = typer.Typer(no_args_is_help=True, help="The stored articles that issues are made of.")

ArticleId = Annotated[int, typer.Argument(metavar="ID", help="As 'articles list' shows it.")]


@articles.command("import")
def import_(
    sources: Annotated[list[str], typer.Argument(metavar="PATH|URL...", help="Files, feeds and pages.")],
    as_json: JsonFlag = False,
) -> None:
    """Import Word files (.docx), HTML, published-page text, Markdown, RSS or Atom; as often as you like.

    An article that is stored already takes over what its source changed, except where an editor has written. A source
    that cannot be read is named, and nothing of it is imported. Comments and tracked changes of a Word file are named
    and never printed: what was inserted is kept, what was deleted is not.
    """
    from newsletter.app import open_app
    from newsletter.service.import_articles import import_articles

    with open_app() as app:
        report = import_articles(sources, fetch=app.fetch, database=app.database, now=app.now())
    if as_json:
        print_json(
            {
                "added": [stored.id for stored in report.added],
                "updated": [stored.id for stored in report.updated],
                "unchanged": [stored.id for stored in report.unchanged],
                "needs_headline": [stored.id for stored in report.articles if stored.article.needs_headline],
                "dated_by_import": [stored.id for stored in report.articles if stored.dated_by_import],
                "proposed": {stored.id: stored.proposed for stored in report.proposed},
                "partners": report.partners,
                "blurb": report.blurb or None,
                "refused": report.refused,
                "unpictured": report.unpictured,
                "remarks": report.remarks,
            }
        )
    else:
        _say_report(report)
    for sentence in (*report.refused, *report.unpictured):
        warn(sentence)
    if report.refused:
        raise typer.Exit(1)


@articles.command("list")
def list_(
    retracted: Annotated[bool, typer.Option("--retracted", help="Show retracted articles too.")] = False,
    as_json: JsonFlag = False,
) -> None:
    """List the stored articles, the newest first."""
    from newsletter.app import open_app
    from newsletter.store.articles import list_articles

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = list_articles(snapshot, with_retracted=retracted)
    if as_json:
        print_json([_document(entry, with_paragraphs=False) for entry in stored])
        return
    print_table(
        ["ID", "Published", "Headline", "Authors", "State"],
        [
            [
                entry.id,
                f"{entry.article.published_at:%Y-%m-%d}",
                entry.article.headline,
                ", ".join(entry.article.authors),
                _state(entry),
            ]
            for entry in stored
        ],
    )


@articles.command()
def show(article_id: ArticleId, as_json: JsonFlag = False) -> None:
    """Show one article with all its text."""
    from newsletter.app import open_app
    from newsletter.store.articles import find_article

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
    if as_json:
        print_json(_document(stored, with_paragraphs=True))
        return
    article = stored.article
    state = _state(stored)
    say(article.headline + (f" [{state}]" if state else ""))
    say(f"{', '.join(article.authors) or 'no author'} · {article.published_at:%Y-%m-%d} · {article.word_count} words")
    for text in (article.url, article.standfirst, article.credit and f"Credit: {article.credit}"):
        if text:
            say(f"\n{text}")
    for section in article.sections:
        say("")
        if section.name:
            say(section.name)
        say("\n\n".join(section.paragraphs))
    if article.biography:
        say(f"\n{article.biography}")
    for name, text in stored.proposed.items():
        say(f"\nThe source now says for {name}: {text}\nTake it with 'newsletter articles accept {stored.id} {name}'.")


@articles.command()
def edit(
    article_id: ArticleId,
    *,
    headline: Annotated[str | None, typer.Option(help="As readers see it.")] = None,
    standfirst: Annotated[str | None, typer.Option(help="The opening summary, which teasers show.")] = None,
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
        stored = edit_article(article_id, changes, database=app.database, now=app.now())
        if "://" in source:
            failed = keep_pictures([source], fetch=app.fetch, database=app.database, now=app.now(), again=True)
    _print_changed(stored, f"Article {stored.id} is changed: {stored.article.headline}", as_json=as_json)
    for sentence in failed:
        warn(sentence)


@articles.command()
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
    _print_changed(stored, f"Article {stored.id} follows its source: {stored.article.headline}", as_json=as_json)


@articles.command()
def retract(article_id: ArticleId, as_json: JsonFlag = False) -> None:
    """Take an article out of all later issues, its page, the search, and the issues that the archive shows.

    Letters that were delivered stay as they are, and so do the approved bytes. 'restore' takes it back.
    """
    from newsletter.app import open_app
    from newsletter.service.edit_article import retract_article

    with open_app() as app:
        stored = retract_article(article_id, database=app.database, now=app.now())
    _print_changed(stored, f"Article {stored.id} is retracted: {stored.article.headline}", as_json=as_json)


@articles.command()
def restore(article_id: ArticleId, as_json: JsonFlag = False) -> None:
    """Take a retraction back."""
    from newsletter.app import open_app
    from newsletter.service.edit_article import restore_article

    with open_app() as app:
        stored = restore_article(article_id, database=app.database, now=app.now())
    _print_changed(stored, f"Article {stored.id} is back: {stored.article.headline}", as_json=as_json)


@articles.command("withdraw-byline")
def withdraw_byline_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As it stands under the article.")],
) -> None:
    """Take an author's name out of article pages, search, feed, archive and new issues; the articles stay.

    Letters that were delivered stay as they are, and so do the approved bytes. 'restore-byline' takes it back.
    """
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import withdraw_byline

    with open_app() as app:
        name = withdraw_byline(name, database=app.database, now=app.now())
    say(f"{name} stands under no article any more, wherever readers look.")


@articles.command("restore-byline")
def restore_byline_(
    name: Annotated[str, typer.Argument(metavar="NAME", help="As 'articles bylines' shows it.")],
) -> None:
    """Let an author's name stand again."""
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import restore_byline

    with open_app() as app:
        name = restore_byline(name, database=app.database, now=app.now())
    say(f"{name} stands again.")


@articles.command()
def bylines(as_json: JsonFlag = False) -> None:
    """List the names that were withdrawn."""
    from newsletter.app import open_app
    from newsletter.service.withdraw_byline import list_bylines

    with open_app() as app:
        names = list_bylines(database=app.database)
    if as_json:
        print_json(names)
    else:
        print_table(["Name"], [[name] for name in names])


def _say_report(report: ImportReport) -> None:
    say(
        f"{len(report.added)} added, {len(report.updated)} updated, {len(report.unchanged)} unchanged, "
        f"{len(report.refused)} refused."
    )
    for stored in report.articles:
        if stored.article.needs_headline:
            say(f"Article {stored.id} needs a headline: newsletter articles edit {stored.id} --headline …")
            say(f"    for now: {stored.article.headline}")
    if undated := [str(stored.id) for stored in report.articles if stored.dated_by_import]:
        say(f"Without a date, so dated by their import: {', '.join(undated)} (articles edit ID --published-at …).")
    for stored in report.proposed:
        names = ", ".join(stored.proposed)
        say(
            f"Article {stored.id}: its source differs from an editor's text ({names}); see 'articles show {stored.id}'."
        )
    for sentence in report.remarks:
        say(sentence)
    if report.partners:
        say(f"New partner links, not shown until they have an address: {', '.join(report.partners)}.")
    if report.blurb:
        say("The page's words about the newsletter are stored.")


def _print_changed(stored: StoredArticle, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(_document(stored, with_paragraphs=True))
    else:
        say(sentence)


def _state(stored: StoredArticle) -> str:
    states = {
        "retracted": stored.retracted_at is not None,
        "needs headline": stored.article.needs_headline,
        "dated by import": stored.dated_by_import,
        "source differs": bool(stored.proposed),
    }
    return ", ".join(name for name, holds in states.items() if holds)


def _document(stored: StoredArticle, *, with_paragraphs: bool) -> dict[str, Any]:
    from dataclasses import asdict

    article = stored.article
    return {
        "id": stored.id,
        "headline": article.headline,
        "needs_headline": article.needs_headline,
        "authors": article.authors,
        "standfirst": article.standfirst,
        "sections": [
            {"name": section.name} | ({"paragraphs": section.paragraphs} if with_paragraphs else {})
            for section in article.sections
        ],
        "image": asdict(article.image) if article.image else None,
        "credit": article.credit,
        "biography": article.biography,
        "url": article.url,
        "published_at": article.published_at,
        "tags": article.tags,
        "dated_by_import": stored.dated_by_import,
        "imported_at": stored.imported_at,
        "retracted_at": stored.retracted_at,
        "edited": sorted(stored.edited),
        "proposed": stored.proposed,
    }
