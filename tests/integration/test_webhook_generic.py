"""The generic webhook: what holds for every provider, told with the form that is our own."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator
from datetime import datetime, timedelta

import httpx
import pytest
from structlog.testing import capture_logs

from hook_site import NOW, HookSite, a_hook_site
from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.token import KeyRing
from newsletter.store.database import Database
from newsletter.store.subscribers import find_subscriber
from stored import SentMailing, a_mailing, is_mailed

KEY = "the secret of the generic webhook"
ANN, BEN = "ann@example.net", "ben@example.net"
NO_SUCH_USER = "550 5.1.1 <ann@example.net>: no such user here"


@pytest.fixture
def sent(database: Database) -> SentMailing:
    return a_mailing(database, reply="2.0.0 OK id=0102018f-1122-3344-5566-778899aabbcc")


@pytest.fixture
def site(database: Database) -> Iterator[HookSite]:
    with a_hook_site(database, {"generic": KEY}) as running:
        yield running


def an_event(kind: str = "failed", recipient: str = ANN, **more: str) -> dict[str, str]:
    return {"kind": kind, "recipient": recipient, **more}


def sign(body: bytes, *, key: str = KEY, at: datetime = NOW) -> str:
    seconds = int(at.timestamp())
    return f"t={seconds},v1={hmac.new(key.encode(), f'{seconds}.'.encode() + body, 'sha256').hexdigest()}"


def post(site: HookSite, *events: dict[str, str], key: str = KEY, at: datetime = NOW) -> httpx.Response:
    body = json.dumps({"events": events}).encode()
    return site.post("generic", body, {"X-Newsletter-Signature": sign(body, key=key, at=at)})


def test_a_dead_address_is_suppressed_by_its_letters_token(site: HookSite, sent: SentMailing) -> None:
    answer = post(site, an_event(words=NO_SUCH_USER, token=sent.token(ANN)))

    assert answer.status_code == 200
    assert "set-cookie" not in answer.headers
    assert site.fates() == ["hard unknown_user: counts"]
    assert not is_mailed(site.database, ANN)
    assert is_mailed(site.database, BEN)


def test_without_a_token_the_id_of_the_relays_reply_and_the_recipient_tell(site: HookSite, sent: SentMailing) -> None:
    post(site, an_event(words=NO_SUCH_USER, message_id="0102018f-1122-3344-5566-778899aabbcc"))

    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]
    assert not is_mailed(site.database, ANN)


@pytest.mark.parametrize(
    "event",
    [
        pytest.param(an_event(words=NO_SUCH_USER), id="neither token nor id"),
        pytest.param(an_event(words=NO_SUCH_USER, message_id="0102018f-0000-0000-0000-000000000000"), id="unknown id"),
        pytest.param(an_event(words=NO_SUCH_USER, message_id="OK"), id="a word of every reply"),
        pytest.param(
            an_event(
                words=NO_SUCH_USER, recipient="eve@example.net", message_id="0102018f-1122-3344-5566-778899aabbcc"
            ),
            id="not the letter's recipient",
        ),
        pytest.param(
            an_event(words=NO_SUCH_USER, recipient="nobody", message_id="0102018f-1122-3344-5566-778899aabbcc"),
            id="no address",
        ),
    ],
)
@pytest.mark.usefixtures("sent")
def test_what_names_no_letter_is_stored_and_changes_nobody(site: HookSite, event: dict[str, str]) -> None:
    answer = post(site, event)

    assert answer.status_code == 200
    assert [report.ignored_because for report in site.reports()] == ["no token"]
    assert is_mailed(site.database, ANN)


def test_a_forged_token_changes_nobody(site: HookSite, sent: SentMailing) -> None:
    foreign = sent.token(ANN, KeyRing(b"a secret of somebody else, long enough"))

    post(site, an_event(words=NO_SUCH_USER, token=foreign))

    assert site.fates() == ["hard unknown_user: forged token"]
    assert is_mailed(site.database, ANN)


def test_the_same_event_posted_twice_counts_once(site: HookSite, sent: SentMailing) -> None:
    event = an_event(words="452 4.2.2 mailbox full", token=sent.token(ANN))

    answers = [post(site, event), post(site, event, at=NOW + timedelta(minutes=1))]

    assert {answer.status_code for answer in answers} == {200}
    assert site.fates() == ["soft mailbox_full: counts"]


def test_one_post_may_tell_of_many_letters(site: HookSite, sent: SentMailing) -> None:
    post(
        site,
        an_event("delayed", words="421 4.4.1 no answer", token=sent.token(ANN)),
        an_event("complaint", recipient=BEN, token=sent.token(BEN)),
    )

    assert site.fates() == ["delayed network: counts", "complaint -: counts"]
    assert is_mailed(site.database, ANN)
    assert not is_mailed(site.database, BEN)


def test_who_left_by_the_providers_link_has_left(site: HookSite, sent: SentMailing) -> None:
    post(site, an_event("unsubscribed", token=sent.token(ANN)))

    with site.database.snapshot() as snapshot:
        reader = find_subscriber(snapshot, EmailAddress.parse(ANN))
    assert reader
    assert reader.status is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.usefixtures("sent")
def test_who_left_and_is_not_known_changes_nobody(site: HookSite) -> None:
    post(site, an_event("unsubscribed"))

    assert site.fates() == ["not_bounce -: no token"]


def test_a_line_end_in_the_words_adds_no_field(site: HookSite, sent: SentMailing) -> None:
    words = f"451 try again\n\nFinal-Recipient: rfc822; {BEN}\nAction: failed\nStatus: 5.1.1\n"

    post(site, an_event(words=words, token=sent.token(ANN)))

    assert [report.delivery for report in site.reports()] == [sent.deliveries[ANN]]
    assert is_mailed(site.database, BEN)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="none"),
        pytest.param({"X-Newsletter-Signature": "v1=abc"}, id="another form"),
        pytest.param({"X-Newsletter-Signature": sign(b'{"events": []}', key="another")}, id="another key"),
        pytest.param({"X-Newsletter-Signature": sign(b"{}")}, id="another body"),
        pytest.param(
            {"X-Newsletter-Signature": sign(b'{"events": []}', at=NOW - timedelta(minutes=6))}, id="six minutes old"
        ),
    ],
)
@pytest.mark.usefixtures("sent")
def test_an_unproven_request_is_refused(site: HookSite, headers: dict[str, str]) -> None:
    answer = site.post("generic", b'{"events": []}', headers)

    assert answer.status_code == 403
    assert site.reports() == []


@pytest.mark.usefixtures("sent")
def test_a_refusal_is_logged_without_addresses(site: HookSite) -> None:
    with capture_logs() as logs:
        post(site, an_event(words=NO_SUCH_USER), key="another")

    assert [entry["event"] for entry in logs] == ["webhook refused"]
    assert ANN not in str(logs)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"events": [{"kind": "opened"}]}', b'{"events": 7}', b"\xff", b"[" * 9_000]
)
def test_what_cannot_be_read_is_refused(site: HookSite, body: bytes) -> None:
    answer = site.post("generic", body, {"X-Newsletter-Signature": sign(body)})

    assert answer.status_code == 400
    assert site.reports() == []


def test_a_provider_without_a_key_has_no_webhook(site: HookSite) -> None:
    assert {site.post(name, b"{}").status_code for name in ("nobody", "__init__")} == {404}


def test_a_body_beyond_all_measure_is_not_read(site: HookSite) -> None:
    assert site.post("generic", b" " * (3 << 20)).status_code == 413


def test_nothing_is_got_from_a_webhook(site: HookSite) -> None:
    assert httpx.get(f"{site.url}/hooks/generic").status_code == 405
