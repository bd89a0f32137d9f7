"""Open an issue's mailing: its audience is fixed, its bytes are those that were approved."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlsplit

from newsletter.domain.audience import SendOrder
from newsletter.domain.host import is_loopback
from newsletter.domain.issue import IssueStatus, Masthead, RenderedIssue
from newsletter.domain.letter import Sender
from newsletter.domain.mailing import AudienceSize, Launch, Mailing, MailingKind
from newsletter.errors import RefusedError
from newsletter.mail.inspection import inspect_letter, make_samples
from newsletter.service.approve_issue import check_standing
from newsletter.store import approvals, audience_layout, issues, segments
from newsletter.store.audience import find_former
from newsletter.store.audit import record_act
from newsletter.store.database import Database

_TO_EVERYBODY = SendOrder()


def open_mailing(
    number: int,
    *,
    database: Database,
    masthead: Masthead,
    sender: Sender,
    relay_host: str | None,
    launch: Launch,
    now: datetime,
    order: SendOrder = _TO_EVERYBODY,
) -> Mailing:
    """Open the mailing of issue ``number``; its letters leave as ``launch`` says, to whom the ``order`` says.

    ``relay_host`` is None for an outbox folder. Raises RefusedError without a standing approval of what the issue says
    today, when the mailing was opened already, when a trial site's letters would leave this machine, or when text or
    audience are not what the order was given for.
    """
    refuse_leak(sender.base_url, relay_host)
    with database.roomy_connection() as connection, database.transaction(on=connection) as transaction:
        audience = segments.find_segment(transaction, order.segment) if order.segment else None
        draft = issues.find_issue(transaction, number, lock=True)
        if draft.status is IssueStatus.MAILED:
            raise RefusedError(
                f"The mailing of issue {number} was opened already: 'newsletter issue resume {number}' continues it, "
                f"'newsletter issue report {number}' shows it."
            )
        approval = check_standing(draft, transaction=transaction, masthead=masthead)
        rendered = approvals.load_rendered(transaction, approval.id)
        _require_sound(rendered, sender)
        mailing = audience_layout.add_mailing(
            transaction,
            kind=MailingKind.ISSUE,
            issue_id=draft.id,
            approval_id=approval.id,
            topics=max(rendered.variants),
            opened_at=now,
            launch=launch,
            segment=audience,
        )
        former = find_former(transaction, before=number)
        size = AudienceSize(now=mailing.intended, former=former.intended if former else None)
        order.check(size, digest=rendered.digest)
        issues.mark_mailed(transaction, draft.id)
        detail = {"issue": number, "intended": mailing.intended, "digest": rendered.digest, "segment": order.segment}
        subject = f"mailing {mailing.id}"
        record_act(transaction, "mailing opened", subject=subject, detail=detail, now=now, actor=order.by)
    return mailing


def _require_sound(rendered: RenderedIssue, sender: Sender) -> None:
    """Raise RefusedError if a letter, serialised, is not what it has to be; whatever was overridden, nothing opens."""
    for letter in make_samples(rendered, sender=sender):
        for fault in inspect_letter(letter.message):
            raise RefusedError(f"Issue {rendered.number} cannot be sent: {fault}")


def refuse_leak(base_url: str, relay_host: str | None) -> None:
    """Raise RefusedError where readers would get links that only work on this machine."""
    if relay_host is None or not is_loopback(urlsplit(base_url).hostname or "") or is_loopback(relay_host):
        return
    raise RefusedError(
        f"[site] base_url is {base_url}, which only this machine can reach, but [smtp] host is {relay_host}. "
        "Set base_url to the public address of the site."
    )
