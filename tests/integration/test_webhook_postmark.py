"""Postmark, which proves itself by user name and password."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime

import httpx
import pytest

from hook_site import HookSite, a_hook_site, no_fetch
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import ConfigurationError
from newsletter.mail.provider.postmark import Webhook
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from stored import SentMailing, a_mailing, is_mailed

KEY = "postmark:a long password"
ANN = "ann@example.net"
POSTMARK_ID = "883953f4-6105-42a2-a16a-77a8eac79483"


@pytest.fixture
def sent(sqlite_database: Database) -> SentMailing:
    return a_mailing(sqlite_database, reply=f"2.0.0 Ok: queued as {POSTMARK_ID}")


@pytest.fixture
def site(sqlite_database: Database) -> Iterator[HookSite]:
    with a_hook_site(sqlite_database, {"postmark": KEY}) as running:
        yield running


def a_bounce(kind: str = "HardBounce", **more: object) -> dict[str, object]:
    return {
        "RecordType": "Bounce",
        "MessageStream": "broadcast",
        "ID": 4323372036854775807,
        "Type": kind,
        "TypeCode": 1,
        "Name": "Hard bounce",
        "Tag": "",
        "MessageID": POSTMARK_ID,
        "Metadata": {},
        "ServerID": 23,
        "Description": "The server was unable to deliver your message (ex: unknown user, mailbox not found).",
        "Details": "smtp;550 5.1.1 The email account that you tried to reach does not exist.",
        "Email": ANN,
        "From": "news@review.example.org",
        "BouncedAt": "2026-03-12T10:00:00.1234567Z",
        "DumpAvailable": True,
        "Inactive": True,
        "CanActivate": True,
        "Subject": "Issue 1",
        "Content": "",
        **more,
    }


def a_change(**more: object) -> dict[str, object]:
    return {
        "RecordType": "SubscriptionChange",
        "MessageID": POSTMARK_ID,
        "ServerID": 23,
        "MessageStream": "broadcast",
        "ChangedAt": "2026-03-12T10:53:34.416071Z",
        "Recipient": ANN,
        "Origin": "Recipient",
        "SuppressSending": True,
        "SuppressionReason": "ManualSuppression",
        "Tag": None,
        "Metadata": None,
        **more,
    }


def post(site: HookSite, document: dict[str, object], *, key: str = KEY) -> httpx.Response:
    headers = {"Authorization": f"Basic {b64encode(key.encode()).decode()}"}
    return site.post("postmark", json.dumps(document).encode(), headers)


def test_a_bounce_is_attributed_by_the_id_of_the_relays_reply(site: HookSite, sent: SentMailing) -> None:
    answer = post(site, a_bounce())

    assert answer.status_code == 200
    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]
    assert site.fates() == ["hard unknown_user: counts"]
    assert site.reports()[0].received_at == datetime(2026, 3, 12, 10, tzinfo=UTC)
    assert not is_mailed(site.database, ANN)


@pytest.mark.parametrize(
    "place",
    [
        lambda token: {"Metadata": {"delivery": token}},
        lambda token: {"Content": f"Final-Recipient: x\r\n\r\nX-Newsletter-Delivery: {token}\r\n"},
    ],
)
def test_the_token_tells_where_postmark_gives_it_back(site: HookSite, sent: SentMailing, place: object) -> None:
    assert callable(place)
    post(site, a_bounce(MessageID="00000000-0000-0000-0000-000000000000", **place(sent.token(ANN))))

    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]


@pytest.mark.parametrize(
    ("document", "fate"),
    [
        (a_bounce(Details=""), "soft unspecified: counts"),
        (a_bounce("SoftBounce", Details="smtp;452 4.2.2 over quota"), "soft mailbox_full: counts"),
        (a_bounce("Transient", Details="421 4.4.1 no answer from host"), "delayed network: counts"),
        (a_bounce("DMARCPolicy", Details=None), "soft authentication: counts"),
        (a_bounce("SpamNotification", Details=""), "soft spam_content: counts"),
        (a_bounce("SpamComplaint", RecordType="SpamComplaint"), "complaint -: counts"),
        (a_change(SuppressionReason="SpamComplaint"), "complaint -: counts"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_each_kind_of_event_has_its_meaning(site: HookSite, document: dict[str, object], fate: str) -> None:
    post(site, document)

    assert site.fates() == [fate]


@pytest.mark.parametrize("document", [a_change(), a_bounce("Unsubscribe")])
@pytest.mark.usefixtures("sent")
def test_who_unsubscribed_at_postmark_has_left(site: HookSite, document: dict[str, object]) -> None:
    post(site, document)

    with site.database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress.parse(ANN))
    assert reader
    assert reader.status is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize(
    "document",
    [
        {"RecordType": "Delivery", "Recipient": ANN, "MessageID": POSTMARK_ID},
        {"RecordType": "Open", "Recipient": ANN, "MessageID": POSTMARK_ID},
        a_bounce("AutoResponder"),
        a_bounce("ChallengeVerification"),
        a_change(Origin="Admin"),
        a_change(SuppressSending=False),
        a_change(SuppressionReason="HardBounce"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_what_is_no_failure_is_answered_and_not_kept(site: HookSite, document: dict[str, object]) -> None:
    assert post(site, document).status_code == 200
    assert site.reports() == []


@pytest.mark.usefixtures("sent")
def test_the_same_bounce_twice_counts_once(site: HookSite) -> None:
    assert [post(site, a_bounce()).status_code for _ in range(2)] == [200, 200]
    assert len(site.reports()) == 1


@pytest.mark.parametrize("given", ["", "Basic eDp5", "Bearer x", "Basic ä"])
@pytest.mark.usefixtures("sent")
def test_who_does_not_know_the_password_is_refused(site: HookSite, given: str) -> None:
    headers = {b"Authorization": given.encode("latin-1")}

    answer = httpx.post(f"{site.url}/hooks/postmark", content=json.dumps(a_bounce()).encode(), headers=headers)

    assert answer.status_code == 403
    assert site.reports() == []


@pytest.mark.parametrize("key", ["password", ":", "user:"])
def test_a_key_without_user_name_and_password_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ConfigurationError, match="USER:PASSWORD"):
        Webhook(key, fetch=no_fetch)
