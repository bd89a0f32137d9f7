"""A mailbox on an IMAP server (RFC 3501): what came is read, filed in another folder once it is stored, and waited for.

Nothing is deleted, and nothing loses or gains the mark of having been read. No number of a message outlives the
connection: whatever lies in the folder is still to be read, so a server that numbers anew (UIDVALIDITY) does no harm,
and what was stored but not filed, because the connection died, is read again and counts once.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from imapclient import IMAPClient
from imapclient.exceptions import IMAPClientError, LoginError

from newsletter.errors import MailboxError
from newsletter.mail.imap_account import ImapAccount
from newsletter.mail.mailbox import Filing, StoredMessage
from newsletter.mail.parts import MOST_BYTES

_READ = MOST_BYTES + 1  # one more than is ever read, so that the reader can tell that there was more
_BODY = f"BODY.PEEK[]<0.{_READ}>"
_BODY_KEY = b"BODY[]<0>"
_MOST_SIZES_AT_ONCE = 500
_MOST_AT_ONCE = 50
_MOST_BYTES_AT_ONCE = 4 << 20
_LOOK_SECONDS = 1.0  # how soon a wait ends that is to end


@contextmanager
def open_mailbox(account: ImapAccount) -> Iterator[ImapMailbox]:
    """Connect, sign in and open the folder. Raises MailboxError."""
    with _translated(account):
        client = _connect(account)
    try:
        with _translated(account):
            _sign_in(client, account)
            selected = client.select_folder(account.folder)
        yield ImapMailbox(client, account, validity=int(selected.get(b"UIDVALIDITY", 0)))
    finally:
        # Not CLOSE, which would expunge what others have marked as deleted.
        with suppress(IMAPClientError, OSError):
            client.logout()
        with suppress(IMAPClientError, OSError):
            client.shutdown()


class ImapMailbox:
    """An open folder. One thread at a time."""

    def __init__(self, client: IMAPClient, account: ImapAccount, *, validity: int) -> None:
        self._client = client
        self._account = account
        self._validity = validity
        self._stored: dict[Filing, list[int]] = {filing: [] for filing in Filing}
        self._folders: dict[Filing, str] = {}

    def read(self) -> Iterator[StoredMessage]:
        """Yield what lies in the folder, the oldest first, never more than the head of a huge one.

        Call ``file`` for each one that has been stored, and ``finish`` at the end.
        """
        with _translated(self._account):
            numbers = sorted(self._client.search("UNDELETED"))
        for group in self._group(numbers):
            with _translated(self._account):
                fetched = self._client.fetch(group, [_BODY])
            for number in group:
                if _BODY_KEY in fetched.get(number, {}):  # else somebody has moved it meanwhile
                    yield StoredMessage(f"{self._validity}/{number}", fetched[number][_BODY_KEY] or b"")
            self.finish()

    def file(self, message: StoredMessage, filing: Filing) -> None:
        """Let the message be moved with the next ones: only after the transaction that stored it."""
        self._stored[filing].append(int(message.name.partition("/")[2]))

    def finish(self) -> None:
        """Move what was filed."""
        with _translated(self._account):
            for filing, numbers in self._stored.items():
                if numbers:
                    self._move(numbers, self._find_folder(filing))
                    numbers.clear()

    def wait(self, seconds: float, *, is_stopping: Callable[[], bool]) -> None:
        """Wait until something has come, where the server tells (IDLE, RFC 2177), and at most so long."""
        with _translated(self._account):
            if self._client.has_capability("IDLE"):
                self._idle(seconds, is_stopping)
            else:
                ends_at = time.monotonic() + seconds
                while not is_stopping() and time.monotonic() < ends_at:
                    time.sleep(min(_LOOK_SECONDS, seconds))
                self._client.noop()

    def _idle(self, seconds: float, is_stopping: Callable[[], bool]) -> None:
        self._client.idle()
        ends_at = time.monotonic() + seconds
        while not is_stopping() and time.monotonic() < ends_at:
            began_at = time.monotonic()
            said = self._client.idle_check(timeout=min(_LOOK_SECONDS, seconds))
            # Silence before its time is the end of the connection: the next command says so.
            if any(b"EXISTS" in line for line in said) or (
                not said and time.monotonic() - began_at < _LOOK_SECONDS / 2
            ):
                break
        self._client.idle_done()

    def _group(self, numbers: list[int]) -> Iterator[list[int]]:
        group: list[int] = []
        size = 0
        for start in range(0, len(numbers), _MOST_SIZES_AT_ONCE):
            some = numbers[start : start + _MOST_SIZES_AT_ONCE]
            with _translated(self._account):
                sizes = self._client.fetch(some, ["RFC822.SIZE"])
            for number in some:
                own = min(sizes.get(number, {}).get(b"RFC822.SIZE", _READ), _READ)
                if group and (len(group) >= _MOST_AT_ONCE or size + own > _MOST_BYTES_AT_ONCE):
                    yield group
                    group, size = [], 0
                group.append(number)
                size += own
        if group:
            yield group

    def _find_folder(self, filing: Filing) -> str:
        """Return the folder's name, which some servers want below INBOX; make it where it is missing."""
        if filing not in self._folders:
            prefix = ""
            if self._client.has_capability("NAMESPACE") and (personal := self._client.namespace().personal):
                prefix = personal[0][0]
            name = f"{prefix}{filing}"
            if not self._client.folder_exists(name):
                self._client.create_folder(name)
                self._client.subscribe_folder(name)
            self._folders[filing] = name
        return self._folders[filing]

    def _move(self, numbers: list[int], folder: str) -> None:
        if self._client.has_capability("MOVE"):
            self._client.move(numbers, folder)
            return
        self._client.copy(numbers, folder)
        self._client.delete_messages(numbers, silent=True)
        # A plain EXPUNGE would take what others have marked. Marked alone, it is hidden and read no more.
        if self._client.has_capability("UIDPLUS"):
            self._client.uid_expunge(numbers)


def _connect(account: ImapAccount) -> IMAPClient:
    secured = account.security == "tls"
    context = ssl.create_default_context()
    client = IMAPClient(
        account.host,
        account.port,
        ssl=secured,
        ssl_context=context if secured else None,
        timeout=account.timeout_seconds,
    )
    if account.security == "starttls":
        client.starttls(context)
    return client


def _sign_in(client: IMAPClient, account: ImapAccount) -> None:
    if account.tokens is None:
        client.login(account.user, account.password)
        return
    token = account.tokens.take()
    try:
        client.oauth2_login(account.user, token)
    except LoginError:
        # It may have been withdrawn before its time; a fresh one is asked for once.
        account.tokens.discard(token)
        client.oauth2_login(account.user, account.tokens.take())


@contextmanager
def _translated(account: ImapAccount) -> Iterator[None]:
    try:
        yield
    except LoginError as error:
        raise MailboxError(f"{account.host} refuses to let us read the mailbox: {_quote(error)}") from error
    except (IMAPClientError, OSError, UnicodeError) as error:
        raise MailboxError(f"The mailbox at {account.host} cannot be read: {_quote(error)}") from error


def _quote(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
