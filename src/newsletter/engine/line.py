"""A line: one connection to the relay, opened anew whenever it ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Accepted, Outcome
from newsletter.errors import RelayError, WithdrawnError
from newsletter.log import log
from newsletter.service.deliver import deliver
from newsletter.service.feed import Feed
from newsletter.service.ledger_writer import LedgerWriter
from newsletter.service.ports import Connect, NoteOutcome

_SHORT_REST_SECONDS = 0.1  # after letters that were taken: many relays end each session after so many
_FIRST_REST_SECONDS = 0.5
_LONGEST_REST_SECONDS = 60.0


class Line:
    """Delivers what the feed has, session after session. The rest between them grows while nothing is accepted."""

    def __init__(
        self,
        connect: Connect,
        feed: Feed,
        *,
        note: NoteOutcome,
        weigh: Callable[[RelayError], Awaitable[None]],
        ending: asyncio.Event,
    ) -> None:
        self._connect = connect
        self._feed = feed
        self._note_outcome = note
        self._weigh = weigh
        self._ending = ending
        self._rest_seconds = _FIRST_REST_SECONDS
        self._has_accepted = False

    async def keep(self, writer: LedgerWriter) -> None:
        """Deliver until the feed is closed. What ends a session is weighed, and then it is time for a rest."""
        while await self._feed.arrival():
            self._has_accepted = False
            try:
                await self._converse(writer)
            except WithdrawnError as error:
                log.info("letter withdrawn", why=str(error))
            except RelayError as error:
                rest = self._choose_rest()
                log.warning("connection to the relay ended", why=str(error), rest_seconds=rest)
                await self._weigh(error)
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._ending.wait(), timeout=rest)

    async def _converse(self, writer: LedgerWriter) -> None:
        session = await self._connect()
        try:
            await deliver(self._feed, session=session, ledger=writer, note=self._note)
        finally:
            await session.close()

    def _choose_rest(self) -> float:
        if self._has_accepted:
            self._rest_seconds = _FIRST_REST_SECONDS
            return _SHORT_REST_SECONDS
        self._rest_seconds = min(self._rest_seconds * 2, _LONGEST_REST_SECONDS)
        return self._rest_seconds

    def _note(self, delivery: DeliveryId, outcome: Outcome) -> None:
        self._has_accepted = self._has_accepted or isinstance(outcome, Accepted)
        self._note_outcome(delivery, outcome)
