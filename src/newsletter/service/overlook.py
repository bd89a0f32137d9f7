"""The state of the newsletter at a glance: what comes next, what runs, how the last issue went, what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from newsletter.domain.bounce import BounceKind
from newsletter.domain.cadence import Cadence, Slot
from newsletter.domain.issue import Draft, IssueStatus, ItemSlot, PublishedIssue
from newsletter.domain.mailing import DeliveryStatus, Mailing, MailingStatus
from newsletter.domain.progress import count_undecided
from newsletter.domain.sender_health import PauseThresholds, find_pause_reason
from newsletter.service.find_stranded import find_stranded
from newsletter.service.next_slot import find_next_slot
from newsletter.store import articles, bounces, doubt, issues, mailings, sender_health, totals, unsubscribes
from newsletter.store.database import Database, Transaction
from newsletter.store.leases import SCHEDULER_LEASE, last_release

_LATELY = timedelta(days=14)
_SILENCE = timedelta(minutes=5)  # the scheduler wakes every minute
_LAST = 2**31 - 1  # no issue has a higher number

#: What became of the letters of mailings that go on, by the mailing's id.
_Counts = Mapping[int, Counter[DeliveryStatus]]


@dataclass(frozen=True, slots=True, kw_only=True)
class LastIssue:
    """Five figures of the issue that went out last."""

    issue: PublishedIssue
    mailing: Mailing
    accepted: int
    rejected: int
    came_back: int
    complaints: int
    unsubscribes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMailing:
    mailing: Mailing
    #: of whom the fate is known
    settled: int

    @property
    def percent(self) -> int:
        return self.settled * 100 // self.mailing.intended if self.mailing.intended else 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """Something that needs a person: what it is, and where it is seen to."""

    sentence: str
    #: below the desk: "/issues/{number}/live"; "" where there is nowhere to go
    screen: str = ""
    number: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    slot: Slot
    #: that the next issue has, or will get
    number: int
    draft: Draft | None
    #: until the slot falls due; negative when that has passed
    left: timedelta
    #: what the next issue lacks before it can go out, as sentences
    lacks: tuple[str, ...]
    mailings: tuple[OpenMailing, ...]
    last: LastIssue | None
    concerns: tuple[Concern, ...]


def overlook(
    *, database: Database, cadence: Cadence, first_number: int, thresholds: PauseThresholds, now: datetime
) -> Overview:
    """Read the state at one moment. It renders nothing, so preflight may find more that the next issue lacks."""
    stranded = find_stranded(database=database, now=now)
    with database.snapshot() as snapshot:
        slot = find_next_slot(snapshot, cadence=cadence)
        draft = issues.find_open_draft(snapshot)
        published = issues.list_published(snapshot)
        present = mailings.list_open(snapshot)
        counts = totals.list_totals(snapshot, present)
        return Overview(
            slot=slot,
            number=draft.number if draft else issues.next_number(snapshot, first_number),
            draft=draft,
            left=slot.at - now,
            lacks=tuple(_list_lacks(snapshot, draft)),
            mailings=tuple(_count_settled(present, counts)),
            last=_count_last(snapshot, published),
            concerns=(
                *_word_stranded(stranded),
                *_list_concerns(snapshot, present, counts, thresholds=thresholds, now=now),
            ),
        )


def _list_lacks(transaction: Transaction, draft: Draft | None) -> Iterator[str]:
    if draft is None:
        yield "It has no draft yet; the scheduler opens one when the issue falls due."
        return
    if not any(item.slot is ItemSlot.LEAD for item in draft.items):
        yield "It has no lead article."
    nameless = 0
    for item in draft.items:
        if item.article_id is not None and not item.headline:
            nameless += articles.find_article(transaction, item.article_id).article.needs_headline
    if nameless:
        yield f"{_count(nameless, 'article')} in it {'needs' if nameless == 1 else 'need'} a headline."
    if draft.status is not IssueStatus.APPROVED:
        yield "Nobody has approved it."


def _count_settled(present: list[Mailing], counts: _Counts) -> Iterator[OpenMailing]:
    untried = (DeliveryStatus.QUEUED, DeliveryStatus.IN_FLIGHT, DeliveryStatus.DEFERRED)
    for mailing in present:
        left = sum(counts[mailing.id][status] for status in untried)
        yield OpenMailing(mailing=mailing, settled=mailing.intended - left)


def _count_last(transaction: Transaction, published: list[PublishedIssue]) -> LastIssue | None:
    latest = mailings.list_latest(transaction, until=_LAST, limit=1)
    found = [issue for issue in published if latest and issue.number == latest[0].issue_number]
    if not latest or not found:
        return None
    mailing = latest[0]
    counts = totals.list_totals(transaction, latest)[mailing.id]
    came_back = mailings.count_bounces(transaction, mailing.id)
    return LastIssue(
        issue=found[0],
        mailing=mailing,
        accepted=counts[DeliveryStatus.ACCEPTED],
        rejected=counts[DeliveryStatus.REJECTED],
        came_back=came_back[BounceKind.HARD].total() + came_back[BounceKind.SOFT].total(),
        complaints=came_back[BounceKind.COMPLAINT].total(),
        unsubscribes=unsubscribes.count_unsubscribes(transaction, mailing.id),
    )


def _word_stranded(stranded: str) -> Iterator[Concern]:
    if stranded:
        what = f"{stranded.capitalize()} are due and no worker is alive to send them"
        yield Concern(sentence=f"{what}: start 'newsletter run' or 'newsletter work' on the server.", screen="/doctor")


def _list_concerns(
    transaction: Transaction, present: list[Mailing], counts: _Counts, *, thresholds: PauseThresholds, now: datetime
) -> Iterator[Concern]:
    live = "/issues/{number}/live"
    for mailing in present:
        if mailing.status is MailingStatus.PAUSED:
            why = f" {mailing.pause_reason}" if mailing.pause_reason else ""
            name = f"issue {mailing.issue_number}"
            yield Concern(sentence=f"The mailing of {name} is paused.{why}", screen=live, number=mailing.issue_number)
    for mailing, undecided in _list_undecided(transaction, present, counts):
        what = f"{_count(undecided, 'letter')} of issue {mailing.issue_number} may or may not have arrived"
        yield Concern(sentence=f"{what}: send again, or hold.", screen=live, number=mailing.issue_number)
    latest = mailings.find_latest_started(transaction)
    if latest is not None:
        name = f"issue {latest.issue_number}"
        if reason := find_pause_reason(sender_health.count_figures(transaction, latest.id), thresholds):
            report = "/issues/{number}/report"
            yield Concern(sentence=f"Of {name}: {reason}", screen=report, number=latest.issue_number)
    unattributed = bounces.count_unattributed(transaction, since=now - _LATELY)
    if unattributed:
        what = f"{_count(unattributed, 'report')} of the last 14 days {'names' if unattributed == 1 else 'name'}"
        yield Concern(sentence=f"{what} no letter of ours, and changed nobody.", screen="/bounces")
    woken_at = last_release(transaction, SCHEDULER_LEASE)
    if woken_at is None or now - woken_at > _SILENCE:
        yield Concern(sentence="The scheduler does not run: no issue is drafted or sent by itself.", screen="/doctor")


def _list_undecided(transaction: Transaction, present: list[Mailing], counts: _Counts) -> Iterator[tuple[Mailing, int]]:
    """Return the mailings with doubtful letters that nobody has decided on, and how many, oldest first.

    Of a cancelled mailing there is nothing to decide: its letters stay as they are.
    """
    doubtful = mailings.list_left_doubtful(transaction)
    doubtful += [(mailing, counts[mailing.id][DeliveryStatus.DOUBTFUL]) for mailing in present]
    held = doubt.list_held(transaction, [mailing.id for mailing, letters in doubtful if letters])
    for mailing, letters in doubtful:
        if undecided := count_undecided(letters, held.get(mailing.id)):
            yield mailing, undecided


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
