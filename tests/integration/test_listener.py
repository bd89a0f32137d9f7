"""The SMTP listener for the bounce domain, spoken to by a real client and, where clients are too polite, by hand."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from aiosmtplib import SMTP, SMTPDataError, SMTPException, SMTPResponseException, SMTPSenderRefused

from certificate import make_certificate
from newsletter.errors import ConfigurationError, StoreError
from newsletter.gatherer import Gatherer
from newsletter.mail.listener import Door, Limits, listen
from newsletter.mail.mailbox import StoredMessage

OURS, THEIRS = "b+token@bounces.example.org", "info@bounces.example.org"
REPORT = b"Subject: Undelivered\r\n\r\nNo such user.\r\n"


class Shelf:
    """Keeps what is stored, or fails as told."""

    def __init__(self) -> None:
        self.messages: list[StoredMessage] = []
        self.batches: list[int] = []
        self.failure: Exception | None = None
        self.poison = b"never"
        self.is_open = threading.Event()
        self.is_open.set()

    def store_all(self, messages: Sequence[StoredMessage]) -> list[None]:
        self.is_open.wait(timeout=20)
        self.batches.append(len(messages))
        if self.failure:
            raise self.failure
        if any(self.poison in message.raw for message in messages):
            raise ValueError("poison")
        self.messages += messages
        return [None] * len(messages)


@asynccontextmanager
async def listening(
    shelf: Shelf, *, limits: Limits | None = None, tls: ssl.SSLContext | None = None
) -> AsyncIterator[int]:
    door = Door(
        hostname="bounces.example.org",
        is_ours=lambda address: address.lower().startswith("b+"),
        storekeeper=Gatherer(shelf.store_all),
        tls=tls,
        limits=limits or Limits(),
    )
    async with listen("127.0.0.1", 0, door=door) as port:
        yield port


def a_client(port: int) -> SMTP:
    return SMTP(hostname="127.0.0.1", port=port, start_tls=False, timeout=20)


async def test_a_report_is_stored_before_the_listener_says_yes() -> None:
    shelf = Shelf()
    async with listening(shelf) as port, a_client(port) as client:
        await client.sendmail("", [OURS], REPORT)

        (message,) = shelf.messages
    assert message.recipient == OURS
    assert message.raw == f"Return-Path: <>\r\nDelivered-To: {OURS}\r\n".encode() + REPORT


async def test_what_is_for_nobody_here_is_refused_before_its_content() -> None:
    shelf = Shelf()
    async with listening(shelf) as port, a_client(port) as client:
        await client.mail("somebody@example.net")
        with pytest.raises(SMTPResponseException) as refused:
            await client.rcpt(THEIRS)

        assert (refused.value.code, refused.value.message[:5]) == (550, "5.1.1")
        with pytest.raises(SMTPResponseException, match="503"):
            await client.data(REPORT)
    assert shelf.messages == []


async def test_of_two_recipients_the_one_that_is_ours_gets_the_message() -> None:
    shelf = Shelf()
    async with listening(shelf) as port, a_client(port) as client:
        refused, _ = await client.sendmail("", [OURS, THEIRS, "B+OTHER@bounces.example.org"], REPORT)

    assert list(refused) == [THEIRS]
    assert [message.recipient for message in shelf.messages] == [OURS, "B+OTHER@bounces.example.org"]


async def test_what_cannot_be_stored_stays_with_its_sender() -> None:
    shelf = Shelf()
    shelf.failure = StoreError("The database is away.")
    async with listening(shelf) as port, a_client(port) as client:
        with pytest.raises(SMTPDataError) as failed:
            await client.sendmail("", [OURS], REPORT)
        shelf.failure = None
        await client.sendmail("", [OURS], REPORT)

    assert failed.value.code == 451
    assert len(shelf.messages) == 1


async def test_messages_that_come_together_share_a_transaction() -> None:
    shelf = Shelf()
    shelf.is_open.clear()
    async with listening(shelf) as port, a_client(port) as first, a_client(port) as second, a_client(port) as third:
        sends = [asyncio.create_task(client.sendmail("", [OURS], REPORT)) for client in (first, second, third)]
        await asyncio.sleep(0.3)
        shelf.is_open.set()
        await asyncio.gather(*sends)

    assert len(shelf.messages) == 3
    assert len(shelf.batches) < 3


async def test_one_message_that_breaks_the_others_does_not_keep_them_out() -> None:
    shelf = Shelf()
    shelf.poison = b"poison"
    shelf.is_open.clear()
    async with listening(shelf) as port, a_client(port) as first, a_client(port) as second, a_client(port) as third:
        texts = (REPORT, REPORT, b"Subject: poison\r\n\r\n")
        sends = [
            asyncio.create_task(client.sendmail("", [OURS], text))
            for client, text in zip((first, second, third), texts, strict=True)
        ]
        await asyncio.sleep(0.3)
        shelf.is_open.set()
        ended = await asyncio.gather(*sends, return_exceptions=True)

    assert [isinstance(each, SMTPDataError) for each in ended] == [False, False, True]
    assert len(shelf.messages) == 2


async def test_a_message_beyond_the_limit_is_refused_as_it_is_announced_or_as_it_comes() -> None:
    shelf = Shelf()
    async with listening(shelf, limits=Limits(message_bytes=5_000)) as port, a_client(port) as client:
        with pytest.raises(SMTPSenderRefused, match="552"):
            await client.sendmail("", [OURS], b"x" * 6_000)
        await client.rset()
        await client.mail("")
        await client.rcpt(OURS)
        with pytest.raises(SMTPDataError, match="552"):
            await client.data(b"Subject: long\r\n\r\n" + b"words\r\n" * 1_000)
        await client.sendmail("", [OURS], REPORT)

    assert len(shelf.messages) == 1


async def test_who_closes_his_side_behind_the_final_dot_gets_his_answer() -> None:
    shelf = Shelf()
    shelf.is_open.clear()
    async with listening(shelf) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<{OURS}>\r\nDATA\r\n".encode() + REPORT + b".\r\nQUIT\r\n")
        writer.write_eof()
        await asyncio.sleep(0.3)
        shelf.is_open.set()
        said = await asyncio.wait_for(reader.read(), timeout=20)
        writer.close()

    assert b"250 2.0.0 Stored\r\n221" in said
    assert len(shelf.messages) == 1


async def test_who_closes_in_the_middle_of_a_message_leaves_nothing() -> None:
    shelf = Shelf()
    async with listening(shelf, limits=Limits(idle_seconds=0.5)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"HELO a\r\nMAIL FROM:<>\r\nRCPT TO:<{OURS}>\r\nDATA\r\nSubject: half".encode())
        writer.write_eof()
        said = await asyncio.wait_for(reader.read(), timeout=20)
        writer.close()

    assert said.endswith(b"354 End data with <CR><LF>.<CR><LF>\r\n")
    assert shelf.messages == []


async def test_a_line_longer_than_the_standard_allows_is_taken() -> None:
    shelf = Shelf()
    async with listening(shelf) as port, a_client(port) as client:
        await client.sendmail("ann@example.net", [OURS], b"Subject: Re\r\n\r\n" + b"word " * 5_000 + b"\r\n")

    (message,) = shelf.messages
    assert message.raw.startswith(b"Return-Path: <ann@example.net>\r\n")
    assert len(message.raw) > 25_000


async def test_who_guesses_addresses_is_shown_out() -> None:
    async with listening(Shelf(), limits=Limits(refusals=2)) as port, a_client(port) as client:
        await client.mail("")
        codes = []
        for number in range(3):
            with pytest.raises(SMTPResponseException) as refused:
                await client.rcpt(f"guess{number}@bounces.example.org")
            codes.append(refused.value.code)

        assert codes == [550, 550, 421]
        with pytest.raises(SMTPException):
            await client.noop()


async def test_commands_without_end_end_the_connection() -> None:
    async with listening(Shelf(), limits=Limits(commands=3)) as port, a_client(port) as client:
        replies = [(await client.execute_command(b"NOOP")).code for _ in range(4)]

        assert replies == [250, 250, 250, 421]


async def test_a_connection_too_many_is_told_to_come_later() -> None:
    shelf = Shelf()
    async with listening(shelf, limits=Limits(connections=1)) as port:
        async with a_client(port):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            assert (await reader.read()).startswith(b"421 4.7.0 ")
            writer.close()
        await asyncio.sleep(0.1)
        async with a_client(port) as client:
            await client.sendmail("", [OURS], REPORT)

    assert len(shelf.messages) == 1


async def test_who_says_nothing_is_not_waited_for() -> None:
    async with listening(Shelf(), limits=Limits(idle_seconds=0.2)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)

        said = await asyncio.wait_for(reader.read(), timeout=20)
        writer.close()

    assert said.startswith(b"220 bounces.example.org")


async def test_who_keeps_talking_has_an_end_too() -> None:
    async with listening(Shelf(), limits=Limits(connection_seconds=0.5)) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        said = b""
        with suppress(ConnectionError):
            while not reader.at_eof():
                writer.write(b"NOOP\r\n")
                said += await asyncio.wait_for(reader.read(100), timeout=20)
                await asyncio.sleep(0.05)
        writer.close()

    assert said.count(b"250") > 1


async def test_many_recipients_are_asked_to_come_in_turns() -> None:
    async with listening(Shelf(), limits=Limits(recipients=1)) as port, a_client(port) as client:
        await client.mail("")
        await client.rcpt(OURS)
        with pytest.raises(SMTPResponseException, match="452"):
            await client.rcpt(OURS)


async def test_a_message_under_way_is_stored_and_answered_before_the_end() -> None:
    shelf = Shelf()
    shelf.is_open.clear()
    stopped = asyncio.Event()
    ports: asyncio.Queue[int] = asyncio.Queue()

    async def serve() -> None:
        async with listening(shelf) as port:
            await ports.put(port)
            await stopped.wait()

    server = asyncio.create_task(serve())
    client = a_client(await ports.get())
    await client.connect()
    send = asyncio.create_task(client.sendmail("", [OURS], REPORT))
    await asyncio.sleep(0.2)
    stopped.set()
    await asyncio.sleep(0.1)
    shelf.is_open.set()

    await send
    await server
    assert len(shelf.messages) == 1


async def test_starttls_is_offered_where_there_is_a_certificate(tmp_path: Path) -> None:
    certificate = make_certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate.file, certificate.key_file)
    shelf = Shelf()
    async with listening(shelf, tls=context) as port, a_client(port) as client:
        await client.starttls(tls_context=ssl.create_default_context(cafile=str(certificate.file)))
        await client.ehlo()
        assert not client.supports_extension("auth")
        await client.sendmail("", [OURS], REPORT)

    assert len(shelf.messages) == 1


async def test_a_port_that_is_taken_is_named() -> None:
    async with listening(Shelf()) as port:
        door = Door(hostname="example.org", is_ours=bool, storekeeper=Gatherer(Shelf().store_all))
        with pytest.raises(ConfigurationError, match=f"127.0.0.1:{port} cannot be listened on"):
            async with listen("127.0.0.1", port, door=door):
                pass
