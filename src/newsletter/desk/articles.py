"""Articles: the list, one to read and to edit, and files handed in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.handed import FileForm, read_files, read_texts
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.article import ArticleState
from newsletter.domain.editor import EditorRole
from newsletter.domain.search import read_query
from newsletter.errors import InputError
from newsletter.service.hand_in import Look, discard, hand_in, look_over, take_in
from newsletter.service.import_articles import ImportReport
from newsletter.store.article_index import find_any
from newsletter.store.article_list import ListedArticle, count_states, list_page, list_these
from newsletter.web.pages import show

_PER_PAGE = 50
_MOST_FOUND = 500
_LONGEST_QUERY = 200
_IMPORT_BYTES = 80 << 20  # several Word files at once
Standing: TypeAlias = Annotated[str, QueryParameter(name="state")]
Query: TypeAlias = Annotated[str, QueryParameter(name="q")]
Page: TypeAlias = Annotated[int, QueryParameter(name="page")]


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    articles: tuple[ListedArticle, ...]
    #: how many there are of each state
    counts: Mapping[ArticleState, int]
    #: the state that is shown; None for all but the retracted
    state: ArticleState | None
    query: str
    #: from 0
    number: int
    #: that times are in
    zone: str
    before: str
    after: str
    is_cut: bool = False
    #: why what was handed in is not shown
    error: str = ""
    #: what was pasted or typed
    text: str = ""
    address: str = ""

    @property
    def states(self) -> tuple[ArticleState, ...]:
        return tuple(ArticleState)

    @property
    def in_all(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPage:
    tray: str
    look: Look


@screen("/articles", role=EditorRole.WRITER)
def show_articles(app: TheApp, standing: Standing = "", words: Query = "", page: Page = 1) -> Template:
    return show("articles.html.j2", load_list(app, state=standing, words=words, page=page))


@act("/articles/import", role=EditorRole.WRITER, most_bytes=_IMPORT_BYTES)
def hand_files_in(data: FileForm, app: TheApp) -> Template | Redirect:
    """Keep what was dropped, pasted or named, for a look at it before anything is stored."""
    texts = read_texts(data)
    text, address = texts.get("text", ""), texts.get("address", "")
    try:
        tray = hand_in(
            read_files(data, "files"), text=text, address=address, fetch=app.fetch, database=app.database, now=app.now()
        )
    except InputError as error:
        value = load_list(app, error=str(error), text=text, address=address)
        return show("articles.html.j2", value, status=400)
    return see_other(f"/articles/import/{tray}")


@screen("/articles/import/{tray:str}", role=EditorRole.WRITER)
def show_look(tray: FromPath[str], app: TheApp) -> Template:
    return show("articles_look.html.j2", LookPage(tray=tray, look=look_over(tray, database=app.database)))


@act("/articles/import/{tray:str}", role=EditorRole.WRITER)
def store_files(tray: FromPath[str], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    report = take_in(tray, fetch=app.fetch, database=app.database, now=app.now(), actor=editor.name)
    say(request, _tell(report))
    only = report.articles[0].id if len(report.articles) == 1 else None
    return see_other(f"/articles/{only}" if only else "/articles")


@act("/articles/import/{tray:str}/discard", role=EditorRole.WRITER)
def discard_files(tray: FromPath[str], request: AnyRequest, app: TheApp) -> Redirect:
    discard(tray, database=app.database)
    say(request, "Nothing was stored.")
    return see_other("/articles")


def load_list(
    app: TheApp,
    *,
    state: str = "",
    words: str = "",
    page: int = 1,
    error: str = "",
    text: str = "",
    address: str = "",
) -> ListPage:
    chosen = ArticleState(state) if state in set(ArticleState) else None
    asked = " ".join(words[:_LONGEST_QUERY].split())
    skip = max(0, page - 1) * _PER_PAGE
    with app.database.snapshot() as snapshot:
        counts = count_states(snapshot)
        if asked:
            ids = find_any(snapshot, read_query(asked), most=_MOST_FOUND)
            found = list_these(snapshot, ids, state=chosen)
            listed = found[skip : skip + _PER_PAGE + 1]
            is_cut = len(ids) == _MOST_FOUND
        else:
            listed = list_page(snapshot, state=chosen, skip=skip, count=_PER_PAGE + 1)
            is_cut = False

    def path(number: int) -> str:
        fields = {"state": chosen.value if chosen else "", "q": asked, "page": str(number) if number > 1 else ""}
        return "?" + urlencode({name: value for name, value in fields.items() if value})

    return ListPage(
        articles=tuple(listed[:_PER_PAGE]),
        counts=counts,
        state=chosen,
        query=asked,
        number=skip // _PER_PAGE,
        zone=app.cadence.timezone,
        before=path(page - 1) if skip else "",
        after=path(page + 1) if len(listed) > _PER_PAGE else "",
        is_cut=is_cut,
        error=error,
        text=text,
        address=address,
    )


def _tell(report: ImportReport) -> str:
    figures = [(len(report.added), "new"), (len(report.updated), "changed"), (len(report.unchanged), "unchanged")]
    sentences = [f"Stored: {', '.join(f'{count} {name}' for count, name in figures if count) or 'nothing'}."]
    return " ".join([*sentences, *report.refused, *report.unpictured])
