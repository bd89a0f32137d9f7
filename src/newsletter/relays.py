"""The relays of the settings: how a session with one is opened, and where access tokens come from."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.domain.host import is_loopback
from newsletter.errors import ConfigurationError
from newsletter.mail.access_token import TokenCommand, TokenEndpoint, TokenSource
from newsletter.mail.outbox import open_outbox
from newsletter.mail.relay import Relay, open_session
from newsletter.service.ports import Connect, Session
from newsletter.settings import Smtp


class Relays:
    """Opens sessions with the relay under [smtp], and with those beside it."""

    def __init__(self, smtp: Smtp, *, clock: Callable[[], datetime]) -> None:
        self._smtp = smtp
        self._clock = clock

    async def connect(self) -> Session:
        """Open a session with the relay under [smtp], or with the outbox folder. Raises RelayError."""
        return await _open(self._smtp, self.tokens if self._smtp.auth == "xoauth2" else None)

    def connector(self, smtp: Smtp) -> Connect:
        """Return what opens sessions with a relay beside that one."""
        tokens = self._find_tokens(smtp) if smtp.auth == "xoauth2" else None
        return lambda: _open(smtp, tokens)

    @cached_property
    def tokens(self) -> TokenSource:
        """Where access tokens come from, for the relay and for the mailbox: they are of one account."""
        return self._find_tokens(self._smtp)

    def _find_tokens(self, smtp: Smtp) -> TokenSource:
        if smtp.oauth_token_command:
            return TokenSource(TokenCommand(smtp.oauth_token_command), clock=self._clock)
        url = urlsplit(smtp.oauth_token_url)
        if url.scheme != "https" and not is_loopback(url.hostname or ""):
            raise ConfigurationError(
                'auth is "xoauth2": set oauth_token_command under [smtp], or oauth_token_url to an address with https.'
            )
        refresh = smtp.oauth_refresh_token_file
        endpoint = TokenEndpoint(
            url=smtp.oauth_token_url,
            client_id=smtp.oauth_client_id,
            client_secret=smtp.oauth_client_secret,
            scope=smtp.oauth_scope,
            refresh_token_file=Path(refresh) if refresh else None,
        )
        return TokenSource(endpoint, clock=self._clock)


async def _open(smtp: Smtp, tokens: TokenSource | None) -> Session:
    if smtp.outbox:
        return await open_outbox(Path(smtp.outbox))
    return await open_session(
        Relay(
            host=smtp.host,
            port=smtp.port,
            security=smtp.security,
            username=None if smtp.auth == "none" else smtp.username,
            password=smtp.password if smtp.auth == "password" else None,
            tokens=tokens,
            timeout_seconds=smtp.timeout_seconds,
            final_timeout_seconds=max(smtp.final_timeout_seconds, smtp.timeout_seconds),
        )
    )
