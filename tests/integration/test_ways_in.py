"""Every way in leads to the same: who is believed, who is mailed no more, and what the editors get."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import combinations_with_replacement
from pathlib import Path

import pytest
import structlog
from aiosmtplib import SMTP, SMTPRecipientsRefused
from msgspec import structs
from structlog.testing import capture_logs

from bounce_messages import a_letter
from dovecot import Dovecot
from newsletter.app import App
from newsletter.domain.address import EmailAddress
from newsletter.domain.bounce import BounceKind
from newsletter.domain.stored_report import IgnoredReason, StoredReport
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.token import KeyRing
from newsletter.errors import ConfigurationError
from newsletter.intake import examine_ways_in, listen_for_bounces, make_door, read_mailboxes, take_in
from newsletter.mail.listener import listen
from newsletter.mail.mailbox import StoredMessage
from newsletter.store.bounces import list_reports
from newsletter.store.database import Database
from newsletter.store.notices import is_any_due
from newsletter.store.subscribers import find_subscriber
from newsletters import a_newsletter
from stored import SENT_AT, SentMailing, a_failure, a_mailing, is_mailed

ANN, BEN = "ann@example.net", "ben@example.net"
Way = Callable[[App, bytes, str, str], None]

TOMORROW = SENT_AT + timedelta(days=1)


class Newsletter:
    """A newsletter whose first issue went to Ann and Ben, and one way in."""

    def __init__(self, app: App, deliver: Way) -> None:
        self.app, self._deliver = app, deliver
        self.sent: SentMailing = a_mailing(app.database, addresses=[ANN, BEN])

    def at(self, now: datetime) -> None:
        self.app = replace(self.app, clock=lambda: now)

    def verp(self, address: str = ANN, keys: KeyRing | None = None) -> str:
        return f"b+{self.sent.token(address, keys or self.app.keys)}@review.example"

    def receive(self, raw: bytes, *, sender: str = "", recipient: str) -> None:
        self._deliver(self.app, raw, sender, recipient)

    def reports(self) -> list[StoredReport]:
        with self.app.database.snapshot() as snapshot:
            return list_reports(snapshot)

    def is_mailed(self, address: str) -> bool:
        return is_mailed(self.app.database, address)

    def status_of(self, address: str) -> SubscriberStatus | None:
        with self.app.database.snapshot() as snapshot:
            subscriber = find_subscriber(snapshot, EmailAddress(address))
        return subscriber.status if subscriber else None


def by_maildir(app: App, raw: bytes, sender: str, recipient: str) -> None:
    """Deliver as a local delivery agent does, and read the Maildir."""
    folder = Path(app.settings.bounces.maildir)
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    number = len(list((folder / "cur").iterdir()))
    trace = (
        f"Return-Path: <{sender}>\nDelivered-To: {recipient}\nReceived: from mx.example.org\n\tby mail.review.example\n"
    )
    (folder / "new" / f"{number}").write_bytes(trace.encode() + raw)
    read_mailboxes(app)
    assert not list((folder / "new").iterdir())


def by_pipe(app: App, raw: bytes, sender: str, recipient: str) -> None:
    take_in([StoredMessage("-", f"Return-Path: <{sender}>\n".encode() + raw, recipient)], app=app)


def by_listener(app: App, raw: bytes, sender: str, recipient: str) -> None:
    async def send() -> None:
        async with (
            listen("127.0.0.1", 0, door=make_door(app)) as port,
            SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client,
        ):
            await client.sendmail(sender, [recipient], raw)

    asyncio.run(send())


def by_imap(app: App, raw: bytes, sender: str, recipient: str) -> None:
    with Dovecot() as dovecot:
        dovecot.put(f"Return-Path: <{sender}>\nDelivered-To: {recipient}\n".encode() + raw)
        read_mailboxes(configured(app, maildir="", imap_url=dovecot.url, imap_password=dovecot.password))


WAYS: dict[str, Way] = {"maildir": by_maildir, "pipe": by_pipe, "listener": by_listener, "imap": by_imap}


@pytest.fixture(autouse=True)
def _fresh_log() -> None:
    """Undo what commands of other tests in this process have set: which lines are written."""
    structlog.reset_defaults()


@pytest.fixture
def app(sqlite_database: Database, tmp_path: Path) -> App:
    return a_newsletter(sqlite_database, maildir=str(tmp_path / "mail"), clock=lambda: TOMORROW)


@pytest.fixture(params=WAYS)
def newsletter(request: pytest.FixtureRequest, app: App) -> Newsletter:
    return Newsletter(app, WAYS[request.param])


def test_a_dead_address_is_mailed_no_more(newsletter: Newsletter) -> None:
    newsletter.receive(a_failure(ANN), recipient=newsletter.verp())

    (report,) = newsletter.reports()
    assert (report.fate.kind, report.ignored_because) == (BounceKind.HARD, None)
    assert not newsletter.is_mailed(ANN)
    assert newsletter.is_mailed(BEN)


def test_a_token_that_came_back_in_capitals_or_wrapped_by_a_forwarder_is_known(newsletter: Newsletter) -> None:
    local, _, domain = newsletter.verp(BEN).partition("@")
    wrapped = f"{domain}={local}"

    newsletter.receive(a_failure(ANN), recipient=newsletter.verp().upper())
    newsletter.receive(a_failure(BEN), recipient=f"SRS0=a1B2=QX={wrapped}@forward.example")

    assert not newsletter.is_mailed(ANN)
    assert not newsletter.is_mailed(BEN)


FORGER = KeyRing(b"somebody else's secret of many letters")


@pytest.mark.parametrize("way", ["maildir", "pipe", "imap"])
def test_a_forged_token_changes_nobody_and_is_logged(app: App, way: str) -> None:
    newsletter = Newsletter(app, WAYS[way])

    with capture_logs() as lines:
        newsletter.receive(a_failure(ANN), recipient=newsletter.verp(keys=FORGER))

    assert [report.ignored_because for report in newsletter.reports()] == [IgnoredReason.FORGED]
    assert [line["because"] for line in lines if "because" in line] == ["forged token"]
    assert newsletter.is_mailed(ANN)


def test_a_forged_token_does_not_even_get_past_the_listener(app: App) -> None:
    newsletter = Newsletter(app, by_listener)

    with capture_logs() as lines, pytest.raises(SMTPRecipientsRefused):
        newsletter.receive(a_failure(ANN), recipient=newsletter.verp(keys=FORGER))

    assert newsletter.reports() == []
    assert [line["event"] for line in lines] == ["recipient refused: no valid token"]


def test_the_token_of_another_delivery_changes_nobody_and_is_logged(newsletter: Newsletter) -> None:
    with capture_logs() as lines:
        newsletter.receive(a_failure(BEN), recipient=newsletter.verp(ANN))

    assert [report.ignored_because for report in newsletter.reports()] == [IgnoredReason.CONTRADICTORY]
    assert [line["because"] for line in lines if "because" in line] == ["contradictory"]
    assert newsletter.is_mailed(ANN)
    assert newsletter.is_mailed(BEN)


def test_a_token_older_than_sixty_days_changes_nobody_and_is_logged(newsletter: Newsletter) -> None:
    newsletter.at(SENT_AT + timedelta(days=61))

    with capture_logs() as lines:
        newsletter.receive(a_failure(ANN), recipient=newsletter.verp())

    assert [report.ignored_because for report in newsletter.reports()] == [IgnoredReason.TOO_OLD]
    assert [line["because"] for line in lines if "because" in line] == ["too old"]
    assert newsletter.is_mailed(ANN)


def test_unsubscribing_by_mail_never_expires(newsletter: Newsletter) -> None:
    newsletter.at(SENT_AT + timedelta(days=900))

    newsletter.receive(a_letter("unsubscribe", "", sender=ANN), sender=ANN, recipient=newsletter.verp())

    assert newsletter.status_of(ANN) is SubscriberStatus.UNSUBSCRIBED
    assert newsletter.status_of(BEN) is SubscriberStatus.ACTIVE


def test_an_automatic_answer_is_filed_and_changes_nobody(newsletter: Newsletter) -> None:
    answer = a_letter("Out of office", "I am away until Monday.", sender=ANN, fields=("Auto-Submitted: auto-replied",))

    newsletter.receive(answer, sender=ANN, recipient=newsletter.verp())

    assert [report.fate.kind for report in newsletter.reports()] == [BounceKind.AUTO_REPLY]
    assert newsletter.is_mailed(ANN)
    with newsletter.app.database.snapshot() as snapshot:
        assert not is_any_due(snapshot, now=TOMORROW)


def test_what_a_person_writes_is_kept_and_goes_to_the_editors(newsletter: Newsletter) -> None:
    letter = a_letter("Re: Issue 1", "Thank you. Please unsubscribe my late aunt.", sender=ANN)

    newsletter.receive(letter, sender=ANN, recipient=newsletter.verp())

    (report,) = newsletter.reports()
    assert report.fate.rule == "reply that speaks of unsubscribing"
    assert newsletter.status_of(ANN) is SubscriberStatus.ACTIVE
    with newsletter.app.database.snapshot() as snapshot:
        assert is_any_due(snapshot, now=TOMORROW)


@pytest.mark.parametrize(("first", "second"), list(combinations_with_replacement(WAYS, 2)))
def test_the_same_report_by_two_ways_counts_once(app: App, first: str, second: str) -> None:
    newsletter = Newsletter(app, WAYS[first])
    raw = a_failure(ANN, status="5.2.1", words="550 5.2.1 mailbox disabled", date="Thu, 12 Mar 2026 10:00:00 +0000")

    newsletter.receive(raw, recipient=newsletter.verp())
    WAYS[second](app, raw, "", newsletter.verp())

    assert len(newsletter.reports()) == 1


def test_the_listener_takes_mail_for_its_postmaster_and_for_addresses_of_the_settings(app: App) -> None:
    door = make_door(configured(app, listen_also=("Feedback@review.example",)))

    assert door.is_ours("postmaster@review.example")
    assert door.is_ours("feedback@review.example")
    assert not door.is_ours("info@review.example")


def test_a_bounce_address_that_is_one_for_all_letters_is_taken(app: App) -> None:
    mail = structs.replace(app.settings.mail, bounce_address="back@review.example")

    assert make_door(replace(app, settings=structs.replace(app.settings, mail=mail))).is_ours("back@review.example")
    assert not make_door(app).is_ours("back@review.example")


@pytest.mark.parametrize("listen_at", ["2526", "127.0.0.1", "127.0.0.1:many", ":25"])
async def test_a_place_that_cannot_be_listened_on_is_named(app: App, listen_at: str) -> None:
    with pytest.raises(ConfigurationError, match="write it as"):
        await listen_for_bounces(configured(app, listen=listen_at), lambda: True)


def test_a_certificate_that_cannot_be_used_is_named(app: App) -> None:
    with pytest.raises(ConfigurationError, match="listen_certificate: nowhere"):
        make_door(configured(app, listen_certificate="nowhere.pem"))


def test_the_doctor_looks_at_each_way_in(app: App, tmp_path: Path) -> None:
    for name in ("new", "cur"):
        (tmp_path / "mail" / name).mkdir(parents=True)

    maildir, listener = examine_ways_in(configured(app, listen="127.0.0.1:2526"))

    assert (maildir.check, maildir.level) == ("Maildir", "ok")
    assert (listener.check, listener.level) == ("listener", "ok")
    assert "for review.example" in listener.sentence


def test_the_doctor_says_what_no_way_in_or_a_wrong_one_means(app: App) -> None:
    (none,) = examine_ways_in(configured(app, maildir=""))
    (wrong,) = examine_ways_in(configured(app, maildir="nowhere"))

    assert (none.check, none.level) == ("bounces", "warning")
    assert (wrong.check, wrong.level) == ("Maildir", "error")


def configured(app: App, **keys: object) -> App:
    bounces = structs.replace(app.settings.bounces, **keys)
    return replace(app, settings=structs.replace(app.settings, bounces=bounces))
