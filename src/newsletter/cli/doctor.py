"""`newsletter doctor`: see whether everything is there that sending needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from newsletter.app import App
    from newsletter.service.diagnosis import Diagnosis
    from newsletter.service.doctor import Patient


def add_commands(app: typer.Typer) -> None:
    app.command()(doctor)


def doctor(as_json: JsonFlag = False) -> None:
    """Look at configuration, database, relay, DNS and compiler; exit status 1 if something does not work."""
    from newsletter.service.diagnosis import Level

    diagnoses = list(_examine())
    if as_json:
        print_json([{"check": each.check, "level": each.level, "sentence": each.sentence} for each in diagnoses])
    else:
        print_table(["", "Check", "What was found"], [[each.level, each.check, each.sentence] for each in diagnoses])
    if any(each.level is Level.ERROR for each in diagnoses):
        raise typer.Exit(1)


def _examine() -> Iterator[Diagnosis]:
    """Open the newsletter as every command does; what keeps it from opening is the one thing to mend first."""
    from newsletter.app import open_app
    from newsletter.errors import ConfigurationError, NewsletterError
    from newsletter.intake import examine_ways_in
    from newsletter.service.diagnosis import Diagnosis, Level
    from newsletter.service.doctor import examine

    try:
        with open_app() as app:
            for check, sentence in (
                ("configuration", "Every key is known and has a value that it can have."),
                ("database", f"It answers, at this version's schema: {_name_database(app)}."),
                ("address key", "It is the key that this database was filled under."),
            ):
                yield Diagnosis(check=check, level=Level.OK, sentence=sentence)
            yield from examine(_present(app), now=app.now())
            yield from examine_ways_in(app)
    except ConfigurationError as error:
        yield Diagnosis(check="configuration", level=Level.ERROR, sentence=str(error))
    except NewsletterError as error:
        yield Diagnosis(check="database", level=Level.ERROR, sentence=str(error))


def _present(app: App) -> Patient:
    from pathlib import Path

    from newsletter.render.mjml import choose_compiler
    from newsletter.schedule import LEASE_NAME
    from newsletter.service.doctor import Patient
    from newsletter.service.sender_dns import Dns

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
        lease=LEASE_NAME,
        dns=Dns(),
        has_job_engine=settings.engine.kind == "procrastinate",
        thresholds=app.pause_thresholds,
    )


def _name_database(app: App) -> str:
    return str(app.database.file) if app.database.file else "Postgres"
