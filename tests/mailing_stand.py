"""A stand for tests of delivery: a database with an opened mailing, and workers to deliver it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial

from sqlalchemy import func, select

from newsletter.domain.address import EmailAddress
from newsletter.domain.budget import Limits
from newsletter.domain.issue import DraftItem, ItemSlot, RenderedIssue, RenderedVariant, Slot, SlottedText
from newsletter.domain.letter import Sender
from newsletter.domain.mailing import (
    Batch,
    DeliveryId,
    DeliveryStatus,
    DoubtfulPolicy,
    Launch,
    Mailing,
    MailingKind,
    MailingReport,
)
from newsletter.domain.segment import Segment
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.settlement import Settlement
from newsletter.domain.subscriber import NewSubscriber
from newsletter.domain.token import KeyRing, hash_address
from newsletter.domain.topic import Topic
from newsletter.engine.embedded import deliver_in_turn
from newsletter.engine.plant import Plant
from newsletter.engine.worker import Worker
from newsletter.mail.message import Splicer, compile_letters
from newsletter.mail.relay import Relay, open_session
from newsletter.service.ports import Connect
from newsletter.store import approvals, audience_layout, issues, mailings, progress, slots, subscribers
from newsletter.store.database import Database, Transaction
from newsletter.store.progress import Withdrawn
from newsletter.store.seats import take_seat
from newsletter.store.tables import batches, deliveries

KEYS = KeyRing(b"a secret of the newsletter, long enough")
ADDRESS_KEY = b"the key that addresses are hashed under"
SENDER = Sender(
    name="The River Review",
    address=EmailAddress("news@review.example.org"),
    reply_to=EmailAddress("editors@review.example.org"),
    bounce_address="b+{token}@bounces.example.org",
    list_id="review.example.org",
    feedback_id="riverreview",
    base_url="https://review.example.org",
)


def a_rendered_issue(number: int = 1, *, words: int = 10) -> RenderedIssue:
    """Render an issue by hand, with both links in both parts; ``words`` gives it size."""
    filler = "Words of an article, in a line of their own.\n" * (words // 9)
    html = SlottedText(
        ("<p>", filler, "<a href='u/", Slot.UNSUBSCRIBE, "'>leave</a><a href='p/", Slot.PREFERENCES, "'>")
    )
    text = SlottedText(("leave: u/", Slot.UNSUBSCRIBE, "\nchoose: p/", Slot.PREFERENCES, "\n"))
    full = RenderedVariant(html=html, text=text)
    return RenderedIssue(
        number=number,
        subject=f"Issue {number}",
        preheader="",
        variants={Topic.ARTICLES | Topic.EVENTS: full, Topic.ARTICLES: full, Topic.EVENTS: full},
    )


def add_readers(database: Database, addresses: Sequence[str], *, topics: Topic = Topic.everything()) -> None:
    """Store active subscribers. Each public id is made from the address, so that tests can foretell links."""
    with database.transaction() as transaction:
        subscribers.add_subscribers(
            transaction,
            [
                NewSubscriber(
                    public_id=hash_address(address, b"public")[:8],
                    address=EmailAddress(address),
                    address_hash=hash_address(address, ADDRESS_KEY),
                    topics=topics,
                    created_at=datetime(2026, 1, 1, tzinfo=UTC),
                )
                for address in addresses
            ],
        )


def open_a_mailing(
    database: Database,
    rendered: RenderedIssue | None = None,
    *,
    now: datetime | None = None,
    first_share: float = 0,
    hold: timedelta = timedelta(),
    segment: Segment | None = None,
) -> Mailing:
    """Approve an issue and open its mailing to every active, unsuppressed subscriber, or to those of a segment."""
    moment = now or datetime.now(UTC)
    rendered = rendered or a_rendered_issue()
    with database.roomy_connection() as connection, database.transaction(on=connection) as transaction:
        slot = date(2026, 1, 1).replace(day=rendered.number)
        slots.claim_slot(transaction, slot)
        draft = issues.add_draft(transaction, number=rendered.number, slot=slot, due_at=moment, drafted_at=moment)
        approval = approvals.add_approval(
            transaction, rendered, issue_id=draft.id, issue_digest="-", approved_by="editor", overrides={}, now=moment
        )
        mailing = audience_layout.add_mailing(
            transaction,
            kind=MailingKind.ISSUE,
            issue_id=draft.id,
            approval_id=approval.id,
            topics=max(rendered.variants),
            opened_at=moment,
            launch=Launch(not_before=moment, first_share=first_share, hold=hold),
            segment=segment,
        )
        issues.mark_mailed(transaction, draft.id)
    return mailing


def put_into_issue(database: Database, number: int, article_id: int) -> None:
    """Make an article a feature of an issue, as if it had always been."""
    with database.transaction() as transaction:
        draft = issues.find_issue(transaction, number)
        item = DraftItem(slot=ItemSlot.FEATURE, article_id=article_id, reason="")
        issues.save_draft(transaction, replace(draft, items=(*draft.items, item)))


def a_plant(  # noqa: PLR0913  # one thing to vary, one parameter
    database: Database,
    *,
    port: int = 0,
    connect: Connect | None = None,
    connections: int = 2,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    doubtful: DoubtfulPolicy = DoubtfulPolicy.RESEND,
    thresholds: PauseThresholds | None = None,
    timeout_seconds: float = 10,
    limits: Limits | None = None,
) -> Plant:
    """Return what a worker delivers with, over SMTP to a port of loopback unless ``connect`` says otherwise."""
    relay = Relay(host="127.0.0.1", port=port, timeout_seconds=timeout_seconds)

    def make_splicer(mailing_id: int) -> Splicer:
        with database.snapshot() as snapshot:
            rendered = approvals.load_rendered(snapshot, mailings.find_mailing(snapshot, mailing_id).approval_id)
        return Splicer(compile_letters(rendered, sender=SENDER), sender=SENDER, keys=KEYS, clock=clock)

    return Plant(
        database=database,
        clock=clock,
        connect=connect or (lambda: open_session(relay)),
        splicer=make_splicer,
        connections=connections,
        limits=limits or Limits(),
        staged_percent=5,
        doubtful=doubtful,
        thresholds=thresholds or PauseThresholds(),
    )


def deliver_all(plant: Plant) -> None:
    """Deliver until nothing is due, in this thread."""
    with take_seat(plant.database, now=plant.clock()) as seat:
        asyncio.run(Worker(plant, seat).run(partial(deliver_in_turn, until_idle=True)))


async def work(plant: Plant) -> None:
    """Do the same in this event loop."""
    with take_seat(plant.database, now=plant.clock()) as seat:
        await Worker(plant, seat).run(partial(deliver_in_turn, until_idle=True))


def report_on(database: Database, mailing: Mailing) -> MailingReport:
    """Read the report, and check that it adds up, and that it says what the letters say one by one."""
    with database.snapshot() as snapshot:
        report = mailings.report(snapshot, mailings.find_mailing(snapshot, mailing.id))
        letters = count_one_by_one(snapshot, mailing.id)
    assert sum(report.counts.values()) == report.mailing.intended
    if letters.total() == report.mailing.intended:  # else some are only counted any more
        assert +Counter(report.counts) == letters
    return report


def count_one_by_one(transaction: Transaction, mailing_id: int) -> Counter[DeliveryStatus]:
    """Count the letters of a mailing that are stored, by status, in the ledger itself."""
    query = select(deliveries.c.status, func.count()).where(deliveries.c.mailing_id == mailing_id)
    rows = transaction.execute(query.group_by(deliveries.c.status))
    return Counter({DeliveryStatus(status): count for status, count in rows})


def counted(report: MailingReport) -> dict[str, int]:
    """Return the counts that are not zero, by name."""
    return {status.value: count for status, count in report.counts.items() if count}


def batch_of(transaction: Transaction, delivery: DeliveryId) -> Batch:
    """Return the batch that a delivery is in, under the claim that stands now."""
    covers = (batches.c.first_position <= delivery.position) & (batches.c.last_position >= delivery.position)
    row = transaction.execute(select(batches).where(batches.c.mailing_id == delivery.mailing, covers)).one()
    return Batch(
        mailing=row.mailing_id,
        number=row.number,
        first_position=row.first_position,
        last_position=row.last_position,
        fence=row.fence,
    )


def put_in_flight(transaction: Transaction, *deliveries: DeliveryId, now: datetime) -> Withdrawn:
    """Record that letters are about to be released, as the one who has claimed their batch does."""
    starting = [(batch_of(transaction, delivery), delivery) for delivery in deliveries]
    return progress.record(transaction, [], starting, now=now)


def record_outcomes(transaction: Transaction, *settlements: Settlement, now: datetime) -> Withdrawn:
    """Record what became of letters, as the one who has claimed their batch does."""
    settled = [(batch_of(transaction, settlement.delivery), settlement) for settlement in settlements]
    return progress.record(transaction, settled, [], now=now)
