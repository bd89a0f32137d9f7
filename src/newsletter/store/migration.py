"""Migrations: from one version of the schema to another, by Alembic.

Nothing else loads Alembic, which takes longer than most commands do.
"""

from __future__ import annotations

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection

from newsletter.resources import folder


def migrate(connection: Connection, revision: str) -> None:
    """Bring the schema to ``revision``; ``base`` takes everything away."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    current = MigrationContext.configure(connection).get_current_revision()
    connection.rollback()
    if revision == "base" or _is_before(config, revision, current):
        command.downgrade(config, revision)
    else:
        command.upgrade(config, revision)


def _is_before(config: Config, revision: str, current: str | None) -> bool:
    """Tell whether ``revision`` is an ancestor of ``current``."""
    if current is None or revision in {"head", current}:
        return False
    ancestors = ScriptDirectory.from_config(config).iterate_revisions(current, "base")
    return revision in {script.revision for script in ancestors}
