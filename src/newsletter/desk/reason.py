"""Why an editor did something: kept with what was done."""

from __future__ import annotations

from collections.abc import Mapping

from newsletter.errors import InputError


def read_reason(fields: Mapping[str, str], *, because: str) -> str:
    """Give the reason of a form as one line; raises InputError, which says ``because`` of what one is needed."""
    reason = " ".join(fields.get("reason", "").split())
    if not reason:
        raise InputError(f"Say why in a few words; {because}.")
    return reason
