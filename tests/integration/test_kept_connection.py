"""A connection that is kept for one commit after the other, each of one statement or of several."""

from __future__ import annotations

import pytest

from newsletter.store.database import Connection, Database


@pytest.fixture
def database(database: Database) -> Database:
    with database.transaction() as transaction:
        transaction.exec_driver_sql("CREATE TABLE notes (word TEXT NOT NULL UNIQUE)")
    return database


def write(connection: Connection, word: str) -> None:
    """Write by the driver's own cursor, as the hot path does."""
    cursor = connection.connection.cursor()
    cursor.execute(f"INSERT INTO notes VALUES ('{word}')")  # noqa: S608 - a word of this test
    cursor.close()


def read(database: Database) -> list[str]:
    with database.snapshot() as snapshot:
        return list(snapshot.exec_driver_sql("SELECT word FROM notes ORDER BY word").scalars())


def write_and_fail(database: Database, *, on: Connection | None, by_core: bool) -> None:
    with database.transaction(on=on) as transaction:
        write(transaction, "failed")
        if by_core:
            transaction.exec_driver_sql("INSERT INTO notes VALUES ('failed too')")
        _ = 1 / 0


def test_what_one_statement_wrote_stands(database: Database) -> None:
    with database.kept_connection() as kept:
        with database.statement(on=kept):
            write(kept, "first")
        with database.statement(on=kept):
            write(kept, "second")

        assert read(database) == ["first", "second"]


def test_several_statements_stand_or_fall_together(database: Database) -> None:
    with database.kept_connection() as kept:
        for by_core in (False, True):
            with pytest.raises(ZeroDivisionError):
                write_and_fail(database, on=kept, by_core=by_core)
        assert read(database) == []

        with database.transaction(on=kept) as transaction:
            write(kept, "first")
            transaction.exec_driver_sql("INSERT INTO notes VALUES ('second')")
        assert read(database) == ["first", "second"]


def test_after_one_kind_comes_the_other(database: Database) -> None:
    with database.kept_connection() as kept:
        with database.statement(on=kept) as transaction:
            write(kept, "first")
            assert transaction.exec_driver_sql("SELECT count(*) FROM notes").scalar_one() == 1
        with database.transaction(on=kept):
            write(kept, "second")
            write(kept, "third")
        with pytest.raises(ZeroDivisionError):
            write_and_fail(database, on=kept, by_core=False)
        with database.statement(on=kept):
            write(kept, "fourth")

    assert read(database) == ["first", "fourth", "second", "third"]


def test_the_others_of_the_pool_begin_transactions_as_ever(database: Database) -> None:
    with database.kept_connection() as kept, database.statement(on=kept):
        write(kept, "first")

    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            write_and_fail(database, on=None, by_core=True)

    assert read(database) == ["first"]
