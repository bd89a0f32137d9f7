"""The tests' own Postgres, as one test of a fixture that so much rests on."""

from __future__ import annotations

import psycopg
import pytest

from postgres_server import PostgresServer


def test_each_database_is_empty_and_its_own(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as one, postgres_server.database() as other:
        with psycopg.connect(one, autocommit=True) as connection:
            connection.execute("CREATE TABLE mark (id integer)")

        with psycopg.connect(other) as connection, pytest.raises(psycopg.errors.UndefinedTable):
            connection.execute("SELECT id FROM mark")


def test_a_database_goes_even_while_somebody_is_connected(postgres_server: PostgresServer) -> None:
    with postgres_server.database() as url:
        connection = psycopg.connect(url)

    with connection, pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
