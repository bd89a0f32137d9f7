"""The closed vocabularies of bounces."""

from __future__ import annotations

import pytest

from newsletter.domain.bounce import BounceKind, BounceReason, heaviest, is_about_sender


@pytest.mark.parametrize("reason", BounceReason)
def test_every_reason_has_a_sentence(reason: BounceReason) -> None:
    assert reason.sentence.endswith(".")


@pytest.mark.parametrize("kind", BounceKind)
def test_every_kind_has_a_sentence(kind: BounceKind) -> None:
    assert kind.sentence.endswith(".")


def test_a_report_of_many_fates_is_named_by_the_heaviest() -> None:
    assert heaviest((BounceKind.DELIVERED, BounceKind.SOFT, BounceKind.DELAYED)) is BounceKind.SOFT
    assert heaviest(()) is BounceKind.NOT_BOUNCE


def test_the_readers_reasons_do_not_count_against_the_sender() -> None:
    about_reader = {reason for reason in BounceReason if not is_about_sender(reason)}

    assert about_reader == {
        BounceReason.UNKNOWN_USER,
        BounceReason.UNKNOWN_DOMAIN,
        BounceReason.MOVED,
        BounceReason.MAILBOX_DISABLED,
        BounceReason.MAILBOX_FULL,
        BounceReason.RECIPIENT_REFUSED,
        BounceReason.UNSPECIFIED,
    }
