"""Access tokens: kept while they live, fetched by a command or from a token endpoint."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from newsletter.errors import TokenError
from newsletter.mail.access_token import AccessToken, TokenCommand, TokenEndpoint, TokenSource
from token_server import TokenServer

NOON = datetime(2026, 3, 12, 12, tzinfo=UTC)


@pytest.fixture
def server() -> Iterator[TokenServer]:
    with TokenServer() as server:
        yield server


def a_source(*, life: timedelta | None) -> tuple[TokenSource, dict[str, datetime]]:
    """Give a source of numbered tokens, and its clock's hands."""
    now, numbers = {"now": NOON}, count(1)

    def fetch() -> AccessToken:
        return AccessToken(f"token {next(numbers)}", life)

    return TokenSource(fetch, clock=lambda: now["now"]), now


def refusal(fetch: TokenCommand | TokenEndpoint) -> TokenError:
    with pytest.raises(TokenError) as caught:
        fetch()
    return caught.value


def test_a_token_is_kept_until_just_before_its_end() -> None:
    source, clock = a_source(life=timedelta(hours=1))

    assert source.take() == "token 1"
    clock["now"] = NOON + timedelta(minutes=58)
    assert source.take() == "token 1"
    clock["now"] = NOON + timedelta(minutes=59)
    assert source.take() == "token 2"


def test_a_token_of_unstated_life_is_fetched_again_after_minutes() -> None:
    source, clock = a_source(life=None)
    source.take()
    clock["now"] = NOON + timedelta(minutes=5)

    assert source.take() == "token 2"


def test_a_refused_token_is_forgotten_but_not_the_one_that_came_after_it() -> None:
    source, _ = a_source(life=timedelta(hours=1))
    source.discard(source.take())
    assert source.take() == "token 2"
    source.discard("token 1")

    assert source.take() == "token 2"


def test_a_command_prints_the_token() -> None:
    assert TokenCommand(f"{sys.executable} -c 'print(\"abc.def\")'")() == AccessToken("abc.def")


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("import sys; sys.exit('the keyring\\nis locked')", "failed: the keyring is locked"),
        ("import sys; sys.exit(3)", "failed: exit status 3"),
        ("print()", "must print the access token and nothing else"),
        ("print('Your token: abc')", "must print the access token and nothing else"),
    ],
)
def test_a_command_that_gives_no_token_is_said_so(program: str, said: str) -> None:
    assert said in str(refusal(TokenCommand(f'{sys.executable} -c "{program}"')))


@pytest.mark.parametrize("command", ["/nowhere/at-all", "an 'open quote", ""])
def test_a_command_that_cannot_be_run_is_a_lasting_fault(command: str) -> None:
    error = refusal(TokenCommand(command))

    assert "cannot be run" in str(error)
    assert error.is_lasting


def test_a_refresh_token_gets_an_access_token(server: TokenServer, tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text("long-lived\n", encoding="utf-8")
    token = TokenEndpoint(url=server.url, client_id="us", client_secret="ours", refresh_token_file=file)()  # noqa: S106

    assert token == AccessToken("token", timedelta(hours=1))
    assert server.requests == [
        {"grant_type": "refresh_token", "refresh_token": "long-lived", "client_id": "us", "client_secret": "ours"}
    ]
    assert file.read_text(encoding="utf-8") == "long-lived\n"


def test_without_a_refresh_token_the_client_asks_for_itself(server: TokenServer) -> None:
    TokenEndpoint(url=server.url, client_id="us", client_secret="ours", scope="https://mail/.default")()  # noqa: S106

    assert server.requests[0]["grant_type"] == "client_credentials"
    assert server.requests[0]["scope"] == "https://mail/.default"


def test_a_rotated_refresh_token_replaces_the_old_one_in_its_file(server: TokenServer, tmp_path: Path) -> None:
    file = tmp_path / "refresh"
    file.write_text("old", encoding="utf-8")
    server.answers = [(200, {"access_token": "token", "expires_in": "3599", "refresh_token": "new"})]
    endpoint = TokenEndpoint(url=server.url, client_id="us", refresh_token_file=file)
    endpoint()
    endpoint()

    assert [request["refresh_token"] for request in server.requests] == ["old", "new"]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == ["refresh"]  # noqa: PTH208 - a list to compare


def test_a_rotated_refresh_token_that_cannot_be_kept_is_said_so(server: TokenServer, tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    folder.mkdir()
    file = folder / "refresh"
    file.write_text("old", encoding="utf-8")
    server.answers = [(200, {"access_token": "token", "refresh_token": "new"})]
    endpoint = TokenEndpoint(url=server.url, client_id="us", refresh_token_file=file)

    def turn_into_a_folder() -> None:
        """Nothing can be put in a folder's place, whoever runs this test."""
        file.unlink()
        file.mkdir()

    server.before_answer = turn_into_a_folder

    assert "cannot be written" in str(refusal(endpoint))


def test_a_refused_grant_is_a_lasting_fault_with_the_servers_words(server: TokenServer) -> None:
    server.answers = [(400, {"error": "invalid_grant", "error_description": "Token has been\nexpired or revoked."})]
    error = refusal(TokenEndpoint(url=server.url, client_id="us"))

    assert "400 invalid_grant: Token has been expired or revoked. Look at" in str(error)
    assert error.is_lasting


@pytest.mark.parametrize("status", [429, 503])
def test_a_server_in_trouble_is_no_lasting_fault(server: TokenServer, status: int) -> None:
    server.answers = [(status, "<html>not now</html>")]

    assert not refusal(TokenEndpoint(url=server.url, client_id="us")).is_lasting


def test_an_answer_without_a_token_is_said_so(server: TokenServer) -> None:
    server.answers = [(200, {"token_type": "Bearer"})]

    assert "without an access token" in str(refusal(TokenEndpoint(url=server.url, client_id="us")))


def test_an_endpoint_out_of_reach_is_no_lasting_fault(server: TokenServer) -> None:
    url = server.url.replace("http:", "https:")  # it speaks no TLS
    error = refusal(TokenEndpoint(url=url, client_id="us"))

    assert "cannot be used" in str(error)
    assert not error.is_lasting


def test_a_missing_refresh_token_file_is_a_lasting_fault(tmp_path: Path) -> None:
    endpoint = TokenEndpoint(url="http://127.0.0.1:1/", client_id="us", refresh_token_file=tmp_path / "none")
    error = refusal(endpoint)

    assert "cannot be read" in str(error)
    assert error.is_lasting
