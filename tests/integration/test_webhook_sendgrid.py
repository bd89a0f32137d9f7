"""SendGrid, which signs many events in one request by ECDSA."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hook_site import NOW, HookSite, a_hook_site, no_fetch
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.errors import ConfigurationError
from newsletter.mail.provider.sendgrid import Webhook
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from stored import SentMailing, a_mailing, is_mailed

ANN, BEN = "ann@example.net", "ben@example.net"
SECRET = ec.generate_private_key(ec.SECP256R1())
SENDGRID_ID = "14c5d75ce93abcdefghij"


def show_key(public: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey) -> str:
    return base64.b64encode(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


@pytest.fixture
def sent(sqlite_database: Database) -> SentMailing:
    return a_mailing(sqlite_database, reply=f"Ok: queued as {SENDGRID_ID}")


@pytest.fixture
def site(sqlite_database: Database) -> Iterator[HookSite]:
    with a_hook_site(sqlite_database, {"sendgrid": show_key(SECRET.public_key())}) as running:
        yield running


def an_event(event: str = "bounce", email: str = ANN, token: str = "", **more: object) -> dict[str, object]:
    return {
        "email": email,
        "timestamp": 1773309600,
        "event": event,
        "smtp-id": f"<{token}@review.example.org>",
        "sg_event_id": f"event of {email}",
        "sg_message_id": "unknown.filter0001.16648.5515E0B88.0",
        "type": "bounce",
        "status": "5.1.1",
        "reason": "550 5.1.1 no such user",
        **more,
    }


def sign(body: bytes, *, secret: ec.EllipticCurvePrivateKey = SECRET) -> dict[str, str]:
    timestamp = str(int(NOW.timestamp()))
    signature = secret.sign(timestamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X-Twilio-Email-Event-Webhook-Signature": base64.b64encode(signature).decode(),
        "X-Twilio-Email-Event-Webhook-Timestamp": timestamp,
    }


def post(site: HookSite, *events: dict[str, object]) -> httpx.Response:
    body = json.dumps(events).encode()
    return site.post("sendgrid", body, sign(body))


def test_many_events_come_at_once_each_with_our_message_id(site: HookSite, sent: SentMailing) -> None:
    answer = post(
        site,
        an_event("processed"),
        an_event(token=sent.token(ANN)),
        an_event("delivered"),
        an_event("spamreport", BEN, sent.token(BEN), reason=None, status=None),
    )

    assert answer.status_code == 200
    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN], sent.deliveries[BEN]]
    assert site.fates() == ["hard unknown_user: counts", "complaint -: counts"]
    assert not is_mailed(site.database, ANN)
    assert not is_mailed(site.database, BEN)


@pytest.mark.parametrize("appended", ["", ".filter0001.16648.5515E0B88.0", ".recvd-5dc4-1-5DC4.0"])
def test_without_our_message_id_that_of_the_relays_reply_tells(
    site: HookSite, sent: SentMailing, appended: str
) -> None:
    post(site, {**an_event(sg_message_id=f"{SENDGRID_ID}{appended}"), "smtp-id": None})

    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]


@pytest.mark.parametrize(
    ("more", "fate"),
    [
        ({"type": "blocked", "status": "5.7.1", "reason": "550 5.7.1 blocked by a list"}, "soft blocked: counts"),
        ({"event": "deferred", "response": "452 4.2.2 over quota", "status": None}, "delayed mailbox_full: counts"),
        ({"event": "dropped", "reason": "Bounced Address", "status": None}, "soft unspecified: counts"),
        ({"event": "dropped", "reason": "Spam Reporting Address"}, "complaint -: counts"),
    ],
)
def test_each_kind_of_event_has_its_meaning(
    site: HookSite, sent: SentMailing, more: dict[str, object], fate: str
) -> None:
    post(site, {**an_event(token=sent.token(ANN)), **more})

    assert site.fates() == [fate]


@pytest.mark.parametrize(
    "more",
    [{"event": "unsubscribe"}, {"event": "group_unsubscribe"}, {"event": "dropped", "reason": "Unsubscribed Address"}],
)
def test_who_unsubscribed_at_sendgrid_has_left(site: HookSite, sent: SentMailing, more: dict[str, object]) -> None:
    post(site, {**an_event(token=sent.token(ANN)), **more})

    with site.database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress.parse(ANN))
    assert reader
    assert reader.status is SubscriberStatus.UNSUBSCRIBED


def test_the_same_events_twice_count_once(site: HookSite, sent: SentMailing) -> None:
    assert [post(site, an_event(token=sent.token(ANN))).status_code for _ in range(2)] == [200, 200]
    assert len(site.reports()) == 1


BODY = json.dumps([an_event()]).encode()


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param(sign(BODY, secret=ec.generate_private_key(ec.SECP256R1())), id="another key"),
        pytest.param(sign(BODY + b" "), id="another body"),
        pytest.param({**sign(BODY), "X-Twilio-Email-Event-Webhook-Timestamp": "1"}, id="another time"),
        pytest.param({**sign(BODY), "X-Twilio-Email-Event-Webhook-Signature": "~"}, id="no base64"),
    ],
)
@pytest.mark.usefixtures("sent")
def test_an_unproven_request_is_refused(site: HookSite, headers: dict[str, str]) -> None:
    assert site.post("sendgrid", BODY, headers).status_code == 403
    assert site.reports() == []


@pytest.mark.parametrize("body", [b"{}", b"[7]", b'[{"email": "ann@example.net"}]'])
def test_what_cannot_be_read_is_refused(site: HookSite, body: bytes) -> None:
    assert site.post("sendgrid", body, sign(body)).status_code == 400


@pytest.mark.parametrize(
    "key",
    ["~", base64.b64encode(b"x").decode(), show_key(ed25519.Ed25519PrivateKey.generate().public_key())],
    ids=["no base64", "no key", "a key of another kind"],
)
def test_a_key_that_is_none_is_refused_at_the_start(key: str) -> None:
    with pytest.raises(ConfigurationError, match="verification key"):
        Webhook(key, fetch=no_fetch)
