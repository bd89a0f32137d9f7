"""A proof: an issue as it would go out, with all that its checks look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property
from urllib.parse import urlsplit

from newsletter.domain.assembly import History
from newsletter.domain.host import is_loopback
from newsletter.domain.issue import Draft, Issue, Masthead, RenderedIssue, Slot
from newsletter.domain.letter import Sender
from newsletter.domain.mailing import AudienceSize
from newsletter.domain.partner import StoredPartnerLink
from newsletter.ingest.link import LinkAnswer
from newsletter.render.outline import Outline, read_outline
from newsletter.service.compose_issue import ShownItem, compose_items, show_items
from newsletter.service.placed_link import PlacedLink, list_links
from newsletter.service.show_issue import find_fixed_text
from newsletter.store import issues, mailings, partners
from newsletter.store.database import Database

_TOKEN = "x" * 39  # as long as a reader's token in a link


@dataclass(frozen=True, kw_only=True)
class Proof:
    draft: Draft
    #: those too that the issue leaves out
    items: tuple[ShownItem, ...]
    issue: Issue
    #: None for an issue that says nothing
    rendered: RenderedIssue | None
    history: History
    #: all that are not retired
    partners: tuple[StoredPartnerLink, ...]
    #: None while no address to send from is configured
    sender: Sender | None
    audience: AudienceSize
    now: datetime
    #: the domain that signs letters here (DKIM); None where that is left to the relay
    signing_domain: str | None = None
    #: what links answered, by address; empty where none was fetched
    answers: Mapping[str, LinkAnswer] = field(default_factory=dict)

    @property
    def is_trial(self) -> bool:
        """Tell whether the site is on this machine, so that only a trial can be meant."""
        return is_loopback(urlsplit(self.issue.masthead.base_url).hostname or "")

    @property
    def shown_at(self) -> datetime:
        """When readers get it, at the earliest."""
        return max(self.draft.due_at, self.now)

    @cached_property
    def kept(self) -> tuple[ShownItem, ...]:
        """The items that the issue shows."""
        return tuple(item for item in self.items if not item.is_withdrawn)

    @cached_property
    def html(self) -> str:
        """The HTML of the full variant, with links as long as a reader's; "" for an issue that says nothing."""
        return self.rendered.full.html.fill(dict.fromkeys(Slot, _TOKEN)) if self.rendered else ""

    @cached_property
    def outline(self) -> Outline | None:
        """What readers get of the HTML."""
        return read_outline(self.html) if self.html else None

    @cached_property
    def links(self) -> tuple[PlacedLink, ...]:
        """Every address that the issue shows, the site's own pages left out."""
        return list_links(self.kept, self.issue.masthead, self.outline)


def pull_proof(
    number: int,
    *,
    database: Database,
    masthead: Masthead,
    render: Callable[[Issue], RenderedIssue],
    sender: Sender | None,
    now: datetime,
    signing_domain: str | None = None,
    takes_fixed: bool = False,
) -> Proof:
    """Compose and render an issue as everything stands now. Raises RenderError if it cannot be rendered.

    ``takes_fixed`` spares the rendering of one whose text is fixed, because it was mailed or its approval stands: the
    proof then has that text, which is what goes out.
    """
    with database.snapshot() as snapshot:
        draft = issues.find_issue(snapshot, number)
        items = show_items(draft, transaction=snapshot, masthead=masthead)
        history = issues.load_history(snapshot)
        links = partners.list_partners(snapshot)
        audience = mailings.measure_audience(snapshot, before=number, day=now.date())
        issue = compose_items(draft, items, masthead=masthead)
        rendered = find_fixed_text(draft, issue, transaction=snapshot) if takes_fixed else None
    if rendered is None and issue.topics:
        # Outside the snapshot: compiling takes half a second, and nobody should wait for it.
        rendered = render(issue)
    return Proof(
        draft=draft,
        items=items,
        issue=issue,
        rendered=rendered,
        history=history,
        partners=tuple(links),
        sender=sender,
        audience=audience,
        now=now,
        signing_domain=signing_domain,
    )


def fetch_links(proof: Proof, *, try_links: Callable[[Iterable[str]], Mapping[str, LinkAnswer]]) -> Proof:
    """Return the proof with what its links answered. The site's own pages are left out: they appear with the issue."""
    base_url = proof.issue.masthead.base_url
    return replace(proof, answers=try_links(link.url for link in proof.links if not link.url.startswith(base_url)))
