"""The readers' site as a browser sees it: running, with readers in every state, and each of its pages by name."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from playwright.sync_api import Page

from builders import a_masthead
from mailing_stand import ADDRESS_KEY, SENDER, add_readers, open_a_mailing
from newsletter.domain.address import EmailAddress
from newsletter.domain.article import Article, Section
from newsletter.domain.choice import Choices
from newsletter.domain.notice import Notice, NoticeKind
from newsletter.domain.sign_up import SignUp, SignUpLimits
from newsletter.domain.subscriber import Subscriber
from newsletter.domain.token import ChangeToken, ConfirmToken, DataToken, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.service.change_address import request_change
from newsletter.service.request_subscription import request_subscription
from newsletter.service.save_choices import save_choices
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.service.write_notice import write_notice
from newsletter.store.articles import add_article
from newsletter.store.database import Database
from newsletter.store.notices import claim_notice
from newsletter.store.subscribers import find_subscriber
from site_server import serve_site
from site_stand import KEYS, a_site

READER = "reader@example.org"
LIMITS = SignUpLimits(per_network=10_000, in_all=10_000)


@dataclass
class Clock:
    """As late as the machine says, and later on demand."""

    ahead: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead


@dataclass(frozen=True)
class Shown:
    """A page: where it is, and what is done there before one looks."""

    path: str
    act: Callable[[Page], None] = field(default=lambda _page: None)


@dataclass(frozen=True)
class Stand:
    base: str
    database: Database
    clock: Clock
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def find(self, email: str) -> Subscriber:
        with self.database.snapshot() as snapshot:
            subscriber = find_subscriber(snapshot, EmailAddress(email))
        assert subscriber
        return subscriber

    def link(self, page: str, purpose: Purpose, email: str = READER) -> str:
        return f"/{page}/{ReaderToken(self.find(email).public_id).sign(purpose, KEYS)}"

    def confirm_path(self) -> str:
        (notice,) = self.take_notices()
        assert notice.kind is NoticeKind.CONFIRM
        assert notice.requested_at
        return f"/confirm/{ConfirmToken(notice.public_id, notice.requested_at).sign(KEYS)}"

    def letter_path(self, kind: NoticeKind) -> str:
        """Return where the link of the one notice of a kind that is due leads."""
        (notice,) = [notice for notice in self.take_notices() if notice.kind is kind]
        letter = write_notice(notice, masthead=a_masthead(), sender=SENDER, keys=KEYS, theme=None, now=self.clock())
        text = letter.message.replace(b"=\r\n", b"").replace(b"=3D", b"=").decode("utf-8", "replace")
        page = {NoticeKind.NEW_ADDRESS: "move", NoticeKind.DATA: "data"}[kind]
        found = re.search(rf"/{page}/[\w-]+", text)
        assert found
        return found[0]

    def take_notices(self) -> list[Notice]:
        taken = []
        with self.database.transaction() as transaction:
            while notice := claim_notice(transaction, now=self.clock()):
                taken.append(notice)
        return taken

    def a_reader(self, domain: str = "example.org") -> str:
        """Return the address of a new one."""
        email = f"ada{next(self.numbers)}@{domain}"
        add_readers(self.database, [email])
        return email

    def list_pages(self) -> dict[str, Shown]:
        """Return every page, by name; those that come of a button are for readers of their own."""
        gone, paused, leaving = self.a_reader(), self.a_reader(), self.a_reader()
        unsubscribe_address(EmailAddress(gone), source="mail", database=self.database, now=self.clock())
        self._pause(paused)
        preferences = self.link("preferences", Purpose.PREFERENCES)
        unsubscribe = self.link("unsubscribe", Purpose.UNSUBSCRIBE, leaving)
        return {
            "front": Shown("/"),
            "sign-up": Shown("/subscribe"),
            "sign-up-refused": Shown("/subscribe", self._sign_up("ada@nowhere")),
            "sign-up-asked": Shown("/subscribe", self._sign_up(f"new{next(self.numbers)}@example.org")),
            "confirmation": Shown(self._ask()),
            "confirmed": Shown(self._ask(), press("Confirm the subscription")),
            "confirmation-expired": Shown(f"/confirm/{ConfirmToken(bytes(8), self.clock()).sign(KEYS)}"),
            "preferences": Shown(preferences),
            "preferences-paused": Shown(self.link("preferences", Purpose.PREFERENCES, paused)),
            "preferences-after-leaving": Shown(self.link("preferences", Purpose.PREFERENCES, gone)),
            "preferences-refused": Shown(preferences, choose_nothing),
            "address": Shown(f"{preferences}/address"),
            "address-asked": Shown(
                f"{self.link('preferences', Purpose.PREFERENCES, self.a_reader())}/address", ask_for_address
            ),
            "new-address": Shown(self._change("move", Purpose.CHANGE_ADDRESS)),
            "new-address-used": Shown(self._change("move", Purpose.CHANGE_ADDRESS), press("Use this address")),
            "new-address-expired": Shown(f"/move/{ChangeToken(bytes(8), 1).sign(Purpose.CHANGE_ADDRESS, KEYS)}"),
            "old-address": Shown(self._change("keep", Purpose.KEEP_ADDRESS)),
            "old-address-kept": Shown(self._change("keep", Purpose.KEEP_ADDRESS), press("Keep my address")),
            "old-address-expired": Shown(f"/keep/{ChangeToken(bytes(8), 1).sign(Purpose.KEEP_ADDRESS, KEYS)}"),
            "data-asked": Shown(
                self.link("preferences", Purpose.PREFERENCES, self.a_reader()), press("Send me the way to my data")
            ),
            "data": Shown(self._data(READER)),
            "delete": Shown(f"{self._data(READER)}/delete"),
            "deleted": Shown(f"{self._data(self.a_reader())}/delete", press("Delete everything about me")),
            "unsubscribe": Shown(unsubscribe),
            "unsubscribed": Shown(unsubscribe, press("Unsubscribe")),
            "reason-thanks": Shown(self.link("unsubscribe", Purpose.UNSUBSCRIBE, self.a_reader()), leave_and_say_why),
            "return": Shown(self.link("return", Purpose.RETURN, gone)),
            "returned": Shown(self.link("return", Purpose.RETURN, self._gone()), press("Subscribe again")),
            "no-link-of-ones-own": Shown("/unsubscribe"),
            "issues": Shown("/issues"),
            "article": Shown("/articles/1"),
            "search-empty": Shown("/search"),
            "search": Shown("/search?q=ferry"),
            "search-fruitless": Shown("/search?q=nothing+of+the+kind"),
            "not-found": Shown("/nothing"),
        }

    def _ask(self) -> str:
        email = f"asked{next(self.numbers)}@example.org"
        request_subscription(
            SignUp(address=EmailAddress(email), topics=Topic.everything(), source="form"),
            client="192.0.2.1",
            limits=LIMITS,
            database=self.database,
            address_key=ADDRESS_KEY,
            now=self.clock(),
        )
        asked = self.find(email)
        assert asked.requested_at
        return f"/confirm/{ConfirmToken(asked.public_id, asked.requested_at).sign(KEYS)}"

    def _sign_up(self, email: str) -> Callable[[Page], None]:
        def act(page: Page) -> None:
            self.clock.ahead += timedelta(seconds=10)  # a person takes a while
            page.locator("form").evaluate("form => form.noValidate = true")
            page.get_by_label("Your email address").fill(email)
            press("Subscribe")(page)

        return act

    def _pause(self, email: str) -> None:
        token = self.link("preferences", Purpose.PREFERENCES, email).rpartition("/")[2]
        until = (self.clock() + timedelta(days=30)).date()
        choices = Choices(topics=Topic.everything(), name="Ada Lindgren", language="en", paused_until=until)
        save_choices(token, choices, database=self.database, keys=KEYS, now=self.clock())

    def _gone(self) -> str:
        email = self.a_reader()
        unsubscribe_address(EmailAddress(email), source="mail", database=self.database, now=self.clock())
        return email

    def _change(self, page: str, purpose: Purpose) -> str:
        """Ask for a change of address; return the path of one of its two links."""
        email = self.a_reader()
        self.take_notices()
        request_change(
            self.link("preferences", Purpose.PREFERENCES, email).rpartition("/")[2],
            EmailAddress(f"new-{email}"),
            client="192.0.2.1",
            limits=LIMITS,
            database=self.database,
            keys=KEYS,
            address_key=ADDRESS_KEY,
            now=self.clock(),
        )
        notice = self.take_notices()[0]
        return f"/{page}/{ChangeToken(notice.public_id, notice.change).sign(purpose, KEYS)}"

    def _data(self, email: str) -> str:
        return f"/data/{DataToken(self.find(email).public_id, self.clock().replace(microsecond=0)).sign(KEYS)}"


@contextmanager
def open_stand(folder: Path, migrated_file: Path) -> Iterator[Stand]:
    """Serve a site with an issue, an article and some readers until the block ends."""
    file = folder / "newsletter.db"
    shutil.copyfile(migrated_file, file)
    database = Database(f"sqlite:///{file}")
    clock = Clock()
    add_readers(database, [READER, "gone@example.org"])
    open_a_mailing(database, now=clock() - timedelta(days=3))
    article = Article(
        headline="The Ferry That Outlived Three Treaties",
        authors=("Aino Salo", "Tomas Brandt"),
        standfirst="Every agreement has failed. The ferry has not.",
        sections=(Section(name="Background", paragraphs=("It began in spring. " * 30,)),),
        biography="Aino Salo teaches history.",
        published_at=clock() - timedelta(days=4),
        tags=("Strait politics",),
    )
    with database.transaction() as transaction:
        add_article(transaction, article, now=clock())
    with serve_site(a_site(database, now=clock, limits=LIMITS)) as base:
        yield Stand(base, database, clock)
    database.close()


def press(name: str) -> Callable[[Page], None]:
    def act(page: Page) -> None:
        with page.expect_navigation():
            page.get_by_role("button", name=name, exact=True).click()

    return act


def choose_nothing(page: Page) -> None:
    for topic in ("Articles", "Events", "News"):
        page.get_by_label(topic, exact=True).uncheck()
    press("Save")(page)


def ask_for_address(page: Page) -> None:
    page.get_by_label("Your new email address").fill("ada.lindgren@example.net")
    press("Change the address")(page)


def leave_and_say_why(page: Page) -> None:
    press("Unsubscribe")(page)
    page.get_by_label("Too many letters").check()
    press("Tell the editors")(page)
