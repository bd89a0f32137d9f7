"""The doctor's visit to one newsletter: all that is looked at, for the command and for the desk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from newsletter.app import App
from newsletter.intake import examine_ways_in
from newsletter.render.mjml import choose_compiler
from newsletter.service.diagnosis import Diagnosis, Level
from newsletter.service.doctor import Patient, examine
from newsletter.service.sender_dns import Dns
from newsletter.store.leases import SCHEDULER_LEASE


def examine_app(app: App) -> Iterator[Diagnosis]:
    """Look at one thing after the other; that the newsletter could be opened says that three of them are well."""
    for check, sentence in (
        ("configuration", "Every key is known and has a value that it can have."),
        ("database", f"It answers, at this version's schema: {app.database.file or 'Postgres'}."),
        ("address key", "It is the key that this database was filled under."),
    ):
        yield Diagnosis(check=check, level=Level.OK, sentence=sentence)
    yield from examine(_present(app), now=app.now())
    yield from examine_ways_in(app)


def _present(app: App) -> Patient:
    settings, file = app.settings, app.database.file
    return Patient(
        database=app.database,
        folder=file.parent if file else Path.cwd(),
        base_url=settings.site.base_url,
        postal_address=settings.site.postal_address,
        sender=lambda: app.sender,
        dkim_key=lambda: app.dkim_key,
        relay_host=app.relay_host,
        connect=app.connect,
        compiler=lambda: choose_compiler(settings.render.compiler),
        lease=SCHEDULER_LEASE,
        dns=Dns(),
        has_job_engine=settings.engine.kind == "procrastinate",
        thresholds=app.pause_thresholds,
    )
