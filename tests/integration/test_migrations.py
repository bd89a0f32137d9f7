"""The schema: what the migrations make of a database, and what the database itself then refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect
from sqlalchemy.exc import IntegrityError

from mailing_stand import add_readers, open_a_mailing
from newsletter.store.database import Database
from newsletter.store.tables import metadata

#: Indexes that the tables have on Postgres alone.
OF_POSTGRES = {"ix_subscribers_normalized_pattern"}

#: What breaks each promise, and the column that the refusal names.
BROKEN_PROMISES = {
    "one issue per slot": (
        (
            "INSERT INTO issues (number, slot_date, due_at, status, drafted_at)"
            " SELECT 99, slot_date, due_at, status, drafted_at FROM issues"
        ),
        "slot_date",
    ),
    "one number per issue": (
        (
            "INSERT INTO issues (number, slot_date, due_at, status, drafted_at)"
            " SELECT number, '2026-02-02', due_at, status, drafted_at FROM issues"
        ),
        "number",
    ),
    "one mailing per issue": (
        (
            "INSERT INTO mailings (kind, status, issue_id, approval_id, intended, opened_at, not_before)"
            " SELECT kind, status, issue_id, approval_id, intended, opened_at, not_before FROM mailings"
        ),
        "issue_id",
    ),
    "one standing approval per issue": (
        (
            "INSERT INTO approvals"
            " (issue_id, approved_by, approved_at, issue_digest, rendered_digest, subject, preheader,"
            " overrides) SELECT issue_id, approved_by, approved_at, issue_digest, rendered_digest, subject, preheader,"
            " overrides FROM approvals"
        ),
        "issue_id",
    ),
    "one delivery per mailing and subscriber": (
        (
            "INSERT INTO deliveries (mailing_id, position, subscriber_id)"
            " SELECT mailing_id, position + 50, subscriber_id FROM deliveries"
        ),
        "subscriber_id",
    ),
    "one subscriber per normalised address": ("UPDATE subscribers SET normalized = 'ann@example.net'", "normalized"),
    "one subscriber per hash of an address": (
        "UPDATE subscribers SET address_hash = (SELECT address_hash FROM subscribers WHERE id = 1)",
        "address_hash",
    ),
    "no delivery in an unknown state": ("UPDATE deliveries SET status = 'lost'", "status"),
    "no mailing in an unknown state": ("UPDATE mailings SET status = 'lost'", "status"),
    "no mailing of no issue": ("UPDATE mailings SET issue_id = NULL", "issue_named"),
    "no issue without its slot": ("UPDATE issues SET slot_date = '2031-01-01'", "(?i)foreign key"),
}


def describe_schema(database: Database) -> dict[str, Any]:
    """Return all that a database knows about its tables, apart from Alembic's own."""
    with database.connection() as connection:
        seen = inspect(connection)
        tables = set(seen.get_table_names()) - {"alembic_version"} - set(of_search(seen.get_table_names()))
        return {
            table: {
                "columns": {
                    column["name"]: (str(column["type"]), column["nullable"], column["default"])
                    for column in seen.get_columns(table)
                },
                "primary key": seen.get_pk_constraint(table)["constrained_columns"],
                "foreign keys": by_text(seen.get_foreign_keys(table)),
                "unique": by_text(seen.get_unique_constraints(table)),
                "indexes": by_text(seen.get_indexes(table)),
                "checks": by_text(seen.get_check_constraints(table)),
            }
            for table in sorted(tables)
        }


def of_search(tables: list[str]) -> list[str]:
    """Return the tables of the index of articles, which are made by the database's own full-text search."""
    return [table for table in tables if table.startswith("article_index")]


def by_text(found: list[Any]) -> list[str]:
    return sorted(json.dumps(each, sort_keys=True, default=str) for each in found)


def is_ours(name: str | None, kind: str, _parents: object) -> bool:
    return kind != "table" or not name or not of_search([name])


def is_on_sqlite(_object: object, name: str | None, *_: object) -> bool:
    return name not in OF_POSTGRES


def fill(database: Database) -> None:
    add_readers(database, ["ann@example.net", "ben@example.net"])
    open_a_mailing(database)
    with database.transaction() as transaction:
        transaction.exec_driver_sql("INSERT INTO slots (date, status) VALUES ('2026-02-02', 'planned')")


def test_the_migrations_make_what_the_tables_say(database: Database) -> None:
    migrated = describe_schema(database)
    with database.connection() as connection:
        options = {"include_name": is_ours} | ({"include_object": is_on_sqlite} if database.is_sqlite else {})
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []

    database.migrate("base")
    with database.transaction() as transaction:
        metadata.create_all(transaction)

    assert set(migrated) == set(metadata.tables)
    assert migrated == describe_schema(database)


def test_a_full_database_goes_down_to_nothing_and_up_again(database: Database) -> None:
    before = describe_schema(database)
    fill(database)

    database.migrate("base")
    assert describe_schema(database) == {}

    database.migrate()
    assert describe_schema(database) == before
    database.check_version()
    fill(database)


def test_a_second_migration_changes_nothing(database: Database) -> None:
    fill(database)

    database.migrate()

    with database.snapshot() as snapshot:
        assert snapshot.exec_driver_sql("SELECT count(*) FROM subscribers").scalar_one() == 2


@pytest.mark.parametrize(("statement", "named"), BROKEN_PROMISES.values(), ids=BROKEN_PROMISES)
def test_the_database_itself_refuses(database: Database, statement: str, named: str) -> None:
    fill(database)

    with pytest.raises(IntegrityError, match=named), database.transaction() as transaction:
        transaction.exec_driver_sql(statement)
