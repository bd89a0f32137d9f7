"""Editors' changes to a draft. Each voids a standing approval; a mailed issue is frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsletter.domain.arrangement import (
    ItemKind,
    ItemName,
    Items,
    add_item,
    find_item,
    order_features,
    remove_item,
    reword_item,
    set_lead,
)
from newsletter.domain.assembly import History, explain_partner
from newsletter.domain.issue import Draft, IssueStatus, ItemSlot
from newsletter.errors import RefusedError
from newsletter.store import announcements, approvals, articles, issues, partners
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction


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
        return _save(transaction, draft, edited, now)


def arrange_issue(number: int, arrangement: Arrangement, *, database: Database, now: datetime) -> Draft:
    """Change the items, all or nothing. Raises RefusedError, or NotFoundError for an id that names nothing."""
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        items = draft.items
        for name in arrangement.remove:
            items = remove_item(items, name)
        for name in arrangement.add:
            items = _add(items, name, transaction)
        if arrangement.lead is not None:
            lead = ItemName(ItemKind.ARTICLE, arrangement.lead)
            if find_item(items, lead) is None:
                items = _add(items, lead, transaction)
            items = set_lead(items, arrangement.lead)
        items = order_features(items, arrangement.features)
        for article_id, headline in arrangement.headlines.items():
            items = reword_item(items, article_id, headline=headline)
        for article_id, teaser in arrangement.teasers.items():
            items = reword_item(items, article_id, teaser=teaser)
        return _save(transaction, draft, replace(draft, items=items), now)


def find_unfrozen(transaction: Transaction, number: int) -> Draft:
    """Return an issue that may still change, locked. Raises RefusedError for one whose mailing is open."""
    draft = issues.find_issue(transaction, number, lock=True)
    if draft.status is IssueStatus.MAILED:
        raise RefusedError(
            f"Issue {number} is frozen since its mailing opened: write what has to be said into the next one."
        )
    return draft


def _add(items: Items, name: ItemName, transaction: Transaction) -> Items:
    history = issues.load_history(transaction)
    match name.kind:
        case ItemKind.ARTICLE:
            return _add_article(items, name, history, transaction)
        case ItemKind.ANNOUNCEMENT:
            if announcements.find_announcement(transaction, name.id).retracted_at:
                raise RefusedError(f"{str(name).capitalize()} was retracted: choose another.")
            return add_item(items, name, ItemSlot.ANNOUNCEMENT, reason="pinned")
        case ItemKind.PARTNER:
            partner = partners.find_partner(transaction, name.id)
            if partner.retired_at or not partner.link.url:
                raise RefusedError(f"{partner.link.name} is retired or has no address, so it cannot be shown.")
            return add_item(items, name, ItemSlot.PARTNER, reason=f"pinned, {explain_partner(partner, history)}")


def _add_article(items: Items, name: ItemName, history: History, transaction: Transaction) -> Items:
    if articles.find_article(transaction, name.id).retracted_at:
        raise RefusedError(f"{str(name).capitalize()} was retracted: choose another.")
    if name.id in history.articles:
        return add_item(items, name, ItemSlot.EARLIER, reason=f"pinned, issue {history.articles[name.id]}")
    has_lead = any(item.slot is ItemSlot.LEAD for item in items)
    return add_item(items, name, ItemSlot.FEATURE if has_lead else ItemSlot.LEAD, reason="pinned")


def _save(transaction: Transaction, draft: Draft, changed: Draft, now: datetime) -> Draft:
    if changed == draft:
        return draft
    saved = replace(changed, status=IssueStatus.DRAFT)
    voided = approvals.void_standing(transaction, draft.id, now=now)
    issues.save_draft(transaction, saved, arranged_at=now)
    record_act(transaction, "draft changed", subject=f"issue {draft.number}", detail={"voided": voided}, now=now)
    return saved
