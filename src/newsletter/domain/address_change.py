"""A change of address: asked for by a link in the old mailbox's letters, confirmed from the new mailbox."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.address import EmailAddress

#: How long the new address may confirm it.
CONFIRM_WITHIN = timedelta(days=14)
#: How long the old address may take it back, before and after that.
UNDO_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressChange:
    id: int
    #: the reader's
    subscriber: int
    #: None once it cannot be taken back any more; see ``UNDO_WITHIN``
    old: EmailAddress | None
    new: EmailAddress | None
    #: see ``token.hash_address``
    old_hash: bytes
    new_hash: bytes
    requested_at: datetime
    confirmed_at: datetime | None = None
    #: taken back by the old address, or overtaken by a later request
    ended_at: datetime | None = None

    def may_confirm(self, now: datetime) -> bool:
        is_open = self.confirmed_at is None and self.ended_at is None and self.new is not None
        return is_open and now - self.requested_at <= CONFIRM_WITHIN

    def may_undo(self, now: datetime) -> bool:
        """Tell whether the old address may still say that it is to stay."""
        return self.ended_at is None and self.old is not None and now - self.requested_at <= UNDO_WITHIN
