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


@dataclass(frozen=True, slots=True, kw_only=True)
class Editor:
    id: int
    address: EmailAddress
    name: str
    role: EditorRole
    added_at: datetime
