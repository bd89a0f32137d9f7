"""Access tokens for signing in at a mail server (XOAUTH2): from a command, or from a token endpoint (RFC 6749).

A token lives for about an hour. ``TokenSource`` keeps it until then, and fetches another when it ends or is refused.
"""

from __future__ import annotations

import shlex
import subprocess
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from tempfile import NamedTemporaryFile

import httpx
import msgspec

from newsletter.errors import TokenError

#: A token that ends within this time is not used any more: signing in takes a moment, and clocks differ.
_MARGIN = timedelta(minutes=1)
#: Where nobody says how long a token lives (RFC 6749 5.1 only recommends it).
_UNSTATED_LIFE = timedelta(minutes=5)
_SECONDS = 30
_SERVER_FAULT = 500
_TOO_MANY_REQUESTS = 429
_LONGEST_QUOTE = 200


@dataclass(frozen=True, slots=True)
class AccessToken:
    text: str
    #: None where its source does not say
    life: timedelta | None = None


#: Fetches a fresh token, or raises TokenError.
FetchToken = Callable[[], AccessToken]


class TokenSource:
    """Holds the access token of one account. Threads and connections share it; one of them fetches for all."""

    def __init__(self, fetch: FetchToken, *, clock: Callable[[], datetime]) -> None:
        self._fetch = fetch
        self._clock = clock
        self._lock = threading.Lock()
        self._token: str | None = None
        self._until: datetime | None = None

    def take(self) -> str:
        """Return a token that is good for the moment; may wait for a server or a command. Raises TokenError."""
        with self._lock:
            now = self._clock()
            if self._token is None or self._until is None or now >= self._until:
                fresh = self._fetch()
                self._token = fresh.text
                self._until = now + (_UNSTATED_LIFE if fresh.life is None else fresh.life - _MARGIN)
            return self._token

    def discard(self, refused: str) -> None:
        """Forget a token that the server refused; one that was fetched since stays."""
        with self._lock:
            if self._token == refused:
                self._token = None


@dataclass(frozen=True, slots=True)
class TokenCommand:
    """A program that prints an access token, such as those that mail readers use."""

    command: str

    def __call__(self) -> AccessToken:
        try:
            words = shlex.split(self.command)
            done = subprocess.run(words, capture_output=True, text=True, timeout=_SECONDS, check=True)  # noqa: S603 - the operator's own command
        except subprocess.CalledProcessError as error:
            words_of_failure = _quote(error.stderr) or f"exit status {error.returncode}"
            raise TokenError(f"The token command failed: {words_of_failure}") from error
        except subprocess.TimeoutExpired as error:
            raise TokenError(f"The token command did not end within {_SECONDS} seconds.") from error
        except (OSError, ValueError, IndexError) as error:
            raise TokenError(f"The token command cannot be run: {error}", is_lasting=True) from error
        token = done.stdout.strip()
        if not token or not token.isascii() or len(token.split()) > 1:
            raise TokenError("The token command must print the access token and nothing else.", is_lasting=True)
        return AccessToken(token)


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenEndpoint:
    """An authorization server that gives access tokens: for a refresh token, or else for the client's own secret."""

    url: str
    client_id: str
    client_secret: str = ""
    scope: str = ""
    #: RFC 6749 6; without it the client asks for itself (4.4). A server that rotates the token has it rewritten.
    refresh_token_file: Path | None = None

    def __call__(self) -> AccessToken:
        grant = self._load_grant()
        form = {"client_id": self.client_id, "client_secret": self.client_secret, "scope": self.scope, **grant}
        try:
            with httpx.Client(timeout=_SECONDS) as client:
                answer = client.post(self.url, data={key: value for key, value in form.items() if value})
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise TokenError(f"The token endpoint {self.url} cannot be used: {error}") from error
        if not answer.is_success:
            raise _describe_refusal(answer)
        try:
            granted = msgspec.json.decode(answer.content, type=_Granted, strict=False)
        except msgspec.DecodeError as error:
            raise TokenError(f"The token endpoint {self.url} answered without an access token.") from error
        if granted.refresh_token and self.refresh_token_file and granted.refresh_token != grant.get("refresh_token"):
            _rewrite(self.refresh_token_file, granted.refresh_token)
        life = None if granted.expires_in is None else timedelta(seconds=granted.expires_in)
        return AccessToken(granted.access_token, life)

    def _load_grant(self) -> dict[str, str]:
        if self.refresh_token_file is None:
            return {"grant_type": "client_credentials"}
        try:
            # Read each time: another process may have had it rotated.
            token = self.refresh_token_file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise TokenError(
                f"The refresh token in {self.refresh_token_file} cannot be read: {error}", is_lasting=True
            ) from error
        return {"grant_type": "refresh_token", "refresh_token": token}


class _Granted(msgspec.Struct, frozen=True):
    """RFC 6749 5.1."""

    access_token: str
    expires_in: float | None = None
    refresh_token: str | None = None


class _Refused(msgspec.Struct, frozen=True):
    """RFC 6749 5.2."""

    error: str
    error_description: str = ""


def _describe_refusal(answer: httpx.Response) -> TokenError:
    try:
        refused = msgspec.json.decode(answer.content, type=_Refused)
        words = f"{refused.error}: {refused.error_description}" if refused.error_description else refused.error
    except msgspec.DecodeError:
        words = answer.reason_phrase
    passes = answer.status_code >= _SERVER_FAULT or answer.status_code == _TOO_MANY_REQUESTS
    mend = (
        "" if passes else " Look at the client's id and secret, and whether the refresh token was revoked or ran out."
    )
    return TokenError(
        f"The token endpoint refused us with {answer.status_code} {_quote(words)}.{mend}", is_lasting=not passes
    )


def _rewrite(file: Path, text: str) -> None:
    """Replace a file in one step, readable for its owner alone."""
    try:
        with NamedTemporaryFile("w", encoding="utf-8", dir=file.parent, delete=False) as fresh:  # made with mode 0600
            fresh.write(f"{text}\n")
        Path(fresh.name).replace(file)
    except OSError as error:
        raise TokenError(f"The new refresh token cannot be written to {file}: {error}", is_lasting=True) from error


def _quote(words: str) -> str:
    """Return a stranger's words on one line of bearable length."""
    return " ".join(words.split())[:_LONGEST_QUOTE].rstrip(".")
