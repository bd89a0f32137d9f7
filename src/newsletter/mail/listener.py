"""An SMTP server for the bounce domain (RFC 5321): it takes mail for our own tokens, and says yes once it is stored.

It speaks to anybody, so every dimension has a limit: bytes of a message, connections, commands, refusals and time. It
relays nothing and signs nobody in.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass

from aiosmtpd.smtp import SMTP, Envelope, Session

from newsletter.errors import ConfigurationError, describe_failure
from newsletter.gatherer import Gatherer
from newsletter.log import log
from newsletter.mail.mailbox import StoredMessage
from newsletter.mail.parts import MOST_BYTES

_TRANSACTION = ("MAIL", "RCPT", "DATA", "RSET")
_LOOK_SECONDS = 0.02
_HALF_CLOSED_SECONDS = 60.0  # for storing; whoever stopped in the middle of a message is let go then
_FAREWELL_SECONDS = 5.0  # for the last answers to be written


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a stranger may ask of the server."""

    message_bytes: int = MOST_BYTES
    connections: int = 50
    #: of one message; each becomes a message of its own
    recipients: int = 20
    #: wrong addresses in one connection; then it ends, for somebody is guessing
    refusals: int = 20
    #: of each command of a transaction, in one connection
    transactions: int = 1_000
    #: of each other command
    commands: int = 50
    #: until the next command, and for the content of one message (RFC 5321 4.5.3.2)
    idle_seconds: float = 300
    connection_seconds: float = 1_800


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """What all conversations of one listener share."""

    hostname: str
    #: whether mail for an address is ours
    is_ours: Callable[[str], bool]
    #: stores messages, many at once; stored is what it has answered for
    storekeeper: Gatherer[StoredMessage, None]
    #: None: no STARTTLS
    tls: ssl.SSLContext | None = None
    limits: Limits = Limits()


@asynccontextmanager
async def listen(host: str, port: int, *, door: Door) -> AsyncIterator[int]:
    """Take mail while the block lasts; gives the port.

    At the end no more is taken; what has come in full is stored and answered. Raises ConfigurationError where the
    address cannot be listened on.
    """
    logging.getLogger("mail.log").setLevel(logging.CRITICAL)  # aiosmtpd's own: it would write addresses
    conversations: set[_Conversation] = set()

    def open_conversation() -> asyncio.BaseProtocol:
        is_crowded = len(conversations) >= door.limits.connections
        return _Crowded() if is_crowded else _Conversation(door, conversations)

    try:
        server = await asyncio.get_running_loop().create_server(open_conversation, host, port)
    except (OSError, OverflowError) as error:
        why = (getattr(error, "strerror", None) or str(error)).partition(" (")[0]
        raise ConfigurationError(f"[bounces] listen: {host}:{port} cannot be listened on: {why}.") from error
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for conversation in list(conversations):
            conversation.end()
        await door.storekeeper.finish()
        with suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_SECONDS):
                while conversations:  # noqa: ASYNC110 - they end by callbacks of aiosmtpd's
                    await asyncio.sleep(_LOOK_SECONDS)


class _Crowded(asyncio.Protocol):
    """Turns a connection away."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - for the type checker
        transport.write(b"421 4.7.0 Too many connections, try again later\r\n")
        transport.close()


class _Conversation(SMTP):
    """One connection. aiosmtpd finds the handlers by their names."""

    #: Longer ones are forbidden (RFC 5321 4.5.3.1.6) and come all the same; refused, a reader's letter would be lost.
    line_length_limit = MOST_BYTES

    def __init__(self, door: Door, others: set[_Conversation]) -> None:
        self._door, self._others = door, others
        self._refusals = 0
        self._is_storing = self._is_ending = False
        limits = door.limits
        super().__init__(
            self,
            hostname=door.hostname,
            ident="ESMTP",
            data_size_limit=limits.message_bytes,
            enable_SMTPUTF8=True,
            tls_context=door.tls,
            timeout=limits.idle_seconds,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
            command_call_limit={"*": limits.commands, **dict.fromkeys(_TRANSACTION, limits.transactions)},
            loop=asyncio.get_running_loop(),
        )
        self._end = self.loop.call_later(limits.connection_seconds, self.hang_up)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._others.add(self)
        super().connection_made(transport)

    def connection_lost(self, error: Exception | None) -> None:
        self._end.cancel()
        self._others.discard(self)
        super().connection_lost(error)

    def eof_received(self) -> bool | None:
        """Take the end of what the client says for QUIT, once everything before it is answered.

        Exim closes its side behind the final dot; aiosmtpd would drop the answer that it waits for.
        """
        if self._tls_protocol is not None:
            return super().eof_received()  # with TLS there are no half-closed connections
        self._reader.feed_data(b"\r\nQUIT\r\n")
        self._reset_timeout(min(_HALF_CLOSED_SECONDS, self._door.limits.idle_seconds))
        return True

    def hang_up(self) -> None:
        if self.transport is not None:
            self.transport.close()

    def end(self) -> None:
        """Hang up, but first answer for what has come in full."""
        self._is_ending = True
        if not self._is_storing:
            self.hang_up()

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if not self._door.is_ours(address):
            return self._refuse()
        if len(envelope.rcpt_tos) >= self._door.limits.recipients:
            return "452 4.5.3 Too many recipients, send the others afterwards"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 Go on"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self._is_storing = True
        stored = (self._door.storekeeper.do(message) for message in _split(envelope))
        failures = [each for each in await asyncio.gather(*stored, return_exceptions=True) if each is not None]
        self._is_storing = False
        if self._is_ending:
            self.loop.call_soon(self.hang_up)  # behind the answer
        if failures:
            log.warning("message not taken: it cannot be stored", why=describe_failure(failures[0]))
            return "451 4.3.0 It cannot be stored now, try again later"
        return "250 2.0.0 Stored"

    async def handle_exception(self, error: Exception) -> str:
        log.warning("conversation failed", why=describe_failure(error))
        return "451 4.3.0 Something is out of order here, try again later"

    def _refuse(self) -> str:
        self._refusals += 1
        log.info("recipient refused: no valid token")
        if self._refusals <= self._door.limits.refusals:
            return "550 5.1.1 There is no such address here"
        self.loop.call_soon(self.hang_up)  # behind the answer
        return "421 4.7.0 Too many wrong addresses"


def _split(envelope: Envelope) -> list[StoredMessage]:
    """Return a message for each recipient, with what only the envelope says in front of it (RFC 5321 4.4)."""
    sender = "" if envelope.mail_from in {None, "<>"} else envelope.mail_from
    return [
        StoredMessage(
            "-",
            f"Return-Path: <{sender}>\r\nDelivered-To: {address}\r\n".encode("utf-8", "replace")
            + (envelope.original_content or b""),
            address,
        )
        for address in envelope.rcpt_tos
    ]
