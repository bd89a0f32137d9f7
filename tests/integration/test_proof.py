"""What a proof takes from the store, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from draft_builders import A_SENDER
from issue_desk import Desk, render
from mailing_stand import ADDRESS_KEY, add_readers
from newsletter.domain.address import EmailAddress
from newsletter.domain.issue import Issue, RenderedIssue
from newsletter.domain.mailing import AudienceSize
from newsletter.domain.suppression import SuppressionReason
from newsletter.domain.token import hash_address
from newsletter.service.proof import Proof, pull_proof
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store import suppressions
from newsletter.store.database import Database

_READERS = [f"reader{number}@example.net" for number in range(1, 6)]


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def pull(desk: Desk, number: int) -> Proof:
    return pull_proof(
        number, database=desk.database, masthead=desk.masthead, render=render, sender=A_SENDER, now=desk.now
    )


def test_the_audience_is_the_active_and_unsuppressed_beside_that_of_the_last_issue(desk: Desk) -> None:
    add_readers(desk.database, _READERS)
    desk.store("One")
    first = desk.draft().number
    before = pull(desk, first).audience
    desk.publish()
    unsubscribe_address(EmailAddress(_READERS[0]), source="phone", database=desk.database, now=desk.now)
    suppress(desk.database, _READERS[1])
    suppress(desk.database, "nobody@example.net")
    desk.store("Two")

    proof = pull(desk, desk.draft().number)

    assert before == AudienceSize(now=5, former=None)
    assert proof.audience == AudienceSize(now=3, former=5)
    assert pull(desk, first).audience.former is None


def test_an_issue_without_anything_to_say_is_not_rendered(desk: Desk) -> None:
    proof = pull(desk, desk.draft().number)

    assert proof.rendered is None
    assert (proof.html, proof.outline) == ("", None)


def test_a_text_that_was_approved_or_mailed_is_looked_at_as_it_goes_out_and_not_rendered_again(desk: Desk) -> None:
    made: list[int] = []
    desk.store("One")
    number = desk.draft().number
    look(desk, number, made)
    assert made == [number]
    approval = desk.approve(number)
    approved = look(desk, number, made)
    desk.mail(number)
    mailed = look(desk, number, made)

    assert made == [number]
    assert approved.rendered is not None
    assert approved.rendered.digest == approval.rendered_digest
    assert mailed.rendered == approved.rendered


def look(desk: Desk, number: int, made: list[int]) -> Proof:
    """Pull a proof as the desk does, and note the issues that were rendered for it."""

    def note(issue: Issue) -> RenderedIssue:
        made.append(issue.number)
        return render(issue)

    return pull_proof(
        number,
        database=desk.database,
        masthead=desk.masthead,
        render=note,
        sender=A_SENDER,
        now=desk.now,
        takes_fixed=True,
    )


def suppress(database: Database, address: str) -> None:
    with database.transaction() as transaction:
        suppressions.suppress(
            transaction,
            hash_address(address, ADDRESS_KEY),
            SuppressionReason.EDITOR,
            evidence={},
            now=datetime.now(UTC),
        )
