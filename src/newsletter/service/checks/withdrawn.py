"""What was chosen and is not to be shown any more."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.domain.article import AnnouncementKind, StoredAnnouncement
from newsletter.service.check import check
from newsletter.service.compose_issue import ShownItem
from newsletter.service.finding import Fault, Level
from newsletter.service.proof import Proof


@check(Level.WARNING, promise="Nothing that was chosen has been retracted since, and no announcement is over.")
def check_withdrawn(proof: Proof) -> Iterator[Fault]:
    for item in proof.items:
        if item.is_withdrawn:
            yield _find(proof, item, "was withdrawn since it was chosen; the issue leaves it out")
        elif isinstance(item.stored, StoredAnnouncement) and not _is_ahead(item.stored, proof):
            yield _find(proof, item, "is over, or was to be shown at another time")


def _is_ahead(stored: StoredAnnouncement, proof: Proof) -> bool:
    is_event = stored.announcement.kind is AnnouncementKind.EVENT
    starts_at = stored.announcement.starts_at
    has_begun = is_event and starts_at and starts_at <= proof.shown_at
    return stored.announcement.is_current(proof.shown_at) and not has_begun


def _find(proof: Proof, item: ShownItem, what: str) -> Fault:
    return Fault(
        where=str(item.name),
        what=f"“{item.headline}” {what}.",
        mend=f"Remove it: newsletter issue arrange {proof.draft.number} --remove {item.name.argument}.",
    )
