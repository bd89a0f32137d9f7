"""The doctor: looks at everything that has to work, changes nothing, and says what to do."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from newsletter.domain.host import is_loopback
from newsletter.domain.letter import Sender
from newsletter.domain.sender_health import PauseThresholds, find_pause_reason
from newsletter.errors import NewsletterError, RefusedError, RelayError
from newsletter.mail.dkim import DkimKey
from newsletter.render.mjml import Compiler
from newsletter.service.diagnosis import Diagnosis, Level
from newsletter.service.find_stranded import find_overdue
from newsletter.service.open_mailing import refuse_leak
from newsletter.service.ports import Connect
from newsletter.service.sender_dns import Dns, examine_dns
from newsletter.store import jobs, mailings, sender_health
from newsletter.store.database import Database
from newsletter.store.leases import last_release
from newsletter.store.seats import list_seated

_RELAY_SECONDS = 10.0
_SCHEDULER_SILENCE = timedelta(minutes=5)  # it wakes every minute
_MEBIBYTE = 1024 * 1024
_FEWEST_FAILED = 5  # letters to a domain that refuses us
_MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Patient:
    """One newsletter, as far as the doctor looks at it. What may fail is given as a function."""

    database: Database
    #: the folder that must not fill up
    folder: Path
    base_url: str
    postal_address: str
    sender: Callable[[], Sender]
    #: None where the relay is left to sign letters
    dkim_key: Callable[[], DkimKey | None]
    #: None where letters go to an outbox folder
    relay_host: str | None
    connect: Connect
    compiler: Callable[[], Compiler]
    #: the name of the scheduler's lease
    lease: str
    dns: Dns
    #: whether jobs are to call the workers
    has_job_engine: bool = False
    #: when failures are too many
    thresholds: PauseThresholds = field(default_factory=PauseThresholds)
    #: bytes that should be free in the folder, and bytes that have to be
    low_space: int = 1024 * _MEBIBYTE
    no_space: int = 64 * _MEBIBYTE


def examine(patient: Patient, *, now: datetime) -> Iterator[Diagnosis]:
    """Look at one thing after the other."""
    yield _check_compiler(patient)
    yield _check_relay(patient)
    yield _check_site(patient)
    yield _check_postal_address(patient)
    try:
        sender, dkim_key = patient.sender(), patient.dkim_key()
    except NewsletterError as error:
        yield Diagnosis(check="sender", level=Level.ERROR, sentence=str(error))
    else:
        what = f"Letters are from {sender.name} <{sender.address}>; reports go to {sender.bounce_address}."
        yield Diagnosis(check="sender", level=Level.OK, sentence=what)
        yield from examine_dns(sender, relay_host=patient.relay_host, dns=patient.dns, dkim_key=dkim_key)
    yield _check_sender_health(patient)
    yield _check_space(patient)
    yield _check_scheduler(patient, now)
    yield _check_workers(patient, now)
    yield _check_engine(patient)


def _check_compiler(patient: Patient) -> Diagnosis:
    try:
        name = patient.compiler().name
    except NewsletterError as error:
        return Diagnosis(check="MJML", level=Level.ERROR, sentence=str(error))
    return Diagnosis(check="MJML", level=Level.OK, sentence=f"Issues are compiled by {name}.")


def _check_relay(patient: Patient) -> Diagnosis:
    try:
        asyncio.run(_greet(patient.connect))
    except RelayError as error:
        what = f"{str(error).rstrip('.')}. Look at [smtp] in newsletter.toml, and whether the relay runs."
        return Diagnosis(check="relay", level=Level.ERROR, sentence=what)
    except TimeoutError:
        what = f"The relay did not greet within {_RELAY_SECONDS:g} seconds: look at [smtp] host and port."
        return Diagnosis(check="relay", level=Level.ERROR, sentence=what)
    what = f"The relay {patient.relay_host} greets us." if patient.relay_host else "Letters become files in the outbox."
    return Diagnosis(check="relay", level=Level.OK, sentence=what)


async def _greet(connect: Connect) -> None:
    async with asyncio.timeout(_RELAY_SECONDS):
        session = await connect()
        await session.close()


def _check_site(patient: Patient) -> Diagnosis:
    url = urlsplit(patient.base_url)
    try:
        refuse_leak(patient.base_url, patient.relay_host)
    except RefusedError as error:
        return Diagnosis(check="site", level=Level.ERROR, sentence=str(error))
    if is_loopback(url.hostname or ""):
        what = f"Links lead to {patient.base_url}, which only this machine reaches: set [site] base_url for readers."
        return Diagnosis(check="site", level=Level.WARNING, sentence=what)
    if url.scheme != "https":
        what = f"[site] base_url is {patient.base_url}; readers' programs want https, for one-click unsubscribing too."
        return Diagnosis(check="site", level=Level.WARNING, sentence=what)
    return Diagnosis(check="site", level=Level.OK, sentence=f"Links lead to {patient.base_url}.")


def _check_postal_address(patient: Patient) -> Diagnosis:
    if patient.postal_address.strip():
        return Diagnosis(check="postal address", level=Level.OK, sentence="Every issue names the publisher's address.")
    what = "[site] postal_address is not set; the law wants the publisher's address in every issue."
    return Diagnosis(check="postal address", level=Level.WARNING, sentence=what)


def _check_sender_health(patient: Patient) -> Diagnosis:
    """Look at what was refused and what came back of the latest mailing, whole and by domain."""
    with patient.database.snapshot() as snapshot:
        mailing = mailings.find_latest_started(snapshot)
        if mailing is None:
            return Diagnosis(check="sender health", level=Level.OK, sentence="No letter has left yet.")
        figures = sender_health.count_figures(snapshot, mailing.id)
        domains = sender_health.count_by_domain(snapshot, mailing.id)
    name = f"issue {mailing.issue_number}" if mailing.issue_number else f"mailing {mailing.id}"
    look = f"'newsletter issue report {mailing.issue_number}' has the reasons." if mailing.issue_number else ""
    if reason := find_pause_reason(figures, patient.thresholds):
        return Diagnosis(check="sender health", level=Level.WARNING, sentence=f"Of {name}: {reason}")
    barred = [
        each for each in domains if each.domain and each.failed >= _FEWEST_FAILED and each.failed * 2 > each.intended
    ]
    if barred:
        named = ", ".join(f"{each.domain} ({each.failed} of {each.intended})" for each in barred[:_MOST_NAMED])
        what = f"Most letters of {name} to these domains were refused or came back: {named}. {look}"
        return Diagnosis(check="sender health", level=Level.WARNING, sentence=what.strip())
    failed = figures.rejected + figures.bounced
    what = (
        f"Of {figures.outcomes:,} letters of {name}, {failed:,} were refused or came back for good, and "
        f"{figures.complaints:,} were called spam."
    )
    return Diagnosis(check="sender health", level=Level.OK, sentence=what)


def _check_space(patient: Patient) -> Diagnosis:
    free = shutil.disk_usage(patient.folder).free
    what = f"{free // _MEBIBYTE:,} MiB are free in {patient.folder}."
    if free >= patient.low_space:
        return Diagnosis(check="disk", level=Level.OK, sentence=what)
    level = Level.ERROR if free < patient.no_space else Level.WARNING
    return Diagnosis(check="disk", level=level, sentence=f"Only {what} Make room: without it nothing can be recorded.")


def _check_scheduler(patient: Patient, now: datetime) -> Diagnosis:
    with patient.database.snapshot() as snapshot:
        woken_at = last_release(snapshot, patient.lease)
    if woken_at is not None and now - woken_at <= _SCHEDULER_SILENCE:
        what = f"The scheduler woke last at {woken_at:%Y-%m-%d %H:%M} UTC."
        return Diagnosis(check="scheduler", level=Level.OK, sentence=what)
    since = "has never run" if woken_at is None else f"has not woken since {woken_at:%Y-%m-%d %H:%M} UTC"
    what = f"The scheduler {since}: start 'newsletter run', or 'newsletter schedule' beside the others."
    return Diagnosis(check="scheduler", level=Level.WARNING, sentence=what)


def _check_workers(patient: Patient, now: datetime) -> Diagnosis:
    """Look whether somebody delivers, and whether anything is due where nobody does."""
    try:
        seated = list_seated(patient.database)
    except NewsletterError as error:
        return Diagnosis(check="workers", level=Level.ERROR, sentence=str(error))
    with patient.database.snapshot() as snapshot:
        overdue = find_overdue(snapshot, now=now)
    if seated:
        named = [
            f"process {each.process} on {each.host} since {each.started_at:%Y-%m-%d %H:%M} UTC"
            for each in seated[:_MOST_NAMED]
        ]
        more = [f"{len(seated) - _MOST_NAMED} more"] if len(seated) > _MOST_NAMED else []
        return Diagnosis(check="workers", level=Level.OK, sentence=f"At work: {', '.join(named + more)}.")
    if overdue:
        what = f"{overdue.capitalize()} are due and no worker is alive to send them: start 'newsletter run', or "
        return Diagnosis(check="workers", level=Level.WARNING, sentence=f"{what}'newsletter work' beside the others.")
    what = "Nobody is at work, and nothing is due; 'newsletter run' or 'newsletter work' sends what comes."
    return Diagnosis(check="workers", level=Level.OK, sentence=what)


def _check_engine(patient: Patient) -> Diagnosis:
    """Look whether the job tables are what the configuration wants."""
    try:
        with patient.database.snapshot() as snapshot:
            schema = jobs.find_schema(snapshot)
    except NewsletterError as error:
        return Diagnosis(check="engine", level=Level.ERROR, sentence=str(error))
    if not patient.has_job_engine and schema is None:
        return Diagnosis(check="engine", level=Level.OK, sentence="Workers find what is due in the database.")
    if not patient.has_job_engine:
        what = "The database still has Procrastinate's tables, and no job is taken: run 'newsletter migrate'."
        return Diagnosis(check="engine", level=Level.WARNING, sentence=what)
    if schema is None:
        what = "[engine] kind is \"procrastinate\", and its tables are not there: run 'newsletter migrate'."
        return Diagnosis(check="engine", level=Level.ERROR, sentence=what)
    if not schema.is_current:
        what = f"Procrastinate's tables are at {schema.version}, not {schema.wanted}: run 'newsletter migrate'."
        return Diagnosis(check="engine", level=Level.ERROR, sentence=what)
    what = f"Jobs call the workers; Procrastinate's tables are at {schema.version}."
    return Diagnosis(check="engine", level=Level.OK, sentence=what)
