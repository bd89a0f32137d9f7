"""Whether a mailing should go on: refusals that are about us, and failures beyond what a sound list has."""

from __future__ import annotations

from dataclasses import replace

from newsletter.domain.bounce import is_about_sender
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, is_about_us, is_greylisting
from newsletter.domain.sender_health import PauseThresholds, SenderFigures, find_pause_reason
from newsletter.mail.reason import find_reason

#: So many refusals in a row whose words or status blame the sender, the letter or the relay are about us.
_STREAK = 10
#: So many are enough where they are all that a mailing has come to.
_SHORTEST_STREAK = 3


class Health:
    """Watches the outcomes of one mailing, on top of what the ledger and the reports say from before."""

    def __init__(self, thresholds: PauseThresholds) -> None:
        self._thresholds = thresholds
        self._before = SenderFigures()
        self._accepted = 0
        self._rejected = 0
        self._is_about_relay = False
        self._streak: list[tuple[DeliveryId, Outcome]] = []
        #: whether it knows what came before
        self.is_begun = False
        #: why the mailing should pause: a sentence for the editor
        self.pause_reason: str | None = None

    @property
    def blamed(self) -> list[DeliveryId]:
        """Deliveries that were rejected for a fault of ours."""
        return [delivery for delivery, outcome in self._streak if isinstance(outcome, Rejected)]

    @property
    def is_about_relay(self) -> bool:
        """Tell whether it is the relay that refuses us, so that another relay may not."""
        return self._is_about_relay

    def begin_anew(self) -> None:
        """Ask for the figures again before the next batch: an editor may have decided something meanwhile."""
        self.is_begun = False

    def begin(self, figures: SenderFigures) -> None:
        """Count on from ``figures``, which are all that is recorded of the mailing until now."""
        self._before, self._accepted, self._rejected = figures, 0, 0
        self.pause_reason = find_pause_reason(figures, self._thresholds)
        self.is_begun = True

    def ask_about_doubtful(self) -> None:
        """Have the mailing pause, since an editor wants to decide on letters that may or may not have arrived."""
        self.pause_reason = (
            "A connection or a process was lost while letters were on their way, and some may or may not have arrived. "
            "'newsletter issue doubtful N' names them; decide with --resend or --hold, then resume."
        )

    def note(self, delivery: DeliveryId, outcome: Outcome) -> None:
        match outcome:
            case Accepted():
                self._accepted += 1
                self._streak.clear()
            case Rejected(reply) | Deferred(reply) if _blames_us(reply):
                self._streak.append((delivery, outcome))
            case _:
                self._streak.clear()
        is_rejected = isinstance(outcome, Rejected)
        self._rejected += is_rejected
        if len(self._streak) >= _STREAK:
            self._blame_us()
        elif is_rejected or self._accepted + self._rejected <= self._thresholds.outcomes:
            # Else it was accepted, and the share of failures has not grown.
            self.pause_reason = find_pause_reason(self._figures(), self._thresholds) or self.pause_reason

    def conclude(self) -> None:
        """Look back at the end of a batch: a small mailing of which every letter was refused is about us too."""
        figures = self._figures()
        if not figures.accepted and len(self._streak) == len(self.blamed) == figures.rejected >= _SHORTEST_STREAK:
            self._blame_us()

    def _blame_us(self) -> None:
        _, outcome = self._streak[-1]
        self._is_about_relay = True
        self.pause_reason = (
            f"The relay refused {len(self._streak)} letters in a row for a reason that is about this sender and "
            f"not about the readers. Its last words: {_last_words(outcome)}"
        )

    def _figures(self) -> SenderFigures:
        before = self._before
        return replace(before, accepted=before.accepted + self._accepted, rejected=before.rejected + self._rejected)


def _blames_us(reply: Reply) -> bool:
    """Tell whether a refusal is about us: by its status, or by its words where that says nothing."""
    if is_greylisting(reply):
        return False
    return is_about_us(reply) or is_about_sender(find_reason(reply.enhanced, str(reply)).reason)


def _last_words(outcome: Outcome) -> str:
    return str(outcome.reply) if isinstance(outcome, Rejected | Deferred) else ""
