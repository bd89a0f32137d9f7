"""Who changed last what an issue says, by the audit log."""

from __future__ import annotations

from newsletter.domain.act import Act
from newsletter.domain.arrangement import ItemName
from newsletter.domain.issue import Draft
from newsletter.store.audit import find_last_act
from newsletter.store.database import Transaction

# All other acts count, those of versions to come too: a second person too many does no harm.
_CHANGE_NOTHING = frozenset({"issue approved", "approval withdrawn", "test sent", "words set aside", "words chosen"})


def find_last_change(draft: Draft, *, transaction: Transaction) -> Act | None:
    """Return the last change of the issue, or of an article, announcement or partner link that stands in it.

    None for a draft as it was assembled.
    """
    subjects = {f"issue {draft.number}", *(str(ItemName.of(item)) for item in draft.items)}
    return find_last_act(transaction, subjects, but=_CHANGE_NOTHING)


def is_same_person(name: str, other: str) -> bool:
    """Tell whether two names are one, whatever their spaces and capitals."""
    return " ".join(name.split()).casefold() == " ".join(other.split()).casefold()
