"""Partner links."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row, func, insert, select, update

from newsletter.domain.issue import IssueStatus
from newsletter.domain.partner import PartnerLink, StoredPartnerLink
from newsletter.errors import NotFoundError
from newsletter.store.database import Transaction
from newsletter.store.tables import issue_items, issues, partner_links


def add_partner(transaction: Transaction, link: PartnerLink) -> StoredPartnerLink:
    partner_id = transaction.execute(
        insert(partner_links).values(asdict(link)).returning(partner_links.c.id)
    ).scalar_one()
    return find_partner(transaction, partner_id)


def update_partner(transaction: Transaction, stored: StoredPartnerLink) -> None:
    values = asdict(stored.link) | {"retired_at": stored.retired_at}
    transaction.execute(update(partner_links).where(partner_links.c.id == stored.id).values(values))


def find_partner(transaction: Transaction, partner_id: int) -> StoredPartnerLink:
    """Find a partner link, retired or not; raises NotFoundError."""
    row = transaction.execute(select(partner_links).where(partner_links.c.id == partner_id)).one_or_none()
    if row is None:
        raise NotFoundError(
            f"There is no partner link {partner_id}; 'newsletter partners list' shows those that are stored."
        )
    return _read(row)


def find_partners(transaction: Transaction, ids: Collection[int]) -> dict[int, StoredPartnerLink]:
    """Find several partner links at once, retired or not, by id."""
    return {row.id: _read(row) for row in transaction.execute(select(partner_links).where(partner_links.c.id.in_(ids)))}


def find_partner_by_name(transaction: Transaction, name: str) -> StoredPartnerLink | None:
    row = transaction.execute(select(partner_links).where(partner_links.c.name == name)).one_or_none()
    return _read(row) if row else None


def list_partners(transaction: Transaction, *, with_retired: bool = False) -> list[StoredPartnerLink]:
    """Give all partner links, in the order in which they were added."""
    query = select(partner_links).order_by(partner_links.c.id)
    if not with_retired:
        query = query.where(partner_links.c.retired_at.is_(None))
    return [_read(row) for row in transaction.execute(query)]


def count_shown(transaction: Transaction) -> dict[int, int]:
    """Count, by partner, the mailed issues that carried the link; a partner never shown is absent."""
    query = (
        select(issue_items.c.partner_id, func.count())
        .join(issues, issues.c.id == issue_items.c.issue_id)
        .where(issue_items.c.partner_id.is_not(None), issues.c.status == IssueStatus.MAILED)
        .group_by(issue_items.c.partner_id)
    )
    return dict(transaction.execute(query).all())


def list_shown(transaction: Transaction) -> list[tuple[int, int]]:
    """Give issue and partner for each link that a mailed issue carried: the latest issue first."""
    query = (
        select(issues.c.number, issue_items.c.partner_id)
        .join(issues, issues.c.id == issue_items.c.issue_id)
        .where(issue_items.c.partner_id.is_not(None), issues.c.status == IssueStatus.MAILED)
        .order_by(issues.c.number.desc(), issue_items.c.position)
    )
    return [(number, partner_id) for number, partner_id in transaction.execute(query)]


def _read(row: Row[Any]) -> StoredPartnerLink:
    link = PartnerLink(
        name=row.name,
        url=row.url,
        text=row.text,
        logo=row.logo,
        language=row.language,
        weight=row.weight,
        window_from=row.window_from,
        window_until=row.window_until,
    )
    return StoredPartnerLink(id=row.id, link=link, retired_at=row.retired_at)
