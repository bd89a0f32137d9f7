"""Messages from files: a Maildir, an mbox, or loose files. Lazily, and never more than the head of a huge one."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from newsletter.errors import UnreadableSourceError
from newsletter.mail.parts import MOST_BYTES

_QUOTED_FROM = re.compile(rb">+From ")
_READ = MOST_BYTES + 1  # one more than is ever read, so that the reader can tell that there was more


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message and what its mailbox calls it."""

    name: str
    raw: bytes
    #: whom it was delivered to, as the SMTP envelope said; empty where only its own fields may tell
    recipient: str = ""


class Filing(StrEnum):
    """Where a message belongs that has been stored."""

    #: it has had its effect, or answers a letter of ours
    PROCESSED = "Processed"
    #: it changes nobody: a stranger's, a forged one, one that is too late
    UNKNOWN = "Unknown"


def read_maildir(folder: Path) -> Iterator[StoredMessage]:
    """Yield what is in ``new``, the oldest first. Call ``keep`` for each one that has been stored.

    Raises UnreadableSourceError if the folder is no Maildir.
    """
    if not (folder / "new").is_dir():
        raise UnreadableSourceError(str(folder), None, "a Maildir with a folder named new")
    with os.scandir(folder / "new") as entries:
        paths = {entry.name: entry.path for entry in entries if entry.is_file()}
    for name in sorted(paths):
        try:
            head = _read_head(paths[name])
        except UnreadableSourceError:
            if not os.path.lexists(paths[name]):
                continue  # another process has moved it
            raise
        yield StoredMessage(name, head)


def keep(folder: Path, name: str) -> None:
    """Move a message from ``new`` to ``cur``, marked as seen: only after the transaction that stored it.

    A message that another process moved already is no error.
    """
    try:
        os.rename(f"{folder}/new/{name}", f"{folder}/cur/{name}:2,S")  # noqa: PTH104 - a Path a message takes longer
    except FileNotFoundError:
        if not (folder / "cur").is_dir():
            (folder / "cur").mkdir(exist_ok=True)
            keep(folder, name)


def read_mbox(path: Path) -> Iterator[StoredMessage]:
    """Yield the messages of an mbox, named after the file and their number; quoted "From " lines are restored."""
    number, lines, size, is_after_gap = 0, list[bytes](), 0, True
    try:
        with path.open("rb") as file:
            for line in file:
                if is_after_gap and line.startswith(b"From "):
                    if number:
                        yield StoredMessage(f"{path}#{number}", b"".join(lines))
                    number, lines, size = number + 1, [], 0
                elif number and size <= MOST_BYTES:
                    restored = line[1:] if _QUOTED_FROM.match(line) else line
                    lines.append(restored[: _READ - size])
                    size += len(lines[-1])
                is_after_gap = not line.strip()
    except OSError as error:
        raise UnreadableSourceError(str(path), None, "an mbox file") from error
    if number:
        yield StoredMessage(f"{path}#{number}", b"".join(lines))


def read_files(paths: Iterable[Path]) -> Iterator[StoredMessage]:
    """Yield one message for each file, whatever its suffix, and for each file in a folder, in order of their names."""
    for path in paths:
        if path.is_dir():
            yield from read_files(sorted(path.iterdir()))
        else:
            yield StoredMessage(str(path), _read_head(path))


def _read_head(path: Path | str) -> bytes:
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - see keep
            return file.read(_READ)
    except OSError as error:
        raise UnreadableSourceError(str(path), None, "a readable message file") from error
