"""Deliver: one connection's work, letter after letter, each recorded before its final dot."""

from __future__ import annotations

from newsletter.domain.reply import Outcome
from newsletter.errors import LeaseLostError, RelayError
from newsletter.service.feed import Feed
from newsletter.service.ledger_writer import LedgerWriter, Settled
from newsletter.service.ports import NoteOutcome, Session


async def deliver(feed: Feed, *, session: Session, ledger: LedgerWriter, note: NoteOutcome) -> None:
    """Deliver letters until the feed is closed.

    One commit before a letter's final dot records the outcome of the letter before it and that this one is in flight.
    So at most one letter of this connection is ever in doubt, and the ledger names it.

    Raises RelayError when the relay refuses us or is gone, and LeaseLostError when the letter that is staged must not
    be released; in both cases the session is of no further use, and nothing of the letter was delivered.
    """
    settled: list[Settled] = []
    job = await feed.take()
    while job is not None:
        try:
            refusal = await session.stage(job.letter)
        except RelayError:
            feed.put_back(job)
            await ledger.commit(settled, starting=None)
            raise
        outcome: Outcome
        if refusal is not None:
            outcome = refusal
            following = feed.take_ready()
        elif await ledger.commit(settled, starting=job):
            settled = []
            following = feed.take_ready()
            outcome = await session.release(following.letter if following else None)
        else:
            job.load.close_one()
            feed.drop_load(job.load)
            raise LeaseLostError("The batch was taken over or its mailing cancelled.")
        settled.append(Settled(job, outcome))
        note(job.recipient.delivery, outcome)
        if following is None:
            await ledger.commit(settled, starting=None)
            settled = []
            following = await feed.take()
        job = following
