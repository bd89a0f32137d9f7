"""`newsletter doctor`: see whether everything is there that sending needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from newsletter.cli.output import JsonFlag, print_json, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from newsletter.service.diagnosis import Diagnosis


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
    from newsletter.checkup import examine_app
    from newsletter.errors import ConfigurationError, NewsletterError
    from newsletter.service.diagnosis import Diagnosis, Level

    try:
        with open_app() as app:
            yield from examine_app(app)
    except ConfigurationError as error:
        yield Diagnosis(check="configuration", level=Level.ERROR, sentence=str(error))
    except NewsletterError as error:
        yield Diagnosis(check="database", level=Level.ERROR, sentence=str(error))
