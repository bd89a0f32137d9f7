"""How soon dead addresses are found out, and that living ones are not: simulated years with a seed.

What the other side says is taken from the replies of many systems; when it says so, and whether the report comes back
at all, is drawn at random.
"""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

import pytest

from newsletter.domain.bounce_policy import AcceptedAt, BouncedAt, BouncePolicy, Event, decide
from newsletter.mail.reason import find_reason

_REPLIES: list[list[str]] = tomllib.loads(
    (Path(__file__).parents[1] / "mail" / "systems.toml").read_text(encoding="utf-8")
)["replies"]
_DEAD = [words for kind, words in _REPLIES if kind == "hard"]
_ALIVE = [words for kind, words in _REPLIES if kind == "soft"]
# What some systems say of dead addresses without saying that they are dead; one of these sounds like their own fault.
_VAGUE = [
    "550 5.0.0 delivery error",
    "550 5.1.0 recipient refused",
    "554 5.0.0 unable to deliver",
    "550 5.2.0 this account is not allowed to receive mail",
    "550 5.5.0 account disabled",
]

_FIRST = datetime(2026, 3, 12, 9, tzinfo=UTC)
_ISSUES = timedelta(weeks=2)
_ADDRESSES = 2_000
_POLICY = BouncePolicy()


def seeded(seed: int) -> Random:
    return Random(seed)  # noqa: S311 - the same years each time


def is_suppressed_by(history: list[Event], *, now: datetime) -> bool:
    return decide(history, _POLICY, now) is not None


def a_failure(words: str, sent_at: datetime, random: Random) -> list[Event]:
    """Return a letter that was accepted and came back within two days, or was refused at once."""
    judgement = find_reason(None, words, is_final=True)
    is_refused = random.random() < 0.3
    after = timedelta(0) if is_refused else timedelta(hours=random.uniform(0, 48))
    bounced = BouncedAt(sent_at + after, judgement.kind, judgement.reason, words)
    return [bounced] if is_refused else [AcceptedAt(sent_at), bounced]


def a_dead_address(random: Random, *, issues: int, share_vague: float, share_lost: float) -> list[Event]:
    """Return what happens to letters to an address that does not exist; some reports never come back.

    Of the replies of real systems about dead addresses, one in twenty-five does not say so.
    """
    words = random.choice(_VAGUE if random.random() < share_vague else _DEAD)
    history: list[Event] = []
    for number in range(issues):
        sent_at = _FIRST + number * _ISSUES
        failure = a_failure(words, sent_at, random)
        history += failure[:-1] if random.random() < share_lost else failure
    return history


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_dead_addresses_are_suppressed_within_three_issues(seed: int) -> None:
    random = seeded(seed)
    histories = [a_dead_address(random, issues=3, share_vague=0.05, share_lost=0.03) for _ in range(_ADDRESSES)]
    after_the_third = _FIRST + 2 * _ISSUES + timedelta(days=3)

    found = sum(is_suppressed_by(history, now=after_the_third) for history in histories)

    assert found >= 0.95 * _ADDRESSES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_most_dead_addresses_are_suppressed_after_the_first_issue(seed: int) -> None:
    random = seeded(seed)
    histories = [a_dead_address(random, issues=1, share_vague=0.05, share_lost=0.03) for _ in range(_ADDRESSES)]

    found = sum(is_suppressed_by(history, now=_FIRST + timedelta(days=3)) for history in histories)

    assert found >= 0.85 * _ADDRESSES


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_living_addresses_with_a_bad_day_now_and_then_are_never_suppressed(seed: int) -> None:
    random = seeded(seed)
    suppressed = 0
    for _ in range(_ADDRESSES):
        history: list[Event] = []
        for number in range(13):  # half a year
            sent_at = _FIRST + number * _ISSUES
            has_bad_day = random.random() < 0.1
            history += a_failure(random.choice(_ALIVE), sent_at, random) if has_bad_day else [AcceptedAt(sent_at)]
            suppressed += is_suppressed_by(history, now=sent_at + timedelta(days=6))

    assert suppressed == 0


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_said_against_us_never_suppresses_anybody(seed: int) -> None:
    random = seeded(seed)
    against_us = ["554 5.7.1 rejected as spam", "421 4.7.0 too many connections", "550 5.7.26 DMARC", "552 too big"]
    for _ in range(_ADDRESSES):
        words = random.choice(against_us)
        history = [event for number in range(26) for event in a_failure(words, _FIRST + number * _ISSUES, random)]

        assert not is_suppressed_by(history, now=_FIRST + 30 * _ISSUES)
