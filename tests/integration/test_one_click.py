"""One click (RFC 8058), as mail programs send it, through a proxy that adds what proxies add."""

from __future__ import annotations

import http.client
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mailing_stand import a_plant, add_readers, counted, deliver_all, open_a_mailing, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.mailing import DeliveryStatus, DoubtfulPolicy, WithheldReason
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.token import Purpose, ReaderToken
from newsletter.store import ledger, mailings
from newsletter.store.database import Database
from newsletter.store.seats import take_seat
from newsletter.store.subscribers import find_subscriber
from site_server import serve_site
from site_stand import KEYS, a_site
from smtp_server import SmtpServer

READER = "reader0550@example.org"  # in the second batch
EVERYBODY = [f"reader{number:04}@example.org" for number in range(1, 601)]

_BOUNDARY = "----=_Part_7_1234.5678"
_MULTIPART = (
    f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--{_BOUNDARY}--\r\n'
)

#: What mail providers post, by who posts it: header fields and body.
POSTS = {
    "urlencoded": (
        {"Content-Type": "application/x-www-form-urlencoded", "User-Agent": "Mail provider one-click"},
        "List-Unsubscribe=One-Click",
    ),
    "urlencoded with a charset": (
        {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8", "Accept": "*/*"},
        "List-Unsubscribe=One-Click",
    ),
    "multipart": ({"Content-Type": f'multipart/form-data; boundary="{_BOUNDARY}"'}, _MULTIPART),
    "HTTP/1.1 without a body": ({"Content-Length": "0"}, ""),
}


@dataclass(frozen=True)
class Front:
    """The site, and the proxy before it."""

    port: int
    database: Database

    def path(self, email: str = READER) -> str:
        with self.database.snapshot() as snapshot:
            reader = find_subscriber(snapshot, EmailAddress(email))
        assert reader
        return f"/unsubscribe/{ReaderToken(reader.public_id, 1).sign(Purpose.UNSUBSCRIBE, KEYS)}"

    def status(self, email: str = READER) -> SubscriberStatus:
        with self.database.snapshot() as snapshot:
            reader = find_subscriber(snapshot, EmailAddress(email))
        assert reader
        return reader.status

    def post(self, path: str, headers: dict[str, str], body: str) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("POST", path, body.encode(), headers)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        return answer


@pytest.fixture
def front(database: Database) -> Iterator[Front]:
    add_readers(database, EVERYBODY)
    program = Path(__file__).parents[1] / "proxy.py"
    with serve_site(a_site(database, now=lambda: datetime.now(UTC))) as address:
        proxy = subprocess.Popen(
            [sys.executable, str(program), str(urlsplit(address).port)], stdout=subprocess.PIPE, text=True
        )
        assert proxy.stdout
        try:
            yield Front(int(proxy.stdout.readline()), database)
        finally:
            proxy.terminate()
            proxy.wait()
            proxy.stdout.close()


@pytest.mark.parametrize("post", POSTS)
def test_a_mail_programs_request_is_obeyed_and_answered_at_once(front: Front, post: str) -> None:
    headers, body = POSTS[post]

    answers = [front.post(front.path(), headers, body) for _ in range(3)]

    assert {answer.status for answer in answers} == {200}
    assert all(answer.getheader("Location") is None for answer in answers)
    assert all(answer.getheader("Set-Cookie") is None for answer in answers)
    assert front.status() is SubscriberStatus.UNSUBSCRIBED


@pytest.mark.parametrize("option", ["--data", "--form"])
def test_curl_needs_no_cookie_and_follows_no_redirect(front: Front, option: str, tmp_path: Path) -> None:
    curl = shutil.which("curl")
    if curl is None:
        pytest.skip("curl is not installed: sudo apt-get install curl")
    head = tmp_path / "head"

    said = subprocess.run(
        [
            *(curl, "--silent", "--noproxy", "*", "--dump-header", str(head), "--output", "/dev/null"),
            *("--write-out", "%{http_code} %{num_redirects}", option, "List-Unsubscribe=One-Click"),
            f"http://127.0.0.1:{front.port}{front.path()}",
        ],
        capture_output=True,
        text=True,
        check=True,
    )

    assert said.stdout == "200 0"
    assert "set-cookie" not in head.read_text(encoding="ascii").lower()
    assert front.status() is SubscriberStatus.UNSUBSCRIBED


def test_who_clicks_during_a_mailing_is_out_before_the_next_batch(front: Front, smtp_server: SmtpServer) -> None:
    database, now = front.database, datetime.now(UTC)
    mailing = open_a_mailing(database, now=now)
    with take_seat(database, now=now) as seat, database.transaction() as transaction:
        mailings.start_due(transaction, now=now)
        first = ledger.claim_batch(transaction, seat=seat, now=now, doubtful=DoubtfulPolicy.RESEND)
    headers, body = POSTS["urlencoded"]

    front.post(front.path(), headers, body)
    deliver_all(a_plant(database, port=smtp_server.port))

    report = report_on(database, mailing)
    assert first
    assert len(first.recipients) == 500
    assert counted(report) == {DeliveryStatus.ACCEPTED: 599, DeliveryStatus.WITHHELD: 1}
    assert report.withheld_reasons[WithheldReason.UNSUBSCRIBED] == 1
    assert report.unsubscribes == 1
    assert sorted(smtp_server.recipients) == sorted(set(EVERYBODY) - {READER})
