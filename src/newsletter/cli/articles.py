"""`newsletter articles`: import, list, show, retract, restore."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from newsletter.cli import article_edits, bylines
from newsletter.cli.article_document import ArticleId, document, name_state, print_changed
from newsletter.cli.output import JsonFlag, print_json, print_table, say, warn

if TYPE_CHECKING:
    from newsletter.service.import_articles import ImportReport

articles = typer.Typer(no_args_is_help=True, help="The stored articles that issues are made of.")


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
        print_json([document(entry, with_paragraphs=False) for entry in stored])
        return
    print_table(
        ["ID", "Published", "Headline", "Authors", "State"],
        [
            [
                entry.id,
                f"{entry.article.published_at:%Y-%m-%d}",
                entry.article.headline,
                ", ".join(entry.article.authors),
                name_state(entry),
            ]
            for entry in stored
        ],
    )


@articles.command()
def show(
    article_id: ArticleId,
    body: Annotated[
        bool, typer.Option("--body", help="Its body alone, in Markdown, as 'edit --body' takes it.")
    ] = False,
    as_json: JsonFlag = False,
) -> None:
    """Show one article with all its text."""
    from newsletter.app import open_app
    from newsletter.domain.revision import BODY, read_fields
    from newsletter.store.articles import find_article

    with open_app() as app, app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
    if body:
        markdown = read_fields(stored.article)[BODY]
        if as_json:
            print_json({"id": stored.id, "body": markdown})
        else:
            say(markdown)
        return
    if as_json:
        print_json(document(stored, with_paragraphs=True))
        return
    article = stored.article
    state = name_state(stored)
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
def retract(article_id: ArticleId, as_json: JsonFlag = False) -> None:
    """Take an article out of all later issues, its page, the search, and the issues that the archive shows.

    Letters that were delivered stay as they are, and so do the approved bytes. 'restore' takes it back.
    """
    from newsletter.app import open_app
    from newsletter.service.edit_article import retract_article

    with open_app() as app:
        stored = retract_article(article_id, database=app.database, now=app.now())
    print_changed(stored, f"Article {stored.id} is retracted: {stored.article.headline}", as_json=as_json)


@articles.command()
def restore(article_id: ArticleId, as_json: JsonFlag = False) -> None:
    """Take a retraction back."""
    from newsletter.app import open_app
    from newsletter.service.edit_article import restore_article

    with open_app() as app:
        stored = restore_article(article_id, database=app.database, now=app.now())
    print_changed(stored, f"Article {stored.id} is back: {stored.article.headline}", as_json=as_json)


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


for part in (article_edits, bylines):
    part.add_commands(articles)
