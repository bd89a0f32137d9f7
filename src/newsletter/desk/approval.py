"""Approval: consent to exact bytes, by a second person where the settings ask for one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from litestar import Response
from litestar.exceptions import NotFoundException
from litestar.params import URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.place import IssueNumber
from newsletter.desk.preflight import PlacedFinding, place_findings, pull
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.act import Act
from newsletter.domain.approval import Approval, Signature
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.issue import Draft, IssueStatus, RenderedIssue
from newsletter.errors import InputError, RefusedError
from newsletter.service.approve_issue import approve_issue, withdraw_approval
from newsletter.service.compare_approval import ApprovalDifference, compare_with_approval
from newsletter.service.finding import Level
from newsletter.service.last_change import find_last_change, is_same_person
from newsletter.service.letter_picture import has_chromium, take_thumbnail
from newsletter.service.preflight import preflight
from newsletter.service.show_issue import load_text
from newsletter.store import approvals, issues
from newsletter.web.pages import show

_REASON = "reason-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalPage:
    number: int
    draft: Draft
    rendered: RenderedIssue | None
    #: the approval that stands for exactly this text
    approval: Approval | None
    difference: ApprovalDifference | None
    errors: tuple[PlacedFinding, ...]
    warnings: int
    last_change: Act | None
    #: whether whoever looks has to leave the approval to somebody else
    needs_other: bool
    has_picture: bool
    #: by check, as typed
    reasons: Mapping[str, str]
    #: why the form was not taken
    error: str = ""

    @property
    def is_mailed(self) -> bool:
        return self.draft.status is IssueStatus.MAILED

    @property
    def html_bytes(self) -> int:
        return len(self.rendered.full.html.dump().encode()) if self.rendered else 0

    @property
    def blocking(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(placed.finding.check for placed in self.errors))


@screen("/issues/{number:int}/approval", role=EditorRole.WRITER)
def show_approval(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Template:
    return show("approval.html.j2", load_approval(number, app, editor, reasons=_read_reasons(request.query_params)))


@screen("/issues/{number:int}/thumbnail", role=EditorRole.WRITER)
def show_thumbnail(number: IssueNumber, app: TheApp) -> Response[bytes]:
    """Serve a picture of the letter as a phone shows it."""
    rendered = load_text(number, database=app.database, masthead=app.masthead(), render=app.previews.render)
    picture = take_thumbnail(rendered, base_url=app.settings.site.base_url.rstrip("/"), database=app.database)
    if picture is None:
        raise NotFoundException
    return Response(picture, media_type="image/png", headers={"Cache-Control": "private, no-cache"})


@act("/issues/{number:int}/approve", role=EditorRole.PUBLISHER)
def approve(
    number: IssueNumber, request: AnyRequest, data: URLEncodedBody[dict[str, str]], app: TheApp, editor: TheEditor
) -> Template | Redirect:
    reasons = _read_reasons(data)
    try:
        approval = approve_issue(
            number,
            Signature(by=editor.label, overrides=reasons, seen=data.get("digest") or None),
            database=app.database,
            masthead=app.masthead(),
            render=app.render,
            sender=app.known_sender,
            now=app.now(),
            second_person=app.settings.desk.second_approval,
        )
    except (InputError, RefusedError) as error:
        page = load_approval(number, app, editor, reasons=reasons, error=str(error))
        return show("approval.html.j2", page, status=400)
    say(request, f"Issue {number} is approved: {approval.rendered_digest[:12]}.")
    return see_other(f"/issues/{number}/send")


@act("/issues/{number:int}/withdraw", role=EditorRole.PUBLISHER)
def withdraw(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    withdraw_approval(number, by=editor.label, database=app.database, now=app.now())
    say(request, f"The approval of issue {number} is taken back.")
    return see_other(f"/issues/{number}/approval")


def load_approval(
    number: int, app: App, editor: Editor, *, reasons: Mapping[str, str], error: str = ""
) -> ApprovalPage:
    proof = pull(number, app)
    findings = place_findings(preflight(proof), number, editor.role)
    errors = tuple(placed for placed in findings if placed.finding.level is Level.ERROR)
    with app.database.snapshot() as snapshot:
        standing = approvals.find_standing(snapshot, proof.draft.id)
        last_change = find_last_change(issues.find_issue(snapshot, number), transaction=snapshot)
    is_current = standing is not None and standing.issue_digest == proof.issue.digest
    rendered = proof.rendered
    is_own = last_change is not None and is_same_person(last_change.actor, editor.label)
    return ApprovalPage(
        number=number,
        draft=proof.draft,
        rendered=rendered,
        approval=standing if is_current else None,
        difference=compare_with_approval(number, rendered, database=app.database) if rendered else None,
        errors=errors,
        warnings=len(findings) - len(errors),
        last_change=last_change,
        needs_other=app.settings.desk.second_approval and is_own,
        has_picture=rendered is not None and has_chromium(),
        reasons=reasons,
        error=error,
    )


def _read_reasons(data: Mapping[str, object]) -> dict[str, str]:
    return {
        name.removeprefix(_REASON): str(value).strip()
        for name, value in data.items()
        if name.startswith(_REASON) and str(value).strip()
    }
