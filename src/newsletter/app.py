"""One newsletter, opened: its settings turned into the values that services take.

Every command opens one and needs little of it. So what delivers, renders, signs and fetches is imported where it is
made, and a command loads what its own work takes.
"""

from __future__ import annotations

import hashlib
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.budget import RELAY, Limits, WarmUp
from newsletter.domain.cadence import Cadence
from newsletter.domain.host import is_loopback
from newsletter.domain.issue import Issue, Masthead, RenderedIssue
from newsletter.domain.letter import Sender
from newsletter.domain.mailing import Launch
from newsletter.domain.sender_health import PauseThresholds
from newsletter.domain.sign_up import SignUpLimits
from newsletter.domain.token import KeyRing
from newsletter.errors import ConfigurationError
from newsletter.log import log
from newsletter.resources import folder
from newsletter.settings import (
    SettingLine,
    Settings,
    Smtp,
    find_sources,
    list_settings,
    load_settings,
    read_secret,
)
from newsletter.store import pictures, texts
from newsletter.store.clock import DatabaseClock
from newsletter.store.database import Database
from newsletter.store.fingerprints import check_fingerprint, record_fingerprint

if TYPE_CHECKING:
    from newsletter.engine.engine import Engine
    from newsletter.engine.plant import Plant
    from newsletter.engine.shares import Shares
    from newsletter.mail.access_token import TokenSource
    from newsletter.mail.dkim import DkimKey, DkimSigner
    from newsletter.mail.imap_account import ImapAccount
    from newsletter.mail.message import Splicer
    from newsletter.relays import Relays
    from newsletter.render.memory import RenderMemory
    from newsletter.render.theme import Theme
    from newsletter.service.follow_mailing import MailingFollower
    from newsletter.service.ports import Connect, Session
    from newsletter.service.take_webhook import Webhooks

_DEFAULT_FILE = "newsletter.toml"


@dataclass(frozen=True)
class App:
    """What a command, a page or the scheduler works with."""

    settings: Settings
    database: Database
    clock: Callable[[], datetime]
    #: where the keys come from that are set, by section and key
    sources: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def now(self) -> datetime:
        return self.clock()

    def set_clock(self) -> None:
        """Compare this machine's clock with the database's, which counts. Raises StoreError."""
        if isinstance(self.clock, DatabaseClock):
            self.clock.compare()

    def list_settings(self) -> list[SettingLine]:
        """Return the configuration as it holds, without its secrets."""
        return list(list_settings(self.settings, self.sources))

    @cached_property
    def keys(self) -> KeyRing:
        """The keys of links and envelope senders, and of what is stored encrypted."""
        security = self.settings.security
        return KeyRing(
            read_secret(security.secret_key), tuple(read_secret(key) for key in security.previous_secret_keys)
        )

    @cached_property
    def address_key(self) -> bytes:
        """The key that addresses are hashed under: its own, or one that follows from the oldest secret key."""
        security = self.settings.security
        if security.address_key:
            return read_secret(security.address_key)
        oldest = read_secret((security.secret_key, *security.previous_secret_keys)[-1])
        return hashlib.sha256(b"newsletter address key\0" + oldest).digest()

    @cached_property
    def cadence(self) -> Cadence:
        section = self.settings.cadence
        return Cadence(first=section.first, weeks=section.weeks, at=section.at_time, timezone=section.timezone)

    @cached_property
    def sender(self) -> Sender:
        """Who letters are from; what is not configured follows from mail.from and base_url."""
        mail, site = self.settings.mail, self.settings.site
        if not mail.from_:
            raise ConfigurationError("[mail] from is not set: write the address that the newsletter is sent from.")
        address = EmailAddress.parse(mail.from_)
        host = urlsplit(site.base_url).hostname or address.domain
        slug = re.sub(r"[^a-z0-9]+", "-", site.name.lower()).strip("-") or "newsletter"
        return Sender(
            name=site.name,
            address=address,
            reply_to=EmailAddress.parse(mail.reply_to or mail.from_),
            bounce_address=mail.bounce_address or f"b+{{token}}@{mail.bounce_domain or address.domain}",
            list_id=mail.list_id or f"{slug}.{host if '.' in host else address.domain}",
            feedback_id=mail.feedback_id or (slug.replace("-", "") + "letter")[:15],
            base_url=site.base_url.rstrip("/"),
        )

    @cached_property
    def dkim_key(self) -> DkimKey | None:
        """The key that letters are signed with here; None where that is left to the relay."""
        from newsletter.mail.dkim import read_key

        dkim = self.settings.dkim
        if not dkim.key:
            if dkim.selector or dkim.domain:
                raise ConfigurationError("[dkim] has no key: set key_file, or take the section out.")
            return None
        return read_key(dkim.key, domain=dkim.domain or self.sender.address.domain, selector=dkim.selector)

    @property
    def signer(self) -> DkimSigner | None:
        """What signs letters here."""
        from newsletter.mail.dkim import DkimSigner

        return DkimSigner(self.dkim_key, clock=self.clock) if self.dkim_key else None

    @property
    def known_sender(self) -> Sender | None:
        """The sender; None while no address to send from is configured."""
        return self.sender if self.settings.mail.from_ else None

    @property
    def editors_address(self) -> EmailAddress:
        """Where readers' replies go."""
        address = self.settings.site.editors_address
        return EmailAddress.parse(address) if address else self.sender.reply_to

    @property
    def sign_up_limits(self) -> SignUpLimits:
        """How many sign-ups the site lets in."""
        site = self.settings.site
        return SignUpLimits(per_network=site.sign_ups_per_network_per_hour, in_all=site.sign_ups_per_hour)

    @property
    def bounce_policy(self) -> BouncePolicy:
        """When bounces suppress an address."""
        section = self.settings.bounces
        return BouncePolicy(
            ambiguous_days=section.ambiguous_bounces,
            ambiguous_span=timedelta(days=section.ambiguous_days),
            full_count=section.full_bounces,
            full_span=timedelta(days=section.full_days),
            pause=self.pause_thresholds,
        )

    def webhooks(self) -> Webhooks:
        """Return what the site takes webhooks with. Raises ConfigurationError for a key that can be none."""
        from newsletter.ingest.fetch import fetch_source
        from newsletter.mail.webhook import open_webhooks
        from newsletter.service.take_webhook import Webhooks

        return Webhooks(
            providers=open_webhooks(self.settings.hooks, fetch=fetch_source),
            policy=self.bounce_policy,
            token_age=timedelta(days=self.settings.bounces.token_days),
        )

    @property
    def pause_thresholds(self) -> PauseThresholds:
        """When a mailing pauses itself for what is refused and what comes back."""
        sending = self.settings.sending
        return PauseThresholds(
            percent=sending.pause_rejected_percent,
            outcomes=sending.pause_rejected_outcomes,
            rejections=sending.pause_rejected_minimum,
            complaint_percent=sending.pause_complaints_percent,
            complaints=sending.pause_complaints_minimum,
        )

    @property
    def keeps_letters(self) -> timedelta | None:
        """How long it is known who got a letter: at least as long as reports about it count; None for ever."""
        days = self.settings.privacy.letters_days
        return timedelta(days=max(days, self.settings.bounces.token_days)) if days else None

    @property
    def relay_host(self) -> str | None:
        """The relay's host; None where letters go to an outbox folder."""
        return None if self.settings.smtp.outbox else self.settings.smtp.host

    async def connect(self) -> Session:
        """Open a session with the relay, or with the outbox folder. Raises RelayError."""
        return await self._relays.connect()

    @property
    def relay_tokens(self) -> TokenSource | None:
        """Where access tokens for the relay come from; None where it is not signed in at by XOAUTH2."""
        return self._relays.tokens if self.settings.smtp.auth == "xoauth2" else None

    @property
    def imap_account(self) -> ImapAccount | None:
        """The mailbox on an IMAP server that reports come to; None without one. Raises ConfigurationError."""
        from newsletter.mail.imap_account import read_imap_url

        section = self.settings.bounces
        if not section.imap_url:
            return None
        tokens = self._relays.tokens if section.imap_auth == "xoauth2" else None
        return read_imap_url(section.imap_url, password=section.imap_password, tokens=tokens)

    @cached_property
    def _relays(self) -> Relays:
        from newsletter.relays import Relays

        return Relays(self.settings.smtp, clock=self.clock)

    @property
    def theme_folder(self) -> Path | None:
        """The folder whose files replace single parts of the templates."""
        theme = self.settings.render.theme
        return Path(theme) if theme else None

    @cached_property
    def theme(self) -> Theme:
        """The colours, fonts and words of the site's language, as they are now."""
        from newsletter.render.language import Language
        from newsletter.render.theme import read_theme

        own = [self.theme_folder] if self.theme_folder else []
        folders = [*own, folder("templates") / "issue", folder("templates")]
        return read_theme(folders, Language(self.settings.site.language))

    def render(self, issue: Issue) -> RenderedIssue:
        """Render an issue as the settings want it. Raises RenderError, or ConfigurationError without a compiler."""
        from newsletter.render.issue import render_issue
        from newsletter.render.mjml import choose_compiler

        return render_issue(issue, compiler=choose_compiler(self.settings.render.compiler), templates=self.theme_folder)

    @cached_property
    def previews(self) -> RenderMemory:
        """What renders an issue that is looked at again and again, once for each state that it is in."""
        from newsletter.render.memory import RenderMemory

        return RenderMemory(self.render, theme=self.theme_folder)

    def splicer(self, mailing_id: int) -> Splicer:
        """Return what makes the letters of a mailing: its approved bytes, compiled."""
        from newsletter.store import approvals, mailings

        with self.database.snapshot() as snapshot:
            rendered = approvals.load_rendered(snapshot, mailings.find_mailing(snapshot, mailing_id).approval_id)
        return self.make_splicer(rendered)

    def make_splicer(self, rendered: RenderedIssue) -> Splicer:
        """Return what makes the letters of a rendered issue. Raises RefusedError where a header would not be safe."""
        from newsletter.mail.message import Splicer, compile_letters

        forms = compile_letters(rendered, sender=self.sender)
        return Splicer(forms, sender=self.sender, keys=self.keys, clock=self.clock, signer=self.signer)

    @property
    def limits(self) -> Limits:
        """What the relay allows."""
        return _read_limits(self.settings.smtp)

    @cached_property
    def follower(self) -> MailingFollower:
        """What follows mailings while they go out."""
        from newsletter.service.follow_mailing import MailingFollower

        return MailingFollower(self.database, self.limits)

    def plan_launch(
        self, now: datetime, *, not_before: datetime | None = None, first_share: float | None = None
    ) -> Launch:
        """Return how a mailing that is opened now begins, after the recall window."""
        sending = self.settings.sending
        return Launch(
            not_before=max(now + timedelta(minutes=sending.recall_minutes), not_before or now),
            first_share=sending.staged_share if first_share is None else first_share,
            hold=timedelta(minutes=sending.staged_minutes),
        )

    def plant(self) -> Plant:
        """Return what a worker delivers with, over each relay."""
        from newsletter.engine.shares import Shares

        smtp, relays = self.settings.smtp, self.settings.relays
        if not relays:
            return self._plant(smtp, self.connect)
        weights = {RELAY: smtp.weight} | {relay.name: relay.weight for relay in relays}
        shares = Shares(weights, clock=self.clock)
        beside = tuple(
            self._plant(relay, self._relays.connector(relay), name=relay.name, shares=shares) for relay in relays
        )
        return replace(self._plant(smtp, self.connect, shares=shares), beside=beside)

    def _plant(self, smtp: Smtp, connect: Connect, *, name: str = RELAY, shares: Shares | None = None) -> Plant:
        from newsletter.engine.plant import Plant

        sending = self.settings.sending
        return Plant(
            database=self.database,
            clock=self.clock,
            connect=connect,
            splicer=self.splicer,
            connections=smtp.connections,
            limits=_read_limits(smtp, name),
            shares=shares,
            staged_percent=sending.staged_rejected_percent,
            doubtful=sending.doubtful,
            thresholds=self.pause_thresholds,
        )

    def recover_letters(self, now: datetime) -> None:
        """See to what dead workers left in flight of mailings that are paused or cancelled."""
        from newsletter.service.recover_letters import recover_letters

        recover_letters(database=self.database, doubtful=self.settings.sending.doubtful, now=now)

    @property
    def engine(self) -> Engine:
        """What hands batches out to this newsletter's workers."""
        if self.settings.engine.kind == "procrastinate":
            from newsletter.engine.job_engine import JobEngine

            percent = self.settings.sending.staged_rejected_percent
            return JobEngine(self.database, staged_percent=percent, clock=self.clock)
        from newsletter.engine.embedded import EmbeddedEngine

        return EmbeddedEngine()

    def masthead(self) -> Masthead:
        """Return the site's identity; the blurb of an imported page stands in for a missing one."""
        site, logo = self.settings.site, self._find_logo()
        with self.database.snapshot() as snapshot:
            blurb = site.blurb or texts.find_text(snapshot, texts.BLURB)
            named = [publisher.logo for publisher in site.publishers if publisher.logo]
            logos = pictures.find_pictures(snapshot, [*named, logo])
        return Masthead(
            name=site.name,
            base_url=site.base_url.rstrip("/"),
            postal_address=site.postal_address,
            language=site.language,
            publishers=site.publishers,
            blurb=blurb,
            logo=logo,
            logos=logos,
        )

    def _find_logo(self) -> str:
        """Return the file of the journal's logo, or "" where the theme names none."""
        if self.theme_folder is None:
            return ""
        file = self.theme.logo.file
        return str(self.theme_folder / file) if file else ""

    def fetch(self, url: str) -> bytes:
        """Fetch a source or a picture; a newsletter on trial on this machine may ask this machine."""
        from newsletter.ingest.fetch import fetch_source

        host = urlsplit(self.settings.site.base_url).hostname or ""
        return fetch_source(url, allow_private=is_loopback(host))


@contextmanager
def open_app(
    file: Path | None = None,
    *,
    log_level: int = logging.WARNING,
) -> Iterator[App]:
    """Open the newsletter of ``file``, of NEWSLETTER_CONFIG, or of this folder, and close it at the end.

    Its clock is the database's. Commands speak for themselves, so only warnings are logged; the long-running processes
    log from INFO on.
    """
    log.configure(log_level)
    settings = _load(file)
    database = Database(settings.database.url)
    try:
        sources = find_sources(_find_file(file), os.environ)
        app = App(settings=settings, database=database, clock=DatabaseClock(database), sources=sources)
        database.check_version()
        app.set_clock()
        with database.snapshot() as snapshot:
            check_fingerprint(snapshot, "address_key", app.address_key)
        yield app
    finally:
        database.close()


def migrate_database(file: Path | None) -> None:
    """Bring the database of ``file`` (else of NEWSLETTER_CONFIG, or of this folder) to this version's schema.

    Whatever is stored encrypted is encrypted under the current secret afterwards.
    """
    from newsletter.service.second_factor import renew_keys
    from newsletter.store import jobs

    log.configure(logging.WARNING)
    settings = _load(file)
    database = Database(settings.database.url)
    try:
        app = App(settings=settings, database=database, clock=lambda: datetime.now(UTC))
        keys = app.keys  # without a secret nothing is begun
        database.migrate()
        with database.transaction() as transaction:
            record_fingerprint(transaction, "address_key", app.address_key)
            if settings.engine.kind == "procrastinate":
                jobs.prepare(transaction)
            else:
                jobs.remove(transaction)
        renew_keys(database=database, keys=keys)  # what the migration could not do: it knows no secret
    finally:
        database.close()


def _read_limits(smtp: Smtp, name: str = RELAY) -> Limits:
    warm_up = WarmUp(first=smtp.warm_up_first, letters=smtp.warm_up_letters, growth=smtp.warm_up_growth)
    return Limits(
        relay=name,
        messages_per_second=smtp.messages_per_second,
        messages_per_hour=smtp.messages_per_hour,
        messages_per_day=smtp.messages_per_day,
        per_domain_per_second=smtp.per_domain_per_second,
        warm_up=warm_up if smtp.warm_up_letters else None,
    )


def _load(file: Path | None) -> Settings:
    return load_settings(_find_file(file), os.environ)


def _find_file(file: Path | None) -> Path:
    return file or Path(os.environ.get("NEWSLETTER_CONFIG", _DEFAULT_FILE))
