"""Stored things that drafts are made of, with defaults. Every person, place and institution is invented."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

from builders import SITE, a_masthead, a_news_item, a_partner
from newsletter.domain.address import EmailAddress
from newsletter.domain.article import Announcement, Article, Image, StoredAnnouncement, StoredArticle
from newsletter.domain.assembly import History
from newsletter.domain.issue import Draft, DraftItem, Issue, IssueStatus, ItemSlot, Masthead, PublishedIssue
from newsletter.domain.letter import Sender
from newsletter.domain.mailing import AudienceSize
from newsletter.domain.partner import PartnerLink, StoredPartnerLink
from newsletter.domain.picture import Picture
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.service.compose_issue import ShownItem, compose_items, make_teaser
from newsletter.service.proof import Proof

NOW = dt.datetime(2026, 12, 3, 8, 0, tzinfo=dt.UTC)
STANDFIRST = (
    "Every agreement on the Velmar Strait has failed within a decade. The night ferry between Port Alder and Suldan "
    "has sailed through all of them."
)


A_SENDER = Sender(
    name="The Meridian Review",
    address=EmailAddress("editors@review.example"),
    reply_to=EmailAddress("editors@review.example"),
    bounce_address="b+{token}@review.example",
    list_id="meridian.review.example",
    feedback_id="meridian",
    base_url=SITE,
)


def days_before(days: float, moment: dt.datetime = NOW) -> dt.datetime:
    return moment - dt.timedelta(days=days)


def an_article(
    *,
    headline: str = "The Ferry That Outlived Three Treaties",
    needs_headline: bool = False,
    standfirst: str = STANDFIRST,
    tags: Sequence[str] = (),
    published_at: dt.datetime | None = None,
    url: str | None = None,
    image: Image | None = None,
    credit: str = "",
) -> Article:
    return Article(
        headline=headline,
        needs_headline=needs_headline,
        authors=("Aino Salo",),
        standfirst=standfirst,
        tags=tuple(tags),
        published_at=published_at,
        url=url,
        image=image,
        credit=credit,
    )


def a_stored_article(
    article_id: int = 1,
    article: Article | None = None,
    *,
    published_at: dt.datetime | None = None,
    tags: Sequence[str] = (),
    needs_headline: bool = False,
    retracted_at: dt.datetime | None = None,
) -> StoredArticle:
    return StoredArticle(
        id=article_id,
        article=article
        or an_article(
            headline=f"Story {article_id}",
            published_at=published_at or days_before(1),
            tags=tags,
            needs_headline=needs_headline,
        ),
        imported_at=days_before(1),
        retracted_at=retracted_at,
    )


def a_stored_announcement(
    announcement_id: int, announcement: Announcement | None = None, *, retracted_at: dt.datetime | None = None
) -> StoredAnnouncement:
    return StoredAnnouncement(
        id=announcement_id,
        announcement=announcement or a_news_item(),
        stored_at=days_before(2),
        retracted_at=retracted_at,
    )


def a_stored_partner(
    partner_id: int, link: PartnerLink | None = None, *, weight: int = 1, retired_at: dt.datetime | None = None
) -> StoredPartnerLink:
    link = link or PartnerLink(
        name=f"Partner {partner_id}", url=f"https://partner-{partner_id}.example/", weight=weight
    )
    return StoredPartnerLink(id=partner_id, link=link, retired_at=retired_at)


def a_published_issue(number: int, due_at: dt.datetime, *, subject: str = "A Former Subject") -> PublishedIssue:
    return PublishedIssue(
        number=number, date=due_at.date(), due_at=due_at, subject=subject, preheader="", sent_at=due_at
    )


def a_draft(*items: DraftItem, number: int = 42, subject: str | None = None, preheader: str | None = None) -> Draft:
    return Draft(
        id=1,
        number=number,
        slot=NOW.date(),
        day=NOW.date(),
        due_at=NOW,
        status=IssueStatus.DRAFT,
        subject=subject,
        preheader=preheader,
        items=items,
    )


def an_article_shown(
    stored: StoredArticle | None = None,
    *,
    slot: ItemSlot = ItemSlot.LEAD,
    headline: str | None = None,
    teaser: str | None = None,
    reason: str = "new",
    picture: Picture | None = None,
) -> ShownItem:
    stored = stored or a_stored_article()
    item = DraftItem(slot=slot, article_id=stored.id, headline=headline, teaser=teaser, reason=reason)
    return ShownItem(item=item, stored=stored, content=make_teaser(item, stored, SITE, picture), picture=picture)


def an_announcement_shown(stored: StoredAnnouncement | None = None) -> ShownItem:
    stored = stored or a_stored_announcement(1)
    item = DraftItem(slot=ItemSlot.ANNOUNCEMENT, announcement_id=stored.id, reason="news")
    return ShownItem(item=item, stored=stored, content=stored.announcement)


def a_partner_shown(stored: StoredPartnerLink | None = None) -> ShownItem:
    stored = stored or a_stored_partner(1, a_partner())
    item = DraftItem(slot=ItemSlot.PARTNER, partner_id=stored.id, reason="shown in 0 issues, weight 1")
    return ShownItem(item=item, stored=stored, content=stored.link)


def an_issue_of(
    *shown: ShownItem, masthead: Masthead | None = None, subject: str | None = None, preheader: str | None = None
) -> Issue:
    draft = a_draft(*(item.item for item in shown), subject=subject, preheader=preheader)
    return compose_items(draft, shown, masthead=masthead or a_masthead())


def a_proof(  # one field, one parameter
    *shown: ShownItem,
    masthead: Masthead | None = None,
    subject: str | None = None,
    preheader: str | None = None,
    history: History | None = None,
    partners: Sequence[StoredPartnerLink] = (),
    sender: Sender | None = A_SENDER,
    audience: AudienceSize = AudienceSize(now=1_000, former=1_000),
) -> Proof:
    issue = an_issue_of(*shown, masthead=masthead, subject=subject, preheader=preheader)
    return Proof(
        draft=a_draft(*(item.item for item in shown)),
        items=shown,
        issue=issue,
        rendered=render_issue(issue, compiler=Mrml()) if issue.topics else None,
        history=history or History(),
        partners=tuple(partners),
        sender=sender,
        audience=audience,
        now=NOW,
    )
