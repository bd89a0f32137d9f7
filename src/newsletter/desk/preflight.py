"""Preflight: what stands between an issue and its approval, worst first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from litestar.response import Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.place import IssueNumber, find_place
from newsletter.desk.routes import screen
from newsletter.desk.visit import AnyRequest
from newsletter.domain.editor import EditorRole
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.ingest.link import try_links
from newsletter.service.finding import Finding, Level
from newsletter.service.preflight import preflight
from newsletter.service.proof import Proof, fetch_links, pull_proof
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedFinding:
    finding: Finding
    #: the page that has the field; "" where whoever looks may not open it
    path: str

    @property
    def is_error(self) -> bool:
        return self.finding.level is Level.ERROR


@dataclass(frozen=True, slots=True, kw_only=True)
class PreflightPage:
    number: int
    draft: Draft
    #: errors first
    findings: tuple[PlacedFinding, ...]
    #: whether every link was tried
    has_tried_links: bool

    @property
    def errors(self) -> int:
        return sum(placed.is_error for placed in self.findings)

    @property
    def warnings(self) -> int:
        return len(self.findings) - self.errors

    @property
    def blocking(self) -> tuple[str, ...]:
        """The checks that an approval has to override, each once."""
        return tuple(dict.fromkeys(placed.finding.check for placed in self.findings if placed.is_error))

    @property
    def is_mailed(self) -> bool:
        return self.draft.status is IssueStatus.MAILED


@screen("/issues/{number:int}/check", role=EditorRole.WRITER)
def show_preflight(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Template:
    tries_links = request.query_params.get("links") == "yes"
    proof = pull(number, app)
    if tries_links:
        proof = fetch_links(proof, try_links=partial(try_links, allow_private=proof.is_trial))
    findings = place_findings(preflight(proof), number, editor.role)
    page = PreflightPage(number=number, draft=proof.draft, findings=findings, has_tried_links=tries_links)
    return show("preflight.html.j2", page)


def pull(number: int, app: App) -> Proof:
    """Compose the issue as everything stands now, and render it unless its text is fixed."""
    return pull_proof(
        number,
        database=app.database,
        masthead=app.masthead(),
        render=app.previews.render,
        sender=app.known_sender,
        now=app.now(),
        signing_domain=app.dkim_key.domain if app.known_sender and app.dkim_key else None,
        takes_fixed=True,
    )


def place_findings(findings: tuple[Finding, ...], number: int, role: EditorRole) -> tuple[PlacedFinding, ...]:
    return tuple(PlacedFinding(finding=each, path=find_place(each, number=number, role=role)) for each in findings)
