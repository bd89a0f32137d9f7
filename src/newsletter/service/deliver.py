"""Deliver: one connection's work, letter after letter, each recorded before its final dot."""

from __future__ import annotations

from typing import NoReturn

from newsletter.domain.reply import Outcome
from newsletter.errors import RelayError, WithdrawnError
from newsletter.service.feed import Feed, Job
from newsletter.service.ledger_writer import LedgerWriter, Settled, Verdict
from newsletter.service.ports import NoteOutcome, Session


async def deliver(feed: Feed, *, session: Session, ledger: LedgerWriter, note: NoteOutcome) -> None:
    """Deliver letters until the feed is closed.

    One commit before a letter's final dot records the outcome of the letter before it and that this one is in flight.
    So at most one letter of this connection is ever in doubt, and the ledger names it.

    Raises RelayError when the relay refuses us or is gone, and WithdrawnError when the staged letter must not be
    released; in both cases the session is of no further use, and nothing of that letter was delivered.
    """
    settled: list[Settled] = []
    job = await feed.take()
    while job is not None:
        try:
            refusal = await session.stage(job.letter)
        except RelayError:
            feed.put_back(job)
            await ledger.commit(settled)
            raise
        outcome: Outcome
        if refusal is not None:
            outcome = refusal
            following = feed.take_ready()
        else:
            verdict = await ledger.commit(settled, starting=job, is_urgent=session.is_distant)
            settled = []
            if verdict is not Verdict.RELEASE:
                withdraw(job, verdict, feed)
            following = feed.take_ready()
            outcome = await session.release(following.letter if following else None)
        settled.append(Settled(job, outcome))
        note(job.recipient.delivery, outcome)
        if following is None:
            await ledger.commit(settled)
            settled = []
            following = await feed.take()
        job = following


def withdraw(job: Job, verdict: Verdict, feed: Feed) -> NoReturn:
    """Let go of a staged letter, and of its whole batch where another worker has that now."""
    job.load.close_one()
    if verdict is Verdict.TAKEN_OVER:
        feed.drop_load(job.load)
        raise WithdrawnError("Another worker has taken the batch over.")
    raise WithdrawnError("The reader has left, or the mailing was cancelled.")
