"""Decide whether an address is mailed any more, from everything that happened to it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.bounce_policy import AcceptedAt, BouncedAt, BouncePolicy, ComplainedAt, Event, decide
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.stored_report import StoredReport
from newsletter.domain.suppression import Suppression, SuppressionReason
from newsletter.mail.reason import find_reason
from newsletter.store.bounces import SettledLetter, list_settled
from newsletter.store.database import Transaction
from newsletter.store.suppressions import list_suppressions_of, list_suppressions_of_all

#: Why a suppression is lifted without anybody asking for it. Only an editor's own lifting is a new beginning.
LIFTED_BY_REVERSAL = "A report that it rested on was taken back."
LIFTED_BY_REPLAY = "It does not follow from the reports any more, since a rule changed."


@dataclass(frozen=True, slots=True)
class Verdict:
    """Suppress the address, for this reason."""

    reason: SuppressionReason
    #: what each event that led to it is called ("bounce 12", "delivery 3/17") → its deciding words, the oldest first
    evidence: dict[str, str]


def decide_about(
    transaction: Transaction,
    address_hash: bytes,
    *,
    reports: Sequence[StoredReport],
    policy: BouncePolicy,
    now: datetime,
) -> Verdict | None:
    """Decide from ``reports``, all that count for the address, and from the ledger."""
    return decide_about_all(transaction, {address_hash: reports}, policy=policy, now=now).get(address_hash)


def decide_about_all(
    transaction: Transaction, reports: Mapping[bytes, Sequence[StoredReport]], *, policy: BouncePolicy, now: datetime
) -> dict[bytes, Verdict]:
    """Decide about some hundreds of addresses; return the verdicts on those that should be mailed no more."""
    letters = list_settled(transaction, reports.keys())
    suppressions = list_suppressions_of_all(transaction, reports.keys())
    verdicts = {
        address_hash: _decide(reports[address_hash], letters[address_hash], suppressions[address_hash], policy, now)
        for address_hash in reports
    }
    return {address_hash: verdict for address_hash, verdict in verdicts.items() if verdict}


def find_standing(transaction: Transaction, address_hash: bytes) -> Suppression | None:
    """Return the suppression of an address that stands, None if it is mailed."""
    found = list_suppressions_of(transaction, address_hash)
    return next((suppression for suppression in found if suppression.lifted_at is None), None)


def _decide(
    reports: Sequence[StoredReport],
    letters: Sequence[SettledLetter],
    suppressions: Sequence[Suppression],
    policy: BouncePolicy,
    now: datetime,
) -> Verdict | None:
    words = {report.name: report.fate.words for report in reports}
    events = [event for report in _speak_once(reports) if (event := _read_report(report))]
    for letter in letters:
        words[_name(letter)] = letter.reply
        events.append(_read_letter(letter))
    begins_at = max(_new_beginnings(suppressions), default=None)
    decision = decide([event for event in events if begins_at is None or event.at > begins_at], policy, now)
    return Verdict(decision.reason, {name: words[name] for name in decision.evidence}) if decision else None


def _speak_once(reports: Sequence[StoredReport]) -> Iterator[StoredReport]:
    """Leave one failure for each letter, by however many ways it was told: the heaviest, and of two alike the first."""
    hard = {report.delivery: report for report in reversed(reports) if _is_standing(report, BounceKind.HARD)}
    soft = {report.delivery: report for report in reversed(reports) if _is_standing(report, BounceKind.SOFT)}
    yield from (report for report in reports if report.fate.kind is BounceKind.COMPLAINT)
    yield from (soft | hard).values()


def _is_standing(report: StoredReport, kind: BounceKind) -> bool:
    return report.fate.kind is kind and report.reversed_at is None


def _read_report(report: StoredReport) -> Event | None:
    if report.reversed_at is not None:
        return None
    match report.fate.kind:
        case BounceKind.COMPLAINT:
            return ComplainedAt(report.received_at, report.name)
        case BounceKind.HARD | BounceKind.SOFT:
            reason = report.fate.reason or BounceReason.UNSPECIFIED
            return BouncedAt(report.received_at, report.fate.kind, reason, report.name)
        case BounceKind.DELAYED | BounceKind.AUTO_REPLY | BounceKind.DELIVERED | BounceKind.NOT_BOUNCE:
            return None


def _read_letter(letter: SettledLetter) -> Event:
    if letter.status is DeliveryStatus.ACCEPTED:
        return AcceptedAt(letter.settled_at)
    judgement = find_reason(None, letter.reply)
    return BouncedAt(letter.settled_at, judgement.kind, judgement.reason, _name(letter))


def _name(letter: SettledLetter) -> str:
    return f"delivery {letter.delivery.mailing}/{letter.delivery.position}"


def _new_beginnings(suppressions: Sequence[Suppression]) -> Iterator[datetime]:
    for suppression in suppressions:
        if suppression.lifted_at and suppression.lifted_because not in {LIFTED_BY_REVERSAL, LIFTED_BY_REPLAY}:
            yield suppression.lifted_at
