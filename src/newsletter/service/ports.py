"""What services ask of the world beyond the store."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Outcome, Refusal


class Session(Protocol):
    """Hands letters over, one after the other. Real ones: an SMTP connection, an outbox folder."""

    @property
    def is_distant(self) -> bool:
        """Tell whether it is the way to the relay that takes the time, and not the relay's own work."""

    async def stage(self, letter: Letter) -> Refusal | None:
        """Hand over all but the final dot; None, or the refusal of this recipient. Raises RelayError."""

    async def release(self, following: Letter | None) -> Outcome:
        """Send the staged letter's final dot. ``following`` is the letter that will be staged next, if it is known."""

    async def close(self) -> None:
        """End the session in order."""


#: Opens a session, or raises RelayError.
Connect = Callable[[], Awaitable[Session]]

#: Told of each outcome as it happens.
NoteOutcome = Callable[[DeliveryId, Outcome], None]
