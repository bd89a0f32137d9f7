"""Mailgun, which signs a time and a token in the body."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest

from hook_site import NOW, HookSite, a_hook_site, no_fetch
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import UnauthenticatedError
from newsletter.mail.provider.mailgun import Webhook
from newsletter.mail.webhook import WebhookRequest
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from stored import SentMailing, a_mailing, is_mailed

KEY = "the webhook signing key"
ANN = "ann@example.net"


@pytest.fixture
def sent(sqlite_database: Database) -> SentMailing:
    return a_mailing(sqlite_database, reply="Great success")


@pytest.fixture
def site(sqlite_database: Database) -> Iterator[HookSite]:
    with a_hook_site(sqlite_database, {"mailgun": KEY}) as running:
        yield running


def a_failure(token: str = "", *, severity: str = "permanent", **more: object) -> dict[str, object]:
    return {
        "event": "failed",
        "id": "G9Bn5sl1TC6nu79C8C0bwg",
        "timestamp": 1773309600.123,
        "severity": severity,
        "reason": "bounce",
        "recipient": ANN,
        "recipient-domain": "example.net",
        "delivery-status": {
            "attempt-no": 1,
            "code": 550,
            "enhanced-code": "5.1.1",
            "message": "5.1.1 The account that you tried to reach does not exist.",
            "description": "",
            "session-seconds": 0.43,
        },
        "message": {"headers": {"to": ANN, "message-id": f"{token}@review.example.org", "subject": "Issue 1"}},
        "envelope": {"sender": "bounces@mg.review.example.org", "targets": ANN, "transport": "smtp"},
        "flags": {"is-routed": False},
        "user-variables": {},
        **more,
    }


def a_status(code: int, message: str, enhanced: str | None = None) -> dict[str, object]:
    return {"delivery-status": {"code": code, "message": message, "enhanced-code": enhanced, "description": None}}


def signed(
    event: object, *, key: str = KEY, at: datetime = NOW, number: int = 1, timestamp: str = ""
) -> dict[str, object]:
    token = f"token {number}"
    timestamp = timestamp or str(int(at.timestamp()))
    signature = hmac.new(key.encode(), f"{timestamp}{token}".encode(), "sha256").hexdigest()
    return {"signature": {"timestamp": timestamp, "token": token, "signature": signature}, "event-data": event}


def post(site: HookSite, document: dict[str, object]) -> httpx.Response:
    return site.post("mailgun", json.dumps(document).encode(), {"Content-Type": "application/json"})


def test_a_failure_is_attributed_by_the_message_id_of_our_own(site: HookSite, sent: SentMailing) -> None:
    answer = post(site, signed(a_failure(sent.token(ANN))))

    assert answer.status_code == 200
    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]
    assert site.fates() == ["hard unknown_user: counts"]
    assert not is_mailed(site.database, ANN)


def test_a_failure_is_attributed_by_the_envelope_sender(site: HookSite, sent: SentMailing) -> None:
    sender = f"b+{sent.token(ANN)}@bounces.example.org"

    post(site, signed(a_failure(message=None, envelope={"sender": sender})))

    assert site.fates() == ["hard unknown_user: counts"]


@pytest.mark.parametrize(
    ("more", "fate"),
    [
        ({"severity": "temporary", **a_status(452, "4.2.2 mailbox full")}, "delayed mailbox_full: counts"),
        (a_status(452, "4.2.2 The mailbox is full", "4.2.2"), "soft mailbox_full: counts"),
        (a_status(550, "5.7.1 rejected as spam"), "soft spam_content: counts"),
        (
            {"reason": "suppress-bounce", **a_status(605, "Not delivering to a bounced address")},
            "soft unspecified: counts",
        ),
        ({"reason": "suppress-complaint", **a_status(607, "Marked as spam")}, "complaint -: counts"),
        ({"event": "complained", "delivery-status": None}, "complaint -: counts"),
    ],
)
def test_each_kind_of_event_has_its_meaning(
    site: HookSite, sent: SentMailing, more: dict[str, object], fate: str
) -> None:
    post(site, signed({**a_failure(sent.token(ANN)), **more}))

    assert site.fates() == [fate]


@pytest.mark.parametrize("more", [{"event": "unsubscribed"}, {"reason": "suppress-unsubscribe"}])
def test_who_unsubscribed_at_mailgun_has_left(site: HookSite, sent: SentMailing, more: dict[str, object]) -> None:
    post(site, signed({**a_failure(sent.token(ANN)), **more}))

    with site.database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress.parse(ANN))
    assert reader
    assert reader.status is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize("event", ["delivered", "opened", "clicked", "accepted"])
def test_what_is_no_failure_is_answered_and_not_kept(site: HookSite, sent: SentMailing, event: str) -> None:
    assert post(site, signed(a_failure(sent.token(ANN), event=event))).status_code == 200
    assert site.reports() == []


def test_the_same_event_signed_anew_counts_once(site: HookSite, sent: SentMailing) -> None:
    event = a_failure(sent.token(ANN))

    answers = [post(site, signed(event)), post(site, signed(event, number=2, at=NOW + timedelta(minutes=10)))]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(site.reports()) == 1


def test_a_request_posted_again_does_nothing_more(site: HookSite, sent: SentMailing) -> None:
    document = signed(a_failure(sent.token(ANN)))

    assert [post(site, document).status_code for _ in range(2)] == [200, 200]
    assert len(site.reports()) == 1


def test_a_replayed_signature_does_not_vouch_for_another_event(site: HookSite, sent: SentMailing) -> None:
    overheard = signed({"event": "opened", "recipient": ANN})
    post(site, overheard)

    answer = post(site, {**overheard, "event-data": a_failure(sent.token(ANN))})

    assert answer.status_code == 403
    assert site.reports() == []
    assert is_mailed(site.database, ANN)


@pytest.mark.parametrize(
    "document",
    [
        signed(a_failure(), key="another"),
        signed(a_failure(), at=NOW - timedelta(minutes=16)),
        signed(a_failure(), at=NOW + timedelta(minutes=16)),
        signed(a_failure(), timestamp="soon"),
        {**signed(a_failure()), "signature": {"timestamp": "1", "token": "x", "signature": "ä"}},
    ],
)
@pytest.mark.usefixtures("sent")
def test_an_unproven_request_is_refused(site: HookSite, document: dict[str, object]) -> None:
    assert post(site, document).status_code == 403
    assert site.reports() == []


@pytest.mark.parametrize("document", [{}, {"signature": {}, "event-data": {}}, signed([]), signed({"event": 7})])
def test_what_cannot_be_read_is_refused(site: HookSite, document: dict[str, object]) -> None:
    assert post(site, document).status_code == 400


def test_only_so_many_tokens_are_remembered() -> None:
    webhook = Webhook(KEY, fetch=no_fetch)

    def take(event: str, number: int) -> None:
        body = json.dumps(signed({"event": event}, number=number)).encode()
        webhook(WebhookRequest(headers={}, body=body, at=NOW))

    for number in range(10_001):
        take("opened", number)

    take("clicked", 0)
    with pytest.raises(UnauthenticatedError):
        take("clicked", 10_000)
