"""The relay: how it is reached, encrypted and signed in at. aiosmtplib does this much; ``mail.smtp`` does the rest."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import dataclass
from typing import Literal, cast

import aiosmtplib

from newsletter.domain.reply import Reply
from newsletter.errors import QuotaError, RelayError, TokenError
from newsletter.mail.access_token import TokenSource
from newsletter.mail.smtp import SmtpSession


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """The server that letters are handed to, and how to sign in there."""

    host: str
    port: int
    security: Literal["none", "starttls", "tls"] = "none"
    username: str | None = None
    password: str | None = None
    #: signs in by XOAUTH2, in place of the password
    tokens: TokenSource | None = None
    timeout_seconds: float = 60
    #: for the answer to a letter's final dot; None for as long as for any other
    final_timeout_seconds: float | None = None


async def open_session(relay: Relay) -> SmtpSession:
    """Connect and sign in. Raises RelayError; lasting where the relay refuses our credentials."""
    try:
        client = await _sign_in(relay)
    except TokenError as error:
        raise RelayError(str(error), is_lasting=error.is_lasting) from error
    except aiosmtplib.SMTPAuthenticationError as error:
        refusal = Reply(error.code, error.message)
        shown = "access token" if relay.tokens else "user name or password"
        raise RelayError(f"The relay refused our {shown}: {refusal}", is_lasting=refusal.is_permanent) from error
    except aiosmtplib.SMTPResponseException as error:
        refusal = Reply(error.code, error.message)
        if refusal.is_quota_refusal:
            raise QuotaError(f"The relay takes no more letters for now: {refusal}") from error
        raise RelayError(f"The relay refused the session: {refusal}", is_lasting=refusal.is_permanent) from error
    except (aiosmtplib.SMTPException, OSError) as error:
        cause = error.__cause__ or error  # the library's own text says host and port again
        raise RelayError(f"The relay {relay.host}:{relay.port} cannot be used: {cause}") from error
    return SmtpSession(
        cast("asyncio.Transport", client.transport),
        pipelining=client.supports_extension("pipelining"),
        envelope_ids=client.supports_extension("dsn"),
        timeout_seconds=relay.timeout_seconds,
        final_timeout_seconds=relay.final_timeout_seconds or relay.timeout_seconds,
    )


async def _sign_in(relay: Relay) -> aiosmtplib.SMTP:
    try:
        return await _connect(relay)
    except aiosmtplib.SMTPAuthenticationError:
        if relay.tokens is None:
            raise
        # A token may end before its time: a fresh one decides, over a fresh connection, since relays may end this one.
        return await _connect(relay)


async def _connect(relay: Relay) -> aiosmtplib.SMTP:
    client = aiosmtplib.SMTP(
        hostname=relay.host,
        port=relay.port,
        # Not the fully qualified name: looking that up can take seconds where name service is poor.
        local_hostname=socket.gethostname(),
        username=None if relay.tokens else relay.username,
        password=relay.password,
        timeout=relay.timeout_seconds,
        use_tls=relay.security == "tls",
        start_tls=relay.security == "starttls",
    )
    try:
        await client.connect()
        if client.is_ehlo_or_helo_needed:
            await client.ehlo()
        if relay.tokens is not None:
            await _show_token(client, relay.username or "", relay.tokens)
    except BaseException:
        client.close()
        raise
    return client


async def _show_token(client: aiosmtplib.SMTP, username: str, tokens: TokenSource) -> None:
    if "xoauth2" not in client.server_auth_methods:
        raise RelayError(
            "The relay does not offer XOAUTH2. Look at [smtp] port and security: many relays do so only by TLS.",
            is_lasting=True,
        )
    token = await asyncio.to_thread(tokens.take)
    try:
        await client.auth_xoauth2(username, token)
    except aiosmtplib.SMTPAuthenticationError:
        tokens.discard(token)
        raise
