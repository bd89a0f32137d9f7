"""An UPDATE of many rows, each with values of its own, by one statement.

It is written in Core like all others, compiled once, and run on the driver's own cursor: Core's work for a row is ten
times the database's. And it is one statement, not one for each row, because Python's threads may change places around
every statement: two that hand each other the interpreter forty times in a commit get little else done.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from sqlalchemy import Dialect, FromClause, Update, column, func, literal_column, select, text
from sqlalchemy.types import TypeEngine

from newsletter.store.database import Transaction

_ROWS = "<the rows>"  # where they are written into the statement's text

#: What is given with each row: names and types, in order.
Columns = Mapping[str, TypeEngine[Any]]


@dataclass(frozen=True, slots=True)
class _Compiled:
    text: str
    #: turns a value into the driver's form, for the columns that need it, by their place in a row
    encoders: Mapping[int, Callable[[Any], Any]]


class GroupUpdate:
    """An UPDATE that reads what it sets from rows given with it."""

    def __init__(self, columns: Columns, write: Callable[[FromClause], Update]) -> None:
        """Have ``write`` make the statement around the rows, which it gets as if they were a table."""
        self._columns = columns
        self._write = write
        self._compiled: dict[str, _Compiled] = {}

    def run(self, transaction: Transaction, rows: Sequence[Sequence[Any]]) -> int:
        """Run for ``rows``, their values in the order of the columns; return how many rows of the table changed."""
        dialect = transaction.dialect
        compiled = self._compiled.get(dialect.name)
        if compiled is None:
            compiled = self._compiled[dialect.name] = self._compile(dialect)
        cursor = transaction.connection.cursor()
        try:
            if dialect.name == "sqlite":
                places = ", ".join([f"({', '.join('?' * len(self._columns))})"] * len(rows))
                cursor.execute(compiled.text.replace(_ROWS, places), _flatten(rows, compiled.encoders))
            else:
                document = _write_document(self._columns, rows)
                cursor.execute(compiled.text.replace(_ROWS, "%(rows)s::json"), {"rows": document})
            return int(cursor.rowcount)
        finally:
            cursor.close()

    def _compile(self, dialect: Dialect) -> _Compiled:
        given = _read_values(self._columns) if dialect.name == "sqlite" else _read_document(self._columns)
        compiled = self._write(given).compile(dialect=dialect, compile_kwargs={"literal_binds": True})
        processors = [kind.dialect_impl(dialect).bind_processor(dialect) for kind in self._columns.values()]
        return _Compiled(
            text=str(compiled),
            encoders={place: encode for place, encode in enumerate(processors) if encode is not None},
        )


def _read_values(columns: Columns) -> FromClause:
    """Read rows that are parameters of the statement, which costs SQLite less than a document."""
    names = [f"column{place}" for place in range(1, len(columns) + 1)]  # so SQLite calls the columns of VALUES
    values = text(f"VALUES {_ROWS}").columns(*map(column, names, columns.values())).subquery("given_values")
    return select(*[values.c[name].label(label) for name, label in zip(names, columns, strict=True)]).subquery("given")


def _read_document(columns: Columns) -> FromClause:
    """Read rows from one JSON document, so that Postgres plans one statement for groups of any size."""
    document = func.json_to_recordset(literal_column(_ROWS)).table_valued(*map(column, columns, columns.values()))
    return document.render_derived(name="given", with_types=True)


def _write_document(columns: Columns, rows: Sequence[Sequence[Any]]) -> str:
    """Write rows as a JSON document. What is None is left out, which spares both sides work and is read as NULL."""
    named = [
        {
            name: _write_moment(value) if isinstance(value, datetime) else value
            for name, value in zip(columns, row, strict=True)
            if value is not None
        }
        for row in rows
    ]
    return json.dumps(named)


@lru_cache(maxsize=16)
def _write_moment(moment: datetime) -> str:
    """Write a moment; the rows of one commit carry the very same ones."""
    return moment.isoformat()


def _flatten(rows: Sequence[Sequence[Any]], encoders: Mapping[int, Callable[[Any], Any]]) -> list[Any]:
    flat = [value for row in rows for value in row]
    width = len(rows[0])
    known: dict[Any, Any] = {}  # the rows of one commit carry the very same moments, so each is encoded once
    for place, encode in encoders.items():
        for index in range(place, len(flat), width):
            value = flat[index]
            if value is not None:
                if value not in known:
                    known[value] = encode(value)
                flat[index] = known[value]
    return flat
