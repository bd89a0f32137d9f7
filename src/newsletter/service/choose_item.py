"""Take something from the store into a draft: where it belongs, and why it may not."""

from __future__ import annotations

from newsletter.domain.arrangement import ItemKind, ItemName, Items, add_item
from newsletter.domain.assembly import History, explain_partner
from newsletter.domain.issue import DraftItem, ItemSlot
from newsletter.errors import RefusedError
from newsletter.store import announcements, articles, issues, partners
from newsletter.store.database import Transaction


def choose_item(items: Items, name: ItemName, transaction: Transaction) -> Items:
    """Add it behind the others of its slot. Raises RefusedError for what cannot be shown, NotFoundError."""
    item = make_item(items, name, transaction)
    return add_item(items, name, item.slot, reason=item.reason)


def make_item(items: Items, name: ItemName, transaction: Transaction) -> DraftItem:
    """Return the item as it would be added to ``items``."""
    history = issues.load_history(transaction)
    match name.kind:
        case ItemKind.ARTICLE:
            return _make_article(items, name, history, transaction)
        case ItemKind.ANNOUNCEMENT:
            if announcements.find_announcement(transaction, name.id).retracted_at:
                raise RefusedError(f"{str(name).capitalize()} was retracted: choose another.")
            return name.make_item(ItemSlot.ANNOUNCEMENT, "pinned")
        case ItemKind.PARTNER:
            partner = partners.find_partner(transaction, name.id)
            if partner.retired_at or not partner.link.url:
                raise RefusedError(f"{partner.link.name} is retired or has no address, so it cannot be shown.")
            return name.make_item(ItemSlot.PARTNER, f"pinned, {explain_partner(partner, history)}")


def _make_article(items: Items, name: ItemName, history: History, transaction: Transaction) -> DraftItem:
    if articles.find_article(transaction, name.id).retracted_at:
        raise RefusedError(f"{str(name).capitalize()} was retracted: choose another.")
    if name.id in history.articles:
        return name.make_item(ItemSlot.EARLIER, f"pinned, issue {history.articles[name.id]}")
    has_lead = any(item.slot is ItemSlot.LEAD for item in items)
    return name.make_item(ItemSlot.FEATURE if has_lead else ItemSlot.LEAD, "pinned")
