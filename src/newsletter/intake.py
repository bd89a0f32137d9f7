"""The ways in: from where messages to the bounce address reach the service that reads them.

Each way yields messages and lets go of one only after the transaction that stored it.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from itertools import takewhile
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.app import App
from newsletter.domain.token import verify_delivery
from newsletter.errors import ConfigurationError, NewsletterError
from newsletter.gatherer import Gatherer
from newsletter.log import log
from newsletter.mail.attribution import find_tokens_in
from newsletter.mail.imap import ImapMailbox, open_mailbox
from newsletter.mail.listener import Door, listen
from newsletter.mail.mailbox import Filing, StoredMessage, keep, read_maildir
from newsletter.service.diagnosis import Diagnosis, Level
from newsletter.service.read_bounces import ReadReport, read_bounces
from newsletter.store.leases import hold_lease

_LONGEST_WAIT_SECONDS = 60.0  # also where the server would tell: connections die without a word
_LOOK_SECONDS = 0.2  # how soon the listener ends when it is to end


def take_in(
    messages: Iterable[StoredMessage],
    *,
    app: App,
    on_stored: Callable[[StoredMessage, Filing], None] = lambda _message, _filing: None,
) -> ReadReport:
    """Store messages and do what follows from them, by the rules of the settings."""
    return read_bounces(
        messages,
        database=app.database,
        keys=app.keys,
        policy=app.bounce_policy,
        token_age=timedelta(days=app.settings.bounces.token_days),
        now=app.now(),
        on_stored=on_stored,
    )


def read_mailboxes(app: App) -> ReadReport:
    """Read the Maildir and the IMAP folder of the settings once."""
    done = ReadReport()
    if app.settings.bounces.maildir:
        done.add(_read_maildir(app))
    if app.imap_account:
        with open_mailbox(app.imap_account) as mailbox:
            done.add(_read_imap(mailbox, app, lambda: False))
    return done


def look_into_maildir(app: App) -> None:
    """Read the Maildir of the settings, if there is one and no other process reads it now."""
    if app.settings.bounces.maildir:
        with hold_lease(app.database, "mailbox", now=app.now()) as is_ours:
            if is_ours:
                _tell(_read_maildir(app))


def watch_imap(app: App, is_stopping: Callable[[], bool]) -> None:
    """Read what comes into the IMAP folder until it is time to stop. Raises MailboxError."""
    account = app.imap_account
    if account is None:
        return
    with open_mailbox(account) as mailbox:
        while not is_stopping():
            done = ReadReport()
            with hold_lease(app.database, "imap", now=app.now()) as is_ours:
                if is_ours:
                    done = _read_imap(mailbox, app, is_stopping)
                    _tell(done)
            # Where something was, something may have come meanwhile, which the server does not tell twice.
            if not done.messages:
                mailbox.wait(_LONGEST_WAIT_SECONDS, is_stopping=is_stopping)


def _read_maildir(app: App) -> ReadReport:
    folder = Path(app.settings.bounces.maildir)
    return take_in(read_maildir(folder), app=app, on_stored=lambda message, _filing: keep(folder, message.name))


def _read_imap(mailbox: ImapMailbox, app: App, is_stopping: Callable[[], bool]) -> ReadReport:
    messages = takewhile(lambda _message: not is_stopping(), mailbox.read())
    done = take_in(messages, app=app, on_stored=mailbox.file)
    mailbox.finish()
    return done


def _tell(done: ReadReport) -> None:
    if done.kinds:
        log.info("mailbox read", **{str(kind): count for kind, count in done.kinds.items()})


async def listen_for_bounces(app: App, is_stopping: Callable[[], bool]) -> None:
    """Take mail for the bounce domain by SMTP until it is time to stop. Raises ConfigurationError."""
    host, port = _read_place(app.settings.bounces.listen)
    async with listen(host, port, door=make_door(app)) as own_port:
        log.info("listening for bounces", port=own_port)
        while not is_stopping():  # noqa: ASYNC110 - a question, because threads ask it too
            await asyncio.sleep(_LOOK_SECONDS)


def make_door(app: App) -> Door:
    """Return whom the listener takes mail for, and where that goes.

    A valid token is enough, however old: unsubscribing never expires. Without one it takes mail for the postmaster
    (RFC 5321 4.5.1), for a bounce address that is one for all letters, and for those of the settings.
    """
    bounce_address = app.sender.bounce_address
    domain = bounce_address.rpartition("@")[2]
    named = {address.lower() for address in (f"postmaster@{domain}", bounce_address, *app.settings.bounces.listen_also)}

    def is_ours(address: str) -> bool:
        if address.lower() in named or address.lower() == "postmaster":
            return True
        return any(verify_delivery(token, app.keys) for token in find_tokens_in([address]))

    def store_all(messages: Sequence[StoredMessage]) -> list[None]:
        take_in(messages, app=app)
        return [None] * len(messages)

    return Door(
        hostname=domain,
        is_ours=is_ours,
        storekeeper=Gatherer(store_all),
        tls=_open_certificate(app.settings.bounces.listen_certificate, app.settings.bounces.listen_key),
    )


def examine_ways_in(app: App) -> Iterator[Diagnosis]:
    """Look at each way in of the settings, for the doctor; say so if there is none."""
    section = app.settings.bounces
    ways: list[tuple[str, Callable[[], str]]] = []
    if section.maildir:
        ways.append(("Maildir", lambda: _examine_maildir(Path(section.maildir))))
    if section.imap_url:
        ways.append(("IMAP", lambda: _examine_imap(app)))
    if section.listen:
        ways.append(("listener", lambda: _examine_listener(app)))
    for name, look in ways:
        try:
            yield Diagnosis(check=name, level=Level.OK, sentence=look())
        except NewsletterError as error:
            yield Diagnosis(check=name, level=Level.ERROR, sentence=str(error))
    if not ways:
        what = (
            "No mailbox of the settings brings reports back: set [bounces] maildir, imap_url or listen, unless your "
            "mail server pipes them into 'newsletter bounces read -' or a provider posts them."
        )
        yield Diagnosis(check="bounces", level=Level.WARNING, sentence=what)


def _examine_maildir(folder: Path) -> str:
    next(iter(read_maildir(folder)), None)
    if not os.access(folder / "new", os.W_OK) or not os.access(folder, os.W_OK):
        raise ConfigurationError(f"[bounces] maildir: {folder} cannot be written to, so nothing can move to its cur.")
    return f"Reports are read from {folder}."


def _examine_imap(app: App) -> str:
    account = app.imap_account
    if account is None:
        return ""
    with open_mailbox(account):
        return f"The folder {account.folder} at {account.host} opens."


def _examine_listener(app: App) -> str:
    host, port = _read_place(app.settings.bounces.listen)
    door = make_door(app)
    return f"'run' and 'work' listen on {host}:{port} for {door.hostname}; its MX record has to lead there."


def _read_place(text: str) -> tuple[str, int]:
    try:
        place = urlsplit(f"//{text}")
        host, port = place.hostname, place.port
    except ValueError:
        host, port = None, None
    if not host or port is None:
        raise ConfigurationError(f"[bounces] listen: {text!r} is no address with a port; write it as 127.0.0.1:2526.")
    return host, port


def _open_certificate(file: str, key_file: str) -> ssl.SSLContext | None:
    if not file:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:
        context.load_cert_chain(file, key_file or None)
    except OSError as error:
        raise ConfigurationError(f"[bounces] listen_certificate: {file} cannot be used: {error.strerror}.") from error
    return context
