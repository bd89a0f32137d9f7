"""Editors: who works at the newsletter, and what they may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from newsletter.domain.address import EmailAddress


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

    @property
    def label(self) -> str:
        """How the audit log and colleagues call them: never by address."""
        return self.name or f"editor {self.id}"
