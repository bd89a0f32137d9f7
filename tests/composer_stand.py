"""An issue to compose, with all kinds of items, at a desk that answers on loopback."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
from playwright.sync_api import Page

from builders import a_news_item, a_partner, an_event
from desk_stand import an_app, appoint, begin_sign_in, with_base_url
from draft_builders import NOW, STANDFIRST, an_article
from issue_desk import Desk
from newsletter.app import App
from newsletter.desk.factory import create_desk
from newsletter.domain.editor import Editor, EditorRole
from newsletter.domain.issue import Draft
from newsletter.settings import Render
from newsletter.store import announcements, articles, partners
from newsletter.store.database import Database
from newsletter.web.front import create_front
from site_server import serve_site
from site_stand import a_site

#: Headline, standfirst, tag of articles, the first one the oldest.
STORIES = (
    ("Counting Slowly: Notes From a Recount", "In Kessary a recount takes nine days, and nobody minds.", "Elections"),
    ("The Price of a Dry River", "Barges wait where the Lower Veld has become a ford.", "Trade"),
    ("Letters From the Tarn Pass", "A stationmaster has written down every train for forty years.", "Infrastructure"),
    ("The Island That Votes by Post", "Half of Kessary’s voters live abroad. A court will decide.", "Elections"),
    ("A Record Harvest Without a Port", "Silos in the Lower Veld are full and the river is low.", "Trade"),
    ("Who Pays for the Mountain Railway?", "The line over the Tarn Pass was to join three capitals.", "Infrastructure"),
    ("The Ferry That Outlived Three Treaties", STANDFIRST, "Strait politics"),
)
LEAD, RAILWAY, HARVEST, ISLAND = (headline for headline, _, _ in reversed(STORIES[3:]))


@dataclass
class ComposerStand:
    base: str
    app: App
    draft: Draft

    def sign_in(self, page: Page, *, name: str = "Aino Salo", role: EditorRole = EditorRole.EDITOR) -> Editor:
        """Sign an editor in, in the page's own context."""
        email = f"{name.split(maxsplit=1)[0].lower()}@example.org"
        editor = appoint(self.app.database, role, now=self.app.now(), email=email, name=name)
        token = begin_sign_in(self.app.database, editor, now=self.app.now())
        page.context.add_cookies([{"name": "desk", "value": token, "url": self.base}])
        return editor

    @property
    def composer(self) -> str:
        return f"{self.base}/desk/issues/{self.draft.number}"


@contextmanager
def open_composer(database: Database, *, now: Callable[[], dt.datetime]) -> Iterator[ComposerStand]:
    """Serve a desk whose draft has a lead, three features, announcements, earlier articles and partners."""
    desk = Desk(database)
    desk.now = NOW - dt.timedelta(days=14)
    _store(desk, STORIES[:3])
    desk.publish()
    _store(desk, STORIES[3:])
    with database.transaction() as transaction:
        announcements.add_announcement(
            transaction, an_event(starts_at=NOW + dt.timedelta(days=20), ends_at=None), now=NOW
        )
        announcements.add_announcement(
            transaction,
            an_event(
                title="Reading a Budget: A Workshop for Reporters", starts_at=NOW + dt.timedelta(days=25), ends_at=None
            ),
            now=NOW,
        )
        announcements.add_announcement(transaction, a_news_item(), now=NOW)
        for link in (a_partner(), a_partner(name="The Tarn Observer", url="https://tarn-observer.example/", text="")):
            partners.add_partner(transaction, link)
    draft = desk.draft()
    with serve_desk(database, now=now) as (base, app):
        yield ComposerStand(base, app, draft)


@contextmanager
def serve_desk(database: Database, *, now: Callable[[], dt.datetime]) -> Iterator[tuple[str, App]]:
    settings = msgspec.structs.replace(with_base_url("http://127.0.0.1:8080"), render=Render(compiler="mrml"))
    app = an_app(database, now=now, settings=settings)
    front = create_front(a_site(database, now=now), under={"/desk": create_desk(app)})
    with serve_site(front) as base:
        yield base, app


def _store(desk: Desk, stories: tuple[tuple[str, str, str], ...]) -> None:
    with desk.database.transaction() as transaction:
        for age, (headline, standfirst, tag) in enumerate(reversed(stories), start=1):
            moment = desk.now - dt.timedelta(hours=age)
            article = an_article(headline=headline, standfirst=standfirst, tags=[tag], published_at=moment)
            articles.add_article(transaction, article, now=moment)
