"""The tests' own relay, spoken to by another implementation of SMTP."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Iterator

import pytest

from smtp_server import ReceivedLetter, SmtpServer

_LETTER = b"Subject: hello\r\n\r\n.a line that starts with a dot\r\n"


@pytest.fixture
def client(smtp_server: SmtpServer) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(smtp_server.host, smtp_server.port) as client:
        yield client


def test_a_letter_arrives_byte_for_byte(smtp_server: SmtpServer, client: smtplib.SMTP) -> None:
    client.sendmail("bounces@example.org", ["ada@example.org"], _LETTER)

    letter = ReceivedLetter(mail_from="bounces@example.org", rcpt_to=("ada@example.org",), data=_LETTER)
    assert smtp_server.letter_to("ada@example.org") == letter


def test_a_refused_recipient_does_not_hold_up_the_others(smtp_server: SmtpServer, client: smtplib.SMTP) -> None:
    smtp_server.refuse_recipients["ada@example.org"] = "550 5.1.1 no such user"

    refused = client.sendmail("bounces@example.org", ["ada@example.org", "ben@example.org"], _LETTER)

    assert refused == {"ada@example.org": (550, b"5.1.1 no such user")}
    assert smtp_server.recipients == ["ben@example.org"]


def test_a_letter_can_be_refused_behind_its_dot(smtp_server: SmtpServer, client: smtplib.SMTP) -> None:
    smtp_server.refuse_letters["ada@example.org"] = "552 5.3.4 too big"

    with pytest.raises(smtplib.SMTPDataError):
        client.sendmail("bounces@example.org", ["ada@example.org"], _LETTER)

    assert smtp_server.letters == []


def test_a_sender_can_be_refused(smtp_server: SmtpServer, client: smtplib.SMTP) -> None:
    smtp_server.refuse_senders = "550 5.7.1 you are not welcome"

    with pytest.raises(smtplib.SMTPSenderRefused):
        client.sendmail("bounces@example.org", ["ada@example.org"], _LETTER)


def test_a_connection_can_break_between_the_dot_and_the_reply(smtp_server: SmtpServer, client: smtplib.SMTP) -> None:
    smtp_server.hang_up_behind_dot.add("ada@example.org")

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.sendmail("bounces@example.org", ["ada@example.org"], _LETTER)

    assert smtp_server.recipients == ["ada@example.org"]


@pytest.mark.parametrize("offered", [True, False])
def test_pipelining_is_offered_as_told(smtp_server: SmtpServer, client: smtplib.SMTP, *, offered: bool) -> None:
    smtp_server.offers_pipelining = offered
    client.ehlo()

    assert client.has_extn("pipelining") is offered


def test_pipelined_commands_are_answered_in_order(smtp_server: SmtpServer) -> None:
    with socket.create_connection((smtp_server.host, smtp_server.port), timeout=10) as connection:
        connection.sendall(
            b"EHLO client.example\r\n"
            b"MAIL FROM:<a@example.org>\r\nRCPT TO:<ada@example.org>\r\nDATA\r\n"
            b"Subject: hello\r\n\r\n..a line that starts with a dot\r\n.\r\n"
            b"MAIL FROM:<b@example.org>\r\nRCPT TO:<ben@example.org>\r\nDATA\r\n"
            b"Subject: hello again\r\n\r\n.\r\nQUIT\r\n"
        )
        replies = connection.makefile("rb").read().decode()

    codes = [line[:3] for line in replies.splitlines() if line[3] == " "]
    assert codes == ["220", "250", "250", "250", "354", "250", "250", "250", "354", "250", "221"]
    assert smtp_server.letter_to("ada@example.org").data == _LETTER
    assert smtp_server.recipients == ["ada@example.org", "ben@example.org"]


def test_the_server_stops_while_a_client_is_connected() -> None:
    with SmtpServer() as server:
        client = smtplib.SMTP(server.host, server.port)

    with pytest.raises(smtplib.SMTPServerDisconnected):
        client.noop()
