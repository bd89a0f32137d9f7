"""The site, running on a port of its own, for tests that post to its webhooks; and how a provider would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx

from mailing_stand import KEYS
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.stored_report import StoredReport
from newsletter.mail.webhook import Fetch, open_webhooks
from newsletter.service.take_webhook import Webhooks
from newsletter.store.bounces import list_reports
from newsletter.store.database import Database
from site_server import serve_site
from site_stand import a_site
from stored import SENT_AT

#: two days after the letters of ``stored.a_mailing`` left
NOW = SENT_AT + timedelta(days=2)


@dataclass(frozen=True, slots=True)
class HookSite:
    """A running site."""

    url: str
    database: Database

    def post(self, provider: str, body: bytes, headers: Mapping[str, str] | None = None) -> httpx.Response:
        return httpx.post(f"{self.url}/hooks/{provider}", content=body, headers=headers, timeout=30)

    def reports(self) -> list[StoredReport]:
        """Return what is stored, the oldest first."""
        with self.database.snapshot() as snapshot:
            return list_reports(snapshot)[::-1]

    def fates(self) -> list[str]:
        """Return kind, reason and whether it counts, of each stored report."""
        return [
            f"{report.fate.kind} {report.fate.reason or '-'}: {report.ignored_because or 'counts'}"
            for report in self.reports()
        ]


def no_fetch(url: str) -> bytes:
    raise AssertionError(f"nothing should have been fetched, and {url} was asked for")


@contextmanager
def a_hook_site(
    database: Database, keys: Mapping[str, str], *, fetch: Fetch = no_fetch, now: datetime = NOW
) -> Iterator[HookSite]:
    """Run the site with the webhooks that ``keys`` configures."""
    webhooks = Webhooks(providers=open_webhooks(keys, fetch=fetch), policy=BouncePolicy(), token_age=timedelta(days=60))
    site = a_site(database, now=lambda: now, keys=KEYS, webhooks=webhooks)
    with serve_site(site) as url:
        yield HookSite(url, database)
