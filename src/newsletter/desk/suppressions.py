"""Suppressions: the addresses that are not mailed, why, and since when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, TypeAlias

from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import EmailAddress, mask_addresses
from newsletter.domain.editor import EditorRole
from newsletter.domain.suppression import SuppressionReason
from newsletter.errors import InputError, NewsletterError
from newsletter.service.change_suppression import lift_by_id, suppress_address
from newsletter.store.suppressions import ListedSuppression, list_page
from newsletter.web.pages import show

Reason: TypeAlias = Annotated[str, QueryParameter(name="reason")]
After: TypeAlias = Annotated[int, QueryParameter(name="after", ge=0)]
Fields = URLEncodedBody[dict[str, str]]

_PAGE = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionsPage:
    suppressions: tuple[ListedSuppression, ...]
    reason: str
    reasons: tuple[SuppressionReason, ...] = tuple(SuppressionReason)
    is_continued: bool
    #: the id of the last one, where there are more
    next: int | None
    typed: Mapping[str, str]
    error: str = ""

    def masked(self, evidence: object) -> str:
        return mask_addresses(str(evidence))


@screen("/suppressions", role=EditorRole.EDITOR)
def show_suppressions(app: TheApp, reason: Reason = "", after: After = 0) -> Template:
    return _show(app, reason=reason, after=after)


@act("/suppressions/add", role=EditorRole.EDITOR)
def add(request: AnyRequest, data: Fields, app: TheApp, editor: TheEditor) -> Template | Redirect:
    because = " ".join(data.get("because", "").split())
    try:
        address = EmailAddress.parse(data.get("email", ""))
        if not because:
            raise InputError("Say why in a few words; who looks at this list in a year will want to know.")
        suppress_address(
            address,
            because=because,
            database=app.database,
            address_key=app.address_key,
            now=app.now(),
            actor=editor.name,
        )
    except NewsletterError as error:
        return _show(app, typed=data, error=str(error))
    say(request, "Suppressed: no letter goes there until somebody lifts it.")
    return see_other("/suppressions")


@act("/suppressions/{suppression_id:int}/lift", role=EditorRole.EDITOR)
def lift(
    request: AnyRequest, suppression_id: FromPath[int], data: Fields, app: TheApp, editor: TheEditor
) -> Template | Redirect:
    because = " ".join(data.get("because", "").split())
    if not because:
        return _show(app, error="Say why it is lifted, in a few words.")
    lift_by_id(suppression_id, because=because, database=app.database, now=app.now(), actor=editor.name)
    say(request, "The suppression is lifted: an active subscriber at that address is mailed again.")
    return see_other("/suppressions")


def _show(
    app: App, *, reason: str = "", after: int = 0, typed: Mapping[str, str] | None = None, error: str = ""
) -> Template:
    try:
        wanted = SuppressionReason(reason) if reason else None
    except ValueError:
        wanted, error = None, f"{reason!r} is no reason; choose one of the list."
    with app.database.snapshot() as snapshot:
        listed = list_page(snapshot, reason=wanted, below=after or None, limit=_PAGE + 1)
    page = SuppressionsPage(
        suppressions=tuple(listed[:_PAGE]),
        reason=reason,
        is_continued=bool(after),
        next=listed[_PAGE - 1].id if len(listed) > _PAGE else None,
        typed=typed or {},
        error=error,
    )
    return show("suppressions.html.j2", page, status=400 if error else 200)
