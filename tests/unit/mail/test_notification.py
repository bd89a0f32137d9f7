"""SES notifications, by webhook or by mail."""

from __future__ import annotations

import json

from bounce_messages import a_letter, fates_of
from newsletter.mail.notification import read_ses
from newsletter.mail.report import read_report

_ANN = {"emailAddress": "Ann@mail.example", "status": "5.1.1", "diagnosticCode": "smtp; 550 5.1.1 user unknown"}


def by_mail(text: str) -> bytes:
    return a_letter("AWS Notification Message", f"{text}\n\n--\nfooter", sender="SES <no-reply@sns.amazonaws.com>")


def test_a_bounce_notification_is_judged_by_its_diagnostic() -> None:
    document = json.dumps({"notificationType": "Bounce", "bounce": {"bouncedRecipients": [_ANN]}})
    wrapped = json.dumps({"Type": "Notification", "Message": document})

    assert fates_of(by_mail(document)) == "ann@mail.example hard"
    assert fates_of(by_mail(wrapped)) == "ann@mail.example hard"


def test_its_subtype_speaks_where_there_is_no_diagnostic() -> None:
    bounce = {"bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": "ann@mail.example"}]}
    report = read_ses(json.dumps({"notificationType": "Bounce", "bounce": bounce}))

    assert report is not None
    assert report.recipients[0].reason == "mailbox_full"


def test_complaints_deliveries_and_delays_are_told_apart() -> None:
    ann = [{"emailAddress": "ann@mail.example"}]
    complaint = {"notificationType": "Complaint", "complaint": {"complainedRecipients": ann}}
    delivery = {"eventType": "Delivery", "delivery": {"recipients": ["ann@mail.example", 7]}}
    delay = {"eventType": "DeliveryDelay", "deliveryDelay": {"delayedRecipients": ann}}

    assert fates_of(by_mail(json.dumps(complaint))) == "ann@mail.example complaint"
    assert fates_of(by_mail(json.dumps(delivery))) == "ann@mail.example delivered"
    assert fates_of(by_mail(json.dumps(delay))) == "ann@mail.example delayed"


def test_what_has_another_shape_is_no_report() -> None:
    assert read_ses('{"Type": "SubscriptionConfirmation"}') is None
    assert read_ses("[1, 2]") is None
    assert read_ses("{") is None
    assert read_ses('{"a":' * 100_000) is None
    assert read_report(by_mail("no document here")).kind == "not_bounce"


def test_a_bounce_without_recipients_is_soft() -> None:
    report = read_ses('{"notificationType": "Bounce", "bounce": {"bouncedRecipients": 3}}')

    assert report is not None
    assert (report.kind, report.recipients) == ("soft", ())
