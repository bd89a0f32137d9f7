"""Partner links, as editors keep them."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from datetime import datetime

from newsletter.domain.partner import PartnerLink, StoredPartnerLink
from newsletter.domain.revision import mark
from newsletter.errors import ChangedMeanwhileError, InputError, RefusedError
from newsletter.ingest.text import clean_line, read_moment, read_web_address
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction
from newsletter.store.partners import add_partner, find_partner, find_partner_by_name, update_partner


@dataclass(frozen=True, slots=True, kw_only=True)
class PartnerTexts:
    """What an editor wrote, field by field; None leaves a field as it is, "" empties it. Times are ISO 8601."""

    name: str | None = None
    url: str | None = None
    text: str | None = None
    logo: str | None = None
    language: str | None = None
    weight: int | None = None
    window_from: str | None = None
    window_until: str | None = None


def write_partner(
    texts: PartnerTexts, *, database: Database, now: datetime, actor: str | None = None
) -> StoredPartnerLink:
    """Store a new partner link; raises InputError, or RefusedError where the name is taken."""
    link = _apply(texts, PartnerLink(name=""))
    with database.transaction() as transaction:
        _check_name_is_free(transaction, link.name, partner_id=None)
        stored = add_partner(transaction, link)
        record_act(transaction, "add partner", subject=f"partner {stored.id}", detail={}, now=now, actor=actor)
    return stored


def edit_partner(
    partner_id: int,
    texts: PartnerTexts,
    *,
    database: Database,
    now: datetime,
    actor: str | None = None,
    seen: str | None = None,
) -> StoredPartnerLink:
    """Change a partner link; ``seen`` is the mark of what the editor began with.

    Raises InputError, RefusedError where the name is taken, ChangedMeanwhileError where somebody else has saved it.
    """
    with database.transaction() as transaction:
        before = find_partner(transaction, partner_id)
        if seen is not None and seen != mark_partner(before.link):
            sentence = f"Somebody else has saved {before.link.name} since you opened it."
            raise ChangedMeanwhileError(sentence, show_texts(before.link))
        after = replace(before, link=_apply(texts, before.link))
        _check_name_is_free(transaction, after.link.name, partner_id=partner_id)
        update_partner(transaction, after)
        changed = [field.name for field in fields(texts) if getattr(texts, field.name) is not None]
        subject = f"partner {partner_id}"
        record_act(transaction, "edit partner", subject=subject, detail={"fields": changed}, now=now, actor=actor)
    return after


def retire_partner(
    partner_id: int, *, database: Database, now: datetime, actor: str | None = None
) -> StoredPartnerLink:
    """Show the link in no later issue; it stays stored, and an import of its name does not bring it back."""
    with database.transaction() as transaction:
        before = find_partner(transaction, partner_id)
        after = replace(before, retired_at=before.retired_at or now)
        update_partner(transaction, after)
        record_act(transaction, "retire partner", subject=f"partner {partner_id}", detail={}, now=now, actor=actor)
    return after


def return_partner(
    partner_id: int, *, database: Database, now: datetime, actor: str | None = None
) -> StoredPartnerLink:
    """Let a retired link be shown again."""
    with database.transaction() as transaction:
        after = replace(find_partner(transaction, partner_id), retired_at=None)
        update_partner(transaction, after)
        record_act(transaction, "return partner", subject=f"partner {partner_id}", detail={}, now=now, actor=actor)
    return after


def show_texts(link: PartnerLink) -> dict[str, str]:
    """Give each field as an editor writes it."""
    return {
        "name": link.name,
        "url": link.url or "",
        "text": link.text,
        "logo": link.logo or "",
        "language": link.language,
        "weight": str(link.weight),
        "window_from": link.window_from.isoformat() if link.window_from else "",
        "window_until": link.window_until.isoformat() if link.window_until else "",
    }


def mark_partner(link: PartnerLink) -> str:
    """Give a short mark by which it is known later whether it was changed meanwhile."""
    return mark("\0".join(show_texts(link).values()))


def _check_name_is_free(transaction: Transaction, name: str, *, partner_id: int | None) -> None:
    other = find_partner_by_name(transaction, name)
    if other and other.id != partner_id:
        raise RefusedError(f"{name} is partner link {other.id} already: change that one.")


def _apply(texts: PartnerTexts, old: PartnerLink) -> PartnerLink:
    link = PartnerLink(
        name=clean_line(texts.name) if texts.name is not None else old.name,
        url=read_web_address(texts.url) if texts.url is not None else old.url,
        text=clean_line(texts.text) if texts.text is not None else old.text,
        logo=read_web_address(texts.logo) if texts.logo is not None else old.logo,
        language=clean_line(texts.language) if texts.language is not None else old.language,
        weight=texts.weight if texts.weight is not None else old.weight,
        window_from=_read_time(texts.window_from) if texts.window_from is not None else old.window_from,
        window_until=_read_time(texts.window_until) if texts.window_until is not None else old.window_until,
    )
    if not link.name:
        raise InputError("A partner link needs a name.")
    if link.weight < 1:
        raise InputError(f"A partner link's weight is at least 1, not {link.weight}.")
    if link.window_from and link.window_until and link.window_until <= link.window_from:
        raise InputError("A partner link's window must end after it begins.")
    return link


def _read_time(text: str) -> datetime | None:
    try:
        return read_moment(text) if text.strip() else None
    except ValueError as error:
        raise InputError(f"{text!r} is not a date: write it as 2025-10-16 or 2025-10-16T09:00+02:00.") from error
