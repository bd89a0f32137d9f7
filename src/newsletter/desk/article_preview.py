"""An article as the site would show it: as it is stored, or as the form beside it has it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

from jinja2 import Template as Written
from litestar import Response
from litestar.enums import MediaType
from litestar.params import FromPath
from litestar.response import Template

from newsletter.desk.article import find_picture, read_typed
from newsletter.desk.collaborators import TheApp
from newsletter.desk.handed import FileForm, read_texts
from newsletter.desk.routes import act, screen
from newsletter.domain.article import StoredArticle
from newsletter.domain.editor import EditorRole
from newsletter.domain.withdrawal import without_names
from newsletter.errors import InputError
from newsletter.resources import folder
from newsletter.service.edit_article import try_article
from newsletter.store.articles import find_article
from newsletter.store.withdrawals import list_withdrawn_names
from newsletter.web.article_page import ArticlePage as SitePage
from newsletter.web.pages import open_templates, show
from newsletter.web.stylesheet import read_stylesheet

_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
_HEADERS = {"Content-Security-Policy": _POLICY}


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedPage:
    sentence: str


@screen("/articles/{article_id:int}/preview", role=EditorRole.WRITER)
def preview_article(article_id: FromPath[int], app: TheApp) -> Response[str]:
    """Show an article as the site shows it to readers, whether it does so yet or not."""
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
    return _show_as_site(stored, app)


@act("/articles/{article_id:int}/preview", role=EditorRole.WRITER, most_bytes=30 << 20)
def preview_typed(article_id: FromPath[int], data: FileForm, app: TheApp) -> Response[str] | Template:
    """Show an article as the site would show what the form has; nothing is stored."""
    try:
        texts = read_typed(read_texts(data), app.cadence.zone)
        return _show_as_site(try_article(article_id, texts, database=app.database), app)
    except InputError as error:
        return show("article_refused.html.j2", RefusedPage(sentence=str(error)), status=400, headers=_HEADERS)


def _show_as_site(stored: StoredArticle, app: TheApp) -> Response[str]:
    with app.database.snapshot() as snapshot:
        picture = find_picture(snapshot, stored)
        shown = replace(stored, article=without_names(stored.article, list_withdrawn_names(snapshot)))
    page = SitePage(masthead=app.masthead(), stored=shown, picture=picture)
    html = _site_template(read_stylesheet(app.theme).path).render(page=page)
    return Response(html, media_type=MediaType.HTML, headers=_HEADERS)


@lru_cache(maxsize=1)
def _site_template(stylesheet: str) -> Written:
    environment = open_templates(folder("templates") / "site", stylesheet=stylesheet).engine_instance.engine
    return environment.get_template("article.html.j2")
