"""Amazon SES, which posts through SNS: signed with a certificate of the test's own, served in place of SNS's."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

from hook_site import NOW, HookSite, a_hook_site
from newsletter.errors import ConfigurationError, UnreadableSourceError
from newsletter.mail.provider.ses import Webhook
from newsletter.store.database import Database
from stored import SentMailing, a_mailing, is_mailed

TOPIC = "arn:aws:sns:eu-north-1:123456789012:bounces"
HOST = "https://sns.eu-north-1.amazonaws.com"
CERTIFICATE_URL = f"{HOST}/SimpleNotificationService-{'0123456789abcdef' * 2}.pem"
SUBSCRIBE_URL = f"{HOST}/?Action=ConfirmSubscription&TopicArn={TOPIC}&Token=2336412f37fb687f"
ANN = "ann@example.net"
SES_ID = "0102018f1e2d3c4b-11112222-3333-4444-5555-666677778888-000000"

SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}


@dataclass
class Sns:
    """What stands at SNS's addresses, and who asked for it."""

    key: rsa.RSAPrivateKey
    certificate: bytes
    asked: list[str] = field(default_factory=list)
    is_down: bool = False

    def fetch(self, url: str) -> bytes:
        self.asked.append(url)
        if self.is_down:
            raise UnreadableSourceError(url, None, "an answer from the server")
        return self.certificate

    def sign(self, document: dict[str, str], *, version: str = "2") -> dict[str, str]:
        text = "".join(f"{name}\n{document[name]}\n" for name in SIGNED[document["Type"]] if name in document)
        algorithm = hashes.SHA1() if version == "1" else hashes.SHA256()  # noqa: S303 - as SNS does
        signature = self.key.sign(text.encode(), padding.PKCS1v15(), algorithm)
        return {
            "SigningCertURL": CERTIFICATE_URL,
            **document,
            "SignatureVersion": version,
            "Signature": base64.b64encode(signature).decode(),
        }


def certify(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, *, until: datetime) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "sns.example")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(until - timedelta(days=90))
        .not_valid_after(until)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.fixture(scope="module")
def signing_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture
def sns(signing_key: rsa.RSAPrivateKey) -> Sns:
    return Sns(signing_key, certify(signing_key, until=NOW + timedelta(days=30)))


@pytest.fixture
def sent(sqlite_database: Database) -> SentMailing:
    return a_mailing(sqlite_database, reply=f"Ok {SES_ID}")


@pytest.fixture
def site(sqlite_database: Database, sns: Sns) -> Iterator[HookSite]:
    with a_hook_site(sqlite_database, {"ses": TOPIC}, fetch=sns.fetch) as running:
        yield running


def a_notification(message: object, **more: str) -> dict[str, str]:
    return {
        "Type": "Notification",
        "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
        "TopicArn": TOPIC,
        "Message": message if isinstance(message, str) else json.dumps(message),
        "Timestamp": "2026-03-14T09:00:00.000Z",
        **more,
    }


def a_subscription(**more: str) -> dict[str, str]:
    return {
        "Type": "SubscriptionConfirmation",
        "MessageId": "165545c9-2a5c-472c-8df2-7ff2be2b3b1b",
        "Token": "2336412f37fb687f",
        "TopicArn": TOPIC,
        "Message": "You have chosen to subscribe.",
        "SubscribeURL": SUBSCRIBE_URL,
        "Timestamp": "2026-03-14T09:00:00.000Z",
        **more,
    }


def a_bounce(*, words: str | None = "smtp; 550 5.1.1 user unknown", subtype: str = "General") -> dict[str, object]:
    recipient = {"emailAddress": ANN, "action": "failed", "status": "5.1.1"}
    return {
        "notificationType": "Bounce",
        "bounce": {
            "bounceType": "Permanent",
            "bounceSubType": subtype,
            "bouncedRecipients": [{**recipient, "diagnosticCode": words} if words else {"emailAddress": ANN}],
            "timestamp": "2026-03-12T10:00:00.000Z",
            "feedbackId": "0102018f-feed",
        },
        "mail": {
            "timestamp": "2026-03-12T09:00:00.000Z",
            "source": "news@review.example.org",
            "messageId": SES_ID,
            "destination": [ANN],
        },
    }


def with_mail(document: dict[str, object], **more: object) -> dict[str, object]:
    mail = document["mail"]
    assert isinstance(mail, dict)
    return {**document, "mail": {**mail, **more}}


def post(site: HookSite, document: dict[str, str]) -> httpx.Response:
    body = json.dumps(document).encode()
    return site.post("ses", body, {"Content-Type": "text/plain; charset=UTF-8", "x-amz-sns-message-type": "x"})


@pytest.mark.parametrize("version", ["1", "2"])
def test_a_bounce_is_attributed_by_the_id_of_the_relays_reply(
    site: HookSite, sent: SentMailing, sns: Sns, version: str
) -> None:
    answer = post(site, sns.sign(a_notification(a_bounce()), version=version))

    assert answer.status_code == 200
    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]
    assert site.fates() == ["hard unknown_user: counts"]
    assert site.reports()[0].received_at == datetime(2026, 3, 12, 10, tzinfo=UTC)
    assert not is_mailed(site.database, ANN)


@pytest.mark.parametrize("place", ["source", "headers"])
def test_the_token_tells_where_ses_gives_the_letters_headers_back(
    site: HookSite, sent: SentMailing, sns: Sns, place: str
) -> None:
    token = sent.token(ANN)
    given: object = (
        f"b+{token}@bounces.example.org"
        if place == "source"
        else [{"name": "Subject", "value": "x"}, {"name": "X-Newsletter-Delivery", "value": token}]
    )

    post(site, sns.sign(a_notification(with_mail(a_bounce(), messageId="unknown", **{place: given}))))

    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]


@pytest.mark.parametrize(
    ("message", "fate"),
    [
        (a_bounce(words=None, subtype="MailboxFull"), "soft mailbox_full: counts"),
        (a_bounce(words=None), "soft unspecified: counts"),
        (a_bounce(words="smtp; 554 5.7.1 blocked using a list"), "soft blocked: counts"),
        (
            {
                "notificationType": "Complaint",
                "complaint": {"complainedRecipients": [{"emailAddress": ANN}], "complaintFeedbackType": "abuse"},
                "mail": {"messageId": SES_ID},
            },
            "complaint -: counts",
        ),
        (
            {
                "eventType": "DeliveryDelay",
                "deliveryDelay": {
                    "delayType": "TransientCommunicationFailure",
                    "delayedRecipients": [{"emailAddress": ANN, "status": "4.4.1", "diagnosticCode": "421 no answer"}],
                },
                "mail": {"messageId": SES_ID, "headers": None},
            },
            "delayed network: counts",
        ),
    ],
)
@pytest.mark.usefixtures("sent")
def test_each_kind_of_event_has_its_meaning(site: HookSite, sns: Sns, message: object, fate: str) -> None:
    post(site, sns.sign(a_notification(message, Subject="Amazon SES Email Event Notification")))

    assert site.fates() == [fate]


@pytest.mark.parametrize(
    "message",
    [
        {"notificationType": "Delivery", "mail": {"messageId": SES_ID}, "delivery": {"recipients": [ANN]}},
        {"eventType": "Open", "mail": {"messageId": SES_ID}},
        "Successfully validated SNS topic for Amazon SES event publishing.",
    ],
)
@pytest.mark.usefixtures("sent")
def test_what_is_no_failure_is_answered_and_not_kept(site: HookSite, sns: Sns, message: object) -> None:
    assert post(site, sns.sign(a_notification(message))).status_code == 200
    assert site.reports() == []


@pytest.mark.usefixtures("sent")
def test_the_same_notification_twice_counts_once_and_fetches_the_certificate_once(site: HookSite, sns: Sns) -> None:
    document = sns.sign(a_notification(a_bounce()))

    answers = [post(site, document), post(site, document)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len(site.reports()) == 1
    assert sns.asked == [CERTIFICATE_URL]


def test_a_subscription_to_the_configured_topic_is_confirmed(site: HookSite, sns: Sns) -> None:
    assert post(site, sns.sign(a_subscription())).status_code == 200
    assert sns.asked == [CERTIFICATE_URL, SUBSCRIBE_URL]


def test_a_subscription_to_another_topic_is_not_confirmed(site: HookSite, sns: Sns) -> None:
    document = a_subscription(TopicArn="arn:aws:sns:eu-north-1:999999999999:bounces")

    assert post(site, sns.sign(document)).status_code == 403
    assert sns.asked == []


def test_the_end_of_a_subscription_changes_nothing(site: HookSite, sns: Sns) -> None:
    assert post(site, sns.sign(a_subscription(Type="UnsubscribeConfirmation"))).status_code == 200
    assert sns.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "url",
    [
        "https://sns.eu-north-1.amazonaws.com.attacker.example/SimpleNotificationService-00000000000000000000000000000000.pem",
        "https://attacker.example/SimpleNotificationService-00000000000000000000000000000000.pem",
        "http://sns.eu-north-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
        "https://sns.us-east-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
        "https://x@sns.eu-north-1.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem",
        "https://s3.amazonaws.com/bucket/SimpleNotificationService-00000000000000000000000000000000.pem",
        "",
    ],
)
@pytest.mark.usefixtures("sent")
def test_a_certificate_from_elsewhere_is_not_even_fetched(site: HookSite, sns: Sns, url: str) -> None:
    answer = post(site, sns.sign(a_notification(a_bounce(), SigningCertURL=url)))

    assert answer.status_code == 403
    assert sns.asked == []
    assert site.reports() == []


@pytest.mark.parametrize(
    "change",
    [
        {"Message": json.dumps(a_bounce(subtype="NoEmail"))},
        {"Timestamp": "2026-03-15T09:00:00.000Z"},
        {"Signature": "no base64 at all"},
        {"Signature": base64.b64encode(b"x" * 256).decode()},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
    ],
)
@pytest.mark.usefixtures("sent")
def test_what_was_changed_after_signing_is_refused(site: HookSite, sns: Sns, change: dict[str, str]) -> None:
    answer = post(site, {**sns.sign(a_notification(a_bounce())), **change})

    assert answer.status_code == 403
    assert site.reports() == []


def test_a_subscription_that_would_be_confirmed_elsewhere_is_refused(site: HookSite, sns: Sns) -> None:
    document = a_subscription(SubscribeURL="https://attacker.example/?Action=ConfirmSubscription&Token=1")

    assert post(site, sns.sign(document)).status_code == 403
    assert sns.asked == [CERTIFICATE_URL]


@pytest.mark.usefixtures("sent")
def test_a_certificate_that_has_ended_is_refused(site: HookSite, sns: Sns) -> None:
    sns.certificate = certify(sns.key, until=NOW - timedelta(seconds=1))

    assert post(site, sns.sign(a_notification(a_bounce()))).status_code == 403


@pytest.mark.usefixtures("sent")
def test_a_certificate_of_another_kind_is_refused(site: HookSite, sns: Sns) -> None:
    sns.certificate = certify(ec.generate_private_key(ec.SECP256R1()), until=NOW + timedelta(days=1))

    assert post(site, sns.sign(a_notification(a_bounce()))).status_code == 403


@pytest.mark.usefixtures("sent")
def test_what_is_no_certificate_is_refused(site: HookSite, sns: Sns) -> None:
    sns.certificate = b"<html>Sign in</html>"

    assert post(site, sns.sign(a_notification(a_bounce()))).status_code == 403


@pytest.mark.usefixtures("sent")
def test_when_sns_does_not_answer_the_notification_may_come_again(site: HookSite, sns: Sns) -> None:
    document = sns.sign(a_notification(a_bounce()))
    sns.is_down = True
    first = post(site, document)
    sns.is_down = False

    assert (first.status_code, post(site, document).status_code) == (400, 200)
    assert site.fates() == ["hard unknown_user: counts"]


@pytest.mark.usefixtures("sent")
def test_certificates_are_not_hoarded(site: HookSite, sns: Sns) -> None:
    for number in range(10):
        url = f"{HOST}/SimpleNotificationService-{number:032x}.pem"
        post(site, sns.sign(a_notification(a_bounce(), SigningCertURL=url)))

    assert len(sns.asked) == 10


@pytest.mark.parametrize("topic", ["bounces", "arn:aws:sqs:eu-north-1:123456789012:bounces", "arn:aws:sns:eu:1:x"])
def test_a_key_that_is_no_topic_is_refused_at_the_start(topic: str, sns: Sns) -> None:
    with pytest.raises(ConfigurationError, match="ARN of the SNS topic"):
        Webhook(topic, fetch=sns.fetch)


def test_in_china_sns_has_another_host(sns: Sns) -> None:
    webhook = Webhook("arn:aws-cn:sns:cn-north-1:123456789012:bounces", fetch=sns.fetch)
    url = f"https://sns.cn-north-1.amazonaws.com.cn/SimpleNotificationService-{'0' * 32}.pem"

    assert webhook._find_key(url, now=NOW) == sns.key.public_key()  # noqa: SLF001 - no other way to see it
