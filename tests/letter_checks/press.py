"""The press: issues printed by the whole pipeline, from files to the bytes of a letter, at one fixed time.

Import, editors' words, draft, approval, an open mailing, a claimed batch, the spliced letter: every step is the use
case that a command runs. Time, keys and readers are fixed, so that the same sources give the same bytes.
"""

from __future__ import annotations

import hashlib
import random
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Self, cast

from PIL import Image

from drawing import a_picture_file
from mailing_stand import add_readers, put_in_flight, record_outcomes
from newsletter.app import App
from newsletter.domain.approval import Signature
from newsletter.domain.arrangement import ItemKind, ItemName
from newsletter.domain.article import StoredArticle
from newsletter.domain.issue import Issue, RenderedIssue, Slot, SlottedText
from newsletter.domain.letter import Letter, Recipient, Sender
from newsletter.domain.mailing import DeliveryStatus, DoubtfulPolicy, Launch, Mailing
from newsletter.domain.picture import read_picture_path
from newsletter.domain.settlement import Settlement
from newsletter.domain.token import KeyRing
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Compiler, choose_compiler
from newsletter.service.approve_issue import approve_issue
from newsletter.service.arrange_issue import Arrangement, arrange_issue, edit_issue
from newsletter.service.compose_issue import compose_issue
from newsletter.service.draft_issue import draft_issue
from newsletter.service.edit_announcement import AnnouncementTexts, write_announcement
from newsletter.service.edit_article import edit_article
from newsletter.service.edit_partner import PartnerTexts, edit_partner, write_partner
from newsletter.service.import_articles import import_articles
from newsletter.service.keep_pictures import keep_pictures
from newsletter.service.open_mailing import open_mailing
from newsletter.service.show_issue import show_issue
from newsletter.settings import CadenceSection, Mail, Security, Settings, Site, Smtp
from newsletter.store import approvals, issues, ledger, mailings, partners
from newsletter.store.database import Database
from newsletter.store.pictures import load_picture
from newsletter.store.seats import take_seat

NOW = datetime(2025, 10, 16, 7, 0, tzinfo=UTC)
FORTNIGHT = timedelta(weeks=2)
ZONE = "Europe/Stockholm"
READER = "reader@example.org"

_SECRET = "the secret of the letter checks, and of nothing else"  # noqa: S105 - it signs nobody's links


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintedIssue:
    """An issue as its one reader got it."""

    name: str
    issue: Issue
    rendered: RenderedIssue
    #: what the templates made and the compiler was given
    mjml: str
    letter: Letter
    #: the bytes that the site serves for each picture of the letter, by address
    pictures: Mapping[str, bytes]
    recipient: Recipient
    sender: Sender
    keys: KeyRing

    @property
    def message(self) -> EmailMessage:
        """The letter, read back as a mail program reads it."""
        return BytesParser(policy=default).parsebytes(self.letter.message)

    @property
    def html(self) -> str:
        return self._read("text/html")

    @property
    def text(self) -> str:
        return self._read("text/plain")

    def _read(self, content_type: str) -> str:
        for part in self.message.walk():
            if part.get_content_type() == content_type:
                return bytes(cast(bytes, part.get_payload(decode=True))).decode("utf-8").replace("\r\n", "\n")
        raise LookupError(content_type)


@dataclass(slots=True)
class _Keeping:
    """A compiler that keeps what it was last given."""

    compiler: Compiler
    source: str = ""

    @property
    def name(self) -> str:
        return self.compiler.name

    def compile(self, mjml: str) -> str:
        self.source = mjml
        return self.compiler.compile(mjml)


@dataclass(slots=True)
class Press:
    """One newsletter in a folder of its own, to be stocked with sources and printed; a context manager."""

    folder: Path
    site: Site
    now: datetime = NOW
    compiler: _Keeping = field(default_factory=lambda: _Keeping(choose_compiler("auto")))
    app: App = field(init=False)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True)
        database = Database(f"sqlite:///{self.folder / 'newsletter.db'}")
        database.migrate()
        settings = Settings(
            site=self.site,
            cadence=CadenceSection(first=date(2025, 10, 2), timezone=ZONE, first_number=41),
            smtp=Smtp(host="127.0.0.1"),
            mail=Mail(from_="editors@ostrel-review.example"),
            security=Security(secret_key=_SECRET),
        )
        self.app = App(settings=settings, database=database, clock=lambda: self.now)
        add_readers(database, [READER])
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.app.database.close()

    def take(self, *sources: Path) -> tuple[StoredArticle, ...]:
        """Import files; return their articles."""
        report = import_articles(
            [str(source) for source in sources], fetch=_fetch_picture, database=self.app.database, now=self.now
        )
        if report.refused:
            raise ValueError(" ".join(report.refused))
        return report.articles

    def write(self, article: StoredArticle, **texts: str) -> None:
        """Write an article's fields, as an editor does."""
        edit_article(article.id, texts, database=self.app.database, now=self.now)
        if "image_url" in texts:
            sources = [texts["image_url"]]
            keep_pictures(sources, fetch=_fetch_picture, database=self.app.database, now=self.now)

    def announce(self, **texts: str) -> None:
        write_announcement(AnnouncementTexts(**texts), timezone=ZONE, database=self.app.database, now=self.now)

    def befriend(self, name: str, url: str, text: str = "") -> None:
        """Store a partner link, or give one that a page named its address."""
        database, texts = self.app.database, PartnerTexts(name=name, url=url, text=text)
        with database.snapshot() as snapshot:
            known = partners.find_partner_by_name(snapshot, name)
        if known:
            edit_partner(known.id, texts, database=database, now=self.now)
        else:
            write_partner(texts, database=database, now=self.now)

    def publish(
        self,
        name: str,
        *,
        note: str = "",
        subject: str | None = None,
        preheader: str | None = None,
        overrides: Mapping[str, str] | None = None,
    ) -> PrintedIssue:
        """Draft the next issue, with all articles that wait, approve it, open its mailing and make its reader's letter.

        A fortnight passes.
        """
        app, masthead = self.app, self.app.masthead()
        drafted = draft_issue(database=app.database, cadence=app.cadence, first_number=41, now=self.now)
        shown = show_issue(drafted.number, database=app.database, masthead=masthead, now=self.now)
        everything = Arrangement(add=[ItemName(ItemKind.ARTICLE, stored.id) for stored in shown.waiting])
        arrange_issue(drafted.number, everything, database=app.database, now=self.now)
        edit_issue(drafted.number, subject=subject, preheader=preheader, note=note, database=app.database, now=self.now)
        approve_issue(
            drafted.number,
            Signature(by="Mira Halvorsen", overrides=overrides or {}),
            database=app.database,
            masthead=masthead,
            render=self._render,
            sender=app.known_sender,
            now=self.now,
        )
        with app.database.snapshot() as snapshot:
            issue = compose_issue(issues.find_issue(snapshot, drafted.number), transaction=snapshot, masthead=masthead)
        mailing = open_mailing(
            drafted.number,
            database=app.database,
            masthead=masthead,
            sender=app.sender,
            relay_host=app.relay_host,
            launch=Launch(not_before=self.now),
            now=self.now,
        )
        recipient = self._deliver()
        rendered = self._load(mailing)
        printed = PrintedIssue(
            name=name,
            issue=issue,
            rendered=rendered,
            mjml=self.compiler.source,
            pictures=self._load_pictures(rendered.full.html),
            letter=app.splicer(mailing.id).splice(recipient),
            recipient=recipient,
            sender=app.sender,
            keys=app.keys,
        )
        self.now += FORTNIGHT
        return printed

    def _render(self, issue: Issue) -> RenderedIssue:
        return render_issue(issue, compiler=self.compiler, templates=self.app.theme_folder)

    def _deliver(self) -> Recipient:
        """Claim the mailing's one letter, and let it count as accepted."""
        database = self.app.database
        with take_seat(database, now=self.now) as seat, database.transaction() as transaction:
            mailings.start_due(transaction, now=self.now)
            claim = ledger.claim_batch(transaction, seat=seat, now=self.now, doubtful=DoubtfulPolicy.RESEND)
            if claim is None:
                raise LookupError("no batch is due")
            (recipient,) = claim.recipients
            put_in_flight(transaction, recipient.delivery, now=self.now)
            accepted = Settlement(
                delivery=recipient.delivery,
                status=DeliveryStatus.ACCEPTED,
                reply_code=250,
                reply_text="2.0.0 queued",
                reason=None,
            )
            record_outcomes(transaction, accepted, now=self.now)
            ledger.finish_batch(transaction, claim.batch, now=self.now)
        return recipient

    def _load(self, mailing: Mailing) -> RenderedIssue:
        with self.app.database.snapshot() as snapshot:
            return approvals.load_rendered(snapshot, mailing.approval_id)

    def _load_pictures(self, html: SlottedText) -> dict[str, bytes]:
        base = self.app.sender.base_url
        found = {}
        with self.app.database.snapshot() as snapshot:
            for address in re.findall(r'<img src="([^"]+)"', html.fill(dict.fromkeys(Slot, ""))):
                digest = read_picture_path(address.removeprefix(base))
                stored = load_picture(snapshot, digest) if digest else None
                if stored:
                    found[address] = stored[1]
        return found


def _fetch_picture(address: str) -> bytes:
    """Answer for the pictures of the issues; nothing else is fetched."""
    assert address.endswith((".jpg", ".png")), address
    if address.endswith("/water.jpg"):
        return _draw_noise(1600, 1067, seed=address)
    return a_picture_file(size=(1056, 704), colour=tuple(hashlib.sha256(address.encode()).digest()[:3]))


def _draw_noise(width: int, height: int, *, seed: str) -> bytes:
    """Draw what no compression makes small: more than letters may carry."""
    noise = random.Random(seed).randbytes(3 * width * height)  # noqa: S311 - noise is all it makes
    stream = BytesIO()
    Image.frombytes("RGB", (width, height), noise).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def find_tokens(text: str) -> set[str]:
    """Find the personal part of every link of a letter."""
    return set(re.findall(r"/(?:unsubscribe|preferences)/([-_A-Za-z0-9]+)", text))
