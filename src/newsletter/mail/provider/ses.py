"""Amazon SES, through an SNS topic. The key is the topic's ARN.

SNS signs with a certificate that it names by URL, so everything hangs on that URL: it has to be one of SNS itself, in
the topic's own region. A subscription is confirmed for the configured topic and for no other.
"""

from __future__ import annotations

import base64
import binascii
import re
from datetime import UTC, datetime
from threading import Lock

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from newsletter.errors import ConfigurationError, InputError, UnauthenticatedError, UnreadableSourceError
from newsletter.log import log
from newsletter.mail.webhook import EventKind, Fetch, WebhookEvent, WebhookRequest, decode_document

_TOPIC = re.compile(r"arn:(aws(?:-cn|-us-gov)?):sns:([a-z0-9-]{1,40}):\d{12}:[\w-]{1,256}(?:\.fifo)?")
_MOST_CERTIFICATES = 8  # SNS has one at a time for a region, and changes it about once a year
# What is signed, in this order; a key that the message lacks is left out.
_SIGNED_NOTIFICATION = ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type")
_SIGNED_CONFIRMATION = ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type")
_HASHES: dict[str, hashes.HashAlgorithm] = {
    "1": hashes.SHA1(),  # noqa: S303 - what SNS signs with unless the topic says otherwise
    "2": hashes.SHA256(),
}

# Some subtypes say why where the other server's reply is missing; "General" and the types say nothing.
_WORDS_OF_SUBTYPE = {"NoEmail": "user unknown", "MailboxFull": "mailbox full", "MessageTooLarge": "message too large"}
_TOKEN_FIELDS = frozenset({"message-id", "x-newsletter-delivery", "return-path"})


class _Envelope(msgspec.Struct, frozen=True, rename="pascal"):
    """What SNS posts."""

    type: str
    message_id: str
    topic_arn: str
    message: str
    timestamp: str
    signature_version: str
    signature: str
    signing_cert_url: str = msgspec.field(name="SigningCertURL")
    subject: str | None = None
    token: str | None = None
    subscribe_url: str | None = msgspec.field(name="SubscribeURL", default=None)


class _Recipient(msgspec.Struct, frozen=True, rename="camel"):
    email_address: str
    status: str | None = None
    diagnostic_code: str | None = None


class _Failure(msgspec.Struct, frozen=True, rename="camel"):
    """A bounce, a complaint or a delay."""

    timestamp: datetime | None = None
    bounce_sub_type: str | None = None
    bounced_recipients: list[_Recipient] = []
    complained_recipients: list[_Recipient] = []
    delayed_recipients: list[_Recipient] = []


class _Field(msgspec.Struct, frozen=True):
    name: str
    value: str


class _Mail(msgspec.Struct, frozen=True, rename="camel"):
    message_id: str = ""
    #: the envelope sender
    source: str = ""
    headers: list[_Field] | None = None


class _Notification(msgspec.Struct, frozen=True, rename="camel"):
    mail: _Mail
    notification_type: str | None = None
    #: what it is called where it comes by a configuration set
    event_type: str | None = None
    bounce: _Failure | None = None
    complaint: _Failure | None = None
    delivery_delay: _Failure | None = None


class Webhook:
    def __init__(self, key: str, *, fetch: Fetch) -> None:
        topic = _TOPIC.fullmatch(key)
        if topic is None:
            raise ConfigurationError("[hooks] ses is the ARN of the SNS topic: arn:aws:sns:REGION:ACCOUNT:NAME.")
        ending = "amazonaws.com.cn" if topic.group(1) == "aws-cn" else "amazonaws.com"
        host = re.escape(f"sns.{topic.group(2)}.{ending}")
        self._topic = key
        self._fetch = fetch
        self._certificate_url = re.compile(rf"https://{host}/SimpleNotificationService-[0-9a-f]{{32,64}}\.pem")
        self._confirmation_url = re.compile(rf"https://{host}/\?Action=ConfirmSubscription&[\w%&=:.~-]{{1,2000}}")
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._lock = Lock()

    def __call__(self, request: WebhookRequest) -> tuple[WebhookEvent, ...]:
        envelope = decode_document(request.body, _Envelope)
        if envelope.topic_arn != self._topic:
            raise UnauthenticatedError("The notification is of another topic than the one under [hooks] ses.")
        self._verify(envelope, now=request.at)
        match envelope.type:
            case "Notification":
                return _read(envelope.message)
            case "SubscriptionConfirmation":
                self._confirm(envelope.subscribe_url or "")
            case _:
                log.warning("the webhook's subscription has ended", provider="ses")
        return ()

    def _verify(self, envelope: _Envelope, *, now: datetime) -> None:
        hash_algorithm = _HASHES.get(envelope.signature_version)
        if hash_algorithm is None:
            raise UnauthenticatedError("The notification is signed in a way that is neither version 1 nor version 2.")
        key = self._find_key(envelope.signing_cert_url, now=now)
        try:
            signature = base64.b64decode(envelope.signature, validate=True)
            key.verify(signature, _signed_text(envelope), padding.PKCS1v15(), hash_algorithm)
        except (binascii.Error, ValueError, InvalidSignature) as error:
            raise UnauthenticatedError("The notification's signature is not one of SNS.") from error

    def _find_key(self, url: str, *, now: datetime) -> rsa.RSAPublicKey:
        if not self._certificate_url.fullmatch(url):
            raise UnauthenticatedError("The signing certificate is not one of SNS in the topic's region.")
        with self._lock:  # so that many requests at once fetch it once
            if url not in self._keys:
                if len(self._keys) >= _MOST_CERTIFICATES:
                    self._keys.clear()
                self._keys[url] = _read_key(self._get(url), now=now)
            return self._keys[url]

    def _get(self, url: str) -> bytes:
        try:
            return self._fetch(url)
        except UnreadableSourceError as error:
            raise InputError("SNS gave no signing certificate, or did not confirm the subscription.") from error

    def _confirm(self, url: str) -> None:
        if not self._confirmation_url.fullmatch(url):
            raise UnauthenticatedError("The subscription would be confirmed elsewhere than at SNS.")
        self._get(url)
        log.info("the webhook's subscription is confirmed", provider="ses")


def _read_key(pem: bytes, *, now: datetime) -> rsa.RSAPublicKey:
    try:
        certificate = x509.load_pem_x509_certificate(pem)
        key = certificate.public_key()
    except (ValueError, TypeError) as error:
        raise UnauthenticatedError("What SNS gives as its certificate is none.") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise UnauthenticatedError("The signing certificate has no RSA key.")
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise UnauthenticatedError("The signing certificate is not valid now.")
    return key


def _signed_text(envelope: _Envelope) -> bytes:
    values = {name: value for name, value in msgspec.to_builtins(envelope).items() if value is not None}
    names = _SIGNED_NOTIFICATION if envelope.type == "Notification" else _SIGNED_CONFIRMATION
    return "".join(f"{name}\n{values[name]}\n" for name in names if name in values).encode("utf-8", "surrogatepass")


def _read(message: str) -> tuple[WebhookEvent, ...]:
    if not message.lstrip().startswith("{"):  # such as SNS's own words when a topic is set up
        return ()
    document = decode_document(message, _Notification)
    kind, failure, recipients = _choose(document)
    if kind is None or failure is None:
        return ()
    words = _WORDS_OF_SUBTYPE.get(failure.bounce_sub_type or "", "")
    return tuple(
        WebhookEvent(
            kind=kind,
            recipient=recipient.email_address,
            status=recipient.status or "",
            words=_strip_type(recipient.diagnostic_code or "") or words,
            message_id=document.mail.message_id,
            token_places=(document.mail.source, *_token_fields(document.mail)),
            at=failure.timestamp.astimezone(UTC) if failure.timestamp else None,
            source=message.encode("utf-8", "replace"),
        )
        for recipient in recipients
    )


def _choose(document: _Notification) -> tuple[EventKind | None, _Failure | None, list[_Recipient]]:
    match document.notification_type or document.event_type:
        case "Bounce" if document.bounce:
            return EventKind.FAILED, document.bounce, document.bounce.bounced_recipients
        case "Complaint" if document.complaint:
            return EventKind.COMPLAINED, document.complaint, document.complaint.complained_recipients
        case "DeliveryDelay" if document.delivery_delay:
            return EventKind.DELAYED, document.delivery_delay, document.delivery_delay.delayed_recipients
        case _:
            return None, None, []


def _strip_type(diagnostic: str) -> str:
    """Take "smtp;" away, which the report gets anew."""
    return re.sub(r"\A\s*smtp\s*;\s*", "", diagnostic, flags=re.IGNORECASE)


def _token_fields(mail: _Mail) -> list[str]:
    return [field.value for field in mail.headers or [] if field.name.lower() in _TOKEN_FIELDS]
