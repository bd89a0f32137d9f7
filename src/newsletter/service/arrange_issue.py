"""Editors' changes to a draft. Each voids a standing approval; a mailed issue is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsletter.domain.arrangement import (
    ItemKind,
    ItemName,
    find_item,
    order_features,
    remove_item,
    reword_item,
    set_lead,
)
from newsletter.domain.issue import Draft
from newsletter.service.choose_item import choose_item
from newsletter.service.keep_change import find_unfrozen, keep_change
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrangement:
    """Changes to the items, made in this order: remove, add, lead, features, words."""

    remove: Sequence[ItemName] = ()
    add: Sequence[ItemName] = ()
    #: id of the article that shall lead; it is added if the issue lacks it
    lead: int | None = None
    #: ids of the features that come first, in order
    features: Sequence[int] = ()
    #: article id → words for this issue; "" takes the article's own again
    headlines: Mapping[int, str] = field(default_factory=dict)
    teasers: Mapping[int, str] = field(default_factory=dict)


def edit_issue(
    number: int,
    *,
    database: Database,
    now: datetime,
    subject: str | None = None,
    preheader: str | None = None,
    note: str | None = None,
) -> Draft:
    """Change what stands above the items. "" takes the derived text again, None leaves it. Raises RefusedError."""
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        edited = replace(
            draft,
            subject=draft.subject if subject is None else subject.strip() or None,
            preheader=draft.preheader if preheader is None else preheader.strip() or None,
            note=draft.note if note is None else note.strip() or None,
        )
        return keep_change(transaction, draft, edited, told="changed subject, preheader or note by command", now=now)


def arrange_issue(number: int, arrangement: Arrangement, *, database: Database, now: datetime) -> Draft:
    """Change the items, all or nothing. Raises RefusedError, or NotFoundError for an id that names nothing."""
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        items = draft.items
        for name in arrangement.remove:
            items = remove_item(items, name)
        for name in arrangement.add:
            items = choose_item(items, name, transaction)
        if arrangement.lead is not None:
            lead = ItemName(ItemKind.ARTICLE, arrangement.lead)
            if find_item(items, lead) is None:
                items = choose_item(items, lead, transaction)
            items = set_lead(items, arrangement.lead)
        items = order_features(items, arrangement.features)
        for article_id, headline in arrangement.headlines.items():
            items = reword_item(items, article_id, headline=headline)
        for article_id, teaser in arrangement.teasers.items():
            items = reword_item(items, article_id, teaser=teaser)
        return keep_change(transaction, draft, replace(draft, items=items), told="arranged by command", now=now)
