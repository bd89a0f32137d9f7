"""Live: a mailing while it goes out, as server-sent events; everything from the database, whoever delivers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from litestar import Response
from litestar.response import Redirect, ServerSentEvent, ServerSentEventMessage, Template

from newsletter.app import App
from newsletter.desk.chart import Part, draw_bar
from newsletter.desk.collaborators import TheApp, TheEditor
from newsletter.desk.ending import is_ending
from newsletter.desk.frame import figure
from newsletter.desk.place import IssueNumber
from newsletter.desk.routes import act, say, screen, see_other
from newsletter.desk.visit import AnyRequest
from newsletter.domain.address import mask_addresses
from newsletter.domain.editor import EditorRole
from newsletter.domain.mailing import DeliveryStatus, MailingStatus
from newsletter.domain.progress import RelayAnswer
from newsletter.errors import NewsletterError
from newsletter.service.control_mailing import (
    cancel_mailing,
    hold_doubtful,
    pause_mailing,
    resend_doubtful,
    resume_mailing,
)
from newsletter.service.find_stranded import PATIENCE
from newsletter.service.follow_mailing import LiveFigures
from newsletter.service.recall_issue import recall_issue
from newsletter.store import mailings
from newsletter.store.audit import record_act
from newsletter.store.database import Database
from newsletter.store.seats import is_seat_taken
from newsletter.web.pages import show

_EVERY_SECONDS = 1.0
#: A stream ends after it, and the browser asks for the next: so nobody follows for longer than he is signed in.
_LONGEST_SECONDS = 55.0
_TONES = {
    DeliveryStatus.ACCEPTED: "accepted",
    DeliveryStatus.DEFERRED: "deferred",
    DeliveryStatus.REJECTED: "rejected",
    DeliveryStatus.WITHHELD: "withheld",
    DeliveryStatus.DOUBTFUL: "doubtful",
    DeliveryStatus.IN_FLIGHT: "flight",
    DeliveryStatus.QUEUED: "queued",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedDoubt:
    """A doubtful letter, by its place in the mailing and by its reader."""

    position: int
    address: str
    tried_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePage:
    number: int
    figures: LiveFigures
    #: the first hundred, named
    doubtful: tuple[NamedDoubt, ...]
    #: whether the doubtful are named in full
    shows_addresses: bool
    #: the end of the recall window, or of the wait for its time; None once letters may leave
    recallable_until: datetime | None
    #: letters are due, and no process is there to deliver them
    is_stranded: bool = False

    @property
    def bar(self) -> str:
        counts = self.figures.progress.counts
        parts = [Part(status.value.replace("_", " "), counts[status], tone) for status, tone in _TONES.items()]
        return draw_bar(parts, title=f"{self.percent} % of the audience is settled")

    @property
    def rows(self) -> tuple[tuple[str, int, str], ...]:
        """Each state with its count and its tone, in the order of the bar."""
        counts = self.figures.progress.counts
        return tuple((status.value.replace("_", " "), counts[status], tone) for status, tone in _TONES.items())

    @property
    def domains(self) -> tuple[tuple[str, dict[str, int], int], ...]:
        """The largest domains first, all others last: name, counts by state, total.

        Of which domains the letters are that no worker has had yet is not looked up.
        """
        others = "all others" if self.is_over else "all others, and not tried yet"
        listed = sorted(
            self.figures.progress.domains.items(), key=lambda each: (not each[0], -sum(each[1].values()), each[0])
        )
        return tuple(
            (name or others, {status.value: counts.get(status, 0) for status in _TONES}, sum(counts.values()))
            for name, counts in listed
            if sum(counts.values())
        )

    @property
    def answers(self) -> tuple[RelayAnswer, ...]:
        """The relay's last answers, the latest first; it may quote addresses, which are nobody's business here."""
        return tuple(replace(answer, text=mask_addresses(answer.text)) for answer in self.figures.answers)

    @property
    def settled(self) -> int:
        counts = self.figures.progress.counts
        return self.figures.mailing.intended - counts[DeliveryStatus.QUEUED] - counts[DeliveryStatus.IN_FLIGHT]

    @property
    def percent(self) -> int:
        intended = self.figures.mailing.intended
        return 100 if not intended else 100 * self.settled // intended

    @property
    def unsent(self) -> int:
        counts = self.figures.progress.counts
        return counts[DeliveryStatus.QUEUED] + counts[DeliveryStatus.DEFERRED]

    @property
    def in_doubt(self) -> int:
        """How many letters are doubtful."""
        return self.figures.progress.counts[DeliveryStatus.DOUBTFUL]

    @property
    def rest(self) -> int:
        """The size of the rest of a staged mailing that is held."""
        mailing = self.figures.mailing
        return mailing.intended - mailing.first_share if mailing.first_share else 0

    @property
    def status(self) -> MailingStatus:
        return self.figures.mailing.status

    @property
    def is_over(self) -> bool:
        return self.status in {MailingStatus.FINISHED, MailingStatus.CANCELLED}

    @property
    def acts(self) -> tuple[object, ...]:
        """What the buttons depend on: while it is the same, nothing moves under the pointer."""
        return (
            self.status, self.recallable_until, bool(self.rest), self.in_doubt, self.figures.held,
            self.figures.mailing.pause_reason, self.is_stranded,
        )  # fmt: skip


@screen("/issues/{number:int}/live", role=EditorRole.EDITOR)
def show_live(number: IssueNumber, app: TheApp) -> Template:
    return show("live.html.j2", load_live(number, app))


@screen("/issues/{number:int}/live/events", role=EditorRole.EDITOR)
def stream_live(number: IssueNumber, request: AnyRequest, app: TheApp) -> ServerSentEvent | Response[bytes]:
    load_live(number, app)  # an issue without a mailing is an error page, and no stream
    if request.method == "HEAD":
        return Response(b"", media_type="text/event-stream")
    return ServerSentEvent(_tell(number, request, app))


@act("/issues/{number:int}/pause", role=EditorRole.PUBLISHER)
def pause(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    reason = f"Paused by {editor.label}."
    pause_mailing(_find_id(number, app), reason=reason, database=app.database, now=app.now(), by=editor.label)
    return _back(number, request, f"Issue {number} is paused; letters in flight settle.")


@act("/issues/{number:int}/resume", role=EditorRole.PUBLISHER)
def resume(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    mailing = resume_mailing(_find_id(number, app), database=app.database, now=app.now(), by=editor.label)
    goes_on = mailing.status is MailingStatus.RUNNING
    return _back(number, request, f"Issue {number} {'goes on' if goes_on else 'is finished: no letter was left'}.")


@act("/issues/{number:int}/release", role=EditorRole.PUBLISHER)
def release(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    resume_mailing(_find_id(number, app), database=app.database, now=app.now(), with_rest=True, by=editor.label)
    return _back(number, request, f"The rest of issue {number} is released.")


@act("/issues/{number:int}/cancel", role=EditorRole.PUBLISHER)
def cancel(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    cancel_mailing(_find_id(number, app), database=app.database, now=app.now(), by=editor.label)
    return _back(number, request, f"Issue {number} is cancelled; what had not left is withheld.")


@act("/issues/{number:int}/recall", role=EditorRole.PUBLISHER)
def recall(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    recall_issue(number, database=app.database, now=app.now(), by=editor.label)
    say(request, f"Issue {number} is recalled; nobody got it. Its approval stands until the issue is changed.")
    return see_other(f"/issues/{number}/send")


@act("/issues/{number:int}/doubtful/resend", role=EditorRole.PUBLISHER)
def resend(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    count = resend_doubtful(_find_id(number, app), database=app.database, now=app.now(), by=editor.label)
    return _back(number, request, f"{figure(count)} doubtful letters are queued again.")


@act("/issues/{number:int}/doubtful/hold", role=EditorRole.PUBLISHER)
def hold(number: IssueNumber, request: AnyRequest, app: TheApp, editor: TheEditor) -> Redirect:
    count = hold_doubtful(_find_id(number, app), database=app.database, now=app.now(), by=editor.label)
    return _back(number, request, f"{figure(count)} letters are left as doubtful.")


@act("/issues/{number:int}/doubtful/addresses", role=EditorRole.OWNER)
def show_addresses(number: IssueNumber, app: TheApp, editor: TheEditor) -> Template:
    """Name the doubtful in full, which the audit log keeps."""
    page = load_live(number, app, shows_addresses=True)
    with app.database.transaction() as transaction:
        detail = {"letters": len(page.doubtful)}
        subject = f"mailing {page.figures.mailing.id}"
        record_act(transaction, "addresses shown", subject=subject, detail=detail, now=app.now(), actor=editor.label)
    return show("live.html.j2", page)


def _is_stranded(figures: LiveFigures, *, database: Database, now: datetime) -> bool:
    """Tell whether letters are due and nobody is there; asked only while none leaves."""
    mailing = figures.mailing
    is_open = mailing.status in {MailingStatus.SCHEDULED, MailingStatus.RUNNING}
    is_due = mailing.not_before + PATIENCE <= now and figures.progress.left > 0
    return is_open and is_due and not figures.rate and not is_seat_taken(database)


def load_live(number: int, app: App, *, shows_addresses: bool = False) -> LivePage:
    now = app.now()
    figures = app.follower.look(number, now=now)
    mailing = figures.mailing
    waits = mailing.status is MailingStatus.SCHEDULED and figures.progress.tried == 0
    return LivePage(
        number=number,
        figures=figures,
        doubtful=tuple(
            NamedDoubt(
                position=letter.position,
                address=_name(letter.address, in_full=shows_addresses),
                tried_at=letter.tried_at,
            )
            for letter in figures.doubtful
        ),
        shows_addresses=shows_addresses,
        recallable_until=mailing.not_before if waits else None,
        is_stranded=_is_stranded(figures, database=app.database, now=now),
    )


async def _tell(number: int, request: AnyRequest, app: App) -> AsyncIterator[ServerSentEventMessage]:
    """Give a part of the page whenever it has changed, until the mailing is over or the time is up."""
    until, told = monotonic() + _LONGEST_SECONDS, ""
    acts: tuple[object, ...] | None = None
    while monotonic() < until and not is_ending(request.app):
        try:
            page = await asyncio.to_thread(load_live, number, app)
        except NewsletterError:  # recalled meanwhile, or the database is away: the whole page says it
            yield ServerSentEventMessage(event="acts", data=_fill("live_gone.html.j2", number, request))
            yield ServerSentEventMessage(event="over", data="over")
            return
        if page.acts != acts:  # the first time too: much may have happened since the page was loaded
            yield ServerSentEventMessage(event="acts", data=_fill("live_acts.html.j2", page, request))
        acts = page.acts
        figures = _fill("live_figures.html.j2", page, request)
        if figures != told:
            yield ServerSentEventMessage(event="figures", data=figures)
            told = figures
        if page.is_over:
            yield ServerSentEventMessage(event="over", data="over")
            return
        await asyncio.sleep(_EVERY_SECONDS)


def _fill(template: str, page: LivePage | int, request: AnyRequest) -> str:
    engine = request.app.template_engine
    if engine is None:
        raise RuntimeError("The desk has no templates.")
    filled: str = engine.get_template(template).render(request=request, page=page)
    return filled


def _name(address: str | None, *, in_full: bool) -> str:
    if address is None:
        return "a reader who was forgotten"
    return address if in_full else mask_addresses(address)


def _find_id(number: int, app: App) -> int:
    with app.database.snapshot() as snapshot:
        return mailings.find_issue_mailing(snapshot, number).id


def _back(number: int, request: AnyRequest, sentence: str) -> Redirect:
    say(request, sentence)
    return see_other(f"/issues/{number}/live")
