"""A proof: an issue as it would go out, with all that its checks look at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from newsletter.domain.assembly import History
from newsletter.domain.host import is_loopback
from newsletter.domain.issue import Draft, Issue, Masthead, RenderedIssue
from newsletter.domain.partner import StoredPartnerLink
from newsletter.service.compose_issue import ShownItem, compose_items, show_items
from newsletter.service.finding import Level
from newsletter.store import issues, partners
from newsletter.store.database import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    draft: Draft
    items: tuple[ShownItem, ...]
    issue: Issue
    #: None for an issue that says nothing
    rendered: RenderedIssue | None
    history: History
    #: all that are not retired
    partners: tuple[StoredPartnerLink, ...]
    #: the configured sender; "" if there is none yet
    mail_from: str
    now: datetime

    @property
    def trial_level(self) -> Level:
        """The level of what only a published site has to have: a warning while the site is on this machine."""
        return Level.WARNING if is_loopback(urlsplit(self.issue.masthead.base_url).hostname or "") else Level.ERROR


def pull_proof(
    number: int,
    *,
    database: Database,
    masthead: Masthead,
    render: Callable[[Issue], RenderedIssue],
    mail_from: str,
    now: datetime,
) -> Proof:
    """Compose and render an issue as everything stands now. Raises RenderError if it cannot be rendered."""
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        items = show_items(draft, transaction=snapshot, masthead=masthead)
        history = issues.load_history(snapshot)
        links = partners.list_partners(snapshot)
    issue = compose_items(draft, items, masthead=masthead)
    return Proof(
        draft=draft,
        items=items,
        issue=issue,
        # Outside the snapshot: compiling takes half a second, and nobody should wait for it.
        rendered=render(issue) if issue.topics else None,
        history=history,
        partners=tuple(links),
        mail_from=mail_from,
        now=now,
    )
