"""Editors: who works at the newsletter, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from newsletter.domain.address import EmailAddress

#: How long an invitation can be accepted.
INVITATION_LASTS = timedelta(days=7)


class EditorRole(StrEnum):
    """Each may do what those before it may."""

    #: writes articles, announcements and teasers
    WRITER = "writer"
    #: arranges issues
    EDITOR = "editor"
    #: approves and sends them
    PUBLISHER = "publisher"
    #: appoints the others
    OWNER = "owner"

    def includes(self, role: EditorRole) -> bool:
        """Tell whether who has this role may do what ``role`` may."""
        ranks = list(EditorRole)
        return ranks.index(self) >= ranks.index(role)


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    id: int
    address: EmailAddress
    name: str
    role: EditorRole
    added_at: datetime
    #: when the invitation was sent that is still open
    invited_at: datetime | None = None
    has_password: bool = False
    has_second_factor: bool = False

    @property
    def label(self) -> str:
        """How the audit log and colleagues call them: never by address."""
        return self.name or f"editor {self.id}"
