"""All issues, and the way to the next draft."""

from __future__ import annotations

from dataclasses import dataclass

from litestar.response import Redirect, Template

from newsletter.desk.collaborators import TheApp
from newsletter.desk.routes import act, screen, see_other
from newsletter.domain.editor import EditorRole
from newsletter.service.draft_issue import draft_issue
from newsletter.service.keep_pictures import keep_issue_pictures
from newsletter.service.list_issues import ListedIssue, list_issues
from newsletter.web.pages import show


@dataclass(frozen=True, slots=True, kw_only=True)
class IssuesPage:
    issues: tuple[ListedIssue, ...]
    #: number of the draft that is open, if there is one
    open: int | None
    #: that times are told in
    zone: str


@screen("/issues", role=EditorRole.WRITER)
def show_issues(app: TheApp) -> Template:
    listed = list_issues(database=app.database, masthead=app.masthead())
    return show(
        "issues.html.j2",
        IssuesPage(
            issues=listed,
            open=next((issue.number for issue in listed if issue.is_open), None),
            zone=app.cadence.timezone,
        ),
    )


@act("/issues", role=EditorRole.EDITOR)
def draft_next(app: TheApp) -> Redirect:
    """Open the next draft, or bring one that nobody has touched up to date, and go there."""
    draft = draft_issue(
        database=app.database,
        cadence=app.cadence,
        first_number=app.settings.cadence.first_number,
        now=app.now(),
    )
    keep_issue_pictures(draft, masthead=app.masthead(), fetch=app.fetch, database=app.database, now=app.now())
    return see_other(f"/issues/{draft.number}")
