"""An editor's consent to the exact text of one issue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    id: int
    issue_id: int
    #: the editor, as given
    approved_by: str
    approved_at: datetime
    #: ``Issue.digest`` of what the editor saw
    issue_digest: str
    #: ``RenderedIssue.digest`` of the stored text, which sending, resuming and the archive use
    rendered_digest: str
    #: the reason for each check whose errors were overridden
    overrides: Mapping[str, str] = field(default_factory=dict)
    #: when an edit, another approval or an editor took it back
    voided_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """What an editor says by approving."""

    #: the editor, as given
    by: str
    #: a reason for each check whose errors the editor accepts
    overrides: Mapping[str, str] = field(default_factory=dict)
    #: digest of the text that the editor looked at; None where it was not shown to him
    seen: str | None = None
