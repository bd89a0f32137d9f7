"""Jobs: which batches are handed out by Procrastinate, whose tables stand beside ours on the same Postgres.

The ledger alone says what is due, and a job only says whose turn it is. So a job too few makes a batch late until the
sweeper finds it, a job too many finds nothing to do, and neither loses a letter or sends one twice. Jobs are deferred
in the ledger's own transaction, by whoever makes a batch due: where the tables are, no caller can forget it, and where
they are not, workers find what is due in the ledger itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, text

from newsletter.errors import ConfigurationError, StoreError
from newsletter.store.database import Transaction
from newsletter.store.tables import job_schemas

if TYPE_CHECKING:
    from procrastinate import jobs as procrastinate_jobs
    from procrastinate import schema

#: The queue of batches, and the task that its jobs are of.
LETTERS = "letters"
DELIVER_BATCH = "deliver_batch"

_NAME = "procrastinate"
_MISSING = (
    '[engine] kind is "procrastinate", whose package is not installed here: install "newsletter[postgres]" on every '
    "machine that delivers, or that opens mailings."
)
#: A job comes so long after its batch is due, so that two clocks which differ by little cannot make it come before.
_LATE = timedelta(milliseconds=200)
_AT_ONCE = 1000  # jobs in one statement

# Every object that Procrastinate's schema makes has this prefix, and nothing of ours has.
_OBJECTS = """
    SELECT 'DROP FUNCTION ' || oid::regprocedure || ' CASCADE' FROM pg_proc
        WHERE pronamespace = current_schema()::regnamespace AND proname LIKE 'procrastinate\\_%'
    UNION ALL SELECT 'DROP TABLE ' || oid::regclass || ' CASCADE' FROM pg_class
        WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' AND relname LIKE 'procrastinate\\_%'
    UNION ALL SELECT 'DROP TYPE ' || oid::regtype || ' CASCADE' FROM pg_type
        WHERE typnamespace = current_schema()::regnamespace AND typname LIKE 'procrastinate\\_%'
        AND (typtype = 'e' OR typname = 'procrastinate_job_to_defer_v1')
"""

_WAITING = """
    SELECT batches.mailing_id, batches.number, batches.due_at
    FROM batches JOIN mailings ON mailings.id = batches.mailing_id
    WHERE batches.due_at IS NOT NULL AND mailings.status IN ('scheduled', 'running')
        AND (mailings.first_share IS NULL OR batches.last_position <= mailings.first_share)
        AND (CAST(:mailing AS bigint) IS NULL OR batches.mailing_id = :mailing)
        AND (CAST(:number AS integer) IS NULL OR batches.number = :number)
        AND NOT EXISTS (
            SELECT FROM procrastinate_jobs
            WHERE queueing_lock = 'batch ' || batches.mailing_id || '/' || batches.number AND status = 'todo'
        )
        AND (NOT :stranded OR batches.due_at <= :now AND (batches.worker_id IS NULL OR batches.lease_until < :now
            OR NOT EXISTS (
                SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database
                WHERE datname = current_database() AND locktype = 'advisory' AND granted
                    AND classid = :lock_class AND objid = batches.worker_id AND objsubid = 2
            )) AND NOT EXISTS (
            SELECT FROM procrastinate_jobs
            WHERE queueing_lock = 'batch ' || batches.mailing_id || '/' || batches.number AND status = 'doing'
        ))
    ORDER BY batches.mailing_id, batches.number
"""


@dataclass(frozen=True, slots=True)
class JobSchema:
    """Procrastinate's tables as they are, and the version whose tables this program works with."""

    version: str | None
    wanted: str

    @property
    def is_current(self) -> bool:
        return self.version == self.wanted


def are_kept(transaction: Transaction) -> bool:
    """Tell whether batches are handed out as jobs from this database."""
    if transaction.dialect.name != "postgresql":
        return False
    return bool(transaction.scalar(text("SELECT to_regclass('procrastinate_jobs') IS NOT NULL")))


def submit(transaction: Transaction, *, mailing: int | None = None, number: int | None = None, now: datetime) -> int:
    """Defer a job for each batch that has something left and none waiting; return how many.

    Of one batch, of one mailing, or of all that are scheduled or run. A held rest stays where it is.
    """
    if not are_kept(transaction):
        return 0
    given = {"mailing": mailing, "number": number, "stranded": False, "now": now, "lock_class": 0}
    return _defer(transaction, _list_waiting(transaction, given))


def submit_stranded(transaction: Transaction, *, lock_class: int, now: datetime) -> int:
    """Defer a job for each batch that is due, that no living worker has, and that has no live job at all.

    ``lock_class`` is the first half of the advisory locks by which living workers are known.
    """
    given = {"mailing": None, "number": None, "stranded": True, "now": now, "lock_class": lock_class}
    return _defer(transaction, _list_waiting(transaction, given))


def find_schema(transaction: Transaction) -> JobSchema | None:
    """Return the state of the tables; None where there are none."""
    if not are_kept(transaction):
        return None
    version = transaction.scalar(select(job_schemas.c.version).filter_by(name=_NAME))
    return JobSchema(version=version, wanted=_find_latest())


def prepare(transaction: Transaction) -> None:
    """Make the tables, or bring them to the installed version, by the SQL that its package ships.

    Raises ConfigurationError where the package is missing, and StoreError where the tables are not ours.
    """
    if transaction.dialect.name != "postgresql":
        raise ConfigurationError('[engine] kind "procrastinate" needs [database] url to be on Postgres.')
    manager, latest = _schema_manager(), _find_latest()
    known = transaction.scalar(select(job_schemas.c.version).filter_by(name=_NAME))
    if not are_kept(transaction):
        _run(transaction, manager.get_schema())
    elif known is None:
        raise StoreError("There are tables of Procrastinate that were not made here: give it a database of its own.")
    else:
        for name, script in _list_scripts():
            if name > known:
                _run(transaction, script.read_text(encoding="utf-8"))
    transaction.execute(delete(job_schemas).filter_by(name=_NAME))
    transaction.execute(insert(job_schemas).values(name=_NAME, version=latest))


def remove(transaction: Transaction) -> None:
    """Take the tables away, if they were made here. Nothing is lost: what is due stands in the ledger."""
    if not are_kept(transaction) or transaction.scalar(select(job_schemas.c.version).filter_by(name=_NAME)) is None:
        return
    for statement in transaction.scalars(text(_OBJECTS)).all():
        transaction.exec_driver_sql(statement)
    transaction.execute(delete(job_schemas).filter_by(name=_NAME))


def _list_waiting(transaction: Transaction, given: dict[str, Any]) -> list[tuple[int, int, datetime]]:
    return [(row.mailing_id, row.number, row.due_at) for row in transaction.execute(text(_WAITING), given)]


def _defer(transaction: Transaction, waiting: Sequence[tuple[int, int, datetime]]) -> int:
    if not waiting:
        return 0
    try:
        from procrastinate import exceptions, jobs, manager, sync_psycopg_connector  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(_MISSING) from error

    deferrer = manager.JobManager(sync_psycopg_connector.SyncPsycopgConnector())
    connection = transaction.connection.driver_connection
    for begin in range(0, len(waiting), _AT_ONCE):
        batch: list[procrastinate_jobs.Job] = [
            jobs.Job(
                queue=LETTERS,
                lock=None,
                queueing_lock=f"batch {mailing}/{number}",
                task_name=DELIVER_BATCH,
                task_kwargs={"mailing": mailing, "number": number},
                scheduled_at=due_at + _LATE,
            )
            for mailing, number, due_at in waiting[begin : begin + _AT_ONCE]
        ]
        try:
            with transaction.begin_nested():
                deferrer.batch_defer_jobs(batch, connection=connection)
        except exceptions.AlreadyEnqueued:
            return 0  # another process defers the same this very moment; what it does not, the sweeper will
        except exceptions.ConnectorException as error:
            raise StoreError(f"No job could be deferred: {error.__cause__ or error}") from error
    return len(waiting)


def _schema_manager() -> type[schema.SchemaManager]:
    try:
        from procrastinate.schema import SchemaManager  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise ConfigurationError(_MISSING) from error
    return SchemaManager


def _list_scripts() -> Iterator[tuple[str, Path]]:
    """Give the package's own migrations in order, each with its name, which begins with its version."""
    for script in sorted(Path(_schema_manager().get_migrations_path()).glob("*.sql")):
        yield script.stem, script


def _find_latest() -> str:
    return max(name for name, _ in _list_scripts())


def _run(transaction: Transaction, script: str) -> None:
    cursor = transaction.connection.cursor()
    try:
        cursor.execute(script)  # without parameters: several statements, and no percent sign means anything
    finally:
        cursor.close()
