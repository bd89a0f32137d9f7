"""What commands print: one JSON document, a table, or a sentence."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import Annotated, Any

import typer

JsonFlag = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]


def print_json(document: Any) -> None:  # noqa: ANN401 - any JSON value
    """Write ``document`` to stdout; dates and times as ISO 8601."""
    typer.echo(json.dumps(document, ensure_ascii=False, indent=2, default=_encode))


def print_table(headings: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write aligned columns to stdout, as wide as the terminal."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*headings, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*("" if cell is None else str(cell) for cell in row))
    width = None if sys.stdout.isatty() else 160
    Console(width=width, highlight=False, markup=False).print(table)


def say(sentence: str) -> None:
    typer.echo(sentence)


def warn(sentence: str) -> None:
    typer.echo(sentence, err=True)


def _encode(value: object) -> str:
    isoformat = getattr(value, "isoformat", None)
    return isoformat() if isoformat else str(value)
