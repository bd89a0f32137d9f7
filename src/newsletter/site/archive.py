"""What everybody may read: the issues as they were sent, and the articles."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from html import escape

from litestar import Response
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Template

from newsletter.domain.article import StoredArticle
from newsletter.domain.issue import Masthead, PublishedIssue, Slot
from newsletter.domain.withdrawal import conceal_issue, without_names
from newsletter.errors import NotFoundError
from newsletter.render.archive import conceal_html
from newsletter.site.collaborators import Languages, Now, TheDatabase, TheKeys, TheMasthead
from newsletter.site.joining import an_empty_form
from newsletter.site.pages import ArchivePage, FrontPage, WithdrawnPage
from newsletter.store.approvals import find_published
from newsletter.store.articles import find_article, is_mailed
from newsletter.store.database import Transaction
from newsletter.store.issues import list_published
from newsletter.store.pictures import find_pictures
from newsletter.store.withdrawals import list_withdrawn_items, list_withdrawn_names
from newsletter.web.article_page import ArticlePage
from newsletter.web.pages import page, show

_LATEST = 5
_NO_ARTICLE = "There is no such article; the list of issues leads to all that were published."

#: A letter brings its own style with it; and still no script, form or frame.
_ISSUE_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src 'self' https: http: data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

#: In place of a reader's tokens: the links lead to pages that say where to find one's own.
_NOBODY = dict.fromkeys(Slot, "")


@page("/")
def show_front_page(
    masthead: TheMasthead, database: TheDatabase, keys: TheKeys, languages: Languages, now: Now
) -> Template:
    with database.snapshot() as snapshot:
        issues = list_sent(snapshot, now)
    form = an_empty_form(masthead, keys, languages, now)
    value = FrontPage(masthead=masthead, form=form, issues=issues[:_LATEST], has_more=len(issues) > _LATEST)
    return show("front.html.j2", value)


@page("/issues")
def show_issues(masthead: TheMasthead, database: TheDatabase, now: Now) -> Template:
    with database.snapshot() as snapshot:
        return show("issues.html.j2", ArchivePage(masthead=masthead, issues=list_sent(snapshot, now)))


@page("/issues/{number:int}")
def show_issue(
    number: FromPath[int], masthead: TheMasthead, database: TheDatabase, now: Now
) -> Response[str] | Template:
    """Show the approved bytes less everything personal, and less what was withdrawn since."""
    with database.snapshot() as snapshot:
        issue = next((issue for issue in list_sent(snapshot, now) if issue.number == number), None)
        rendered = find_published(snapshot, number) if issue else None
        items = list_withdrawn_items(snapshot, number)
        names = list_withdrawn_names(snapshot)
    if rendered is None or issue is None:
        raise NotFoundError(f"There is no issue {number} yet; the list of issues has all that were sent.")
    html: str | None = rendered.full.html.fill(_NOBODY)
    if html and (items or any(name in html for name in map(escape, names))):
        told = [line for line in (rendered.subject, rendered.preheader) if line not in {issue.subject, issue.preheader}]
        html = conceal_html(html, items, names, base_url=masthead.base_url, told=told)
    if html is None:  # what is left cannot be told from what was withdrawn
        return show("withdrawn.html.j2", WithdrawnPage(masthead=masthead, issue=number), status=410)
    html = _add_meta(html, issue, masthead)
    return Response(html, media_type=MediaType.HTML, headers={"Content-Security-Policy": _ISSUE_POLICY})


@page("/articles/{article_id:int}")
def show_article(article_id: FromPath[int], masthead: TheMasthead, database: TheDatabase, now: Now) -> Template:
    """Show an article from its publication time on; in the place of one that was withdrawn stands a note.

    What has no headline is unfinished, unless an issue has gone out with one of its own for it.
    """
    with database.snapshot() as snapshot:
        stored = _find_article(snapshot, article_id)
        is_finished = not stored.article.needs_headline or is_mailed(snapshot, article_id)
        address = stored.article.image.url if stored.article.image else None
        picture = find_pictures(snapshot, [address]).get(address) if address else None
    if stored.retracted_at:
        return show("withdrawn.html.j2", WithdrawnPage(masthead=masthead), status=410)
    if not is_finished or (stored.article.published_at and stored.article.published_at > now):
        raise NotFoundError(_NO_ARTICLE)
    return show("article.html.j2", ArticlePage(masthead=masthead, stored=stored, picture=picture))


def _add_meta(html: str, issue: PublishedIssue, masthead: Masthead) -> str:
    """Tell those who show a link to the page what it is about (the Open Graph protocol); letters need none of it."""
    properties = {
        "og:type": "article",
        "og:site_name": masthead.name,
        "og:title": issue.subject,
        "og:description": issue.preheader,
        "og:url": f"{masthead.base_url}/issues/{issue.number}",
    }
    meta = "".join(f'<meta property="{name}" content="{escape(value)}">' for name, value in properties.items() if value)
    feed = '<link rel="alternate" type="application/atom+xml" href="/issues.xml">'
    return html.replace("</head>", f"{meta}{feed}</head>", 1)


def _find_article(snapshot: Transaction, article_id: int) -> StoredArticle:
    try:
        stored = find_article(snapshot, article_id)
        return replace(stored, article=without_names(stored.article, list_withdrawn_names(snapshot)))
    except NotFoundError as error:  # its own words are for editors
        raise NotFoundError(_NO_ARTICLE) from error


def list_sent(snapshot: Transaction, now: datetime) -> tuple[PublishedIssue, ...]:
    """Return the issues whose first letter has left, the latest first, without what was withdrawn since."""
    items = list_withdrawn_items(snapshot)
    names = list_withdrawn_names(snapshot)
    return tuple(
        conceal_issue(issue, [item for item in items if item.number == issue.number], names)
        for issue in reversed(list_published(snapshot))
        if issue.sent_at <= now
    )
