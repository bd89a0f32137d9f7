"""Bounces: what came back, the words that decided, what followed, and the ways to put it right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, TypeAlias
from urllib.parse import urlencode

from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect, Template

from newsletter.app import App
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import mask_addresses
from newsletter.domain.bounce import BounceKind, BounceReason, is_about_sender
from newsletter.domain.editor import EditorRole
from newsletter.errors import InputError, NewsletterError
from newsletter.service.examine_bounce import ExaminedBounce, examine_bounce, forward_again, mark_words
from newsletter.service.replay_bounces import Replay, replay_bounces
from newsletter.service.reverse_bounce import reverse_bounce
from newsletter.store.bounce_search import Counted, ListedReport, ReportFilter, count_recent, list_reports_page
from newsletter.web.pages import show

_PAGE = 50
_PATH = "/bounces/{bounce_id:int}"

Kind: TypeAlias = Annotated[str, QueryParameter(name="kind")]
Reason: TypeAlias = Annotated[str, QueryParameter(name="reason")]
Domain: TypeAlias = Annotated[str, QueryParameter(name="domain")]
Effect: TypeAlias = Annotated[str, QueryParameter(name="effect")]
After: TypeAlias = Annotated[int, QueryParameter(name="after", ge=0)]
Fields = URLEncodedBody[dict[str, str]]

#: What a report may have done, in words of the form.
EFFECTS = (("", "any"), ("counts", "counts"), ("ignored", "changed nobody"), ("reversed", "taken back"))


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncesPage:
    reports: tuple[ListedReport, ...] = ()
    counted: Counted
    kind: str
    reason: str
    domain: str
    effect: str
    kinds: tuple[BounceKind, ...] = tuple(BounceKind)
    reasons: tuple[BounceReason, ...] = tuple(BounceReason)
    effects: tuple[tuple[str, str], ...] = EFFECTS
    is_continued: bool = False
    #: the path of the next page; "" at the end
    next: str = ""
    #: rare as they are, there may be more further back
    is_cut_short: bool = False
    error: str = ""

    @property
    def is_narrow(self) -> bool:
        return any((self.kind, self.reason, self.domain, self.effect))

    def masked(self, words: str) -> str:
        return mask_addresses(words)


@dataclass(frozen=True, slots=True, kw_only=True)
class BouncePage:
    examined: ExaminedBounce
    #: the text around the deciding words: before, the words, after; only the first is filled where they are not found
    text: tuple[str, str, str]
    is_against_us: bool
    error: str = ""

    def masked(self, words: object) -> str:
        return mask_addresses(str(words))


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayPage:
    #: None before anything was read
    replay: Replay | None = None
    is_applied: bool = False

    @property
    def changes_nothing(self) -> bool:
        replay = self.replay
        return replay is not None and not (replay.reclassified or replay.suppressed or replay.lifted)


@screen("/bounces", role=EditorRole.EDITOR)
def show_bounces(
    app: TheApp, kind: Kind = "", reason: Reason = "", domain: Domain = "", effect: Effect = "", after: After = 0
) -> Template:
    with app.database.snapshot() as snapshot:
        counted = count_recent(snapshot)
    page = BouncesPage(
        counted=counted, kind=kind, reason=reason, domain=domain, effect=effect, is_continued=bool(after)
    )
    try:
        wanted = _read_filter(kind, reason, domain, effect)
    except InputError as error:
        return show("bounces.html.j2", replace(page, error=str(error)), status=400)
    with app.database.snapshot() as snapshot:
        found = list_reports_page(snapshot, wanted, below=after or None, limit=_PAGE)
    filled = {"kind": kind, "reason": reason, "domain": domain, "effect": effect}
    query = {name: value for name, value in filled.items() if value}
    following = f"/bounces?{urlencode(query | {'after': found.next})}" if found.next else ""
    page = replace(page, reports=found.reports, next=following, is_cut_short=found.is_cut_short)
    return show("bounces.html.j2", page)


@screen(_PATH, role=EditorRole.EDITOR)
def show_bounce(bounce_id: FromPath[int], app: TheApp) -> Template:
    return _show(app, bounce_id)


@act(f"{_PATH}/reverse", role=EditorRole.EDITOR)
def reverse(request: AnyRequest, bounce_id: FromPath[int], app: TheApp, editor: TheEditor) -> Template | Redirect:
    try:
        reversal = reverse_bounce(
            bounce_id, database=app.database, policy=app.bounce_policy, now=app.now(), actor=editor.name
        )
    except NewsletterError as error:
        return _show(app, bounce_id, error=str(error))
    lifted = "The address is mailed again." if reversal.is_lifted else "No suppression rested on it alone."
    say(request, f"Report {bounce_id} is taken back. {lifted}")
    return see_other(f"/bounces/{bounce_id}")


@act(f"{_PATH}/forward", role=EditorRole.EDITOR)
def forward(request: AnyRequest, bounce_id: FromPath[int], app: TheApp, editor: TheEditor) -> Template | Redirect:
    try:
        forward_again(bounce_id, database=app.database, now=app.now(), editor=editor.name)
    except NewsletterError as error:
        return _show(app, bounce_id, error=str(error))
    say(request, "The letter is on its way to the editors’ address; an answer to it goes to the reader.")
    return see_other(f"/bounces/{bounce_id}")


@screen("/bounces/replay", role=EditorRole.PUBLISHER)
def show_replay() -> Template:
    return show("bounce_replay.html.j2", ReplayPage())


@act("/bounces/replay", role=EditorRole.PUBLISHER)
def replay_all(data: Fields, app: TheApp, editor: TheEditor) -> Template:
    is_applied = data.get("do") == "apply"
    replay = replay_bounces(
        database=app.database, policy=app.bounce_policy, now=app.now(), apply=is_applied, actor=editor.name
    )
    return show("bounce_replay.html.j2", ReplayPage(replay=replay, is_applied=is_applied))


def _show(app: App, bounce_id: int, *, error: str = "") -> Template:
    examined = examine_bounce(bounce_id, database=app.database)
    reason = examined.report.fate.reason
    page = BouncePage(
        examined=examined,
        text=mark_words(mask_addresses(examined.text), mask_addresses(examined.report.fate.words)),
        is_against_us=reason is not None and is_about_sender(reason),
        error=error,
    )
    return show("bounce.html.j2", page, status=400 if error else 200)


def _read_filter(kind: str, reason: str, domain: str, effect: str) -> ReportFilter:
    try:
        return ReportFilter(
            kind=BounceKind(kind) if kind else None,
            reason=BounceReason(reason) if reason else None,
            domain=domain.strip().lower().removeprefix("@"),
            effect=dict(EFFECTS)[effect] and effect,
        )
    except (ValueError, KeyError) as error:
        raise InputError("There is no such kind, reason or effect: choose one of the lists.") from error
