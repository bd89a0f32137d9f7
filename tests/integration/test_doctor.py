"""The doctor: what it finds in newsletters that are sound, fresh or broken."""

from __future__ import annotations

import json
import os
import shutil
import socket
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import dns.resolver
import pytest
from typer.testing import CliRunner

from newsletter.app import App
from newsletter.cli import app as command_line
from newsletter.domain.mailing import DeliveryStatus
from newsletter.domain.sender_health import PauseThresholds
from newsletter.errors import ConfigurationError
from newsletter.mail.relay import Relay, open_session
from newsletter.render.mjml import Compiler, Mrml
from newsletter.schedule import Scheduler
from newsletter.service.diagnosis import Diagnosis, Level
from newsletter.service.doctor import Patient, examine
from newsletter.service.ports import Session
from newsletter.service.sender_dns import Dns
from newsletter.store.database import Database
from newsletter.store.leases import SCHEDULER_LEASE, hold_lease
from newsletter.store.seats import take_seat
from newsletters import SLOT, a_newsletter
from smtp_server import SmtpServer
from stored import a_mailing


@pytest.fixture
def newsletter(sqlite_database: Database, smtp_server: SmtpServer) -> App:
    return a_newsletter(sqlite_database, relay_port=smtp_server.port)


@pytest.fixture
def patient(newsletter: App, tmp_path: Path) -> Patient:
    return Patient(
        database=newsletter.database,
        folder=tmp_path,
        base_url="https://review.example",
        postal_address="12 Harbour Lane, Port Alder",
        sender=lambda: newsletter.sender,
        dkim_key=lambda: newsletter.dkim_key,
        relay_host="relay.example.org",
        connect=newsletter.connect,
        compiler=Mrml,
        lease=SCHEDULER_LEASE,
        dns=Dns(dns.resolver.Resolver(configure=False)),
    )


def find(patient: Patient, check: str) -> Diagnosis:
    (found,) = [diagnosis for diagnosis in examine(patient, now=SLOT) if diagnosis.check == check]
    return found


def test_a_sound_newsletter_has_nothing_but_dns_to_warn_of(patient: Patient, newsletter: App) -> None:
    Scheduler(newsletter).advance(SLOT)

    found = list(examine(patient, now=SLOT))

    unsound = [diagnosis.check for diagnosis in found if diagnosis.level is not Level.OK]
    assert unsound == ["SPF", "DKIM", "DMARC", "PTR"]
    assert find(patient, "MJML").sentence == "Issues are compiled by mrml."


def test_an_outbox_is_no_relay(patient: Patient) -> None:
    assert find(patient, "relay").sentence == "The relay relay.example.org greets us."
    assert find(replace(patient, relay_host=None), "relay").sentence == "Letters become files in the outbox."


def test_a_relay_that_is_not_there_is_an_error(patient: Patient) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))  # and does not listen
        nobody = Relay(host="127.0.0.1", port=bound.getsockname()[1])
        relay = find(replace(patient, connect=lambda: open_session(nobody)), "relay")

    assert relay.level is Level.ERROR
    assert "Look at [smtp]" in relay.sentence


def test_a_relay_that_says_nothing_is_an_error(patient: Patient) -> None:
    async def connect() -> Session:
        raise TimeoutError

    relay = find(replace(patient, connect=connect), "relay")

    assert relay.level is Level.ERROR
    assert "did not greet" in relay.sentence


@pytest.mark.parametrize(
    ("base_url", "relay_host", "level", "word"),
    [
        ("http://localhost:8080", "localhost", Level.WARNING, "only this machine"),
        ("http://localhost:8080", "relay.example.org", Level.ERROR, "base_url"),
        ("http://review.example", "relay.example.org", Level.WARNING, "https"),
        ("https://review.example", "relay.example.org", Level.OK, "https://review.example"),
    ],
)
def test_links_must_lead_somewhere(patient: Patient, base_url: str, relay_host: str, level: Level, word: str) -> None:
    site = find(replace(patient, base_url=base_url, relay_host=relay_host), "site")

    assert site.level is level
    assert word in site.sentence


def test_a_missing_postal_address_is_a_warning(patient: Patient) -> None:
    assert find(replace(patient, postal_address=" "), "postal address").level is Level.WARNING


def test_a_missing_compiler_is_an_error(patient: Patient) -> None:
    def choose() -> Compiler:
        message = "The mjml command is not here."
        raise ConfigurationError(message)

    assert find(replace(patient, compiler=choose), "MJML").level is Level.ERROR


def test_a_full_disk_is_seen_coming(patient: Patient) -> None:
    free = shutil.disk_usage(patient.folder).free

    assert find(replace(patient, low_space=free // 2, no_space=0), "disk").level is Level.OK
    assert find(replace(patient, low_space=free * 2, no_space=0), "disk").level is Level.WARNING
    assert find(replace(patient, low_space=free * 2, no_space=free * 2), "disk").level is Level.ERROR


def test_what_the_latest_mailing_met_is_looked_at(patient: Patient, newsletter: App) -> None:
    assert find(patient, "sender health").sentence == "No letter has left yet."

    readers = [*[f"reader{number}@good.example" for number in range(1, 201)], *[f"r{n}@bad.example" for n in range(9)]]
    a_mailing(newsletter.database, addresses=readers)
    sound = find(patient, "sender health")
    a_mailing(newsletter.database, addresses=[], number=2, sent_at=SLOT + timedelta(days=14), rejected=readers[200:])
    barred = find(patient, "sender health")
    strict = find(replace(patient, thresholds=PauseThresholds(rejections=5, percent=4)), "sender health")

    assert sound.level is Level.OK
    assert sound.sentence == "Of 209 letters of issue 1, 0 were refused or came back for good, and 0 were called spam."
    assert barred.level is strict.level is Level.WARNING
    assert "issue 2 to these domains were refused or came back: bad.example (9 of 9)" in barred.sentence
    assert "9 of 209 letters were rejected, more than 4 in a hundred" in strict.sentence


def test_a_scheduler_that_stopped_is_a_warning(patient: Patient) -> None:
    assert "has never run" in find(patient, "scheduler").sentence

    with hold_lease(patient.database, SCHEDULER_LEASE, now=SLOT - timedelta(hours=1)):
        pass

    scheduler = find(patient, "scheduler")
    assert scheduler.level is Level.WARNING
    assert "has not woken since 2026-03-05 08:00" in scheduler.sentence


def test_letters_that_are_due_with_nobody_to_send_them_are_a_warning(patient: Patient, newsletter: App) -> None:
    idle = find(patient, "workers")
    a_mailing(newsletter.database, sent_at=SLOT - timedelta(minutes=1), status=DeliveryStatus.QUEUED)
    stranded = find(patient, "workers")
    with take_seat(newsletter.database, now=SLOT):
        manned = find(patient, "workers")

    assert (idle.level, stranded.level, manned.level) == (Level.OK, Level.WARNING, Level.OK)
    assert idle.sentence.startswith("Nobody is at work, and nothing is due;")
    assert stranded.sentence.startswith("Letters are due and no worker is alive to send them: start 'newsletter run',")
    assert manned.sentence.startswith(f"At work: process {os.getpid()} on ")


@pytest.fixture
def project(tmp_path: Path, migrated_file: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a fresh project folder and stand in it."""
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    folder = tmp_path / "project"
    folder.mkdir()
    shutil.copy(migrated_file, folder)
    result = CliRunner().invoke(command_line, ["init", str(folder)])
    assert result.exit_code == 0, result.output
    monkeypatch.chdir(folder)
    return folder


def run(*, status: int) -> Any:  # noqa: ANN401 - any JSON value
    result = CliRunner().invoke(command_line, ["doctor", "--json"])
    assert result.exit_code == status, result.output
    return {entry["check"]: entry for entry in json.loads(result.stdout)}


def test_in_a_fresh_project_the_doctor_says_what_is_still_to_do(project: Path) -> None:  # noqa: ARG001
    found = run(status=1)

    assert [found[check]["level"] for check in ("configuration", "database", "address key", "MJML")] == ["ok"] * 4
    assert found["sender"]["level"] == "error"
    assert "write the address" in found["sender"]["sentence"]
    assert found["postal address"]["level"] == "warning"


def test_the_doctor_prints_a_table_for_people(project: Path) -> None:  # noqa: ARG001
    result = CliRunner().invoke(command_line, ["doctor"])

    assert result.exit_code == 1
    assert "[mail] from is not set" in result.stdout


def test_without_an_error_the_doctor_is_content(
    project: Path, smtp_server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEWSLETTER_MAIL__FROM", "news@localhost.example")
    monkeypatch.setenv("NEWSLETTER_SMTP__PORT", str(smtp_server.port))
    monkeypatch.setenv("NEWSLETTER_SMTP__HOST", smtp_server.host)

    found = run(status=0)

    assert str(project) in found["database"]["sentence"]
    assert {found[check]["level"] for check in ("relay", "sender", "PTR")} == {"ok"}


def test_a_configuration_with_an_unknown_key_is_the_one_thing_to_mend(project: Path) -> None:
    with (project / "newsletter.toml").open("a") as file:
        file.write("\n[sit]\nname = 'x'\n")

    found = run(status=1)

    assert list(found) == ["configuration"]
    assert "did you mean site" in found["configuration"]["sentence"]


def test_a_database_that_was_never_migrated_is_the_one_thing_to_mend(project: Path) -> None:
    (project / "newsletter.db").unlink()

    found = run(status=1)

    assert list(found) == ["database"]
    assert "newsletter migrate" in found["database"]["sentence"]
