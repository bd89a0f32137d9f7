"""Draft to issue: what the items show today, with the editors' words over the articles' own."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeAlias

from newsletter.domain.arrangement import ItemKind, ItemName
from newsletter.domain.article import (
    Announcement,
    AnnouncementKind,
    Article,
    StoredAnnouncement,
    StoredArticle,
    cut_teaser,
)
from newsletter.domain.issue import Draft, DraftItem, Issue, ItemSlot, Masthead, Teaser
from newsletter.domain.partner import PartnerLink, StoredPartnerLink
from newsletter.domain.picture import Picture
from newsletter.domain.subject_line import derive_preheader, derive_subject
from newsletter.domain.withdrawal import without_names
from newsletter.store import announcements, articles, partners, pictures
from newsletter.store.database import Transaction
from newsletter.store.withdrawals import list_withdrawn_names

Stored: TypeAlias = StoredArticle | StoredAnnouncement | StoredPartnerLink

_LEAD_TEASER = 480  # the lead card has more room than the others


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """An item of a draft with what it shows."""

    item: DraftItem
    stored: Stored
    content: Teaser | Announcement | PartnerLink
    #: of the article, or the partner's logo; None where none is stored
    picture: Picture | None = None

    @property
    def name(self) -> ItemName:
        return ItemName.of(self.item)

    @property
    def headline(self) -> str:
        match self.content:
            case Teaser():
                return self.content.headline
            case Announcement():
                return self.content.title
            case PartnerLink():
                return self.content.name

    @property
    def text(self) -> str:
        return self.content.text

    @property
    def url(self) -> str | None:
        return self.content.url

    @property
    def is_withdrawn(self) -> bool:
        """Tell whether it was retracted or retired since it was chosen; then the issue leaves it out."""
        if isinstance(self.stored, StoredPartnerLink):
            return self.stored.retired_at is not None or self.stored.link.url is None
        return self.stored.retracted_at is not None


def show_items(draft: Draft, *, transaction: Transaction, masthead: Masthead) -> tuple[ShownItem, ...]:
    """Return every item with what it shows, those too that the issue leaves out; in five queries, however many."""
    stored = _find_stored(draft.items, transaction)
    sources = {name: _name_picture(each) for name, each in stored.items()}
    found = pictures.find_pictures(transaction, filter(None, sources.values()))
    return tuple(
        _show_item(item, stored[name], found.get(sources[name] or ""), masthead)
        for item, name in ((item, ItemName.of(item)) for item in draft.items)
    )


def compose_issue(draft: Draft, *, transaction: Transaction, masthead: Masthead) -> Issue:
    """Return the issue as the draft and the store stand now. It depends on no clock: what was approved stays equal."""
    return compose_items(draft, show_items(draft, transaction=transaction, masthead=masthead), masthead=masthead)


def compose_items(draft: Draft, shown: tuple[ShownItem, ...], *, masthead: Masthead) -> Issue:
    """Put items that were looked up into an issue."""
    kept = [item for item in shown if not item.is_withdrawn]
    # Where the lead was retracted, the first feature leads: no issue stands without its strongest story.
    stories = [*_teasers(kept, ItemSlot.LEAD), *_teasers(kept, ItemSlot.FEATURE)]
    notices = [item.stored for item in kept if isinstance(item.stored, StoredAnnouncement)]
    issue = Issue(
        number=draft.number,
        date=draft.day,
        subject=draft.subject or "",
        preheader=draft.preheader or "",
        note=draft.note or "",
        masthead=masthead,
        lead=stories[0] if stories else None,
        features=tuple(stories[1:]),
        events=tuple(notice for notice in notices if notice.announcement.kind is AnnouncementKind.EVENT),
        news=tuple(notice for notice in notices if notice.announcement.kind is AnnouncementKind.NEWS),
        earlier=tuple(
            replace(item.content, reason=item.item.reason)
            for item in kept
            if item.item.slot is ItemSlot.EARLIER and isinstance(item.content, Teaser)
        ),
        partners=tuple(item.content for item in kept if isinstance(item.content, PartnerLink)),
        logos={
            item.content.logo or "": item.picture
            for item in kept
            if isinstance(item.content, PartnerLink) and item.picture
        },
    )
    return replace(
        issue,
        subject=issue.subject or derive_subject(_first_headline(issue)),
        preheader=issue.preheader or derive_preheader(_introduce(issue)),
    )


def _find_stored(items: Collection[DraftItem], transaction: Transaction) -> dict[ItemName, Stored]:
    ids = {kind: [name.id for name in map(ItemName.of, items) if name.kind is kind] for kind in ItemKind}
    names = list_withdrawn_names(transaction)
    found: dict[ItemKind, Mapping[int, Stored]] = {
        ItemKind.ARTICLE: {
            number: replace(stored, article=without_names(stored.article, names))
            for number, stored in articles.find_articles(transaction, ids[ItemKind.ARTICLE]).items()
        },
        ItemKind.ANNOUNCEMENT: announcements.find_announcements(transaction, ids[ItemKind.ANNOUNCEMENT]),
        ItemKind.PARTNER: partners.find_partners(transaction, ids[ItemKind.PARTNER]),
    }
    return {ItemName(kind, number): stored for kind, of_kind in found.items() for number, stored in of_kind.items()}


def _name_picture(stored: Stored) -> str | None:
    """Return where its picture was taken from."""
    match stored:
        case StoredArticle():
            return stored.article.image.url if stored.article.image else None
        case StoredAnnouncement():
            return None
        case StoredPartnerLink():
            return stored.link.logo


def _show_item(item: DraftItem, stored: Stored, picture: Picture | None, masthead: Masthead) -> ShownItem:
    match stored:
        case StoredArticle():
            teaser = make_teaser(item, stored, masthead.base_url, picture)
            return ShownItem(item=item, stored=stored, content=teaser, picture=picture)
        case StoredAnnouncement():
            return ShownItem(item=item, stored=stored, content=stored.announcement)
        case StoredPartnerLink():
            return ShownItem(item=item, stored=stored, content=stored.link, picture=picture)


def make_teaser(item: DraftItem, stored: StoredArticle, base_url: str, picture: Picture | None = None) -> Teaser:
    """Make what an issue shows of an article. Its picture is the one that the site serves, never another host's."""
    article = stored.article
    limit = {"limit": _LEAD_TEASER} if item.slot is ItemSlot.LEAD else {}
    return Teaser(
        article_id=stored.id,
        headline=item.headline or article.headline,
        text=item.teaser or cut_teaser(_opening(article), **limit),
        url=article.url or f"{base_url}/articles/{stored.id}",
        authors=article.authors,
        kicker=article.tags[0] if article.tags else "",
        reading_minutes=article.reading_minutes,
        image_url=base_url + picture.path if picture else None,
        image_width=picture.width if picture else 0,
        image_height=picture.height if picture else 0,
        image_alt=article.image.alt if picture and article.image else "",
        image_credit=_credit_image(article) if picture else "",
    )


def _opening(article: Article) -> str:
    """Return the standfirst, or the first paragraph of an article that has none."""
    paragraphs = (paragraph for section in article.sections for paragraph in section.paragraphs)
    return article.standfirst or next(paragraphs, "")


def _credit_image(article: Article) -> str:
    image = article.image
    named = (image.author, image.licence, image.source) if image else ()
    return ", ".join(dict.fromkeys(filter(None, named))) or article.credit


def _teasers(shown: list[ShownItem], slot: ItemSlot) -> Iterator[Teaser]:
    for item in shown:
        if item.item.slot is slot and isinstance(item.content, Teaser):
            yield item.content


def _first_headline(issue: Issue) -> str:
    titles = [stored.announcement.title for stored in (*issue.events, *issue.news)]
    return issue.lead.headline if issue.lead else next(iter(titles), f"{issue.masthead.name}, issue {issue.number}")


def _introduce(issue: Issue) -> Iterator[str]:
    """Give what a preheader is cut from, the strongest first."""
    if issue.lead:
        yield issue.lead.text
    yield from (feature.headline + "." for feature in issue.features)
    yield from (stored.announcement.title + "." for stored in (*issue.events, *issue.news))
    yield issue.masthead.blurb
    if issue.masthead.language.partition("-")[0] == "en":
        yield f"Issue {issue.number} of {issue.masthead.name}: what is new, in one letter."
