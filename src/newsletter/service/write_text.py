"""Write one text of a draft: subject, preheader, note, or what this issue says of an article.

Who writes names the revision that they saw. Where somebody else has written the same text since, neither is lost: what
stands stays, and the other words are set aside beside it until an editor chooses.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeAlias

from newsletter.domain.arrangement import find_item
from newsletter.domain.composition import Clash, Composition, TextField, TextName
from newsletter.domain.issue import Draft
from newsletter.errors import InputError, RefusedError
from newsletter.service.change_draft import find_title
from newsletter.service.compose_issue import make_teaser
from newsletter.service.keep_change import find_unfrozen, keep_change
from newsletter.store import articles, clashes, revisions
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction

#: Longer than any of them may be in a letter; what is too long for its place is for preflight to say.
_MOST_CHARACTERS = 4_000

Written: TypeAlias = Draft | Clash


def write_text(
    number: int, text: TextName, words: str, *, seen: int, by: str, database: Database, now: datetime
) -> Written:
    """Write a text as revision ``seen`` had it; "" or the article's own words take the derived text again.

    Returns the draft, or the clash where somebody else has written the same text since. Raises RefusedError for a
    frozen issue or an article that was taken out, and InputError for what is no length for a letter.
    """
    if len(words) > _MOST_CHARACTERS:
        raise InputError(f"That is {len(words):,} characters long; {_MOST_CHARACTERS:,} is the most for a text.")
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        if text.item and find_item(draft.items, text.item) is None:
            raise RefusedError(f"Somebody has taken {text.item} out of the issue meanwhile: add it again to write on.")
        wanted = _read_words(text, words, draft, transaction)
        stands = Composition.of(draft).read(text)
        base = revisions.find_composition(transaction, draft.id, seen) or Composition.of(draft)
        if base.read(text) != stands and stands != wanted and draft.revision != seen:
            clash = clashes.set_aside(transaction, draft.id, text, words.strip(), by=by, now=now)
            detail = {"text": str(text), "revision": draft.revision, "words": clash.words}
            record_act(transaction, "words set aside", subject=f"issue {number}", detail=detail, now=now, actor=by)
            return clash
        clashes.drop_same(transaction, draft.id, text, words.strip())
        return _write(transaction, draft, text, wanted, by=by, now=now)


def settle_clash(number: int, clash_id: int, *, takes_it: bool, by: str, database: Database, now: datetime) -> Draft:
    """Choose between two wordings of a text: the one that was set aside, or the one that stands.

    What is given up stays in the history: what stood as a revision, what was set aside in the words of this one.
    """
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        clash = clashes.find_clash(transaction, draft.id, clash_id)
        clashes.drop_clash(transaction, clash.id)
        detail = {"text": str(clash.text), "taken": takes_it, "words": clash.words}
        record_act(transaction, "words chosen", subject=f"issue {number}", detail=detail, now=now, actor=by)
        if not takes_it:
            return draft
        return _write(
            transaction, draft, clash.text, _read_words(clash.text, clash.words, draft, transaction), by=by, now=now
        )


def _write(
    transaction: Transaction, draft: Draft, text: TextName, words: str | None, *, by: str, now: datetime
) -> Draft:
    written = Composition.of(draft).write(text, words).put_into(draft)
    told = f"{_NAMES[text.field]}{f' of “{find_title(transaction, text.item, draft.items)}”' if text.item else ''}"
    verb = "changed" if words else "took back"
    return keep_change(transaction, draft, written, told=f"{verb} the {told}", by=by, now=now, text=text)


def _read_words(text: TextName, words: str, draft: Draft, transaction: Transaction) -> str | None:
    """Return an editor's own words; None where they are none, or are what stands there without them."""
    lines = [" ".join(line.split()) for line in words.strip().splitlines()]
    kept = "\n".join(lines) if text.field is TextField.NOTE else " ".join(filter(None, lines))
    if text.item is None:
        return kept or None
    item = find_item(draft.items, text.item)
    if item is None:
        return kept or None
    plain = Composition(items=(item,)).write(TextName(TextField.HEADLINE, text.article_id), None)
    plain = plain.write(TextName(TextField.TEASER, text.article_id), None)
    teaser = make_teaser(plain.items[0], articles.find_article(transaction, text.item.id), "")
    own = teaser.headline if text.field is TextField.HEADLINE else teaser.text
    return None if kept in ("", " ".join(own.split())) else kept


_NAMES = {
    TextField.SUBJECT: "subject",
    TextField.PREHEADER: "preheader",
    TextField.NOTE: "note",
    TextField.HEADLINE: "headline",
    TextField.TEASER: "teaser",
}
