"""Subscribers from a CSV file, line by line, so that a million of them need no more memory than ten."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, UnreadableSourceError

#: The columns, in the order in which they are written; only the first has to be there when a file is read.
COLUMNS = ("email", "name", "consent_source", "consent_at", "topics", "language", "status")

#: What a spreadsheet would take for a formula at the start of a cell.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LONGEST_LANGUAGE = 35  # RFC 5646 4.4.1
_LONGEST_NAME = 200
_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberRow:
    """One line that can be read."""

    #: from 1, the header's; a row of several lines is named by its first
    line: int
    address: EmailAddress
    name: str
    #: "" where the file names none
    consent_source: str
    consent_at: datetime | None
    topics: Topic
    language: str
    #: None where the file says nothing
    status: SubscriberStatus | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """One line that cannot be taken, and why."""

    line: int
    reason: str
    #: the address as given
    email: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberFile:
    """A file whose header and encoding have been read and found good."""

    unknown_columns: tuple[str, ...]
    #: read once, as it is asked for
    rows: Iterator[SubscriberRow | RefusedRow]


def read_subscribers(path: Path) -> SubscriberFile:
    """Open a file with a header line; columns in any order, parted by commas, semicolons or tabs.

    Raises UnreadableSourceError for a file that is no such thing, before any row is given.
    """
    try:
        _check_encoding(path)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first_line = stream.readline()
    except OSError as error:
        raise UnreadableSourceError(str(path), None, f"a file that can be read ({error.strerror})") from error
    delimiter = max(",;\t", key=first_line.count)
    header = [cell.strip().lower() for cell in next(csv.reader([first_line], delimiter=delimiter), [])]
    if "email" not in header:
        raise UnreadableSourceError(str(path), 1, f"a header line with the column email, as in {','.join(COLUMNS)}")
    doubled = next((name for name in COLUMNS if header.count(name) > 1), None)
    if doubled:
        raise UnreadableSourceError(str(path), 1, f"one column {doubled}, not several")
    return SubscriberFile(
        unknown_columns=tuple(name for name in header if name and name not in COLUMNS),
        rows=_read_rows(path, header, delimiter),
    )


def protect_cell(text: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _check_encoding(path: Path) -> None:
    """Read the file once through, so that a wrong byte in its last line refuses it before its first one is taken."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    line = 1
    with path.open("rb") as stream:
        while True:
            block = stream.read(_BLOCK_BYTES)
            try:
                decoder.decode(block, final=not block)
            except UnicodeDecodeError as error:
                line += error.object.count(b"\n", 0, error.start)
                raise UnreadableSourceError(
                    str(path), line, "text in UTF-8; save the file as 'CSV UTF-8' and try again"
                ) from error
            if not block:
                return
            line += block.count(b"\n")


def _read_rows(path: Path, header: Sequence[str], delimiter: str) -> Iterator[SubscriberRow | RefusedRow]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.reader(stream, delimiter=delimiter)
        next(reader)
        while True:
            line = reader.line_num + 1
            try:
                row = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield RefusedRow(line=line, reason=f"not CSV: {error}; is a quotation mark missing?", email="")
                continue
            if any(row):
                cells = dict(zip(header, row, strict=False))
                try:
                    _check_shape(row, header, lines=range(line, reader.line_num + 1))
                    yield _read_row(line, cells)
                except InputError as error:
                    yield RefusedRow(line=line, reason=str(error), email=cells.get("email", "").strip())


def _check_shape(row: Sequence[str], header: Sequence[str], *, lines: range) -> None:
    if len(row) > len(header) and any(row[len(header) :]):
        raise InputError(f"It has {len(row)} cells where the header has {len(header)}.")
    if len(lines) > 1 and any("\n" in cell for name, cell in zip(header, row, strict=False) if name in COLUMNS):
        raise InputError(f"Lines {lines[0]} to {lines[-1]} read as one: a quotation mark is not closed.")


def _read_row(line: int, cells: Mapping[str, str]) -> SubscriberRow:
    email, name, consent_source, consent_at, topics, language, status = [
        _read_cell(cells[column]) if column in cells else "" for column in COLUMNS
    ]
    if not email:
        raise InputError("There is no address.")
    if _CONTROL.search(name) or _CONTROL.search(consent_source):
        raise InputError("There is a control character in it.")
    if len(name) > _LONGEST_NAME:
        raise InputError(f"The name is longer than {_LONGEST_NAME} characters.")
    return SubscriberRow(
        line=line,
        address=EmailAddress.parse(email),
        name=name,
        consent_source=consent_source,
        consent_at=_read_moment(consent_at) if consent_at else None,
        topics=_read_topics(topics),
        language=_read_language(language) if language else "",
        status=_read_status(status) if status else None,
    )


def _read_cell(cell: str) -> str:
    text = cell.strip()
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA_STARTS) else text


@lru_cache
def _read_topics(text: str) -> Topic:
    return Topic.parse(filter(None, re.split(r"[,;|\s]+", text)))


@lru_cache
def _read_moment(text: str) -> datetime:
    """Read a date or a time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date; write it as 2026-03-31 or 2026-03-31T09:30:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache
def _read_language(text: str) -> str:
    tag = text.replace("_", "-")
    if not _LANGUAGE.fullmatch(tag) or len(tag) > _LONGEST_LANGUAGE:
        raise InputError(f"{text!r} is not a language tag, such as en or sr-Latn.")
    return tag


@lru_cache
def _read_status(text: str) -> SubscriberStatus:
    try:
        return SubscriberStatus(text.lower())
    except ValueError as error:
        known = ", ".join(SubscriberStatus)
        raise InputError(f"{text!r} is not a status; there are {known}.") from error
