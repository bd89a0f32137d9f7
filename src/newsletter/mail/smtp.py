"""One SMTP connection, used for letter after letter.

``mail.relay`` opens the connection by aiosmtplib. Then the session takes the transport over, because the library
waits for each reply before the next command and reads each body twice with regular expressions, which together cost
ten times what sending does. With PIPELINING (RFC 2920) a letter takes one round trip: its final dot and the next
letter's MAIL, RCPT and DATA leave in one write.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Iterator, Sequence
from functools import lru_cache

from newsletter.domain.letter import Letter
from newsletter.domain.reply import Outcome, Refusal, Reply, Unknown, judge, judge_refusal
from newsletter.errors import QuotaError, RelayError

_GO_AHEAD = 354  # RFC 5321 3.3: send the message, end it with a dot
_DISTANT_SECONDS = 0.010
_DOT = b".\r\n"
_LONGEST_REPLY = 64 * 1024
_PORTION_BYTES = 64 * 1024


class SmtpSession:
    """Stages a letter, then releases it; in between nothing of it can be delivered."""

    def __init__(
        self,
        transport: asyncio.Transport,
        *,
        pipelining: bool,
        envelope_ids: bool,
        timeout_seconds: float,
        final_timeout_seconds: float,
    ) -> None:
        self._transport = transport
        socket = transport.get_extra_info("socket")
        self._plain_socket: int | None = None if transport.get_extra_info("sslcontext") else socket.fileno()
        self._replies = _Replies(timeout_seconds)
        self._final_timeout_seconds = final_timeout_seconds
        transport.set_protocol(self._replies)
        self._pipelining = pipelining
        self._envelope_ids = envelope_ids
        self._fastest_seconds = 0.0  # of all answers to a final dot; 0 before the first
        self._announced: Letter | None = None
        self._is_staged = False
        self._needs_reset = False

    @property
    def is_distant(self) -> bool:
        """Tell whether even the fastest answer so far took as long as only a long way explains."""
        return self._fastest_seconds > _DISTANT_SECONDS

    async def stage(self, letter: Letter) -> Refusal | None:
        """Send all of a letter but its final dot.

        Returns None when it is staged, or the relay's refusal of this recipient. Raises RelayError when the relay
        refuses us or is gone; the letter has then certainly not been delivered.
        """
        mail, rcpt, data = await self._send_envelope(letter)
        _check_session(mail, rcpt, data)
        if rcpt is None or not rcpt.is_positive:
            await self._abandon(data)
            return _refusal(rcpt)
        if data is None or data.code != _GO_AHEAD:
            await self._abandon(data)
            return _refusal(data)
        self._is_staged = True
        await self._write_content(letter.pieces)
        return None

    async def release(self, following: Letter | None) -> Outcome:
        """Send the staged letter's final dot, together with the envelope of the ``following`` letter, if any.

        Never raises: whatever goes wrong behind the dot leaves the outcome Unknown. Stage ``following`` next.
        """
        self._is_staged = False
        asked_at = time.monotonic()
        if following is not None and self._pipelining:
            self._transport.write(_DOT + b"".join(self._commands(following)))
            self._announced = following
        else:
            self._transport.write(_DOT)
        try:
            reply = await self._replies.take(within_seconds=self._final_timeout_seconds)
        except RelayError as error:
            return Unknown(str(error))
        seconds = time.monotonic() - asked_at
        self._fastest_seconds = min(seconds, self._fastest_seconds or seconds)
        return judge(reply)

    async def close(self) -> None:
        """End the session: with QUIT between letters, at once where a letter is staged and must not be delivered."""
        self._replies.stop_watching()
        if self._is_staged or self._announced is not None:
            self._transport.abort()
            return
        self._transport.write(b"QUIT\r\n")
        self._transport.close()

    async def _write_content(self, pieces: Sequence[bytes]) -> None:
        """Write a letter. Where the relay reads slowly, never more than a portion of it waits in our memory."""
        written = self._write_at_once(pieces)
        if written == sum(map(len, pieces)):
            return
        for portion in _portions(pieces, beyond=written):
            self._transport.write(portion)
            await self._replies.drain()

    def _write_at_once(self, pieces: Sequence[bytes]) -> int:
        """Hand the system as much as it takes now, without a copy of our own; return how many bytes that was."""
        if self._plain_socket is None or self._transport.get_write_buffer_size() or self._transport.is_closing():
            return 0
        try:
            return os.writev(self._plain_socket, pieces)
        except OSError:  # the socket is full, or broken, which the transport will find out
            return 0

    async def _send_envelope(self, letter: Letter) -> tuple[Reply, Reply | None, Reply | None]:
        if self._needs_reset:
            self._transport.write(b"RSET\r\n")
        if self._pipelining:
            if self._announced is not letter:
                self._transport.write(b"".join(self._commands(letter)))
            self._announced = None
            await self._confirm_reset()
            # The three come together, mostly with the answer to the last letter's dot.
            mail_reply = self._replies.take_arrived() or await self._replies.take()
            if not mail_reply.is_positive:  # it ends the session, and a relay that hangs up answers nothing more
                return mail_reply, None, None
            rcpt_reply = self._replies.take_arrived() or await self._replies.take()
            if rcpt_reply.is_closing:
                return mail_reply, rcpt_reply, None
            return mail_reply, rcpt_reply, self._replies.take_arrived() or await self._replies.take()
        await self._confirm_reset()
        mail, rcpt, data = self._commands(letter)
        self._transport.write(mail)
        mail_reply = await self._replies.take()
        if not mail_reply.is_positive:
            return mail_reply, None, None
        self._transport.write(rcpt)
        rcpt_reply = await self._replies.take()
        if not rcpt_reply.is_positive:
            return mail_reply, rcpt_reply, None
        self._transport.write(data)
        return mail_reply, rcpt_reply, await self._replies.take()

    def _commands(self, letter: Letter) -> tuple[bytes, bytes, bytes]:
        envelope_id = f" ENVID={letter.token}" if self._envelope_ids else ""
        return (
            f"MAIL FROM:<{letter.envelope_sender}>{envelope_id}\r\n".encode("ascii"),
            f"RCPT TO:<{letter.recipient}>\r\n".encode("ascii"),
            b"DATA\r\n",
        )

    async def _abandon(self, data: Reply | None) -> None:
        """End the transaction of a refused letter."""
        if data is not None and data.code == _GO_AHEAD:
            # RFC 2920 3.1: a relay that says 354 without a recipient waits for a dot; the message goes to nobody.
            self._transport.write(_DOT)
            await self._replies.take()
        else:
            # Else the transaction is still open, and the next MAIL would be refused as nested (RFC 5321 4.1.4).
            self._needs_reset = True

    async def _confirm_reset(self) -> None:
        if self._needs_reset:
            await self._replies.take()
            self._needs_reset = False


def _check_session(mail: Reply, rcpt: Reply | None, data: Reply | None) -> None:
    """Raise RelayError where a reply is about us, or the relay hangs up."""
    for reply in (mail, rcpt, data):
        if reply is not None and reply.is_closing:
            kind = QuotaError if reply.is_quota_refusal else RelayError
            raise kind(f"The relay closed the session: {reply}")
    if mail.is_quota_refusal:
        raise QuotaError(f"The relay takes no more letters for now: {mail}")
    if not mail.is_positive:
        raise RelayError(f"The relay refused our sender address: {mail}", is_lasting=mail.is_permanent)


def _refusal(reply: Reply | None) -> Refusal:
    if reply is not None and reply.is_refusal:
        return judge_refusal(reply)
    raise RelayError(f"The relay answered out of turn: {reply}")


def _portions(pieces: Sequence[bytes], *, beyond: int) -> Iterator[memoryview]:
    """Cut what stands ``beyond`` so many bytes into portions, without copying it."""
    for piece in pieces:
        for start in range(beyond, len(piece), _PORTION_BYTES):
            yield memoryview(piece)[start : start + _PORTION_BYTES]
        beyond = max(0, beyond - len(piece))


class _Replies(asyncio.Protocol):
    """Reads the relay's replies (RFC 5321 4.2), in order, and knows whether writing has to wait.

    One timer watches over all waiting: a timer of its own for each reply costs more than reading the reply.
    """

    def __init__(self, timeout_seconds: float) -> None:
        self._loop = asyncio.get_running_loop()
        self._timeout_seconds = timeout_seconds
        #: how long the present wait may take
        self._within_seconds = timeout_seconds
        self._rest = b""
        self._lines: list[str] = []
        self._read: deque[Reply] = deque()
        self._lost: str | None = None
        self._reader: asyncio.Future[None] | None = None
        self._writer: asyncio.Future[None] | None = None
        self._waits_since: float | None = None
        self._watchdog = self._loop.call_later(timeout_seconds, self._watch)

    def take_arrived(self) -> Reply | None:
        """Return the next reply if it is there already."""
        return self._read.popleft() if self._read else None

    async def take(self, *, within_seconds: float | None = None) -> Reply:
        """Return the next reply, waiting for it. Raises RelayError when the relay is gone, silent or talks nonsense."""
        self._within_seconds = within_seconds or self._timeout_seconds
        while not self._read:
            if self._lost is not None:
                raise RelayError(self._lost)
            self._reader = self._loop.create_future()
            self._waits_since = self._loop.time()
            await self._reader
            self._waits_since = None
        return self._read.popleft()

    async def drain(self) -> None:
        """Wait until the connection takes more, or is gone, which the next reply tells."""
        if self._writer is not None:
            self._within_seconds = self._timeout_seconds
            self._waits_since = self._loop.time()
            await self._writer
            self._waits_since = None

    def stop_watching(self) -> None:
        self._watchdog.cancel()

    def _watch(self) -> None:
        now = self._loop.time()
        waits_since = now if self._waits_since is None else self._waits_since
        due = waits_since + self._within_seconds
        if due > now:
            self._watchdog = self._loop.call_at(min(due, now + self._timeout_seconds), self._watch)
        else:
            self._lose(f"The relay was silent for {self._within_seconds:g} seconds.")

    def data_received(self, data: bytes) -> None:
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            if self._lost is None:  # behind nonsense nothing can be told apart any more
                self._read_line(line)
        if len(self._rest) + sum(map(len, self._lines)) > _LONGEST_REPLY:
            self._lose("The relay sent an endless reply.")
        if self._read:
            _wake(self._reader)

    def connection_lost(self, exc: Exception | None) -> None:
        self._watchdog.cancel()
        self._lose(f"The connection to the relay was lost: {exc or 'closed by the relay'}.")

    def pause_writing(self) -> None:
        self._writer = self._loop.create_future()

    def resume_writing(self) -> None:
        _wake(self._writer)
        self._writer = None

    def _read_line(self, line: bytes) -> None:
        parsed = _parse_line(line)
        if parsed is None:
            self._lose(f"The relay answered nonsense: {line[:80].decode('utf-8', 'replace')!r}.")
            return
        reply, is_last = parsed
        if is_last and not self._lines:
            self._read.append(reply)
            return
        self._lines.append(reply.text)
        if is_last:
            self._read.append(Reply(reply.code, " ".join(self._lines)))
            self._lines = []

    def _lose(self, why: str) -> None:
        self._lost = self._lost or why
        _wake(self._reader)
        _wake(self._writer)
        self._writer = None


@lru_cache(maxsize=64)  # a relay says the same to nearly every MAIL, RCPT and DATA
def _parse_line(line: bytes) -> tuple[Reply, bool] | None:
    """Return a line of a reply as if it were all of it, and whether it is the last one; None if it is no reply."""
    words = line.decode("utf-8", "replace").rstrip("\r")
    code, separator = words[:3], words[3:4]
    if not (code.isascii() and code.isdigit() and "2" <= code[0] <= "5" and separator in {"", " ", "-"}):
        return None
    return Reply(int(code), words[4:]), separator != "-"


def _wake(waiter: asyncio.Future[None] | None) -> None:
    if waiter is not None and not waiter.done():
        waiter.set_result(None)
