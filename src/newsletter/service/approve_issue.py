"""Approve an issue: consent to exact bytes, which are stored."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

from newsletter.domain.approval import Approval, Signature
from newsletter.domain.issue import Draft, Issue, Masthead, RenderedIssue
from newsletter.domain.letter import Sender
from newsletter.errors import InputError, RefusedError
from newsletter.log import log
from newsletter.service.check import load_checks
from newsletter.service.compose_issue import compose_issue
from newsletter.service.finding import Finding, Level
from newsletter.service.keep_change import find_unfrozen
from newsletter.service.last_change import find_last_change, is_same_person
from newsletter.service.preflight import preflight
from newsletter.service.proof import pull_proof
from newsletter.store import approvals, issues
from newsletter.store.audit import record_act
from newsletter.store.database import Database, Transaction


def approve_issue(
    number: int,
    signature: Signature,
    *,
    database: Database,
    masthead: Masthead,
    render: Callable[[Issue], RenderedIssue],
    sender: Sender | None,
    now: datetime,
    second_person: bool = False,
) -> Approval:
    """Store an editor's consent to the issue as it stands now, with the exact text; the same again changes nothing.

    Raises RefusedError while errors stand that the signature does not override, where the issue was changed by somebody
    else meanwhile, and, if a ``second_person`` is asked for, to whoever changed it last.
    """
    by, overrides = signature.by.strip(), signature.overrides
    _check_consent(by, overrides)
    with database.transaction() as transaction:
        find_unfrozen(transaction, number)
    proof = pull_proof(
        number,
        database=database,
        masthead=masthead,
        render=render,
        sender=sender,
        now=now,
    )
    errors = [finding for finding in preflight(proof) if finding.level is Level.ERROR]
    if proof.rendered is None:
        raise RefusedError(f"Issue {number} cannot be approved: it has neither an article nor an announcement.")
    _require_overrides(number, errors, overrides)
    if signature.seen not in {None, proof.rendered.digest}:
        raise RefusedError(f"Issue {number} has changed since you opened this page: look at it again.")
    used = {check: reason for check, reason in overrides.items() if any(error.check == check for error in errors)}

    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        if compose_issue(draft, transaction=transaction, masthead=masthead) != proof.issue:
            raise RefusedError(f"Issue {number} was changed while it was being approved: look at it again.")
        standing = approvals.find_standing(transaction, draft.id)
        if standing and (standing.issue_digest, standing.rendered_digest) == (
            proof.issue.digest,
            proof.rendered.digest,
        ):
            return standing
        if second_person:
            _require_second_person(draft, by, transaction)
        approvals.void_standing(transaction, draft.id, now=now)
        approval = approvals.add_approval(
            transaction,
            proof.rendered,
            issue_id=draft.id,
            issue_digest=proof.issue.digest,
            approved_by=by,
            overrides=used,
            now=now,
        )
        issues.mark_approved(transaction, draft.id)
        detail = {"rendered": approval.rendered_digest, "overrides": used}
        record_act(transaction, "issue approved", subject=f"issue {number}", detail=detail, now=now, actor=by)
    log.info("issue approved", issue=number, rendered=approval.rendered_digest[:12], overrides=sorted(used))
    return approval


def withdraw_approval(number: int, *, by: str, database: Database, now: datetime) -> None:
    """Take a standing approval back; the text that it was for is kept. Raises RefusedError where none stands."""
    with database.transaction() as transaction:
        draft = find_unfrozen(transaction, number)
        if not approvals.void_standing(transaction, draft.id, now=now):
            raise RefusedError(f"Issue {number} is not approved, so there is nothing to take back.")
        issues.mark_unapproved(transaction, draft.id)
        subject = f"issue {number}"
        record_act(transaction, "approval withdrawn", subject=subject, detail={}, now=now, actor=by.strip())


def check_standing(draft: Draft, *, transaction: Transaction, masthead: Masthead) -> Approval:
    """Return the standing approval. Raises RefusedError without one, or if the issue says something else now."""
    standing = approvals.find_standing(transaction, draft.id)
    if standing is None:
        raise RefusedError(f"Issue {draft.number} is not approved: an editor has to look it over and approve it first.")
    if compose_issue(draft, transaction=transaction, masthead=masthead).digest != standing.issue_digest:
        raise RefusedError(
            f"Issue {draft.number} no longer says what {standing.approved_by} approved, because an article, a partner "
            f"link or the site's settings changed: look at it and approve it again."
        )
    return standing


def _check_consent(by: str, overrides: Mapping[str, str]) -> None:
    if not by:
        raise InputError("An approval needs the name of an editor: --by EDITOR.")
    for check, reason in overrides.items():
        if check not in load_checks():
            raise InputError(f"There is no check {check!r} to override; there are {', '.join(load_checks())}.")
        if not reason.strip():
            raise InputError(f"Overriding {check} needs a reason: --reason TEXT.")


def _require_second_person(draft: Draft, by: str, transaction: Transaction) -> None:
    last = find_last_change(draft, transaction=transaction)
    if last and is_same_person(last.actor, by):
        raise RefusedError(
            f"Issue {draft.number} was last changed by {last.actor} (“{last.act}”, {last.subject}), and whoever did so "
            "does not approve it: another editor does, as [desk] second_approval asks for."
        )


def _require_overrides(number: int, errors: Sequence[Finding], overrides: Mapping[str, str]) -> None:
    blocking = [error for error in errors if error.check not in overrides]
    if blocking:
        listed = " ".join(f"[{error.check}] {error.where}: {error.what}" for error in blocking)
        raise RefusedError(
            f"Issue {number} cannot be approved. {listed} Mend that ('newsletter issue check {number}' says how), or "
            "override a check: --override CHECK --reason TEXT."
        )
