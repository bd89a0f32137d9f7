"""What somebody did, as the audit log has it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    id: int
    at: datetime
    #: an editor's name, or the account of the machine that ran a command
    actor: str
    #: "approve issue"
    act: str
    #: what was acted on, by number and never by address: "issue 42"
    subject: str
    #: figures and words that belong to it
    detail: Mapping[str, object]
