"""One article: to read, to edit, to take out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from zoneinfo import ZoneInfo

from jinja2 import Template as Written
from litestar import Response
from litestar.enums import MediaType
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.handed import FileForm, read_files, read_texts
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.article import StoredArticle
from newsletter.domain.editor import EditorRole
from newsletter.domain.picture import Picture
from newsletter.domain.revision import FIELDS, mark, show_fields
from newsletter.domain.text_change import Piece, compare_words
from newsletter.domain.withdrawal import without_names
from newsletter.errors import ChangedMeanwhileError, InputError, RefusedError
from newsletter.resources import folder
from newsletter.service.edit_article import (
    accept_article,
    decline_article,
    edit_article,
    restore_article,
    retract_article,
)
from newsletter.service.keep_pictures import keep_pictures, keep_upload
from newsletter.service.withdraw_byline import restore_byline, withdraw_byline
from newsletter.store.article_list import ListedArticle, list_these
from newsletter.store.articles import find_article
from newsletter.store.database import Transaction
from newsletter.store.pictures import find_pictures
from newsletter.store.withdrawals import list_withdrawn_names
from newsletter.web.article_page import ArticlePage as SitePage
from newsletter.web.assets import Asset
from newsletter.web.pages import open_templates, show

_PREVIEW_POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self' https: data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)

LABELS = {
    "headline": "Headline",
    "authors": "Authors",
    "standfirst": "Standfirst",
    "credit": "Credit",
    "biography": "About the author",
    "tags": "Tags",
    "url": "Published at",
    "published_at": "Time of publication",
    "image_url": "Address of the picture",
    "image_alt": "What the picture shows",
    "image_author": "Who made it",
    "image_licence": "Licence",
    "image_source": "Page that it is from",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """What the source says now where an editor's text stands."""

    name: str
    label: str
    difference: tuple[Piece, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArticlePage:
    stored: StoredArticle
    listed: ListedArticle
    #: what stands in the form
    texts: Mapping[str, str]
    #: by which a change of somebody else is known
    marks: Mapping[str, str]
    proposals: tuple[Proposal, ...]
    picture: Picture | None
    #: each author, and whether the name is withdrawn
    bylines: tuple[tuple[str, bool], ...]
    #: that times are in
    zone: str
    #: where readers find it
    public_path: str
    #: what somebody else wrote meanwhile, where the editor wrote too
    theirs: Mapping[str, str] = field(default_factory=dict)
    error: str = ""

    @property
    def labels(self) -> Mapping[str, str]:
        return LABELS


@screen("/articles/{article_id:int}", role=EditorRole.WRITER)
def show_article(article_id: FromPath[int], app: TheApp) -> Template:
    return show("article.html.j2", load_article(app, article_id))


@act("/articles/{article_id:int}", role=EditorRole.WRITER, most_bytes=30 << 20)
def save_article(
    article_id: FromPath[int], data: FileForm, request: AnyRequest, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    typed = read_texts(data)
    seen = {name: typed.get(f"seen-{name}", "") for name in FIELDS}
    texts = {name: typed[name] for name in FIELDS if name in typed}
    try:
        texts = _read_time(texts, typed.get("was-published_at", ""), app.cadence.zone)
        for upload in read_files(data, "picture"):
            texts["image_url"] = keep_upload(upload.name, upload.content, database=app.database, now=app.now()).path
        stored = edit_article(article_id, texts, database=app.database, now=app.now(), actor=editor.name, seen=seen)
    except ChangedMeanwhileError as error:
        value = load_article(app, article_id, typed=typed, theirs=error.theirs, error=_BOTH)
        return show("article.html.j2", value, status=409)
    except (InputError, RefusedError) as error:
        return show(
            "article.html.j2", load_article(app, article_id, typed=typed, seen=seen, error=str(error)), status=400
        )
    failed: tuple[str, ...] = ()
    address = stored.article.image.url if stored.article.image else None
    if address and "://" in address:
        failed = keep_pictures([address], fetch=app.fetch, database=app.database, now=app.now())
    say(request, " ".join(["The article is saved.", *failed]))
    return see_other(f"/articles/{article_id}")


@act("/articles/{article_id:int}/proposal", role=EditorRole.WRITER)
def settle_proposal(
    article_id: FromPath[int],
    data: URLEncodedBody[dict[str, str]],
    request: AnyRequest,
    app: TheApp,
    editor: TheEditor,
) -> Redirect:
    """Take the source's words for one field, or keep the editors'."""
    name = data.get("field", "")
    label = LABELS.get(name, name)
    settle = accept_article if data.get("take") == "yes" else decline_article
    settle(article_id, [name], database=app.database, now=app.now(), actor=editor.name)
    say(request, f"{label}: {'the source’s words are taken.' if data.get('take') == 'yes' else 'your words stay.'}")
    return see_other(f"/articles/{article_id}")


@act("/articles/{article_id:int}/retract", role=EditorRole.EDITOR)
def retract(article_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    retract_article(article_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"Article {article_id} is retracted.")
    return see_other(f"/articles/{article_id}")


@act("/articles/{article_id:int}/restore", role=EditorRole.EDITOR)
def restore(article_id: FromPath[int], request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    restore_article(article_id, database=app.database, now=app.now(), actor=editor.name)
    say(request, f"Article {article_id} is back.")
    return see_other(f"/articles/{article_id}")


@act("/articles/{article_id:int}/byline", role=EditorRole.EDITOR)
def settle_byline(
    article_id: FromPath[int],
    data: URLEncodedBody[dict[str, str]],
    request: AnyRequest,
    app: TheApp,
    editor: TheEditor,
) -> Redirect:
    """Take an author's name off wherever readers look, or let it stand again."""
    name = data.get("name", "")
    if data.get("withdraw") == "yes":
        withdraw_byline(name, database=app.database, now=app.now(), actor=editor.name)
        say(request, "The name stands under no article any more, wherever readers look.")
    else:
        restore_byline(name, database=app.database, now=app.now(), actor=editor.name)
        say(request, "The name stands again.")
    return see_other(f"/articles/{article_id}")


@screen("/articles/{article_id:int}/preview", role=EditorRole.WRITER)
def preview_article(article_id: FromPath[int], app: TheApp) -> Response[str]:
    """Show an article as the site shows it to readers, whether it does so yet or not."""
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
        picture = _find_picture(snapshot, stored)
        shown = replace(stored, article=without_names(stored.article, list_withdrawn_names(snapshot)))
    page = SitePage(masthead=app.masthead(), stored=shown, picture=picture)
    html = _site_template().render(page=page)
    return Response(html, media_type=MediaType.HTML, headers={"Content-Security-Policy": _PREVIEW_POLICY})


_BOTH = (
    "Somebody else has saved this article since you opened it. Where you both wrote, their words stand above yours: "
    "put together what is to stand, and save again."
)


def load_article(
    app: TheApp,
    article_id: int,
    *,
    typed: Mapping[str, str] | None = None,
    seen: Mapping[str, str] | None = None,
    theirs: Mapping[str, str] = {},
    error: str = "",
) -> ArticlePage:
    """Give what the page shows: the stored texts, or what was ``typed`` in their place."""
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
        (listed,) = list_these(snapshot, [article_id], state=None)
        picture = _find_picture(snapshot, stored)
        withdrawn = list_withdrawn_names(snapshot)
    present = show_fields(stored)
    marks = {name: mark(text) for name, text in present.items()} | dict(seen or {})
    local = _write_time(stored, app.cadence.zone)
    texts = present | {"published_at": local, "was-published_at": local} | dict(typed or {})
    return ArticlePage(
        stored=stored,
        listed=listed,
        texts=texts,
        marks=marks,
        proposals=tuple(
            Proposal(name=name, label=LABELS[name], difference=compare_words(present[name], proposed))
            for name, proposed in stored.proposed.items()
        ),
        picture=picture,
        bylines=tuple((name, name in withdrawn) for name in stored.article.authors),
        zone=app.cadence.timezone,
        public_path="" if stored.retracted_at or listed.published_at > app.now() else f"/articles/{article_id}",
        theirs=dict(theirs),
        error=error,
    )


def _find_picture(snapshot: Transaction, stored: StoredArticle) -> Picture | None:
    address = stored.article.image.url if stored.article.image else None
    return find_pictures(snapshot, [address]).get(address) if address else None


def _write_time(stored: StoredArticle, zone: ZoneInfo) -> str:
    moment = stored.article.published_at
    return f"{moment.astimezone(zone):%Y-%m-%dT%H:%M}" if moment else ""


def _read_time(texts: dict[str, str], was: str, zone: ZoneInfo) -> dict[str, str]:
    """Read the time of publication in the site's zone; one that was left as it stood is no change, seconds and all."""
    local = texts.pop("published_at", was)
    if local == was:
        return texts
    try:
        moment = datetime.fromisoformat(local).replace(tzinfo=zone)
    except ValueError as error:
        raise InputError(f"{local!r} is not a time: write it as 2026-03-31T09:00.") from error
    return texts | {"published_at": moment.astimezone(UTC).isoformat()}


@cache
def _site_template() -> Written:
    site = folder("templates") / "site"
    stylesheet = Asset.read(site / "site.css", media_type="text/css")
    environment = open_templates(site, stylesheet=stylesheet.path).engine_instance.engine
    return environment.get_template("article.html.j2")
