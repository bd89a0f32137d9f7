"""Whether a report is believed, what of it, and how the same one is known again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind, BounceReason, Report, ReportedRecipient
from newsletter.domain.mailing import DeliveryId, DeliveryStatus
from newsletter.domain.stored_report import (
    Fate,
    IgnoredReason,
    NamedDelivery,
    NamedReader,
    choose_fate,
    date_report,
    digest_report,
    explain_missing,
    find_objection,
    plain_words,
)

SENT_AT = datetime(2026, 3, 12, 9, tzinfo=UTC)
ANN = EmailAddress("Ann@example.net")
AGE = timedelta(days=60)


def a_recipient(address: str, kind: BounceKind, *, words: str = "words", status: str = "5.0.0") -> ReportedRecipient:
    return ReportedRecipient(address=address, kind=kind, status=status, reason=BounceReason.UNKNOWN_USER, words=words)


def a_report(*recipients: ReportedRecipient, kind: BounceKind = BounceKind.HARD) -> Report:
    return Report(kind=kind, recipients=recipients, rule="dsn", words="of the report")


def a_delivery(
    *, status: DeliveryStatus = DeliveryStatus.ACCEPTED, is_resent: bool = False, forgotten: bool = False
) -> NamedDelivery:
    reader = None if forgotten else NamedReader(1, ANN, b"hash")
    return NamedDelivery(id=DeliveryId(1, 1), status=status, is_resent=is_resent, sent_at=SENT_AT, reader=reader)


def test_the_reader_s_own_fate_is_taken_whatever_became_of_others() -> None:
    report = a_report(
        a_recipient("other@example.net", BounceKind.SOFT), a_recipient("ann@example.net", BounceKind.HARD)
    )

    assert choose_fate(report, ANN).kind is BounceKind.HARD


def test_where_one_of_several_copies_arrived_the_letter_did() -> None:
    report = a_report(
        a_recipient("old@elsewhere.example", BounceKind.HARD),
        a_recipient("new@elsewhere.example", BounceKind.DELIVERED),
    )

    fate = choose_fate(report, ANN)

    assert (fate.kind, fate.reason) == (BounceKind.DELIVERED, None)


def test_a_report_that_names_no_address_speaks_for_itself() -> None:
    fate = choose_fate(a_report(kind=BounceKind.SOFT), None)

    assert fate == Fate(kind=BounceKind.SOFT, rule="dsn", words="of the report")


def test_long_fields_of_strangers_are_cut() -> None:
    report = a_report(a_recipient("ann@example.net", BounceKind.HARD, status="5" * 99, words="w" * 999))

    fate = choose_fate(report, ANN)

    assert len(fate.status) == 16
    assert len(fate.words) == 300


def test_words_become_one_line_that_every_database_takes() -> None:
    assert plain_words("no\0such\r\n\tuser\ud800 \x1b[31m") == "no such user [31m"


@pytest.mark.parametrize(
    ("delivery", "days", "objection"),
    [
        (None, 1, IgnoredReason.UNKNOWN_DELIVERY),
        (a_delivery(forgotten=True), 1, IgnoredReason.FORGOTTEN),
        (a_delivery(status=DeliveryStatus.REJECTED), 1, IgnoredReason.NOT_SENT),
        (a_delivery(status=DeliveryStatus.WITHHELD), 1, IgnoredReason.NOT_SENT),
        (a_delivery(), 61, IgnoredReason.TOO_OLD),
        (a_delivery(), 60, None),
        (a_delivery(status=DeliveryStatus.REJECTED, is_resent=True), 1, None),
    ],
)
def test_a_report_counts_for_a_letter_that_left_not_long_ago(
    delivery: NamedDelivery | None, days: int, objection: IgnoredReason | None
) -> None:
    assert find_objection(delivery, token_age=AGE, now=SENT_AT + timedelta(days=days)) is objection


def test_only_what_has_the_form_of_a_token_is_called_forged() -> None:
    assert explain_missing(("a" * 31,)) is IgnoredReason.FORGED
    assert explain_missing(("a" * 24,)) is IgnoredReason.UNSIGNED
    assert explain_missing(()) is IgnoredReason.UNSIGNED


@pytest.mark.parametrize(("written", "dated"), [(-3, 0), (2, 2), (9, 7), (None, 7)])
def test_a_report_s_own_date_is_believed_between_its_letter_and_now(written: int | None, dated: int) -> None:
    written_at = None if written is None else SENT_AT + timedelta(days=written)

    assert date_report(written_at, sent_at=SENT_AT, now=SENT_AT + timedelta(days=7)) == SENT_AT + timedelta(days=dated)


def test_a_report_without_a_letter_came_when_it_was_read() -> None:
    assert date_report(SENT_AT - AGE, sent_at=None, now=SENT_AT) == SENT_AT


def test_what_hosts_add_on_the_way_does_not_make_another_report() -> None:
    plain = b"Subject: failed\n\nno such user\n"
    piped = (
        b"From daemon Thu Mar 12\r\nDelivered-To: x@example.org\r\nReceived: from a\r\n\tby b\r\nSubject: failed\r\n"
        b"\r\nno such user\r\n\r\n"
    )

    assert digest_report(plain, None) == digest_report(piped, None)
    filtered = b"Received-SPF: none\nX-Spam-Status: No,\n\tscore=1\nStatus: RO\n" + plain
    assert digest_report(plain, None) == digest_report(filtered, None)
    assert digest_report(plain, None) != digest_report(plain.replace(b"user", b"host"), None)
    assert digest_report(plain, DeliveryId(1, 2)) != digest_report(plain, DeliveryId(1, 3))


def test_neither_folding_nor_order_of_fields_nor_an_mbox_s_quoting_makes_another_report() -> None:
    plain = b"Subject: failed to reach you\nFrom: <a@example.org>\n\nFrom here\n>From there\n"
    refolded = b"From: <a@example.org>\nSubject: failed\n to reach you\n\n>From here\n>>From there\n\n"

    assert digest_report(plain, None) == digest_report(refolded, None)


def test_a_huge_message_is_known_again_wherever_it_was_cut() -> None:
    huge = b"Subject: huge\n\n" + b"many words\n" * 200_000

    assert digest_report(huge[: 1 << 20], None) == digest_report(huge[:900_000].replace(b"\n", b"\r\n"), None)
    assert digest_report(huge, None) != digest_report(huge.replace(b"huge", b"vast"), None)


def test_two_answers_with_the_same_words_are_two() -> None:
    answer = b"From: ann@example.net\nMessage-ID: <1@example.net>\n\nThank you!\n"

    assert digest_report(answer, None) != digest_report(answer.replace(b"<1@", b"<2@"), None)
