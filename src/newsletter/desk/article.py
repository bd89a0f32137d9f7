"""One article: to read, to edit, to take out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.handed import FileForm, read_files, read_texts
from newsletter.desk.local_time import read_local, write_local
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.article import StoredArticle
from newsletter.domain.body_text import tidy_body
from newsletter.domain.editor import EditorRole
from newsletter.domain.markdown_writer import add_picture
from newsletter.domain.picture import Picture
from newsletter.domain.revision import BODY, FIELDS, mark, show_fields
from newsletter.domain.text_change import Piece, compare_blocks, compare_words
from newsletter.errors import ChangedMeanwhileError, InputError, RefusedError, UnreadableTextError
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
from newsletter.web.pages import show

LABELS = {
    "headline": "Headline",
    "authors": "Authors",
    "standfirst": "Standfirst",
    "credit": "Credit",
    "body": "Text",
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
    #: the name of the field that it is about, where one is known
    wrong: str = ""

    @property
    def labels(self) -> Mapping[str, str]:
        return LABELS

    @property
    def their_difference(self) -> tuple[Piece, ...]:
        """Give what their text of the body has, and what that in the form has in its place."""
        return _compare(BODY, tidy_body(self.texts[BODY]), self.theirs[BODY])


@screen("/articles/{article_id:int}", role=EditorRole.WRITER)
def show_article(article_id: FromPath[int], app: TheApp) -> Template:
    return show("article.html.j2", load_article(app, article_id))


@act("/articles/{article_id:int}", role=EditorRole.WRITER, most_bytes=30 << 20)
def save_article(
    article_id: FromPath[int], data: FileForm, request: AnyRequest, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    typed = read_texts(data)
    seen = {name: typed.get(f"seen-{name}", "") for name in FIELDS}
    pictures = read_files(data, "body_picture")
    try:
        texts = read_typed(typed, app.cadence.zone)
        for upload in read_files(data, "picture"):
            texts["image_url"] = keep_upload(upload.name, upload.content, database=app.database, now=app.now()).path
        for upload in pictures:
            kept = keep_upload(upload.name, upload.content, database=app.database, now=app.now())
            typed[BODY] = texts[BODY] = add_picture(
                texts.get(BODY, ""), kept.path, alt=typed.get("body_alt", ""), credit=typed.get("body_credit", "")
            )
        stored = edit_article(article_id, texts, database=app.database, now=app.now(), actor=editor.name, seen=seen)
    except ChangedMeanwhileError as error:
        value = load_article(app, article_id, typed=typed, theirs=error.theirs, error=_BOTH)
        return show("article.html.j2", value, status=409)
    except (InputError, RefusedError) as error:
        wrong = BODY if isinstance(error, UnreadableTextError) else ""
        value = load_article(app, article_id, typed=typed, seen=seen, error=str(error), wrong=wrong)
        return show("article.html.j2", value, status=400)
    failed: tuple[str, ...] = ()
    address = stored.article.image.url if stored.article.image else None
    if address and "://" in address:
        failed = keep_pictures([address], fetch=app.fetch, database=app.database, now=app.now())
    placed = ["Its new picture stands behind the text; move its line to where it belongs."] if pictures else []
    say(request, " ".join(["The article is saved.", *placed, *failed]))
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
    wrong: str = "",
) -> ArticlePage:
    """Give what the page shows: the stored texts, or what was ``typed`` in their place."""
    with app.database.snapshot() as snapshot:
        stored = find_article(snapshot, article_id)
        (listed,) = list_these(snapshot, [article_id], state=None)
        picture = find_picture(snapshot, stored)
        withdrawn = list_withdrawn_names(snapshot)
    present = show_fields(stored)
    marks = {name: mark(text) for name, text in present.items()} | dict(seen or {})
    local = write_local(stored.article.published_at, app.cadence.zone)
    texts = present | {"published_at": local, "was-published_at": local} | dict(typed or {})
    return ArticlePage(
        stored=stored,
        listed=listed,
        texts=texts,
        marks=marks,
        proposals=tuple(
            Proposal(name=name, label=LABELS[name], difference=_compare(name, present[name], proposed))
            for name, proposed in stored.proposed.items()
        ),
        picture=picture,
        bylines=tuple((name, name in withdrawn) for name in stored.article.authors),
        zone=app.cadence.timezone,
        public_path="" if stored.retracted_at or listed.published_at > app.now() else f"/articles/{article_id}",
        theirs=dict(theirs),
        error=error,
        wrong=wrong,
    )


def _compare(name: str, before: str, after: str) -> tuple[Piece, ...]:
    """Give the words of both; of a body, the paragraphs alone that are not the same."""
    if name != BODY:
        return compare_words(before, after)
    changes = compare_blocks(before.split("\n\n"), after.split("\n\n"))
    return tuple(piece for change in changes for piece in (*change.pieces, Piece("\n\n")))


def find_picture(snapshot: Transaction, stored: StoredArticle) -> Picture | None:
    address = stored.article.image.url if stored.article.image else None
    return find_pictures(snapshot, [address]).get(address) if address else None


def read_typed(typed: Mapping[str, str], zone: ZoneInfo) -> dict[str, str]:
    """Give the fields of the form, the time of publication read in ``zone``; raises InputError.

    A time that was left as it stood is no change, seconds and all.
    """
    texts = {name: typed[name] for name in FIELDS if name in typed}
    was = typed.get("was-published_at", "")
    local = texts.pop("published_at", was)
    if local == was:
        return texts
    return texts | {"published_at": read_local(local, zone).isoformat()}
