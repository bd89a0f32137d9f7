"""The record of one person: all that is stored, and no less for whoever asks."""

from __future__ import annotations

from datetime import timedelta

from mailing_stand import ADDRESS_KEY, KEYS
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce_policy import BouncePolicy
from newsletter.domain.subscriber import Consent, ConsentEvent
from newsletter.domain.token import hash_address
from newsletter.mail.mailbox import StoredMessage
from newsletter.service.change_suppression import lift_suppression
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import describe_record, dump_record, find_record
from newsletter.service.read_bounces import read_bounces
from newsletter.service.save_segment import tag_subscribers
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.consents import record_consents
from newsletter.store.database import Database
from newsletter.store.sign_ups import take_turn
from stored import SENT_AT, a_failure, a_mailing

ANN = EmailAddress("ann@example.net")
HASH = hash_address(ANN.normalized, ADDRESS_KEY)
LATER = SENT_AT + timedelta(hours=2)


def a_reader_of_whom_much_is_known(database: Database) -> None:
    """Ann signed up, was written to, bounced, was suppressed and mailed again, and left."""
    with database.transaction() as transaction:
        take_turn(transaction, HASH, after=SENT_AT - timedelta(days=2), now=SENT_AT - timedelta(days=1))
        consent = Consent(event=ConsentEvent.CONFIRMED, source="the site", given_at=SENT_AT - timedelta(days=1))
        record_consents(transaction, [(HASH, consent)], now=SENT_AT)
    sent = a_mailing(database, addresses=[ANN.text])
    read_bounces(
        [StoredMessage("report", a_failure(ANN.text, delivered_to=f"b+{sent.token(ANN.text)}@b.example.org"), "")],
        database=database,
        keys=KEYS,
        policy=BouncePolicy(),
        token_age=timedelta(days=60),
        now=LATER,
    )
    lift_suppression(ANN, because="she wrote to us", database=database, address_key=ADDRESS_KEY, now=LATER)
    tag_subscribers("press", addresses=[ANN], is_taken=False, database=database, now=LATER)
    unsubscribe_address(ANN, source="told the editors", database=database, now=LATER)


def test_a_record_has_all_that_ever_happened_to_a_person(database: Database) -> None:
    a_reader_of_whom_much_is_known(database)

    document = dump_record(find_record(ANN, database=database, address_key=ADDRESS_KEY))

    assert (document["address"], document["status"], document["tags"]) == (ANN.text, "unsubscribed", ("press",))
    assert document["asked_at"] == SENT_AT - timedelta(days=1)
    assert [(consent["event"], consent["recorded_at"]) for consent in document["consents"]] == [
        ("confirmed", SENT_AT),
        ("withdrawn", LATER),
    ]
    [delivery] = document["deliveries"]
    assert (delivery["issue"], delivery["status"], delivery["reply"]) == (1, "accepted", "250 2.0.0 queued as 4F2A")
    assert delivery["attempts"] == 1
    [bounce] = document["bounces"]
    assert (bounce["kind"], bounce["reason"], bounce["status"]) == ("hard", "unknown_user", "5.1.1")
    assert "no such user" in bounce["words"]
    assert bounce["message_bytes"] > 0
    [suppression] = document["suppressions"]
    assert (suppression["reason"], suppression["lifted_because"]) == ("dead_address", "she wrote to us")
    assert document["suppression"] is None
    assert [notice["kind"] for notice in document["notices"]] == ["goodbye"]
    assert [act["act"] for act in document["acts"]] == ["unsubscribe", "lift suppression"]


def test_the_text_of_a_record_says_what_its_document_says(database: Database) -> None:
    a_reader_of_whom_much_is_known(database)

    text = describe_record(find_record(ANN, database=database, address_key=ADDRESS_KEY))

    assert text.startswith(f"address: {ANN}\nstatus: unsubscribed\n")
    assert "asked at: 2026-03-11 09:00 UTC" in text
    for line in (
        "event confirmed; source the site; given at 2026-03-11 09:00 UTC; recorded at 2026-03-12 09:00 UTC",
        "reply 250 2.0.0 queued as 4F2A",
        "lifted because she wrote to us",
        "kind goodbye; status queued",
        "act lift suppression",
    ):
        assert line in text


def test_of_somebody_forgotten_only_what_hashes_know_is_shown(database: Database) -> None:
    a_reader_of_whom_much_is_known(database)
    forget_subscriber(ANN, database=database, address_key=ADDRESS_KEY, now=LATER)

    record = find_record(ANN, database=database, address_key=ADDRESS_KEY)

    assert (record.subscriber, record.tags, record.deliveries, record.notices) == (None, (), (), ())
    assert [consent.event for consent in record.consents][-1] is ConsentEvent.WITHDRAWN
    assert [(bounce.words, bounce.message_bytes) for bounce in record.bounces] == [("", 0)]
    assert [str(suppression.reason) for suppression in record.suppressions] == ["forgotten", "dead_address"]
    assert "no such user" not in describe_record(record)
