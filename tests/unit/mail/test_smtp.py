"""One SMTP connection against a relay that follows a script."""

from __future__ import annotations

import asyncio
import time
import tracemalloc

import pytest

from newsletter.domain.letter import Letter
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.reply import Accepted, Deferred, Outcome, Rejected, Reply, Unknown
from newsletter.errors import RelayError
from newsletter.mail.relay import Relay, open_session
from newsletter.mail.smtp import SmtpSession
from relay import HANG_UP, LATE, STALL, Script, ScriptedRelay


def a_letter(number: int) -> Letter:
    return Letter(
        delivery=DeliveryId(1, number),
        token=f"token{number}",
        envelope_sender=f"b+token{number}@bounces.example.org",
        recipient=f"reader{number}@example.net",
        pieces=(b"Subject: x\r\n\r\nbody ", str(number).encode(), b"\r\n..dotted\r\n"),
    )


def answering(verb: str, answer: str, *, letter: int = 0) -> Script:
    """Answer ``answer`` to ``verb`` once so many letters were taken."""
    return lambda _, letters, asked, __: answer if (asked, letters) == (verb, letter) else None


async def connect(relay: ScriptedRelay, *, timeout_seconds: float = 5) -> SmtpSession:
    return await open_session(Relay(host=relay.host, port=relay.port, timeout_seconds=timeout_seconds))


async def send_all(session: SmtpSession, *letters: Letter) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for letter, following in zip(letters, [*letters[1:], None], strict=True):
        refusal = await session.stage(letter)
        outcomes.append(refusal or await session.release(following))
    return outcomes


@pytest.mark.parametrize("byte_by_byte", [False, True])
async def test_letters_follow_each_other_in_one_session(byte_by_byte: bool) -> None:  # noqa: FBT001 - a case's value
    async with ScriptedRelay(byte_by_byte=byte_by_byte) as relay:
        session = await connect(relay)
        outcomes = await send_all(session, a_letter(1), a_letter(2), a_letter(3))
        await session.close()

    assert outcomes == [Accepted(Reply(250, "2.0.0 queued"))] * 3
    assert relay.accepted == ["reader1@example.net", "reader2@example.net", "reader3@example.net"]
    assert relay.connections == 1
    assert relay.contents[1] == a_letter(2).content


async def test_a_relay_that_stops_reading_does_not_fill_our_memory() -> None:
    body = (b"A line of an article that goes on and on" * 1_500 + b"\r\n") * 300  # more than the system itself buffers
    letters = [a_letter(number)._replace(pieces=(b"Subject: x\r\n\r\n", body, b"end\r\n")) for number in range(4)]
    async with ScriptedRelay() as relay:
        sessions = [await connect(relay) for _ in letters]
        relay.reads.clear()
        tracemalloc.start()
        before, _ = tracemalloc.get_traced_memory()
        staging = asyncio.gather(*(session.stage(letter) for session, letter in zip(sessions, letters, strict=True)))
        await asyncio.sleep(0.5)
        held, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert not staging.done()
        relay.reads.set()
        await staging
        await asyncio.gather(*(session.release(None) for session in sessions))

    assert relay.contents == [letter.content for letter in letters]
    assert held - before < len(letters) * 1_000_000  # of 18 MB that each letter has; the test relay's buffers included


async def test_the_envelope_names_the_delivery_where_the_relay_takes_envelope_ids() -> None:
    async with ScriptedRelay() as relay:
        await send_all(await connect(relay), a_letter(1))

    assert "MAIL FROM:<b+token1@bounces.example.org> ENVID=token1" in relay.lines


async def test_without_pipelining_one_command_goes_at_a_time() -> None:
    async with ScriptedRelay(answering("EHLO", "250 relay.example.org")) as relay:
        outcomes = await send_all(await connect(relay), a_letter(1), a_letter(2))

    assert [type(outcome) for outcome in outcomes] == [Accepted, Accepted]
    assert "MAIL FROM:<b+token2@bounces.example.org>" in relay.lines


@pytest.mark.parametrize("extensions", ["250-relay\r\n250 PIPELINING", "250 relay"])
@pytest.mark.parametrize(
    ("verb", "answer", "outcome"),
    [
        ("RCPT", "550 5.1.1 no such user", Rejected(Reply(550, "5.1.1 no such user"))),
        ("RCPT", "450 4.2.1 greylisted", Deferred(Reply(450, "4.2.1 greylisted"))),
        ("DATA", "552 5.2.2 full", Rejected(Reply(552, "5.2.2 full"))),
        (".", "554 5.7.1 spam", Rejected(Reply(554, "5.7.1 spam"))),
        (".", "452-4.3.1 no\r\n452 room", Deferred(Reply(452, "4.3.1 no room"))),
    ],
)
async def test_a_refused_recipient_costs_only_its_own_letter(
    extensions: str, verb: str, answer: str, outcome: Outcome
) -> None:
    def script(_: int, letters: int, asked: str, __: str) -> str | None:
        if asked == "EHLO":
            return extensions
        return answer if (asked, letters) == (verb, 1) and not relay.lines[-1].startswith("QUIT") else None

    async with ScriptedRelay(script) as relay:
        session = await connect(relay)
        first = await send_all(session, a_letter(1))
        refused = await session.stage(a_letter(2)) or await session.release(None)

    assert [type(each) for each in first] == [Accepted]
    assert refused == outcome


async def test_after_a_refusal_in_the_pipeline_the_next_letter_goes_through() -> None:
    def script(_: int, __: int, verb: str, line: str) -> str | None:
        if verb == "RCPT" and "reader2" in line:
            return "550 5.1.1 no such user"
        return "554 5.5.1 no valid recipients" if verb == "DATA" and "reader2" in relay.lines[-2] else None

    async with ScriptedRelay(script) as relay:
        outcomes = await send_all(await connect(relay), a_letter(1), a_letter(2), a_letter(3))

    assert [type(outcome) for outcome in outcomes] == [Accepted, Rejected, Accepted]
    assert relay.accepted == ["reader1@example.net", "reader3@example.net"]


async def test_a_relay_that_goes_ahead_without_a_recipient_gets_an_empty_message() -> None:
    async with ScriptedRelay(answering("RCPT", "550 5.1.1 no")) as relay:
        session = await connect(relay)
        refusal = await session.stage(a_letter(1))

    assert isinstance(refusal, Rejected)
    assert relay.contents == [b""]


@pytest.mark.parametrize("extensions", ["250-relay\r\n250 PIPELINING", "250 relay"])
@pytest.mark.parametrize(("answer", "is_lasting"), [("550 5.7.1 sender refused", True), ("451 4.7.1 slow down", False)])
async def test_a_refused_sender_is_about_us(extensions: str, answer: str, is_lasting: bool) -> None:  # noqa: FBT001 - a case's value
    def script(_: int, __: int, verb: str, ___: str) -> str | None:
        return {"EHLO": extensions, "MAIL": answer}.get(verb)

    async with ScriptedRelay(script) as relay:
        session = await connect(relay)
        with pytest.raises(RelayError, match="refused our sender") as refusal:
            await session.stage(a_letter(1))

    assert refusal.value.is_lasting is is_lasting


@pytest.mark.parametrize("verb", ["MAIL", "RCPT", "DATA"])
@pytest.mark.parametrize("answer", ["421 4.3.2 closing", HANG_UP, "banana", "250 ok but out of turn"])
async def test_a_relay_that_fails_before_the_dot_has_certainly_not_delivered(verb: str, answer: str) -> None:
    if answer.startswith("250") and verb != "DATA":
        return
    async with ScriptedRelay(answering(verb, answer)) as relay:
        session = await connect(relay)
        with pytest.raises(RelayError):
            await session.stage(a_letter(1))
        await session.close()

    assert relay.dotted == []


@pytest.mark.parametrize("answer", [HANG_UP, "banana"])
async def test_a_connection_lost_behind_the_dot_leaves_the_letter_in_doubt(answer: str) -> None:
    async with ScriptedRelay(answering(".", answer)) as relay:
        session = await connect(relay)
        await session.stage(a_letter(1))
        outcome = await session.release(a_letter(2))
        with pytest.raises(RelayError):
            await session.stage(a_letter(2))

    assert isinstance(outcome, Unknown)
    assert relay.dotted == ["reader1@example.net"]


async def test_a_relay_that_stalls_is_given_up() -> None:
    async with ScriptedRelay(answering("MAIL", STALL)) as relay:
        session = await connect(relay, timeout_seconds=0.2)
        with pytest.raises(RelayError, match=r"silent for 0\.2 seconds"):
            await session.stage(a_letter(1))


async def test_a_whole_letter_may_take_longer_to_answer_than_a_command() -> None:
    script = {(".", 0): LATE, ("MAIL", 1): STALL}
    async with ScriptedRelay(lambda _, letters, verb, __: script.get((verb, letters))) as relay:
        session = await open_session(
            Relay(host=relay.host, port=relay.port, timeout_seconds=0.2, final_timeout_seconds=30)
        )
        await session.stage(a_letter(1))
        outcome = await session.release(None)
        started = time.monotonic()
        with pytest.raises(RelayError, match=r"silent for 0\.2 seconds"):
            await session.stage(a_letter(2))

    assert isinstance(outcome, Accepted)
    assert time.monotonic() - started < 10


async def test_closing_with_a_staged_letter_delivers_nothing() -> None:
    async with ScriptedRelay() as relay:
        session = await connect(relay)
        await session.stage(a_letter(1))
        await session.close()

    assert relay.dotted == []
    assert relay.accepted == []


async def test_a_reply_without_end_is_given_up() -> None:
    async with ScriptedRelay(answering("MAIL", "250-" + "x" * 700_000)) as relay:
        session = await connect(relay)
        with pytest.raises(RelayError, match="endless"):
            await session.stage(a_letter(1))
