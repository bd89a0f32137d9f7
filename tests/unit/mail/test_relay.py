"""Reaching the relay and signing in there: with a password, and by XOAUTH2."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from newsletter.errors import RelayError, TokenError
from newsletter.mail.access_token import AccessToken, TokenSource
from newsletter.mail.relay import Relay, open_session
from relay import ScriptedRelay
from smtp_server import SmtpServer


def tokens(*texts: str) -> TokenSource:
    """Give a source that hands these out one after the other, each for as long as nobody refuses it."""
    coming = iter(texts)
    return TokenSource(lambda: AccessToken(next(coming)), clock=lambda: datetime(2026, 3, 12, tzinfo=UTC))


async def sign_in(server: SmtpServer, source: TokenSource) -> None:
    session = await open_session(
        Relay(host=server.host, port=server.port, username="news@example.org", tokens=source, timeout_seconds=5)
    )
    await session.close()


async def test_a_relay_out_of_reach_is_said_so_with_its_name() -> None:
    async with ScriptedRelay() as relay:
        port = relay.port

    with pytest.raises(RelayError, match=f"127.0.0.1:{port} cannot be used"):
        await open_session(Relay(host="127.0.0.1", port=port, timeout_seconds=2))


async def test_wrong_credentials_are_a_lasting_refusal() -> None:
    def script(_: int, __: int, verb: str, ___: str) -> str | None:
        return {"EHLO": "250-relay\r\n250 AUTH PLAIN", "AUTH": "535 5.7.8 wrong"}.get(verb)

    async with ScriptedRelay(script) as relay:
        with pytest.raises(RelayError, match="user name or password") as refusal:
            await open_session(Relay(host=relay.host, port=relay.port, username="editor", password="wrong"))  # noqa: S106

    assert refusal.value.is_lasting


async def test_an_access_token_signs_in_in_place_of_a_password(smtp_server: SmtpServer) -> None:
    smtp_server.access_tokens = {"first"}
    source = tokens("first")
    await sign_in(smtp_server, source)
    await sign_in(smtp_server, source)

    assert smtp_server.sign_ins == [("news@example.org", "first")] * 2


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_a_token_that_is_refused_is_replaced_by_a_fresh_one(smtp_server: SmtpServer, *, hangs_up: bool) -> None:
    smtp_server.access_tokens = {"second"}
    smtp_server.hangs_up_on_refused_tokens = hangs_up
    await sign_in(smtp_server, tokens("first", "second"))

    assert [token for _, token in smtp_server.sign_ins] == ["first", "second"]


async def test_two_refused_tokens_in_a_row_are_a_lasting_refusal(smtp_server: SmtpServer) -> None:
    smtp_server.access_tokens = set()
    with pytest.raises(RelayError, match=r"refused our access token: 535 5\.7\.8") as refusal:
        await sign_in(smtp_server, tokens("first", "second", "third"))

    assert refusal.value.is_lasting
    assert len(smtp_server.sign_ins) == 2


async def test_a_refusal_to_sign_in_for_now_is_not_lasting() -> None:
    def script(_: int, __: int, verb: str, ___: str) -> str | None:
        return {"EHLO": "250-relay\r\n250 AUTH XOAUTH2", "AUTH": "454 4.7.0 try again later"}.get(verb)

    async with ScriptedRelay(script) as relay:
        with pytest.raises(RelayError, match="try again later") as refusal:
            await open_session(Relay(host=relay.host, port=relay.port, tokens=tokens("first", "second")))

    assert not refusal.value.is_lasting


async def test_a_relay_without_xoauth2_is_named_as_such(smtp_server: SmtpServer) -> None:
    with pytest.raises(RelayError, match="does not offer XOAUTH2") as refusal:
        await sign_in(smtp_server, tokens("first"))

    assert refusal.value.is_lasting


@pytest.mark.parametrize("is_lasting", [False, True])
async def test_without_a_token_nobody_signs_in_and_the_reason_is_said(
    smtp_server: SmtpServer, *, is_lasting: bool
) -> None:
    def fail() -> AccessToken:
        raise TokenError("The grant was revoked.", is_lasting=is_lasting)

    smtp_server.access_tokens = set()
    with pytest.raises(RelayError, match="The grant was revoked") as refusal:
        await sign_in(smtp_server, TokenSource(fail, clock=lambda: datetime(2026, 3, 12, tzinfo=UTC)))

    assert refusal.value.is_lasting is is_lasting
    assert smtp_server.sign_ins == []
