"""An outbox folder in place of a relay, for demonstrations and trials: each letter becomes a file."""

from __future__ import annotations

import asyncio
from pathlib import Path

from newsletter.domain.letter import Letter
from newsletter.domain.reply import Accepted, Outcome, Reply
from newsletter.errors import RelayError


class OutboxSession:
    """Writes each released letter to ``MAILING-POSITION.eml`` in the folder, with its envelope in front.

    Return-Path and Delivered-To are what the last hop adds (RFC 5321 4.4), so that a bounce can be made from the file.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._staged: Letter | None = None

    is_distant = False

    async def stage(self, letter: Letter) -> None:
        self._staged = letter

    async def release(self, following: Letter | None) -> Outcome:  # noqa: ARG002 - a folder has no use for it
        letter = self._staged
        if letter is None:
            raise RelayError("No letter was staged in the outbox.")
        envelope = f"Return-Path: <{letter.envelope_sender}>\r\nDelivered-To: {letter.recipient}\r\n"
        file = self._folder / f"{letter.delivery.mailing}-{letter.delivery.position}.eml"
        try:
            file.write_bytes(envelope.encode("ascii") + letter.message)
        except OSError as error:
            raise RelayError(f"The outbox {self._folder} cannot be written: {error}", is_lasting=True) from error
        return Accepted(Reply(250, f"2.0.0 written to {file.name}"))

    async def close(self) -> None:
        self._staged = None


async def open_outbox(folder: Path) -> OutboxSession:
    """Make the folder where it is missing. Raises RelayError."""
    try:
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    except OSError as error:
        raise RelayError(f"The outbox {folder} cannot be made: {error}", is_lasting=True) from error
    return OutboxSession(folder)
