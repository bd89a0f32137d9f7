"""Second thoughts on both databases: reports taken back, and decisions made again after a rule changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from bounce_messages import a_letter
from mailing_stand import ADDRESS_KEY, KEYS, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, BounceReason
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.suppression import Suppression
from newsletter.domain.token import hash_address
from newsletter.errors import NotFoundError, RefusedError
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.change_suppression import lift_suppression
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.read_bounces import read_bounces
from newsletter.service.replay_bounces import replay_bounces
from newsletter.service.reverse_bounce import reverse_bounce
from newsletter.store.bounces import find_report, list_reports, load_raw, save_fate
from newsletter.store.database import Database
from newsletter.store.suppressions import list_suppressions_of
from stored import SENT_AT, SentMailing, a_failure, a_mailing, a_spam_report, is_mailed

ANN, BEN = "ann@example.net", "ben@example.net"
POLICY = BouncePolicy()
NOW = SENT_AT + timedelta(days=1)


def bounce(
    database: Database,
    sent: SentMailing,
    address: str = ANN,
    *,
    status: str = "5.1.1",
    words: str = "550 5.1.1 no such user",
    days: int = 1,
) -> None:
    token = sent.token(address)
    raw = a_failure(address, delivered_to=f"b+{token}@bounces.example.org", status=status, words=words)
    read(database, raw, days=days)


def read(database: Database, raw: bytes, *, days: int = 1) -> None:
    read_bounces(
        [StoredMessage("message", raw)],
        database=database,
        keys=KEYS,
        policy=POLICY,
        token_age=timedelta(days=60),
        now=SENT_AT + timedelta(days=days),
    )


def latest_suppression(database: Database, address: str) -> Suppression:
    with database.snapshot() as snapshot:
        return list_suppressions_of(snapshot, hash_address(address, ADDRESS_KEY))[0]


def misread(database: Database, bounce_id: int, kind: BounceKind, reason: BounceReason | None = None) -> None:
    """Make a stored report look as if an older rule had read it."""
    with database.transaction() as transaction:
        fate = find_report(transaction, bounce_id).fate
        save_fate(transaction, bounce_id, replace(fate, kind=kind, reason=reason, rule="an older rule"))


def test_a_report_taken_back_lifts_the_suppression_that_rests_on_it(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent)
    assert not is_mailed(database, ANN)

    reversal = reverse_bounce(1, database=database, policy=POLICY, now=NOW)

    assert reversal.is_lifted
    assert is_mailed(database, ANN)
    assert "taken back" in (latest_suppression(database, ANN).lifted_because or "")
    assert report_on(database, sent.mailing).bounced_hard == 0


def test_a_suppression_that_other_reports_carry_stands(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent)
    read(database, a_spam_report(f"X-Newsletter-Delivery: {sent.token(ANN)}\n"))

    assert not reverse_bounce(1, database=database, policy=POLICY, now=NOW).is_lifted
    assert not is_mailed(database, ANN)


def test_a_report_that_suppressed_nobody_may_be_taken_back(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent, words="452 4.2.2 mailbox full", status="4.2.2")
    read(database, a_letter("Hello", "A letter without a token."))

    assert not reverse_bounce(1, database=database, policy=POLICY, now=NOW).is_lifted
    assert not reverse_bounce(2, database=database, policy=POLICY, now=NOW).is_lifted


def test_a_report_is_taken_back_once(database: Database) -> None:
    bounce(database, a_mailing(database))
    reverse_bounce(1, database=database, policy=POLICY, now=NOW)

    with pytest.raises(RefusedError, match="taken back on 2026-03-13 already"):
        reverse_bounce(1, database=database, policy=POLICY, now=NOW)
    with pytest.raises(NotFoundError, match="no bounce 2"):
        reverse_bounce(2, database=database, policy=POLICY, now=NOW)


def test_a_letter_that_comes_back_by_two_ways_has_failed_once(database: Database) -> None:
    for number in range(4):
        sent = a_mailing(database, number=number + 1, sent_at=SENT_AT + timedelta(days=14 * number))
        for words in ("552 5.2.2 mailbox full", "552 the mailbox is full"):
            bounce(database, sent, status="5.2.2", words=words, days=14 * number + 1)

        assert report_on(database, sent.mailing).bounced_soft == 1
    with database.snapshot() as snapshot:
        assert len(list_reports(snapshot)) == 8
    assert is_mailed(database, ANN)


def test_of_two_reports_of_a_letter_the_heavier_one_speaks(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent, status="5.0.0", words="550 refused")

    bounce(database, sent)

    assert not is_mailed(database, ANN)


def test_a_replay_by_the_same_rules_changes_nothing(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent)
    bounce(database, sent, BEN, status="5.7.1", words="550 5.7.1 rejected as spam")

    replay = replay_bounces(database=database, policy=POLICY, now=NOW, apply=True)

    assert (replay.reports, replay.reclassified.total(), replay.suppressed, replay.lifted) == (2, 0, [], [])
    assert not is_mailed(database, ANN)


def test_a_dry_run_only_says_who_would_change(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent, words="452 4.2.2 mailbox full", status="4.2.2")
    misread(database, 1, BounceKind.HARD, BounceReason.UNKNOWN_USER)
    bounce(database, sent, BEN)
    misread(database, 2, BounceKind.SOFT, BounceReason.SYSTEM)
    lift_suppression(EmailAddress(BEN), because="a trial", database=database, address_key=ADDRESS_KEY, now=SENT_AT)

    replay = replay_bounces(database=database, policy=POLICY, now=NOW)

    assert replay.reclassified == {(BounceKind.HARD, BounceKind.SOFT): 1, (BounceKind.SOFT, BounceKind.HARD): 1}
    assert replay.suppressed == [sent.deliveries[BEN]]
    assert is_mailed(database, BEN)
    with database.snapshot() as snapshot:
        assert find_report(snapshot, 2).fate.kind is BounceKind.SOFT


def test_a_rule_that_spares_a_report_lifts_what_rested_on_it(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent)
    strict = POLICY
    misread(database, 1, BounceKind.HARD, BounceReason.UNKNOWN_USER)
    read(database, a_failure(BEN, delivered_to=f"b+{sent.token(BEN)}@x.example", words="550 5.2.2 mailbox full"))
    eager = replace(POLICY, full_count=1, full_span=timedelta())

    assert replay_bounces(database=database, policy=eager, now=NOW, apply=True).suppressed == [sent.deliveries[BEN]]
    assert not is_mailed(database, BEN)

    assert replay_bounces(database=database, policy=strict, now=NOW, apply=True).lifted == [sent.deliveries[BEN]]
    assert is_mailed(database, BEN)
    assert "rule changed" in (latest_suppression(database, BEN).lifted_because or "")

    # And once more: a replay's own lifting is no new beginning.
    assert replay_bounces(database=database, policy=eager, now=NOW, apply=True).suppressed == [sent.deliveries[BEN]]


def test_a_lifting_by_an_editor_outlasts_every_replay(database: Database) -> None:
    bounce(database, a_mailing(database))
    later = NOW + timedelta(days=1)
    lift_suppression(
        EmailAddress(ANN), because="she wrote to us", database=database, address_key=ADDRESS_KEY, now=later
    )

    assert not replay_bounces(database=database, policy=POLICY, now=later, apply=True).suppressed
    assert is_mailed(database, ANN)


def test_a_replay_leaves_farewells_and_emptied_reports_as_they_are(database: Database) -> None:
    sent = a_mailing(database)
    bounce(database, sent)
    read(database, a_letter(f"unsubscribe-{sent.token(BEN)}", ""))
    forget_subscriber(EmailAddress(ANN), database=database, address_key=ADDRESS_KEY, now=NOW)

    replay = replay_bounces(database=database, policy=POLICY, now=NOW, apply=True)

    assert (replay.reports, replay.reclassified.total()) == (2, 0)
    with database.snapshot() as snapshot:
        assert load_raw(snapshot, 1) == b""
