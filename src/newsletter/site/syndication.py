"""The issues as an Atom feed (RFC 4287)."""

from __future__ import annotations

from litestar.response import Template

from newsletter.site.archive import list_sent
from newsletter.site.collaborators import Now, TheDatabase, TheMasthead
from newsletter.site.pages import FeedPage
from newsletter.web.pages import page, show

_LATEST = 20


@page("/issues.xml")
def show_feed(masthead: TheMasthead, database: TheDatabase, now: Now) -> Template:
    with database.snapshot() as snapshot:
        issues = list_sent(snapshot, now)[:_LATEST]
    value = FeedPage(masthead=masthead, issues=issues, updated_at=issues[0].sent_at if issues else now)
    return show("issues.xml.j2", value, media_type="application/atom+xml")
