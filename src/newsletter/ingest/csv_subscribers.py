"""Subscribers from a CSV file, line by line, so that a million of them need no more memory than ten."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, UnreadableSourceError
from newsletter.ingest.list_layout import BOUNCED, COLUMNS, Plan, plan_reading
from newsletter.ingest.list_tags import read_tags

#: What a spreadsheet would take for a formula at the start of a cell.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")
_LONGEST_LANGUAGE = 35  # RFC 5646 4.4.1
_LONGEST_NAME = 200
_BLOCK_BYTES = 1 << 20
_TAGS = COLUMNS.index("tags")
_MOST_UNTAKEN = 20


class SubscriberRow(NamedTuple):
    """One line that can be read. A tuple, for there are millions of them and making one is most of reading it."""

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
    #: letters of another system came back from there
    is_bounced: bool = False
    #: when they signed up, and when they left; None where the file does not say, or no date can be read
    created_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    tags: tuple[str, ...] = ()


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

    #: whose list it is; "" for our own
    system: str
    unknown_columns: tuple[str, ...]
    #: read once, as it is asked for
    rows: Iterator[SubscriberRow | RefusedRow]
    #: what could not be a tag, and in how many lines: the first ones of them, filled as rows are read
    untaken_tags: Mapping[str, int]


def read_subscribers(path: Path, *, mapping: Mapping[str, str] | None = None) -> SubscriberFile:
    """Open a file with a header line; columns in any order, parted by commas, semicolons or tabs.

    The lists that listmonk, Mailchimp and Ghost export are known by their columns; ``mapping`` says of single columns
    of the file which of COLUMNS they are. Raises UnreadableSourceError for a file that is no such thing, before any
    row is given.
    """
    header, delimiter = _read_header(path)
    plan = plan_reading(header, mapping or {})
    if not plan.places[0]:
        raise UnreadableSourceError(str(path), 1, f"a header line with the column email, as in {','.join(COLUMNS)}")
    doubled = next((name for name in COLUMNS if header.count(name) > 1), None)
    if doubled:
        raise UnreadableSourceError(str(path), 1, f"one column {doubled}, not several")
    untaken_tags: dict[str, int] = {}
    return SubscriberFile(
        system=plan.layout.system,
        unknown_columns=plan.unknown_columns,
        rows=_read_rows(path, header, plan, delimiter, untaken_tags),
        untaken_tags=untaken_tags,
    )


def read_columns(path: Path) -> tuple[str, ...]:
    """Return the names in a file's header line, in lower case, for somebody to say what they mean.

    Raises UnreadableSourceError for a file without any, and for one that is not text.
    """
    header, _ = _read_header(path)
    if not any(header):
        raise UnreadableSourceError(str(path), 1, f"a header line, as in {','.join(COLUMNS)}")
    return tuple(header)


def protect_cell(text: str) -> str:
    """Return the cell so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _read_header(path: Path) -> tuple[list[str], str]:
    """Return the columns, in lower case, and what parts them."""
    try:
        _check_encoding(path)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            first_line = stream.readline()
    except OSError as error:
        raise UnreadableSourceError(str(path), None, f"a file that can be read ({error.strerror})") from error
    delimiter = max(",;\t", key=first_line.count)
    header = [cell.strip().lower() for cell in next(csv.reader([first_line], delimiter=delimiter), [])]
    return header, delimiter


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


def _read_rows(
    path: Path, header: Sequence[str], plan: Plan, delimiter: str, untaken_tags: dict[str, int]
) -> Iterator[SubscriberRow | RefusedRow]:
    width, pick = len(header), plan.picker()
    kept = {place for places in plan.places for place in places}
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
            if not any(row):
                continue
            cells = pick(row)
            try:
                if len(row) > width or reader.line_num > line:
                    _check_shape(row, width, kept, lines=range(line, reader.line_num + 1))
                yield _read_row(line, cells)
            except InputError as error:
                yield RefusedRow(line=line, reason=str(error), email=cells[0])
            else:
                if cells[_TAGS]:
                    _count_untaken(cells[_TAGS], untaken_tags)


def _count_untaken(tags: str, untaken_tags: dict[str, int]) -> None:
    for words in read_tags(tags).untaken:
        if words in untaken_tags or len(untaken_tags) < _MOST_UNTAKEN:
            untaken_tags[words] = untaken_tags.get(words, 0) + 1


def _check_shape(row: Sequence[str], width: int, kept: Collection[int], *, lines: range) -> None:
    if len(row) > width and any(row[width:]):
        raise InputError(f"It has {len(row)} cells where the header has {width}.")
    if len(lines) > 1 and any("\n" in cell for place, cell in enumerate(row) if place in kept):
        raise InputError(f"Lines {lines[0]} to {lines[-1]} read as one: a quotation mark is not closed.")


def _read_row(line: int, cells: Sequence[str]) -> SubscriberRow:
    email, name, consent_source, consent_at, topics, language, status, created_at, unsubscribed_at, tags = [
        cell if cell[:1] != "'" else _unprotect(cell) for cell in cells
    ]
    if not email:
        raise InputError("There is no address.")
    if not (name + consent_source).isprintable() and _CONTROL.search(name + consent_source):
        raise InputError("There is a control character in it.")
    if len(name) > _LONGEST_NAME:
        raise InputError(f"The name is longer than {_LONGEST_NAME} characters.")
    return SubscriberRow(
        line,
        EmailAddress.parse(email),
        name,
        consent_source,
        _read_moment(consent_at) if consent_at else None,
        _read_topics(topics),
        _read_language(language) if language else "",
        _read_status(status) if status else _read_leaving(unsubscribed_at) if unsubscribed_at else None,
        status == BOUNCED,
        _read_known_moment(created_at) if created_at else None,
        _read_known_moment(unsubscribed_at) if unsubscribed_at else None,
        read_tags(tags).tags if tags else (),
    )


def _unprotect(cell: str) -> str:
    """Take the protection against formulas off again; an apostrophe of a name stays."""
    return cell[1:] if cell[1:].startswith(_FORMULA_STARTS) else cell


@lru_cache
def _read_topics(text: str) -> Topic:
    return Topic.parse(filter(None, re.split(r"[,;|\s\"]+", text)))


@lru_cache
def _read_moment(text: str) -> datetime:
    """Read a date or a time; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a date; write it as 2026-03-31 or 2026-03-31T09:30:00Z.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


@lru_cache
def _read_known_moment(text: str) -> datetime | None:
    """Read a date that is worth knowing and decides nothing; None for one that cannot be read."""
    try:
        return _read_moment(text)
    except InputError:
        return None


def _read_leaving(unsubscribed_at: str) -> SubscriberStatus:
    """Tell the status of somebody of whom nothing but the date of leaving is said. Raises InputError if it is none."""
    _read_moment(unsubscribed_at)
    return SubscriberStatus.UNSUBSCRIBED


@lru_cache
def _read_language(text: str) -> str:
    tag = text.replace("_", "-")
    if not _LANGUAGE.fullmatch(tag) or len(tag) > _LONGEST_LANGUAGE:
        raise InputError(f"{text!r} is not a language tag, such as en or sr-Latn.")
    return tag


@lru_cache
def _read_status(text: str) -> SubscriberStatus:
    if text == BOUNCED:
        return SubscriberStatus.ACTIVE  # the reader's will; the suppression stands beside it
    try:
        return SubscriberStatus(text.lower())
    except ValueError as error:
        known = ", ".join(SubscriberStatus)
        raise InputError(f"{text!r} is not a status; there are {known}.") from error
