"""Links that say where they lead."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.service.check import check
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof

#: Screen readers list links by their names alone; these name nothing.
_EMPTY_WORDS = frozenset(
    {"here", "click here", "read more", "more", "link", "this link", "learn more", "this page", "hier", "mehr"}
    | {"weiterlesen", "mehr lesen", "ici", "cliquez ici", "lire la suite", "en savoir plus", "aquí", "leer más"}
    | {"qui", "clicca qui", "leggi di più", "aqui", "leia mais", "здесь", "тут", "подробнее", "читать далее"}
    | {"här", "läs mer", "klicka här", "täältä", "lue lisää", "tu", "tutaj", "więcej", "czytaj więcej", "هنا"}
    | {"اقرأ المزيد", "المزيد"}
)


@check(Level.ERROR, promise="Every link has a name, and none is called “here” or “read more”.")
def check_link_names(proof: Proof) -> Iterator[Fault]:
    where = {link.url: link.where for link in proof.links}
    for link in proof.outline.links if proof.outline else ():
        name = link.name.strip(" .…»›→:!").casefold()
        if not name:
            what = f"The link to {link.url} has no words, and no picture with a text."
        elif name in _EMPTY_WORDS:
            what = f"The link to {link.url} is called “{link.name}”, which says nothing of where it leads."
        else:
            continue
        yield Fault(where=where.get(link.url, "HTML"), what=what, mend="Name it after what it leads to.")
