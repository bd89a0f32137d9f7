"""The people of a list in the order of their addresses' hashes, however many they are.

An index has a place of its own for each person. In the order of a file some thousands of people touch nearly every page
of a large index by hash, and each page is written twice, to the log and to the file; in the order of their hashes they
touch a few pages beside each other.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import chain, groupby, islice
from operator import itemgetter
from tempfile import TemporaryFile
from typing import IO

import msgspec

from newsletter.domain.token import hash_address
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow

#: A line that can be read, behind the hash of its address.
HashedRow = tuple[bytes, SubscriberRow]

_SHELVES = 256  # one for each first byte
_MOST_IN_HAND = 32  # of a shelf, before they go to the file
_GROUP_BYTES = 2  # of a hash: lines that have them in common stay together

_hash_of = itemgetter(0)


def order_by_hash(
    rows: Iterable[SubscriberRow | RefusedRow], *, address_key: bytes, at_a_time: int
) -> Iterator[list[HashedRow | RefusedRow]]:
    """Give all rows, about so many at a time; all that name one address are given together, the first one first.

    A list of fewer rows stays in its own order. Of a longer one a copy is laid down in a file without a name, in the
    folder for such; refused rows are given while it is read. The order is the same each time. Raises InputError where
    there is no room for the copy.
    """
    unread = _hash(rows, address_key)
    first = list(islice(unread, at_a_time))
    if len(first) < at_a_time:
        if first:
            yield first
        return
    try:
        with TemporaryFile() as file:
            yield from _order(chain(first, unread), _Shelves(file), at_a_time)
    except OSError as error:
        raise InputError(f"The list cannot be sorted in the folder for temporary files: {error.strerror}.") from error


def _hash(rows: Iterable[SubscriberRow | RefusedRow], address_key: bytes) -> Iterator[HashedRow | RefusedRow]:
    for row in rows:
        yield row if isinstance(row, RefusedRow) else (hash_address(row.address.normalized, address_key), row)


def _order(
    rows: Iterable[HashedRow | RefusedRow], shelves: _Shelves, at_a_time: int
) -> Iterator[list[HashedRow | RefusedRow]]:
    gathered: list[HashedRow | RefusedRow] = []
    for row in rows:
        if not isinstance(row, RefusedRow):
            shelves.lay_down(row)
            continue
        gathered.append(row)
        if len(gathered) >= at_a_time:
            yield gathered
            gathered = []
    for shelf in shelves.take():
        for _, alike in groupby(sorted(shelf, key=_hash_of), key=lambda hashed: hashed[0][:_GROUP_BYTES]):
            gathered += alike
            if len(gathered) >= at_a_time:
                yield gathered
                gathered = []
    if gathered:
        yield gathered


class _Shelves:
    """Lines by the first byte of their hash, in a file; they are taken once all are there."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._in_hand: list[list[HashedRow]] = [[] for _ in range(_SHELVES)]
        self._pieces: list[list[tuple[int, int]]] = [[] for _ in range(_SHELVES)]  # from where, how many bytes
        self._end = 0
        self._encoder = msgspec.msgpack.Encoder()
        self._decoder = msgspec.msgpack.Decoder(list[HashedRow])

    def lay_down(self, row: HashedRow) -> None:
        shelf = row[0][0]
        in_hand = self._in_hand[shelf]
        in_hand.append(row)
        if len(in_hand) < _MOST_IN_HAND:
            return
        piece = self._encoder.encode(in_hand)
        in_hand.clear()
        self._file.write(piece)
        self._pieces[shelf].append((self._end, len(piece)))
        self._end += len(piece)

    def take(self) -> Iterator[list[HashedRow]]:
        """Give one shelf after the other, each in the order in which its lines were laid down."""
        for pieces, in_hand in zip(self._pieces, self._in_hand, strict=True):
            shelf: list[HashedRow] = []
            for start, length in pieces:
                self._file.seek(start)
                shelf += self._decoder.decode(self._file.read(length))
            shelf += in_hand
            yield shelf
