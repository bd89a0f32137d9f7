"""A real SMTP server for the tests: takes letters, keeps them, and refuses what a test tells it to refuse."""

from __future__ import annotations

import asyncio
import threading
from base64 import b64decode
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedLetter:
    """One letter as it came over the wire, dot-stuffing undone."""

    mail_from: str
    rcpt_to: tuple[str, ...]
    data: bytes


class SmtpServer:
    """Listens on a free port of loopback, in a thread of its own; a context manager.

    The attributes may be changed at any time, also while mail is coming in. A reply is a full line such as
    ``550 5.1.1 no such user``.
    """

    host = "127.0.0.1"

    def __init__(self) -> None:
        self.port = 0
        #: What was accepted, in the order of acceptance.
        self.letters: list[ReceivedLetter] = []
        #: The reply to every MAIL FROM, in place of a welcome.
        self.refuse_senders: str | None = None
        #: Replies to RCPT TO, by address.
        self.refuse_recipients: dict[str, str] = {}
        #: Replies after the final dot, by the address of a recipient.
        self.refuse_letters: dict[str, str] = {}
        #: Recipients whose letter is kept, but whose connection breaks before the reply; each only once.
        self.hang_up_behind_dot: set[str] = set()
        #: How long the server thinks after each final dot.
        self.seconds_per_letter = 0.0
        #: Whether EHLO offers PIPELINING.
        self.offers_pipelining = True
        #: Access tokens that AUTH XOAUTH2 takes; None offers no AUTH. Set it before the first connection.
        self.access_tokens: set[str] | None = None
        #: Whether a refused AUTH ends the connection.
        self.hangs_up_on_refused_tokens = False
        #: Every user and token that was shown, in order.
        self.sign_ins: list[tuple[str, str]] = []
        #: Called in the server's thread with each letter that it has kept, before its reply.
        self.on_letter: Callable[[ReceivedLetter], None] | None = None
        #: How many connections were opened.
        self.connections_opened = 0

        self._connections: list[SMTP] = []
        self._is_listening = threading.Event()
        self._stop: Callable[[], object] = lambda: None
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), name="smtp-server", daemon=True)

    @property
    def recipients(self) -> list[str]:
        """Every accepted recipient, once per accepted letter."""
        return [address for letter in list(self.letters) for address in letter.rcpt_to]

    def letter_to(self, address: str) -> ReceivedLetter:
        """Return the only letter to ``address``; LookupError if there is none, or more than one."""
        found = [letter for letter in list(self.letters) if address in letter.rcpt_to]
        if len(found) != 1:
            message = f"{address} got {len(found)} letters"
            raise LookupError(message)
        return found[0]

    def __enter__(self) -> Self:
        self._thread.start()
        if not self._is_listening.wait(timeout=10):
            message = "the SMTP server of the tests did not start within 10 seconds"
            raise TimeoutError(message)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        self._thread.join(timeout=10)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        stopped = asyncio.Event()
        self._stop = lambda: loop.call_soon_threadsafe(stopped.set)
        listener = await loop.create_server(self._accept, self.host, 0)
        self.port = listener.sockets[0].getsockname()[1]
        self._is_listening.set()
        await stopped.wait()
        listener.close()
        for connection in self._connections:
            if connection.transport is not None:
                connection.transport.close()
        await asyncio.sleep(0)

    def _accept(self) -> SMTP:
        self.connections_opened += 1
        connection = SMTP(
            self,
            hostname="relay.example.org",
            enable_SMTPUTF8=True,
            auth_require_tls=self.access_tokens is None,
            auth_exclude_mechanism=["LOGIN", "PLAIN"],
        )
        self._connections.append(connection)
        return connection

    # aiosmtpd finds these by their names.

    async def handle_EHLO(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, _envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        if self.offers_pipelining:
            responses.insert(1, "250-PIPELINING")
        return responses

    async def auth_XOAUTH2(self, server: SMTP, arguments: list[str]) -> AuthResult:  # noqa: N802 - aiosmtpd's name
        """Take ``user=U^Aauth=Bearer T^A^A``; a refusal comes in two steps, the first one a challenge in JSON."""
        user, bearer, *_ = b64decode(arguments[1]).decode().split("\1")
        token = bearer.removeprefix("auth=Bearer ")
        self.sign_ins.append((user.removeprefix("user="), token))
        if token in (self.access_tokens or ()):
            return AuthResult(success=True)
        await server.challenge_auth('{"status":"400","schemes":"Bearer","scope":"https://mail.example.org/"}')
        if self.hangs_up_on_refused_tokens and server.transport is not None:
            await server.push("535 5.7.8 Username and Password not accepted")
            server.transport.close()
            return AuthResult(success=False, handled=True)
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.refuse_senders is not None:
            return self.refuse_senders
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        refusal = self.refuse_recipients.get(address)
        if refusal is not None:
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        await asyncio.sleep(self.seconds_per_letter)
        for address in envelope.rcpt_tos:
            if address in self.refuse_letters:
                return self.refuse_letters[address]
        letter = ReceivedLetter(
            mail_from=envelope.mail_from or "",
            rcpt_to=tuple(envelope.rcpt_tos),
            data=envelope.original_content or b"",
        )
        self.letters.append(letter)
        if self.on_letter is not None:
            self.on_letter(letter)
        hung_up_on = self.hang_up_behind_dot.intersection(letter.rcpt_to)
        if hung_up_on and server.transport is not None:
            self.hang_up_behind_dot -= hung_up_on
            server.transport.close()
        return f"250 2.0.0 OK queued as {len(self.letters):06X}"
