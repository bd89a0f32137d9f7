"""The database: connections, transactions and migrations."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event, inspect, text
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import ArgumentError, OperationalError

from newsletter.errors import ConfigurationError, StoreError
from newsletter.resources import folder
from newsletter.store.turn import PATIENCE, Turn

#: What store functions take: an open transaction, which the use case commits.
Transaction = Connection

__all__ = ["Connection", "Database", "Transaction"]

_CACHE_KIB = 4 * 1024  # SQLite's own pages, of each connection
_ROOMY_CACHE_KIB = 32 * 1024
_LOG_PAGES = 8 * 1024  # 32 MB of SQLite's write-ahead log, until it is copied back into the file
_ROOMY_LOG_PAGES = 32 * 1024
_LOG_PATIENCE_MS = 1_000  # of emptying that log: while it waits for a long reader, nobody writes

# A machine that is cut off is noticed within half a minute, here and by the server, which then lets go of what that
# machine had locked; and a process stopped in the middle of a transaction holds others up for a minute at most.
_POSTGRES_PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
    "options": (
        "-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=3 -c tcp_user_timeout=25000 "
        "-c idle_in_transaction_session_timeout=60000"
    ),
}


class Database:
    """One newsletter's database. Threads may share it; each transaction has a connection of its own."""

    def __init__(self, url: str) -> None:
        self._url = _read_url(url)
        self._turn = Turn(self.file)
        self._engine = _open_engine(self._url, self._turn)

    @property
    def is_sqlite(self) -> bool:
        return self._url.get_backend_name() == "sqlite"

    @property
    def file(self) -> Path | None:
        """The database file; None on Postgres."""
        return Path(self._url.database) if self.is_sqlite and self._url.database else None

    @property
    def conninfo(self) -> str:
        """How a client of libpq reaches this database on Postgres."""
        patience = {name: str(value) for name, value in _POSTGRES_PATIENCE.items() if name not in self._url.query}
        url = self._url.set(drivername="postgresql").update_query_dict(patience)
        return url.render_as_string(hide_password=False).replace("+", "%20")  # which is how libpq reads a space

    @contextmanager
    def transaction(self, *, on: Connection | None = None) -> Iterator[Transaction]:
        """Open a transaction that may write; it commits at the end, or rolls back on any error.

        On SQLite it takes the write lock at once, so that no later statement can find the data changed under it.
        ``on`` is a connection that the caller keeps, for transactions that follow each other closely.
        """
        if on is not None:
            with self._writing(), self._translated(), self._brief(on):
                yield on
            return
        with (
            self.connection() as connection,
            self._writing(),
            self._translated(),
            connection.execution_options(writes=True).begin(),
        ):
            yield connection

    @contextmanager
    def statement(self, *, on: Connection) -> Iterator[Transaction]:
        """Open what has to be durable after one statement; on Postgres that statement commits itself.

        That spares the two round trips of BEGIN and COMMIT. ``on`` is a ``kept_connection``. Statements that follow
        are transactions of their own on Postgres, and of the same one on SQLite.
        """
        if self.is_sqlite:
            with self.transaction(on=on):
                yield on
            return
        with self._translated():
            yield on
            on.rollback()  # ends Core's transaction, if there is one; the driver has none

    @contextmanager
    def snapshot(self) -> Iterator[Transaction]:
        """Open a transaction that only reads, all of it as of one moment; on SQLite it never waits for a writer."""
        with self.connection() as connection:
            if not self.is_sqlite:  # where each statement would see what was committed before it
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                yield connection

    def migrate(self, revision: str = "head") -> None:
        """Bring the schema to ``revision``; ``base`` takes everything away."""
        from newsletter.store.migration import migrate  # noqa: PLC0415 - loads Alembic, see there

        with self.connection() as connection:
            migrate(connection, revision)

    def check_version(self) -> None:
        """Raise StoreError unless the schema is the one this version works with."""
        newest = max(file.name.partition("_")[0] for file in (folder("migrations") / "versions").glob("[0-9]*.py"))
        with self.snapshot() as snapshot:
            is_new = not inspect(snapshot).has_table("alembic_version")
            current = None if is_new else snapshot.scalar(text("SELECT version_num FROM alembic_version"))
        if current != newest:
            found = current or "none"
            raise StoreError(
                f"The database is at version {found}, this program needs {newest}: run 'newsletter migrate'."
            )

    def empty_log(self) -> None:
        """Leave nothing in SQLite's write-ahead log of what was deleted; never within a transaction.

        Where others read or write all the time it is left as it is: it is overwritten later, or gone with the last
        process. Postgres's log is the server's own.
        """
        if not self.is_sqlite:
            return
        with self.connection() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_LOG_PATIENCE_MS}")
            try:
                cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # says that others are busy in its row, by no error
            finally:
                cursor.execute(f"PRAGMA busy_timeout = {PATIENCE * 1000}")
                cursor.close()

    def close(self) -> None:
        self._engine.dispose()
        self._turn.close()

    @contextmanager
    def connection(self) -> Iterator[Connection]:
        """Hold one connection, without a transaction. Raises StoreError where the database fails underneath."""
        with self._translated(), self._engine.connect() as connection:
            yield connection

    @contextmanager
    def kept_connection(self) -> Iterator[Connection]:
        """Hold one connection on which each statement commits itself, unless it stands in a ``transaction``."""
        with self.connection() as connection:
            if self.is_sqlite:  # where that is so on every connection
                yield connection
                return
            driver: Any = connection.connection.driver_connection
            driver.autocommit = True
            try:
                yield connection
            finally:
                connection.invalidate()  # the pool's others begin transactions by themselves

    @contextmanager
    def roomy_connection(self) -> Iterator[Connection]:
        """Hold one connection whose page cache has room for the indexes of a large list; for work on all of it.

        Letter by letter a small cache is as fast, and a worker's memory does not grow with the list. Pages that such
        work changes again and again are copied back into the file less often.
        """
        with self.connection() as connection:
            if not self.is_sqlite:
                yield connection
                return
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA cache_size = -{_ROOMY_CACHE_KIB}")
            cursor.execute(f"PRAGMA wal_autocheckpoint = {_ROOMY_LOG_PAGES}")
            try:
                yield connection
            finally:
                cursor.execute("PRAGMA wal_checkpoint")  # or a reader who comes next would wait for it
                cursor.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
                cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
                cursor.execute("PRAGMA shrink_memory")
                cursor.close()

    @contextmanager
    def _brief(self, connection: Connection) -> Iterator[None]:
        """Begin and end a transaction on the driver's connection: Core's work for that is more than a small commit's.

        Core's own transaction begins with its first statement, if there is one, inside of this.
        """
        driver: Any = connection.connection
        if self.is_sqlite:
            self._turn.begin(driver.cursor())
        elif driver.autocommit:
            driver.execute("BEGIN")
        try:
            yield
            if connection.in_transaction():
                connection.commit()
            else:
                driver.commit()
        except BaseException:
            connection.rollback()
            driver.rollback()
            raise

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Wait for this thread's turn to write; Postgres needs no turns."""
        with self._turn.of_this_thread() if self.is_sqlite else nullcontext():
            yield

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (OperationalError, self._engine.dialect.loaded_dbapi.OperationalError) as error:
            cause = error.orig if isinstance(error, OperationalError) else error  # the hot path has the driver's own
            why = str(cause).strip().partition("\n")[0]
            raise StoreError(f"The database failed: {why}. Look at [database] url, the server and its disk.") from error


def _read_url(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError as error:
        raise ConfigurationError("[database] url is not a database URL, such as sqlite:///newsletter.db.") from error
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    if url.get_backend_name() == "sqlite":
        return url
    raise ConfigurationError(f"[database] url: {url.get_backend_name()} is not supported; use sqlite or postgresql.")


def _open_engine(url: URL, turn: Turn) -> Engine:
    # Parameters are hidden, so that no error quotes an address into a log.
    if url.get_backend_name() != "sqlite":
        given = {name: value for name, value in _POSTGRES_PATIENCE.items() if name not in url.query}
        return create_engine(url, pool_pre_ping=True, hide_parameters=True, connect_args=given)
    engine = create_engine(url, connect_args={"timeout": PATIENCE}, hide_parameters=True)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", lambda connection: _begin_sqlite(connection, turn))
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:  # noqa: ANN401 - SQLAlchemy's hook
    # Transactions begin in _begin_sqlite, not whenever the driver thinks one is due.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode = WAL")
    # FULL: a commit survives a power cut. The ledger's promise needs it; NORMAL would only survive a crash of ours.
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # What is erased is overwritten; some builds of SQLite do so anyway. A letter's commit takes no longer by it.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    cursor.execute(f"PRAGMA wal_autocheckpoint = {_LOG_PAGES}")
    cursor.close()


def _begin_sqlite(connection: Connection, turn: Turn) -> None:
    # On the driver's cursor: Core's work for it takes longer than a small commit does.
    driver = connection.connection
    cursor = driver.cursor()
    if driver.in_transaction:  # begun by Database.transaction already
        return
    if connection.get_execution_options().get("writes", False):
        turn.begin(cursor)
    else:
        cursor.execute("BEGIN")
