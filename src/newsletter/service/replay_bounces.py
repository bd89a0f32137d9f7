"""Decide again over the stored reports, after a rule of reading or of the policy has changed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime

from newsletter.domain.bounce import BounceKind
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.stored_report import StoredReport
from newsletter.domain.suppression import Suppression
from newsletter.log import log
from newsletter.service.attribute_report import UNSUBSCRIBE_RULE, open_report, read_fate
from newsletter.service.decide_suppression import LIFTED_BY_REPLAY, Verdict, decide_about, find_standing
from newsletter.store.audit import record_act
from newsletter.store.bounces import find_delivery, list_about, list_addresses, load_raw, save_fate
from newsletter.store.database import Database, Transaction
from newsletter.store.suppressions import lift_suppression, suppress


@dataclass(slots=True, kw_only=True)
class Replay:
    """Who changes, by the delivery of the latest report about each."""

    #: reports that count
    reports: int = 0
    #: kind before → kind now, of those that are read differently
    reclassified: Counter[tuple[BounceKind, BounceKind]] = field(default_factory=Counter)
    #: mailed no more
    suppressed: list[DeliveryId] = field(default_factory=list)
    #: mailed again
    lifted: list[DeliveryId] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What follows for one address."""

    before: list[StoredReport]
    after: list[StoredReport]
    verdict: Verdict | None
    standing: Suppression | None

    @property
    def is_suppressing(self) -> bool:
        return self.verdict is not None and self.standing is None

    @property
    def is_lifting(self) -> bool:
        """Tell whether a suppression that only reports made does not follow from them any more."""
        made_by_reports = self.standing is not None and any(
            report.name in self.standing.evidence for report in self.after
        )
        return self.verdict is None and made_by_reports


def replay_bounces(
    *, database: Database, policy: BouncePolicy, now: datetime, apply: bool = False, actor: str | None = None
) -> Replay:
    """Read every report that counts by today's rules and decide about each address; ``apply`` also does it.

    Reports that change nobody, and decisions of editors and of the sending itself, are left as they are.
    """
    replay = Replay()
    with database.snapshot() as snapshot:
        addresses = list_addresses(snapshot)
    for address_hash in addresses:
        with database.snapshot() as snapshot:
            change = _decide_anew(snapshot, address_hash, policy=policy, now=now)
        _note(change, replay)
        if apply and (change.after != change.before or change.is_suppressing or change.is_lifting):
            with database.transaction() as transaction:
                # Once more: a report may have come in between.
                _apply(
                    transaction, address_hash, _decide_anew(transaction, address_hash, policy=policy, now=now), now=now
                )
    if apply:
        _record(replay, database=database, now=now, actor=actor)
    return replay


def _decide_anew(transaction: Transaction, address_hash: bytes, *, policy: BouncePolicy, now: datetime) -> _Change:
    before = list_about(transaction, address_hash)
    after = [_read_anew(transaction, report) for report in before]
    return _Change(
        before=before,
        after=after,
        verdict=decide_about(transaction, address_hash, reports=after, policy=policy, now=now),
        standing=find_standing(transaction, address_hash),
    )


def _read_anew(transaction: Transaction, report: StoredReport) -> StoredReport:
    raw = load_raw(transaction, report.id)
    if report.fate.rule == UNSUBSCRIBE_RULE or not raw:  # emptied, since the reader was forgotten
        return report
    opened = open_report(raw, envelope_recipient="")
    delivery = find_delivery(transaction, report.delivery) if report.delivery else None
    return replace(report, fate=read_fate(opened, delivery))


def _note(change: _Change, replay: Replay) -> None:
    replay.reports += len(change.after)
    for before, after in zip(change.before, change.after, strict=True):
        if before.fate.kind is not after.fate.kind:
            replay.reclassified[before.fate.kind, after.fate.kind] += 1
    latest = change.after[-1].delivery
    if latest and change.is_suppressing:
        replay.suppressed.append(latest)
    elif latest and change.is_lifting:
        replay.lifted.append(latest)


def _apply(transaction: Transaction, address_hash: bytes, change: _Change, *, now: datetime) -> None:
    for before, after in zip(change.before, change.after, strict=True):
        if before != after:
            save_fate(transaction, after.id, after.fate)
    if change.verdict and change.is_suppressing:
        suppress(transaction, address_hash, change.verdict.reason, evidence=change.verdict.evidence, now=now)
    elif change.is_lifting:
        lift_suppression(transaction, address_hash, because=LIFTED_BY_REPLAY, now=now)


def _record(replay: Replay, *, database: Database, now: datetime, actor: str | None) -> None:
    detail = {"suppressed": len(replay.suppressed), "lifted": len(replay.lifted)}
    with database.transaction() as transaction:
        record_act(transaction, "replay bounces", subject="bounces", detail=detail, now=now, actor=actor)
    log.info("bounces replayed", reports=replay.reports, **detail)
