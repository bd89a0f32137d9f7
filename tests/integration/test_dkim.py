"""Signed letters as receivers judge them, from the key's file to mailauth's verdict."""

from __future__ import annotations

import asyncio
import json
import shutil
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dkim
import msgspec
import pytest
from typer.testing import CliRunner

from mailing_stand import KEYS, SENDER, a_plant, a_rendered_issue, add_readers, deliver_all, open_a_mailing
from name_server import NameServer
from newsletter.app import App
from newsletter.cli import app as command_line
from newsletter.cli.server import _notice_writer
from newsletter.domain.notice import NoticeKind
from newsletter.errors import ConfigurationError, InputError, RefusedError
from newsletter.mail.dkim import DkimSigner, make_key, read_key
from newsletter.mail.message import Splicer, compile_letters
from newsletter.service.deliver_notices import deliver_notices
from newsletter.service.diagnosis import Level
from newsletter.service.make_dkim_key import make_dkim_key
from newsletter.service.sender_dns import Dns, examine_dns
from newsletter.settings import Dkim
from newsletter.store.database import Database
from newsletter.store.notices import queue_notice
from newsletters import SLOT, a_newsletter, add_reader
from receiver import authenticate
from smtp_server import SmtpServer

PEM = make_key()
KEY = read_key(PEM, domain="review.example.org", selector="n1")
RECORDS = {
    KEY.record_name: {"TXT": [[KEY.record[:255], KEY.record[255:]]]},
    "bounces.example.org": {"TXT": [["v=spf1 ip4:192.0.2.7 -all"]]},
    "_dmarc.example.org": {"TXT": [["v=DMARC1; p=reject; adkim=r; aspf=r"]]},
}


def a_delivered_letter(database: Database, server: SmtpServer) -> tuple[bytes, str]:
    """Send a signed mailing to one reader; return the letter as it arrived, and its return path."""
    add_readers(database, ["reader1@example.net"])
    open_a_mailing(database)
    signer = DkimSigner(KEY, clock=lambda: datetime.now(UTC))

    def make_splicer(_mailing: int) -> Splicer:
        forms = compile_letters(a_rendered_issue(words=9000), sender=SENDER)
        return Splicer(forms, sender=SENDER, keys=KEYS, clock=lambda: datetime.now(UTC), signer=signer)

    deliver_all(replace(a_plant(database, port=server.port), splicer=make_splicer))
    letter = server.letter_to("reader1@example.net")
    return letter.data, letter.mail_from


def judge(messages: list[bytes], sender: str, *, client: str = "192.0.2.7") -> list[Any]:
    return authenticate(messages, dns=RECORDS, client=client, helo="relay.example.org", sender=sender)


def test_a_letter_of_a_mailing_passes_dkim_spf_and_dmarc_and_is_aligned(
    sqlite_database: Database, smtp_server: SmtpServer
) -> None:
    message, sender = a_delivered_letter(sqlite_database, smtp_server)
    (direct, forwarded) = (*judge([message], sender), *judge([message], sender, client="198.51.100.1"))

    assert direct["dkim"] == ["pass"]
    assert direct["spf"] == "pass"
    assert direct["dmarc"] == "pass"
    assert direct["dmarcAligned"]["dkim"]["result"] == "review.example.org"
    assert direct["dmarcAligned"]["spf"]["result"] == "bounces.example.org"
    # Forwarded by another host SPF is lost, and the signature carries the letter through DMARC.
    assert (forwarded["spf"], forwarded["dkim"], forwarded["dmarc"]) == ("fail", ["pass"], "pass")


def test_a_letter_that_was_tampered_with_fails(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    message, sender = a_delivered_letter(sqlite_database, smtp_server)
    starts = [f"\r\n{field}: ".encode() for field in ("From", "List-Unsubscribe", "List-Unsubscribe-Post")]
    changed = [message.replace(start, start + b"x", 1) for start in (*starts, b"\r\n\r\n")]
    doubled = [message.replace(start, start + b"x <x@review.example.org>" + start, 1) for start in starts]

    *tampered, sound = judge([*changed, *doubled, message], sender, client="198.51.100.1")
    assert [verdict["dkim"] for verdict in tampered].count(["pass"]) == 0
    assert [verdict["dmarc"] for verdict in tampered].count("pass") == 0
    assert (sound["dkim"], sound["dmarc"]) == (["pass"], "pass")


def test_notices_are_signed_too(sqlite_database: Database, smtp_server: SmtpServer) -> None:
    newsletter = a_signing_newsletter(sqlite_database, relay_port=smtp_server.port)
    reader = add_reader(newsletter)
    with sqlite_database.transaction() as transaction:
        queue_notice(transaction, NoticeKind.WELCOME, reader, details={}, now=SLOT)
    asyncio.run(
        deliver_notices(
            database=sqlite_database,
            clock=newsletter.clock,
            connect=newsletter.connect,
            write=_notice_writer(newsletter),
            limits=newsletter.limits,
        )
    )
    message = smtp_server.letter_to("ada@example.org").data

    assert b"d=review.example;" in message.partition(b"\r\n\r\n")[0]
    assert dkim.verify(message, dnsfunc=lambda name, timeout=5: KEY.record.encode())  # noqa: ARG005 - dkimpy gives them


def a_signing_newsletter(database: Database, *, relay_port: int = 25, **section: str) -> App:
    app = a_newsletter(database, relay_port=relay_port)
    configured = Dkim(**({"selector": "n1", "key": PEM} | section))
    return replace(app, settings=msgspec.structs.replace(app.settings, dkim=configured))


def test_without_a_key_the_relay_is_left_to_sign(sqlite_database: Database) -> None:
    newsletter = a_newsletter(sqlite_database)

    assert newsletter.signer is None


def test_a_section_without_a_key_is_refused(sqlite_database: Database) -> None:
    with pytest.raises(ConfigurationError, match="set key_file"):
        a_signing_newsletter(sqlite_database, key="").signer  # noqa: B018 - reading it is the act


@pytest.mark.parametrize(
    ("records", "level", "words"),
    [
        ([f'"{KEY.record[:200]}" "{KEY.record[200:]}"'], Level.OK, "Letters are signed with the key"),
        (['"v=DKIM1; p="'], Level.ERROR, "is revoked"),
        (['"v=DKIM1; k=rsa; p=MIIB"'], Level.ERROR, "is not the one that"),
        (['"a site verification"'], Level.ERROR, "publish what 'newsletter dkim record' prints"),
        ([f'"{KEY.record[:200]}" "{KEY.record[200:]}"', '"p=x"'], Level.ERROR, "2 keys are published"),
    ],
)
def test_the_doctor_compares_the_published_key_with_ours(records: list[str], level: Level, words: str) -> None:
    with NameServer({("TXT", KEY.record_name): records}) as server:
        found = examine_dns(SENDER, relay_host=None, dns=Dns(server.resolver), dkim_key=KEY)
        (diagnosis,) = [each for each in found if each.check == "DKIM"]

    assert diagnosis.level is level
    assert words in diagnosis.sentence


def test_a_signature_of_a_foreign_domain_does_not_count_for_dmarc() -> None:
    foreign = read_key(PEM, domain="relay.example.com", selector="n1")
    record = f'"{KEY.record[:200]}" "{KEY.record[200:]}"'
    with NameServer({("TXT", foreign.record_name): [record]}) as server:
        found = examine_dns(SENDER, relay_host=None, dns=Dns(server.resolver), dkim_key=foreign)
        (diagnosis,) = [each for each in found if each.check == "DKIM"]

    assert diagnosis.level is Level.WARNING
    assert "does not count for DMARC" in diagnosis.sentence


@pytest.fixture
def project(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a fresh project folder and stand in it."""
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(migrated_file, folder)
    assert CliRunner().invoke(command_line, ["init", str(folder)]).exit_code == 0
    monkeypatch.setenv("NEWSLETTER_MAIL__FROM", "news@review.example")
    monkeypatch.chdir(folder)
    return folder


def run(*arguments: str) -> str:
    result = CliRunner().invoke(command_line, ["dkim", *arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_new_key_is_made_published_and_configured_by_what_is_printed(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = json.loads(run("new-key", "--selector", "n2", "--json"))
    monkeypatch.setenv("NEWSLETTER_DKIM__SELECTOR", "n2")
    monkeypatch.setenv("NEWSLETTER_DKIM__KEY_FILE", "dkim-n2.pem")

    assert made["file"] == str(project / "dkim-n2.pem")
    assert stat.S_IMODE((project / "dkim-n2.pem").stat().st_mode) == 0o600
    assert made["name"] == "n2._domainkey.review.example"
    assert json.loads(run("record", "--json")) == {key: made[key] for key in ("name", "type", "value")}
    assert made["value"] in run("record")


def test_a_new_key_says_what_to_publish_and_what_to_write(project: Path) -> None:
    said = run("new-key", "--selector", "n2", "--domain", "mail.review.example", "--file", "keys.pem")

    assert "name:  n2._domainkey.mail.review.example\nvalue: v=DKIM1; k=rsa; p=MII" in said
    assert f'[dkim]\ndomain = "mail.review.example"\nselector = "n2"\nkey_file = "{project / "keys.pem"}"' in said


def test_no_key_is_overwritten(project: Path) -> None:
    run("new-key", "--file", "key.pem")
    before = (project / "key.pem").read_bytes()

    with pytest.raises(RefusedError, match="exists already"):
        run("new-key", "--file", "key.pem")
    with pytest.raises(InputError, match="cannot be written"):
        make_dkim_key(project / "missing" / "key.pem", domain="review.example", selector="n1")
    assert (project / "key.pem").read_bytes() == before


@pytest.mark.usefixtures("project")
def test_without_a_key_there_is_no_record_to_print() -> None:
    with pytest.raises(ConfigurationError, match="new-key"):
        run("record")
