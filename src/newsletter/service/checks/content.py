"""Something to read, and finished."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.article import AnnouncementKind, StoredAnnouncement, StoredArticle
from newsletter.service.finding import Finding, Level
from newsletter.service.proof import Proof


def check_content(proof: Proof) -> Iterator[Finding]:
    number = proof.draft.number
    if not proof.issue.topics:
        yield Finding(
            check="empty",
            level=Level.ERROR,
            where=f"issue {number}",
            what="The issue has neither an article nor an announcement.",
            mend=f"Import articles, or add stored ones: newsletter issue arrange {number} --add ID.",
        )
    for item in proof.items:
        if item.is_withdrawn:
            yield Finding(
                check="withdrawn",
                level=Level.WARNING,
                where=str(item.name),
                what=f"“{item.headline}” was withdrawn since it was chosen; the issue leaves it out.",
                mend="Remove it from the issue, or restore it.",
            )
        elif isinstance(item.stored, StoredArticle) and item.stored.article.needs_headline and not item.item.headline:
            yield Finding(
                check="needs_headline",
                level=Level.ERROR,
                where=str(item.name),
                what=f"“{item.headline}” is a provisional headline, cut from the standfirst.",
                mend=f"Set one: newsletter articles edit {item.name.id} --headline TEXT.",
            )
        elif isinstance(item.stored, StoredAnnouncement) and not _is_ahead(item.stored, proof):
            yield Finding(
                check="withdrawn",
                level=Level.WARNING,
                where=str(item.name),
                what=f"“{item.headline}” is over, or was to be shown at another time.",
                mend="Remove it from the issue.",
            )


def _is_ahead(stored: StoredAnnouncement, proof: Proof) -> bool:
    shown_at = max(proof.draft.due_at, proof.now)
    is_event = stored.announcement.kind is AnnouncementKind.EVENT
    starts_at = stored.announcement.starts_at
    return stored.announcement.is_current(shown_at) and not (is_event and starts_at and starts_at <= shown_at)
