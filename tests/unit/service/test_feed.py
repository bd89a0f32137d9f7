"""The letters of claimed batches, handed out one at a time."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime

import pytest

from mailing_stand import KEYS, SENDER, a_rendered_issue
from newsletter.domain.address import EmailAddress
from newsletter.domain.budget import Limits
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import Batch, DeliveryId
from newsletter.domain.topic import Topic
from newsletter.mail.message import Splicer, compile_letters
from newsletter.service.feed import Feed
from newsletter.store.ledger import Claim

_ADDRESS = EmailAddress("news@example.org")
SPLICER = Splicer(
    compile_letters(a_rendered_issue(), sender=SENDER),
    sender=SENDER,
    keys=KEYS,
    clock=lambda: datetime(2026, 3, 12, tzinfo=UTC),
)


def a_claim(*positions: int, mailing: int = 1) -> Claim:
    recipients = tuple(
        Recipient(
            delivery=DeliveryId(mailing, position), address=_ADDRESS, public_id=bytes(8), topics=Topic.everything()
        )
        for position in positions
    )
    batch = Batch(mailing=mailing, number=1, first_position=1, last_position=9, fence=1)
    return Claim(batch=batch, recipients=recipients, found_doubtful=0)


async def take_positions(feed: Feed, count: int) -> list[int]:
    jobs = [await feed.take() for _ in range(count)]
    return [job.recipient.delivery.position for job in jobs if job is not None]


async def test_letters_come_in_the_order_of_their_batch() -> None:
    feed = Feed()
    feed.load(a_claim(1, 2, 3), SPLICER)

    assert await take_positions(feed, 3) == [1, 2, 3]
    assert feed.take_ready() is None


async def test_a_letter_put_back_is_the_next_one_out() -> None:
    feed = Feed()
    feed.load(a_claim(1, 2), SPLICER)
    job = await feed.take()
    assert job is not None
    feed.put_back(job)

    assert await take_positions(feed, 2) == [1, 2]


async def test_whoever_waits_gets_what_arrives_later() -> None:
    feed = Feed()
    waiting = asyncio.create_task(feed.take())
    await asyncio.sleep(0)
    feed.load(a_claim(1), SPLICER)

    job = await waiting
    assert job is not None
    assert job.letter.recipient == "news@example.org"


async def test_closing_tells_whoever_waits_and_drops_the_rest() -> None:
    feed = Feed()
    waiting = asyncio.create_task(feed.take())
    await asyncio.sleep(0)
    feed.close()

    assert await waiting is None
    assert not await feed.arrival()


async def test_a_letter_put_back_into_a_closed_feed_is_dropped() -> None:
    feed = Feed()
    load = feed.load(a_claim(1), SPLICER)
    job = await feed.take()
    assert job is not None
    feed.close()
    assert not load.done.is_set()
    feed.put_back(job)

    assert load.done.is_set()
    assert load.dropped == 1


async def test_a_closed_feed_lets_go_of_a_batch_at_once() -> None:
    feed = Feed()
    feed.close()
    load = feed.load(a_claim(1, 2), SPLICER)

    assert load.done.is_set()
    assert load.dropped == 2
    assert len(feed) == 0


async def test_a_batch_is_done_when_each_letter_is_settled_or_dropped() -> None:
    feed = Feed()
    load = feed.load(a_claim(1, 2, 3), SPLICER)
    settled = await feed.take()
    returned = await feed.take()
    assert settled is not None
    assert returned is not None
    settled.load.close_one()
    feed.put_back(returned)
    assert not load.done.is_set()

    feed.drop_mailing(1)
    assert load.done.is_set()
    assert len(feed) == 0


async def test_dropping_one_batch_leaves_the_others() -> None:
    feed = Feed()
    dropped = feed.load(a_claim(1, 2), SPLICER)
    feed.load(a_claim(7, mailing=2), SPLICER)
    feed.drop_load(dropped)

    assert await take_positions(feed, 1) == [7]


async def test_an_empty_batch_is_done_at_once() -> None:
    assert Feed().load(a_claim(), SPLICER).done.is_set()


async def test_the_pace_is_kept() -> None:
    feed = Feed(limits=Limits(messages_per_second=50))
    feed.load(a_claim(*range(1, 21)), SPLICER)
    started = time.monotonic()
    await take_positions(feed, 20)

    # 20 letters at 50 a second take 0.4 s, less the tenth of a second of credit.
    assert time.monotonic() - started >= 0.27


async def test_a_letter_in_hand_when_its_mailing_is_dropped_is_let_go_of_when_it_comes_back() -> None:
    feed = Feed()
    load = feed.load(a_claim(1, 2), SPLICER)
    job = await feed.take()
    assert job is not None
    feed.drop_mailing(1)
    is_done_before = load.done.is_set()
    feed.put_back(job)

    assert not is_done_before
    assert load.done.is_set()
    assert load.dropped == 2
    assert feed.take_ready() is None


async def test_letters_whose_time_at_a_limited_relay_is_over_are_let_go_of_to_be_granted_anew() -> None:
    feed = Feed(limits=Limits(messages_per_second=50))
    load = feed.load(a_claim(1, 2), SPLICER)
    await asyncio.sleep(0.3)  # two letters have 0.04 s, and a fifth of a second may be lost on the way

    assert feed.take_ready() is None
    assert (load.dropped, load.done.is_set()) == (2, True)


@pytest.mark.parametrize(("late", "left"), [(14.0, 1.2), (60.0, 0.2)])
async def test_what_is_late_since_the_claim_does_not_move_the_end_of_a_batchs_time(late: float, left: float) -> None:
    feed = Feed(limits=Limits(messages_per_second=10))  # of which 9.8 are for mailings
    load = feed.load(a_claim(*range(1, 148)), SPLICER, starts_in=-late)

    # A fifth of a second is left at least, so that something leaves however slow each claim is.
    assert load.ends_at - asyncio.get_running_loop().time() == pytest.approx(left, abs=0.05)


async def test_a_batch_that_fills_a_gap_leaves_before_one_whose_time_comes_later() -> None:
    feed = Feed(limits=Limits(messages_per_second=50))
    feed.load(a_claim(1), SPLICER)
    feed.load(a_claim(2), SPLICER, starts_in=0.2)
    feed.load(a_claim(3), SPLICER, starts_in=0.1)
    started = time.monotonic()

    assert await take_positions(feed, 2) == [1, 3]
    assert 0.1 <= time.monotonic() - started < 0.2
    assert await take_positions(feed, 1) == [2]
    assert time.monotonic() - started >= 0.2


async def test_letters_do_not_wait_for_the_time_of_those_that_were_granted_after_them() -> None:
    feed = Feed(limits=Limits(messages_per_second=50))
    feed.load(a_claim(1, 2, 3), SPLICER)
    feed.load(a_claim(4), SPLICER, starts_in=5)
    started = time.monotonic()

    assert await take_positions(feed, 3) == [1, 2, 3]
    assert time.monotonic() - started < 0.2
    assert feed.take_ready() is None


async def test_a_letter_late_for_the_time_that_its_domain_had_is_let_go_of_and_those_after_it_are_not() -> None:
    feed = Feed(limits=Limits(per_domain_per_second=50))
    claim = a_claim(1, 2, 3)
    delivery = [recipient.delivery for recipient in claim.recipients]
    load = feed.load(claim, SPLICER, waits={delivery[0]: 0.01, delivery[1]: 0.6, delivery[2]: 1.3})
    await asyncio.sleep(1.2)
    is_low_before = feed.is_low

    assert await take_positions(feed, 2) == [2, 3]
    assert (load.dropped, load.open, len(feed)) == (1, 2, 0)
    assert not is_low_before  # or more would be granted to whoever cannot send what he has
    assert feed.is_low
