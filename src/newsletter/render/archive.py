"""An issue as the archive shows it: the approved text, less what was withdrawn since.

The approved bytes stay as they were sent. What is shown is cut out of a copy of them; where that cannot be done with
certainty, because an address has changed since, nothing of the text is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from urllib.parse import urlsplit

from lxml import etree, html

from newsletter.domain.withdrawal import WithdrawnItem, conceal_names

_NOTE = "The editors have withdrawn an article that stood here."
_STYLE = "margin:0;padding:26px 36px;font-style:italic"
_LOCAL = ("/articles/",)


def conceal_html(
    text: str, items: Sequence[WithdrawnItem], names: Collection[str], *, base_url: str, told: Iterable[str]
) -> str | None:
    """Give the HTML without these articles and names, a note in the place of each article.

    ``told`` are texts made of articles, such as the preheader, that go as well. None where an article is not found in
    it, or not all of it can be taken out.
    """
    root = html.document_fromstring(text)
    for item in items:
        if not _cut(root, item, base_url):
            return None
    _conceal_texts(root, names, [line for line in told if line])
    doctype = root.getroottree().docinfo.doctype or "<!doctype html>"
    shown = str(html.tostring(root, encoding="unicode", doctype=doctype))
    words = " ".join("".join(root.itertext()).split())
    gone = [*(item.headline for item in items), *names]
    return None if any(" ".join(line.split()) in words for line in gone) else shown


def _cut(root: Any, item: WithdrawnItem, base_url: str) -> bool:  # noqa: ANN401 - lxml has no types
    """Take out all blocks that lead to the article and to nothing else; tell whether there was one."""
    own = {f"{base_url}/articles/{item.article_id}", *([item.url] if item.url else [])}
    links = [link for link in root.iter("a") if link.get("href") in own]
    is_noted = False
    for link in links:
        if link.getroottree().getroot() is not root or not _is_within(link, root):
            continue  # went with the block of an earlier one
        block = _widen(link, own)
        if not is_noted and any(True for _ in block.iter("h1", "h2", "h3")):
            block.addprevious(_make_note())
            is_noted = True
        block.drop_tree()
    return bool(links)


def _widen(link: Any, own: Collection[str]) -> Any:  # noqa: ANN401 - lxml has no types
    """Give the largest block around a link that leads nowhere else."""
    block = link
    while (parent := block.getparent()) is not None and parent.tag not in {"body", "html"}:
        if any(other.get("href") not in own and not _is_credit(other) for other in parent.iter("a")):
            break
        block = parent
    return block


def _is_credit(link: Any) -> bool:  # noqa: ANN401 - lxml has no types
    """Tell a link that is only a name, not a way to somewhere."""
    return not urlsplit(link.get("href") or "").scheme


def _is_within(element: Any, root: Any) -> bool:  # noqa: ANN401 - lxml has no types
    return any(ancestor is root for ancestor in element.iterancestors())


def _make_note() -> Any:  # noqa: ANN401 - lxml has no types
    note = etree.Element("p", lang="en", style=_STYLE)
    note.text = _NOTE
    return note


def _conceal_texts(root: Any, names: Collection[str], told: Sequence[str]) -> None:  # noqa: ANN401 - lxml
    for element in root.iter():
        if not isinstance(element.tag, str):
            continue
        for name in ("text", "tail"):
            if words := getattr(element, name):
                setattr(element, name, _conceal(words, names, told))
        for name, value in element.attrib.items():
            if name in {"alt", "title", "aria-label", "content"}:
                element.set(name, _conceal(value, names, told))


def _conceal(words: str, names: Collection[str], told: Sequence[str]) -> str:
    for line in told:
        words = words.replace(line, "")
    return conceal_names(words, names)
