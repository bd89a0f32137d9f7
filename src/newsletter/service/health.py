"""Whether a mailing should go on: refusals that are about us, and rejections beyond what a sound list has."""

from __future__ import annotations

from dataclasses import dataclass

from newsletter.domain.bounce import is_about_sender
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, is_about_us
from newsletter.mail.reason import find_reason

#: So many refusals in a row whose words or status blame the sender, the letter or the relay are about us.
_STREAK = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class PauseThresholds:
    """A mailing pauses itself at this share of rejections, but not before both counts are reached."""

    percent: float = 5
    outcomes: int = 200
    rejections: int = 10


class Health:
    """Watches the outcomes of one mailing."""

    def __init__(self, thresholds: PauseThresholds) -> None:
        self._thresholds = thresholds
        self._outcomes = 0
        self._rejections = 0
        self._streak: list[tuple[DeliveryId, Outcome]] = []
        #: why the mailing should pause: a sentence for the editor
        self.pause_reason: str | None = None

    @property
    def blamed(self) -> list[DeliveryId]:
        """Deliveries that were rejected for a fault of ours."""
        return [delivery for delivery, outcome in self._streak if isinstance(outcome, Rejected)]

    def ask_about_doubtful(self) -> None:
        """Have the mailing pause, since an editor wants to decide on letters that may or may not have arrived."""
        self.pause_reason = (
            "A connection or a process was lost while letters were on their way, and some may or may not have arrived. "
            "'newsletter issue doubtful N' names them; decide with --resend or --hold, then resume."
        )

    def note(self, delivery: DeliveryId, outcome: Outcome) -> None:
        self._outcomes += 1
        self._rejections += isinstance(outcome, Rejected)
        match outcome:
            case Accepted():
                self._streak.clear()
            case Rejected(reply) | Deferred(reply) if _blames_us(reply):
                self._streak.append((delivery, outcome))
            case _:
                self._streak.clear()
        if len(self._streak) >= _STREAK:
            self.pause_reason = (
                f"The relay refused {len(self._streak)} letters in a row for a reason that is about this sender and "
                f"not about the readers. Its last words: {_last_words(outcome)}"
            )
        elif self._is_beyond_thresholds():
            self.pause_reason = (
                f"{self._rejections} of {self._outcomes} letters were rejected, more than "
                f"{self._thresholds.percent:g} in a hundred. Look at the reasons in the report before you resume."
            )

    def _is_beyond_thresholds(self) -> bool:
        limits = self._thresholds
        return (
            self._outcomes >= limits.outcomes
            and self._rejections >= limits.rejections
            and self._rejections * 100 >= limits.percent * self._outcomes
        )


def _blames_us(reply: Reply) -> bool:
    """Tell whether a refusal is about us: by its status, or by its words where that says nothing (RFC 3463 3.2 too)."""
    return is_about_us(reply) or is_about_sender(find_reason(reply.enhanced, str(reply)).reason)


def _last_words(outcome: Outcome) -> str:
    return str(outcome.reply) if isinstance(outcome, Rejected | Deferred) else ""
