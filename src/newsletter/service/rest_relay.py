"""Rest, because the relay says that our quota is used up: nobody is marked, and the mailing resumes by itself."""

from __future__ import annotations

from datetime import datetime, timedelta

from newsletter.store import budgets
from newsletter.store.budgets import RELAY, RelayRest
from newsletter.store.database import Database

_RESTS = tuple(timedelta(minutes=minutes) for minutes in (5, 15, 30, 60))  # the last one repeats
#: After so long without an acceptance it was no daily quota; an editor has to look.
PATIENCE = timedelta(hours=26)


def rest_relay(words: str, *, database: Database, now: datetime, relay: str = RELAY) -> RelayRest:
    """Let nothing leave for a while, longer each time until the relay accepts again; return the rest."""
    with database.transaction() as transaction:
        known = budgets.find_rest(transaction, relay=relay)
        if known is not None and known.until > now:
            return known  # several connections are told the same
        refusals = known.refusals + 1 if known else 1
        rest = RelayRest(
            until=now + _RESTS[min(refusals, len(_RESTS)) - 1],
            why=f"The relay says that it takes no more for now ({words})",
            refusals=refusals,
            refused_since=known.refused_since if known else now,
        )
        budgets.save_rest(transaction, rest, relay=relay)
    return rest
