"""A desk for tests: one database with the use cases of an issue bound to it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import partial

from builders import a_masthead
from draft_builders import NOW, an_article
from mailing_stand import SENDER
from newsletter.domain.approval import Approval, Signature
from newsletter.domain.article import Article
from newsletter.domain.cadence import Cadence
from newsletter.domain.issue import Draft, Masthead
from newsletter.domain.mailing import Launch
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.service.approve_issue import approve_issue
from newsletter.service.draft_issue import draft_issue
from newsletter.service.open_mailing import open_mailing
from newsletter.service.show_issue import ShownIssue, show_issue
from newsletter.store import articles
from newsletter.store.database import Database

CADENCE = Cadence(first=dt.date(2026, 12, 3), at=dt.time(9), timezone="Europe/Stockholm")

render = partial(render_issue, compiler=Mrml())


class Desk:
    """The issue's use cases on one database, at one time that tests move on."""

    def __init__(self, database: Database, *, masthead: Masthead | None = None, second_person: bool = False) -> None:
        self.database = database
        self.second_person = second_person
        self.masthead = masthead or a_masthead()
        self.now = NOW

    def store(self, *headlines: str, article: Article | None = None, age_days: float = 1) -> list[int]:
        """Store an article under each headline; return their ids."""
        moment = self.now - dt.timedelta(days=age_days)
        with self.database.transaction() as transaction:
            return [
                articles.add_article(
                    transaction, article or an_article(headline=headline, published_at=moment), now=moment
                ).id
                for headline in headlines
            ]

    def draft(self, *, first_number: int = 40, cadence: Cadence = CADENCE) -> Draft:
        return draft_issue(database=self.database, cadence=cadence, first_number=first_number, now=self.now)

    def show(self, number: int) -> ShownIssue:
        return show_issue(number, database=self.database, masthead=self.masthead, now=self.now)

    def approve(
        self,
        number: int,
        *,
        by: str = "Aino Salo",
        overrides: Mapping[str, str] | None = None,
        seen: str | None = None,
    ) -> Approval:
        return approve_issue(
            number,
            Signature(by=by, overrides=overrides or {}, seen=seen),
            database=self.database,
            masthead=self.masthead,
            render=render,
            sender=SENDER,
            now=self.now,
            second_person=self.second_person,
        )

    def mail(self, number: int) -> None:
        open_mailing(
            number,
            database=self.database,
            masthead=self.masthead,
            sender=SENDER,
            relay_host="127.0.0.1",
            launch=Launch(not_before=self.now),
            now=self.now,
        )

    def publish(self, *, days_later: int = 14) -> int:
        """Draft, approve and mail the next issue, and let time pass; return its number."""
        number = self.draft().number
        self.approve(number)
        self.mail(number)
        self.now += dt.timedelta(days=days_later)
        return number
