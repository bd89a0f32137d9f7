"""init and migrate."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from newsletter.cli.output import say


def add_commands(app: typer.Typer) -> None:
    app.command("init")(init)
    app.command("migrate")(migrate)


def init(folder: Annotated[Path, typer.Argument(metavar="DIR", help="The folder to make.")]) -> None:
    """Make a project folder: newsletter.toml with fresh keys, and its database."""
    from datetime import UTC, datetime

    from newsletter.app import migrate_database
    from newsletter.service.init_project import init_project

    file = init_project(folder, today=datetime.now(UTC).date())
    migrate_database(file)
    say(f"Made {file} and its database. Next: set base_url, postal_address, mail.from and the relay in it, then")
    say(f"  cd {folder} && newsletter articles import YOUR-FILES && newsletter issue draft")


def migrate() -> None:
    """Bring the database to this version's schema; safe to repeat.

    The keys of second factors are encrypted under the present secret_key.
    """
    from newsletter.app import migrate_database

    migrate_database(None)
    say("The database is up to date.")
