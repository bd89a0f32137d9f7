"""`newsletter bounces`, as an operator runs it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from bounce_messages import a_letter
from newsletter.app import open_app
from newsletter.cli import app, choose_app
from newsletter.errors import ConfigurationError
from stored import SentMailing, a_failure, a_mailing

ANN, BEN = "ann@example.net", "ben@example.net"


@pytest.fixture
def sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SentMailing:
    """Make a project whose first issue was sent just now, and stand in it."""
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    run("init", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path / "project")
    with open_app() as opened:
        return a_mailing(opened.database, sent_at=datetime.now(UTC))


def run(*words: str, status: int = 0, stdin: bytes | None = None) -> Result:
    result = CliRunner().invoke(choose_app(words), words, input=stdin)
    assert result.exit_code == status, result.output
    return result


def token_of(sent: SentMailing, address: str) -> str:
    with open_app() as opened:
        return sent.token(address, opened.keys)


def failure_of(sent: SentMailing, address: str, **details: str) -> bytes:
    return a_failure(address, delivered_to=f"b+{token_of(sent, address)}@bounces.example.org", **details)


def a_maildir(folder: Path, *raws: bytes) -> Path:
    for name in ("new", "cur", "tmp"):
        (folder / name).mkdir(parents=True)
    for number, raw in enumerate(raws):
        (folder / "new" / str(number)).write_bytes(raw)
    return folder


def read_json(*words: str, stdin: bytes | None = None) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(run(*words, "--json", stdin=stdin).stdout)


def test_the_maildir_of_the_settings_is_read_and_emptied(
    sent: SentMailing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    maildir = a_maildir(tmp_path / "mail", failure_of(sent, ANN), a_letter("Re: Issue 1", "Thank you."))
    monkeypatch.setenv("NEWSLETTER_BOUNCES__MAILDIR", str(maildir))

    output = run("bounces", "read").stdout

    assert "2 messages stored (1 hard, 1 not_bounce); 0 there already." in output
    assert "1 of them without effect (1 no token)." in output
    assert "1 address suppressed, 0 readers left by mail." in output
    assert not list((maildir / "new").iterdir())


def test_a_file_a_folder_an_mbox_and_stdin_are_read(sent: SentMailing, tmp_path: Path) -> None:
    raw = failure_of(sent, ANN)
    (tmp_path / "reports").mkdir()
    (tmp_path / "reports" / "one.eml").write_bytes(raw)
    (tmp_path / "reports.mbox").write_bytes(b"From daemon Thu Mar 12 10:00:00 2026\n" + raw + b"\n")

    assert read_json("bounces", "read", str(tmp_path / "reports" / "one.eml"))["suppressed"] == ["1/1"]
    assert read_json("bounces", "read", str(tmp_path / "reports"))["duplicates"] == 1
    assert read_json("bounces", "read", "--mbox", str(tmp_path / "reports.mbox"))["duplicates"] == 1
    assert read_json("bounces", "read", "-", stdin=raw)["duplicates"] == 1


def test_a_mail_server_may_pipe_a_message_with_its_recipient(sent: SentMailing) -> None:
    recipient = f"b+{token_of(sent, BEN)}@bounces.example.org"

    done = read_json("bounces", "read", "-", "--recipient", recipient, stdin=a_failure(BEN))

    assert done["suppressed"] == ["1/2"]


def test_a_mail_server_keeps_what_could_not_be_stored(sent: SentMailing, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = failure_of(sent, ANN)
    with monkeypatch.context() as outage:
        outage.setenv("NEWSLETTER_DATABASE__URL", "postgresql://nobody@127.0.0.1:1/newsletter")
        assert "not stored, try again: The database failed" in run("bounces", "read", "-", stdin=raw, status=75).stderr
        outage.setenv("NEWSLETTER_DATABASE__URL", "nonsense")
        assert "database URL" in run("bounces", "read", "-", stdin=raw, status=75).stderr

    assert read_json("bounces", "read", "-", stdin=raw)["suppressed"] == ["1/1"]


def test_a_report_counts_once_though_the_maildir_and_the_pipe_bring_it(sent: SentMailing, tmp_path: Path) -> None:
    piped = failure_of(sent, ANN).partition(b"\n")[2]
    way = f"Return-Path: <>\nDelivered-To: b+{token_of(sent, ANN)}@bounces.example.org\nReceived: by mx\n\twith LMTP\n"
    maildir = a_maildir(tmp_path / "mail", (way.encode() + piped).replace(b"\n", b"\r\n"))
    recipient = f"b+{token_of(sent, ANN)}@bounces.example.org"

    assert read_json("bounces", "read", "-", "--recipient", recipient, stdin=piped)["suppressed"] == ["1/1"]
    done = read_json("bounces", "read", str(maildir))

    assert (done["stored"], done["duplicates"]) == (0, 1)
    assert not list((maildir / "new").iterdir())


@pytest.mark.usefixtures("sent")
def test_without_a_maildir_the_error_says_what_to_write() -> None:
    result = CliRunner().invoke(app, ["bounces", "read"])

    assert isinstance(result.exception, ConfigurationError)
    assert "[bounces] maildir is not set" in str(result.exception)


def test_the_list_shows_reports_and_letters(sent: SentMailing, tmp_path: Path) -> None:
    maildir = a_maildir(tmp_path / "mail", failure_of(sent, ANN), a_letter("Re: Issue 1", "Thank you."))
    run("bounces", "read", str(maildir))

    failure = read_json("bounces", "list")[1]
    letters = run("bounces", "list", "--kind", "not_bounce").stdout

    assert (failure["kind"], failure["reason"], failure["delivery"]) == ("hard", "unknown_user", "1/1")
    assert "Re: Issue 1" in letters
    assert "no token" in letters
    assert "unknown_user" not in letters
    assert "Thank you." in run("bounces", "show", "2").stdout


def test_a_reader_s_answer_is_delivered_to_the_editors_by_the_next_work(
    sent: SentMailing, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_SMTP__OUTBOX", str(tmp_path / "outbox"))
    monkeypatch.setenv("NEWSLETTER_MAIL__FROM", "news@review.example.org")
    monkeypatch.setenv("NEWSLETTER_SITE__EDITORS_ADDRESS", "desk@review.example.org")
    fields = (f"References: <{token_of(sent, ANN)}@review.example.org>",)
    answer = a_letter("Re: Issue 1", "Please unsubscribe me.", fields=fields)

    assert "1 letter of readers on the way to the editors." in run("bounces", "read", "-", stdin=answer).stdout
    run("work", "--once")

    (letter,) = (tmp_path / "outbox").glob("0-*.eml")
    assert b"\r\nTo: desk@review.example.org\r\n" in letter.read_bytes()
    assert "speaks of unsubscribing" in read_json("bounces", "list")[0]["rule"]


@pytest.mark.usefixtures("sent")
def test_an_unknown_kind_is_a_usage_error() -> None:
    assert "there are hard, soft" in " ".join(run("bounces", "list", "--kind", "harsh", status=2).output.split())


def test_a_report_is_taken_back_by_its_number(sent: SentMailing) -> None:
    run("bounces", "read", "-", stdin=failure_of(sent, ANN))

    assert run("bounces", "reverse", "1").stdout == "Bounce 1 is taken back. The address is mailed again.\n"
    assert "taken back" in run("bounces", "list").stdout


def test_a_replay_says_first_and_does_then(sent: SentMailing, monkeypatch: pytest.MonkeyPatch) -> None:
    run("bounces", "read", "-", stdin=failure_of(sent, ANN, status="5.2.1", words="550 5.2.1 mailbox disabled"))
    assert "0 addresses would be suppressed." in run("bounces", "replay").stdout
    monkeypatch.setenv("NEWSLETTER_BOUNCES__AMBIGUOUS_BOUNCES", "1")
    monkeypatch.setenv("NEWSLETTER_BOUNCES__AMBIGUOUS_DAYS", "0")

    dry = run("bounces", "replay").stdout
    done = read_json("bounces", "replay", "--apply")

    assert "1 address would be suppressed: 1/1" in dry
    assert "Nothing was changed" in dry
    assert done == {"applied": True, "reports": 1, "reclassified": [], "suppressed": ["1/1"], "lifted": []}


def test_classify_needs_no_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mail").mkdir()
    Path("mail/a").write_bytes(a_failure(ANN))
    Path("mail/b.txt").write_bytes(a_letter("Re: Issue 1", "Thank you."))

    first, second = map(json.loads, run("bounces", "classify", "--json", "mail").stdout.splitlines())

    assert set(first) == {"file", "kind", "recipients", "rule", "words"}
    assert (first["file"], first["kind"]) == ("mail/a", "hard")
    assert first["recipients"] == [{"address": ANN, "kind": "hard", "status": "5.1.1", "reason": "unknown_user"}]
    assert (second["file"], second["kind"], second["recipients"]) == ("mail/b.txt", "not_bounce", [])
    assert "mail/a: hard" in run("bounces", "classify", "mail/a").stdout
    assert list(tmp_path.iterdir()) == [tmp_path / "mail"]
