"""Compare an issue with what was approved last: what an approval now consents to that the last one did not."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.approval import Approval
from newsletter.domain.issue import RenderedIssue, Slot
from newsletter.domain.text_change import TextChange, compare_blocks, split_blocks
from newsletter.render.outline import read_outline
from newsletter.store import approvals, issues
from newsletter.store.database import Database

_PLACEHOLDERS = dict.fromkeys(Slot, "…")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDifference:
    #: the last approval, whether it stands or not
    approval: Approval
    #: whether the exact text is the same
    is_same: bool
    #: of the subject, the preheader and the text part, in this order
    subject: tuple[TextChange, ...] = ()
    preheader: tuple[TextChange, ...] = ()
    text: tuple[TextChange, ...] = ()
    #: addresses of pictures that the HTML shows now and did not, and the other way round
    pictures_new: tuple[str, ...] = ()
    pictures_gone: tuple[str, ...] = ()

    @property
    def is_markup_only(self) -> bool:
        """Tell whether the text differs in nothing that a reader of the words or the pictures could name."""
        seen = self.subject or self.preheader or self.text or self.pictures_new or self.pictures_gone
        return not self.is_same and not seen


def compare_with_approval(number: int, rendered: RenderedIssue, *, database: Database) -> ApprovalDifference | None:
    """Compare what the issue says now with what was approved last; None where nothing ever was."""
    with database.snapshot() as snapshot:
        approval = approvals.find_latest(snapshot, issues.find_issue(snapshot, number).id)
        approved = approvals.load_rendered(snapshot, approval.id) if approval else None
    if approval is None or approved is None:
        return None
    if approved.digest == rendered.digest:
        return ApprovalDifference(approval=approval, is_same=True)
    had, has = _list_pictures(approved), _list_pictures(rendered)
    return ApprovalDifference(
        approval=approval,
        is_same=False,
        subject=compare_blocks([approved.subject], [rendered.subject]),
        preheader=compare_blocks([approved.preheader], [rendered.preheader]),
        text=compare_blocks(_list_blocks(approved), _list_blocks(rendered)),
        pictures_new=tuple(picture for picture in has if picture not in had),
        pictures_gone=tuple(picture for picture in had if picture not in has),
    )


def _list_blocks(rendered: RenderedIssue) -> tuple[str, ...]:
    return split_blocks(rendered.full.text.fill(_PLACEHOLDERS))


def _list_pictures(rendered: RenderedIssue) -> tuple[str, ...]:
    return tuple(dict.fromkeys(read_outline(rendered.full.html.fill(_PLACEHOLDERS)).images))
