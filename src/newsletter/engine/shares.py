"""How the letters of a mailing are shared out among several relays, in one process.

Each relay has a worker of its own, which claims batches as it can. Weights say how many: one that is ahead of its share
waits for the others. One that rests, or may send nothing now by its limits, is nobody's measure, and what it missed
meanwhile is not made up for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

_HELD = timedelta(seconds=1)


class Shares:
    """Asked and told from one event loop."""

    def __init__(self, weights: Mapping[str, float], *, clock: Callable[[], datetime]) -> None:
        """Weight 0 is for a relay that takes over while all others rest."""
        self._weights = dict(weights)
        self._clock = clock
        self._taken = dict.fromkeys(weights, 0.0)
        self._away_until: dict[str, datetime] = {}
        #: relays without a worker
        self._idle: set[str] = set()
        #: how many batches each has out
        self._out = dict.fromkeys(weights, 0)

    def may_claim(self, relay: str) -> bool:
        """Tell whether it is this relay's turn, or nobody else's."""
        others = [self._share(other) for other in self._weights if other != relay and self._is_measure(other)]
        if not others:
            return True
        return self._weights[relay] > 0 and self._share(relay) <= min(others)

    def has_others(self, relay: str) -> bool:
        """Tell whether another relay can send now."""
        return any(other != relay and not self._is_away(other) for other in self._weights)

    def have_others_out(self, relay: str) -> bool:
        """Tell whether another relay has letters out, which may come back if it turns out to refuse them."""
        return any(out for other, out in self._out.items() if other != relay)

    def send_out(self, relay: str) -> None:
        """Note that a relay has one batch more, or is about to."""
        self._out[relay] += 1

    def take_back(self, relay: str) -> None:
        """Note that a batch is settled or in the ledger again, or that there was none."""
        self._out[relay] -= 1

    def enter(self, relay: str) -> None:
        """Note that a relay's worker begins."""
        self._idle.discard(relay)
        self._out[relay] = 0  # whatever an earlier one was cut off with

    def leave(self, relay: str) -> None:
        """Note that a relay's worker has ended: nobody waits for it."""
        self._idle.add(relay)

    def count(self, relay: str, letters: int) -> None:
        """Note what a relay was granted."""
        self._come_back(relay)
        self._taken[relay] += letters

    def hold(self, relay: str, until: datetime | None = None) -> None:
        """Leave a relay out: until it is known to rest no more, or for a moment."""
        known = self._away_until.get(relay)
        moment = until or self._clock() + _HELD
        self._away_until[relay] = max(known, moment) if known else moment

    def _come_back(self, relay: str) -> None:
        """Begin beside the others, not behind them."""
        if self._away_until.pop(relay, None) is None or not self._weights[relay]:
            return
        others = [self._share(other) for other in self._weights if other != relay and self._is_measure(other)]
        if others:
            self._taken[relay] = max(self._taken[relay], min(others) * self._weights[relay])

    def _share(self, relay: str) -> float:
        return self._taken[relay] / self._weights[relay] if self._weights[relay] else 0.0

    def _is_measure(self, relay: str) -> bool:
        return self._weights[relay] > 0 and not self._is_away(relay)

    def _is_away(self, relay: str) -> bool:
        until = self._away_until.get(relay)
        return relay in self._idle or (until is not None and until > self._clock())
