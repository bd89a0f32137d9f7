"""Inserting rows by the million, and looking for thousands of keys at a time."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import islice
from typing import Any

from sqlalchemy import Column, Dialect, LargeBinary, Select, Table, any_, bindparam, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.sql.compiler import SQLCompiler

from newsletter.store.database import Transaction

_MOST_PARAMETERS = 30_000  # of one statement; SQLite takes 32,766
_PARAMETERS_STEP = 1_000


def insert_new_rows(transaction: Transaction, table: Table, columns: Mapping[str, Sequence[Hashable]]) -> None:
    """Insert rows, given column by column; a row that a constraint finds there already is left as it is.

    What SQLAlchemy does for each row of an ordinary ``execute`` costs twice what SQLite does for it. Here a statement
    is compiled as ever, each column's distinct values go once through the column's own type, the rest is the driver's.
    """
    dialect = transaction.dialect
    compiled = _compile_insert(table, tuple(columns), dialect)
    converted: list[Sequence[Any]] = []
    for name, values in columns.items():
        kind = table.c[name].type
        convert = kind.dialect_impl(dialect).bind_processor(dialect)
        if convert and not isinstance(kind, LargeBinary):  # both drivers take bytes as they are
            by_value = {value: convert(value) for value in set(values)}
            converted.append([by_value[value] for value in values])
        else:
            converted.append(values)
    rows: list[Any] = list(zip(*converted, strict=True))
    if not rows:
        return
    if not compiled.positional:
        rows = [dict(zip(columns, row, strict=True)) for row in rows]
    transaction.exec_driver_sql(str(compiled), rows)


@lru_cache(maxsize=64)
def _compile_insert(table: Table, columns: tuple[str, ...], dialect: Dialect) -> SQLCompiler:
    insert = sqlite.insert if dialect.name == "sqlite" else postgresql.insert
    statement = insert(table).on_conflict_do_nothing()
    return statement.compile(dialect=dialect, column_keys=list(columns))


def select_having(
    transaction: Transaction, query: Select[*tuple[Any, ...]], column: Column[Any], values: Collection[bytes]
) -> Iterator[Sequence[Any]]:
    """Give the rows of ``query`` whose ``column`` has one of ``values``; the query has no parameters of its own.

    ``IN`` makes a parameter object of each value, which costs more than finding its row.
    """
    if transaction.dialect.name == "postgresql":
        wanted = bindparam("wanted", list(values), type_=postgresql.ARRAY(LargeBinary))
        yield from transaction.execute(query.where(column == any_(wanted)))
        return
    remaining = iter(values)
    while some := tuple(islice(remaining, _MOST_PARAMETERS)):
        # In full steps, the last value filling them: the driver keeps a hundred statements, each as long as it is.
        some += some[-1:] * (-len(some) % _PARAMETERS_STEP)
        marks = ", ".join("?" * len(some))
        compiled = query.where(text(f"{column.table.name}.{column.name} IN ({marks})"))
        yield from transaction.exec_driver_sql(str(compiled.compile(dialect=transaction.dialect)), some)
