"""Signing in at the relay as the configuration says, with access tokens that end and refresh tokens that change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace as replace_keys

from newsletter.app import App
from newsletter.errors import ConfigurationError, RelayError
from newsletter.settings import Smtp
from newsletter.store.database import Database
from newsletters import SLOT, a_newsletter
from smtp_server import SmtpServer
from token_server import TokenServer


def with_tokens(app: App, **keys: str) -> App:
    smtp: Smtp = replace_keys(app.settings.smtp, auth="xoauth2", username="news@example.org", **keys)
    return replace(app, settings=replace_keys(app.settings, smtp=smtp))


async def test_a_token_serves_many_connections_and_is_refreshed_when_it_ends(
    sqlite_database: Database, smtp_server: SmtpServer, tmp_path: Path
) -> None:
    file = tmp_path / "refresh"
    file.write_text("refresh 1", encoding="utf-8")
    smtp_server.access_tokens = {"access 1", "access 2"}
    now = [SLOT]
    with TokenServer() as endpoint:
        endpoint.answers = [
            (200, {"access_token": f"access {n}", "expires_in": 3600, "refresh_token": f"refresh {n + 1}"})
            for n in (1, 2)
        ]
        app = with_tokens(
            a_newsletter(sqlite_database, relay_port=smtp_server.port, clock=lambda: now[0]),
            oauth_token_url=endpoint.url,
            oauth_client_id="the newsletter",
            oauth_refresh_token_file=str(file),
        )
        for _ in range(3):
            await (await app.connect()).close()
        now[0] += timedelta(hours=1)
        await (await app.connect()).close()

    assert [token for _, token in smtp_server.sign_ins] == ["access 1"] * 3 + ["access 2"]
    assert [request["refresh_token"] for request in endpoint.requests] == ["refresh 1", "refresh 2"]
    assert file.read_text(encoding="utf-8") == "refresh 3\n"


async def test_a_command_may_give_the_token(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    smtp_server.access_tokens = {"abc"}
    app = with_tokens(a_newsletter(sqlite_database, relay_port=smtp_server.port), oauth_token_command="echo abc")  # noqa: S106
    await (await app.connect()).close()

    assert smtp_server.sign_ins == [("news@example.org", "abc")]


async def test_a_revoked_grant_is_a_lasting_refusal_in_the_servers_words(
    sqlite_database: Database, smtp_server: SmtpServer
) -> None:
    smtp_server.access_tokens = set()
    with TokenServer() as endpoint:
        endpoint.answers = [(401, {"error": "invalid_client"})]
        app = with_tokens(a_newsletter(sqlite_database, relay_port=smtp_server.port), oauth_token_url=endpoint.url)
        with pytest.raises(RelayError, match="401 invalid_client") as refusal:
            await app.connect()

    assert refusal.value.is_lasting


@pytest.mark.parametrize("url", ["", "http://login.example.com/token"])
async def test_a_token_is_asked_for_only_over_an_encrypted_connection(sqlite_database: Database, url: str) -> None:
    app = with_tokens(a_newsletter(sqlite_database), oauth_token_url=url)

    with pytest.raises(ConfigurationError, match="oauth_token_url to an address with https"):
        await app.connect()
