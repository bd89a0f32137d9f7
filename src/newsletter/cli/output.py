"""What commands print: one JSON document, a table, or a sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]

_UNBOUNDED = 10_000  # columns


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write ``document`` to stdout; dates and times as ISO 8601."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=_encode))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns to stdout, as wide as the terminal; where that is none, a row is always one line."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*map(legible, row))
    width = None if sys.stdout.isatty() else _UNBOUNDED
    console = Console(width=width, highlight=False, markup=False)
    with console.capture() as capture:
        console.print(table)
    for line in capture.get().splitlines():
        typer.echo(line.rstrip())


def legible(cell: object) -> str:
    """Return what people read of a value: times to the minute, in UTC."""
    if isinstance(cell, datetime):
        return f"{cell.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
    return "" if cell is None else str(cell)


def name_count(count: int, noun: str, nouns: str = "") -> str:
    """Return such as "1 letter" or "2,400 letters"; ``nouns`` where the plural is not made by an s."""
    return f"{count:,} {noun if count == 1 else nouns or f'{noun}s'}"


def say(sentence: str) -> None:
    typer.echo(sentence)


def warn(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _encode(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
