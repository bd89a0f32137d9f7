"""Every address that an issue shows, and where each can be changed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from newsletter.domain.arrangement import ItemKind, ItemName
from newsletter.domain.issue import Masthead
from newsletter.render.outline import Outline
from newsletter.service.compose_issue import ShownItem


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedLink:
    url: str
    #: what to open in order to change it
    where: str
    #: the command or key that changes it
    change: str
    #: the field of an article, announcement or partner that has it; "" where none has
    field: str = ""
    #: it is fetched to be shown, not followed
    is_picture: bool = False


def list_links(items: Iterable[ShownItem], masthead: Masthead, outline: Outline | None) -> tuple[PlacedLink, ...]:
    """Return the links of the items, the masthead's, and what else stands in the HTML, each once.

    Pages and pictures of the site itself are not among them, but for its own address.
    """
    named = [*_list_own(masthead), *(link for item in items for link in _list_of(item))]
    known = {link.url for link in named}
    found = _list_others(outline, known, masthead.base_url + "/") if outline else ()
    return (*named, *found)


def _list_own(masthead: Masthead) -> Iterator[PlacedLink]:
    yield PlacedLink(url=masthead.base_url, where="[site] base_url", change="base_url under [site]")
    for publisher in masthead.publishers:
        if publisher.url:
            where = f"publisher {publisher.name}"
            yield PlacedLink(url=publisher.url, where=where, change="publishers under [site]")


def _list_of(item: ShownItem) -> Iterator[PlacedLink]:
    if item.url:
        yield PlacedLink(url=item.url, where=str(item.name), field="url", change=edit_item(item.name, "--url URL"))


def _list_others(outline: Outline, known: set[str], site: str) -> Iterator[PlacedLink]:
    links = ((link.url, False) for link in outline.links)
    pictures = ((url, True) for url in outline.images)
    for url, is_picture in dict.fromkeys((*links, *pictures)):
        if url not in known and not url.startswith(site):
            change = "the templates under [render] theme"
            yield PlacedLink(url=url, where="HTML", change=change, is_picture=is_picture)


def edit_item(name: ItemName, option: str) -> str:
    """Return the command that changes what an item shows, in every issue."""
    nouns = {ItemKind.ARTICLE: "articles", ItemKind.ANNOUNCEMENT: "announcements", ItemKind.PARTNER: "partners"}
    return f"newsletter {nouns[name.kind]} edit {name.id} {option}"
