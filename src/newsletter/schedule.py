"""The scheduler: it wakes every minute, sees what is due, and sees to it.

The cadence is the only truth; APScheduler only wakes. So it keeps no jobs of its own that a restart could fire again,
and whoever wakes twice, or in two processes at once, does everything once.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from newsletter.app import App
from newsletter.domain.issue import Draft, IssueStatus
from newsletter.errors import NewsletterError, describe_failure
from newsletter.intake import look_into_maildir
from newsletter.log import log
from newsletter.service.draft_issue import draft_issue
from newsletter.service.forget_old import forget_old
from newsletter.service.keep_pictures import keep_issue_pictures
from newsletter.service.next_slot import find_next_slot
from newsletter.service.open_mailing import open_mailing
from newsletter.service.reduce_old import reduce_old
from newsletter.store import approvals, issues
from newsletter.store.audit import find_last_act, record_act
from newsletter.store.leases import SCHEDULER_LEASE, hold_lease

_ACTOR = "the scheduler"
_WAKE = timedelta(minutes=1)
_LATEST = timedelta(days=1)  # what is overdue by more was forgotten, or restored from a backup: editors decide


class Scheduler:
    def __init__(self, app: App) -> None:
        self._app = app
        executors = {"default": ThreadPoolExecutor(1)}
        self._clock = BackgroundScheduler(timezone=UTC, executors=executors)

    def start(self) -> None:
        """Wake at once and then every minute, in a thread of its own."""
        self._clock.add_job(
            self.wake_up,
            IntervalTrigger(seconds=int(_WAKE.total_seconds()), timezone=UTC),
            next_run_time=datetime.now(UTC),
            coalesce=True,
            max_instances=1,
            misfire_grace_time=None,
        )
        self._clock.start()

    def stop(self) -> None:
        """Wake no more; what is under way is finished first."""
        self._clock.shutdown(wait=True)

    def wake_up(self) -> None:
        """Advance, and whatever goes wrong try again at the next wake-up."""
        self._attempt(lambda: self.advance(self._app.now()))

    def advance(self, now: datetime) -> None:
        """See to everything that is due at ``now``. As often as one likes: what is done already is left as it is.

        Of several processes that do this at once, one does it and the others find nothing to do.
        """
        with hold_lease(self._app.database, SCHEDULER_LEASE, now=now) as is_ours:
            if is_ours:
                self._attempt(lambda: self._see_to_issue(now))
                self._attempt(lambda: look_into_maildir(self._app))
                self._attempt(lambda: self._app.recover_letters(now))
                self._attempt(lambda: forget_old(database=self._app.database, now=now))
                self._attempt(lambda: self._reduce_old(now))

    def _reduce_old(self, now: datetime) -> None:
        if keep := self._app.keeps_letters:
            reduce_old(database=self._app.database, keep=keep, now=now)

    def _see_to_issue(self, now: datetime) -> None:
        """Open the draft of the slot that is due; in mode "send", send what editors have approved by then."""
        app = self._app
        with app.database.snapshot() as snapshot:
            slot = find_next_slot(snapshot, cadence=app.cadence)
            draft = issues.find_open_draft(snapshot)
        if slot.at > now:
            return
        if draft is None or (draft.slot, draft.due_at) != (slot.date, slot.at):
            first_number = app.settings.cadence.first_number
            draft = draft_issue(database=app.database, cadence=app.cadence, first_number=first_number, now=now)
            log.info("issue drafted", issue=draft.number, slot=str(draft.slot))
            keep_issue_pictures(draft, masthead=app.masthead(), fetch=app.fetch, database=app.database, now=now)
        if app.settings.cadence.mode == "send":
            obstacle = self._find_obstacle(draft, now) or self._send(draft, now)
            if obstacle:
                self._ask(draft, f"Issue {draft.number} is held: {obstacle}", now)

    def _find_obstacle(self, draft: Draft, now: datetime) -> str | None:
        """Return why an issue whose time has come does not go out by itself, as the end of a sentence."""
        due = f"{draft.due_at:%Y-%m-%d %H:%M} UTC"
        look = f"look at it, then 'newsletter issue send {draft.number}'."
        if now - draft.due_at > _LATEST:
            return f"it was due at {due}, more than a day ago; {look}"
        with self._app.database.snapshot() as snapshot:
            approval = approvals.find_standing(snapshot, draft.id)
        if draft.status is not IssueStatus.APPROVED or approval is None:
            return f"it was due at {due} and nobody has approved it; approve it, then 'newsletter issue send'."
        if draft.recalled_at:
            return f"its mailing was recalled at {draft.recalled_at:%Y-%m-%d %H:%M} UTC; {look}"
        if approval.approved_at > draft.due_at:
            return f"it was due at {due} and approved only after that; {look}"
        return None

    def _send(self, draft: Draft, now: datetime) -> str | None:
        """Open the mailing; return why that was refused, if it was."""
        app = self._app
        try:
            mailing = open_mailing(
                draft.number,
                database=app.database,
                masthead=app.masthead(),
                sender=app.sender,
                relay_host=app.relay_host,
                launch=app.plan_launch(now),
                now=now,
            )
        except NewsletterError as error:
            return str(error)
        log.info("mailing opened", issue=draft.number, mailing=mailing.id, intended=mailing.intended)
        return None

    def _ask(self, draft: Draft, sentence: str, now: datetime) -> None:
        """Ask the editors once, whichever process comes to it, and not every minute: in log and audit log."""
        subject = f"slot {draft.slot}"
        with self._app.database.transaction() as transaction:
            last = find_last_act(transaction, [subject])
            if last is not None and last.detail.get("why") == sentence:
                return
            record_act(transaction, "issue held", subject=subject, detail={"why": sentence}, now=now, actor=_ACTOR)
        log.warning(sentence)

    def _attempt(self, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:  # noqa: BLE001 - whatever it is, the next wake-up must come
            log.error("wake-up failed, the next one tries again", why=describe_failure(error))
