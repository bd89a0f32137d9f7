"""Where a mailbox on an IMAP server is, and how to sign in there."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from newsletter.domain.host import is_loopback
from newsletter.errors import ConfigurationError
from newsletter.mail.access_token import TokenSource

_PORTS = {"imaps": 993, "imap": 143}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapAccount:
    host: str
    port: int
    #: "tls" from the first byte, "starttls", or "none", which is for loopback alone
    security: str
    user: str
    #: the folder that reports are delivered to
    folder: str
    password: str = field(default="", repr=False)
    #: for XOAUTH2, in place of the password
    tokens: TokenSource | None = None
    timeout_seconds: float = 60


def read_imap_url(url: str, *, password: str, tokens: TokenSource | None) -> ImapAccount:
    """Read ``imaps://user@host:port/FOLDER``; without a folder it is INBOX. Raises ConfigurationError."""
    parts = urlsplit(url)
    try:
        port = parts.port or _PORTS[parts.scheme]
    except (KeyError, ValueError) as error:
        raise ConfigurationError("[bounces] imap_url is written as imaps://user@host/INBOX.") from error
    if not parts.hostname or not parts.username:
        raise ConfigurationError("[bounces] imap_url needs user and host: imaps://user%40example.org@host/INBOX.")
    if parts.password:
        raise ConfigurationError("[bounces] imap_url holds a password: write it into imap_password_file.")
    if not password and tokens is None:
        raise ConfigurationError('[bounces] imap_password_file is not set; or sign in with imap_auth = "xoauth2".')
    plain = "none" if is_loopback(parts.hostname) else "starttls"
    return ImapAccount(
        host=parts.hostname,
        port=port,
        security="tls" if parts.scheme == "imaps" else plain,
        user=unquote(parts.username),
        folder=unquote(parts.path.strip("/")) or "INBOX",
        password=password,
        tokens=tokens,
    )
