"""Fill a draft from the store by stated rules, each choice with its reason.

- **Articles** that no mailed issue has carried, that are not retracted and are published by now. Those of the window
  come first ("new since 41"), then those that an earlier issue should have had ("missed issue 41"); in both the newest
  first, and articles with one time of publication in the order of their import, as on the page they came from. The
  window orders and explains, it shuts nothing out; what is beyond the number that an issue holds waits for the next.
- **The lead** is the first of them that has a headline of its own; if none has, the first. The others are **features**.
- **Announcements** that are current when the issue is due: events as they begin, then news. News without a last day to
  be shown on is shown once.
- **Earlier articles** that a mailed issue has carried: those that share a tag with this issue's articles first, and
  then the most recent.
- **Partner links** by ``rotate``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import chain, repeat
from operator import attrgetter

from newsletter.domain.appearance import Appearance
from newsletter.domain.article import AnnouncementKind, StoredAnnouncement, StoredArticle
from newsletter.domain.issue import DraftItem, ItemSlot, PublishedIssue
from newsletter.domain.partner import StoredPartnerLink, rotate

MOST_FEATURES = 12
MOST_EARLIER = 4
MOST_PARTNERS = 4

_LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What the mailed issues carried."""

    #: by the time that they fell due
    issues: tuple[PublishedIssue, ...] = ()
    #: article id → number of the issue that carried it first
    articles: Mapping[int, int] = field(default_factory=dict)
    #: ids of the announcements that any of them carried
    announcements: frozenset[int] = frozenset()
    #: partner link id → in how many of them it was shown
    partners: Mapping[int, int] = field(default_factory=dict)


def assemble(
    articles: Iterable[StoredArticle],
    announcements: Iterable[StoredAnnouncement],
    partners: Sequence[StoredPartnerLink],
    *,
    history: History,
    due_at: datetime,
    now: datetime,
) -> tuple[DraftItem, ...]:
    """Choose the items of the issue that is due at ``due_at``, in the order in which readers meet them."""
    standing = [article for article in articles if article.retracted_at is None]
    stories = _choose_stories(standing, history, now)
    shown_at = max(due_at, now)
    return (
        *(
            DraftItem(slot=slot, article_id=story.id, reason=explain_candidate(story, history))
            for slot, story in zip(chain([ItemSlot.LEAD], repeat(ItemSlot.FEATURE)), stories, strict=False)
        ),
        *_choose_announcements(announcements, history, shown_at),
        *_choose_earlier(standing, stories, history),
        *_choose_partners(partners, history, shown_at),
    )


def list_candidates(articles: Iterable[StoredArticle], *, history: History, now: datetime) -> list[StoredArticle]:
    """Return the articles that may lead or be features, the first choice first."""
    candidates = [
        article
        for article in articles
        if article.id not in history.articles and article.retracted_at is None and _published(article) <= now
    ]
    candidates.sort(key=attrgetter("id"))
    candidates.sort(key=_published, reverse=True)  # stable: articles of one page stay as they stood on it
    return candidates


def explain_candidate(article: StoredArticle, history: History) -> str:
    """Say why an article that no issue has carried is due now."""
    if not history.issues:
        return "new"
    published = _published(article)
    missed = next((issue for issue in history.issues if published < issue.due_at), None)
    return f"missed issue {missed.number}" if missed else f"new since {history.issues[-1].number}"


def _choose_stories(articles: Iterable[StoredArticle], history: History, now: datetime) -> list[StoredArticle]:
    """Return the lead and the features."""
    # A window opens when the issue before falls due, so whatever no issue missed stands first in this order already.
    candidates = list_candidates(articles, history=history, now=now)
    lead = next((article for article in candidates if not article.article.needs_headline), None)
    if lead:
        candidates.remove(lead)
        candidates.insert(0, lead)
    return candidates[: 1 + MOST_FEATURES]


def _choose_announcements(
    announcements: Iterable[StoredAnnouncement], history: History, shown_at: datetime
) -> Iterator[DraftItem]:
    current = [
        stored
        for stored in announcements
        if stored.retracted_at is None
        and stored.announcement.is_current(shown_at)
        and not (_is_shown_once(stored) and stored.id in history.announcements)
    ]
    current.sort(key=lambda stored: (stored.announcement.starts_at is None, stored.announcement.starts_at or _LONG_AGO))
    for stored in current:
        yield DraftItem(
            slot=ItemSlot.ANNOUNCEMENT, announcement_id=stored.id, reason=_explain_announcement(stored, history)
        )


def _is_shown_once(stored: StoredAnnouncement) -> bool:
    return stored.announcement.kind is AnnouncementKind.NEWS and stored.announcement.show_until is None


def _explain_announcement(stored: StoredAnnouncement, history: History) -> str:
    again = ", shown before" if stored.id in history.announcements else ""
    starts_at, show_until = stored.announcement.starts_at, stored.announcement.show_until
    if starts_at is not None:
        return f"begins {starts_at:%Y-%m-%d}{again}"
    return f"news until {show_until:%Y-%m-%d}{again}" if show_until else "news"


def _choose_earlier(
    articles: Iterable[StoredArticle], stories: Iterable[StoredArticle], history: History
) -> Iterator[DraftItem]:
    tags = list(dict.fromkeys(tag for story in stories for tag in story.article.tags))
    age = {issue.number: place for place, issue in enumerate(reversed(history.issues))}
    former = [article for article in articles if article.id in history.articles]
    shared = {article.id: next((tag for tag in tags if tag in article.article.tags), None) for article in former}
    former.sort(key=lambda article: (shared[article.id] is None, age[history.articles[article.id]], article.id))
    for article in former[:MOST_EARLIER]:
        appearance = Appearance(number=history.articles[article.id], tag=shared[article.id] or "")
        yield DraftItem(slot=ItemSlot.EARLIER, article_id=article.id, reason=str(appearance))


def _choose_partners(
    partners: Sequence[StoredPartnerLink], history: History, shown_at: datetime
) -> Iterator[DraftItem]:
    for partner in rotate(partners, history.partners, now=shown_at, count=MOST_PARTNERS):
        yield DraftItem(slot=ItemSlot.PARTNER, partner_id=partner.id, reason=explain_partner(partner, history))


def explain_partner(partner: StoredPartnerLink, history: History) -> str:
    shown = history.partners.get(partner.id, 0)
    return f"shown in {shown} {'issue' if shown == 1 else 'issues'}, weight {partner.link.weight}"


def _published(article: StoredArticle) -> datetime:
    return article.article.published_at or article.imported_at
