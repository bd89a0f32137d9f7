"""Lists that do not fit into memory, in the order of their addresses' hashes."""

from __future__ import annotations

import tempfile
from datetime import UTC, datetime
from itertools import chain
from pathlib import Path

import pytest

from newsletter.domain.address import EmailAddress
from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import InputError
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow
from newsletter.service.hash_order import HashedRow, order_by_hash

KEY = b"a key for addresses"
AT_A_TIME = 100
PEOPLE = 2_000  # each of them twice, the second time at the other end of the list

Given = list[list[HashedRow | RefusedRow]]


def a_row(line: int, address: str) -> SubscriberRow:
    return SubscriberRow(
        line,
        EmailAddress(address),
        f"Zoë {line}",
        "Fair",
        datetime(2026, 3, 31, 9, 30, tzinfo=UTC) if line % 2 else None,
        Topic.ARTICLES | Topic.NEWS,
        "sr-Latn",
        SubscriberStatus.UNSUBSCRIBED if line % 3 else None,
    )


def a_list(people: int = PEOPLE) -> list[SubscriberRow | RefusedRow]:
    numbers = chain(range(people), reversed(range(people)))
    rows: list[SubscriberRow | RefusedRow] = [
        a_row(line, f"Reader{number}@example.org") for line, number in enumerate(numbers)
    ]
    rows.insert(len(rows) // 2, RefusedRow(line=9_999, reason="There is no address.", email=""))
    return rows


def order(rows: list[SubscriberRow | RefusedRow], *, at_a_time: int = AT_A_TIME) -> Given:
    return list(order_by_hash(iter(rows), address_key=KEY, at_a_time=at_a_time))


def people_of(given: Given) -> list[HashedRow]:
    return [each for each in chain.from_iterable(given) if not isinstance(each, RefusedRow)]


def test_every_line_is_given_once_and_as_it_was_read() -> None:
    rows = a_list()

    given = list(chain.from_iterable(order(rows)))

    assert sorted((each if isinstance(each, RefusedRow) else each[1] for each in given), key=lambda row: row.line) == (
        sorted(rows, key=lambda row: row.line)
    )


def test_a_long_list_comes_in_the_order_of_hashes_and_the_same_each_time() -> None:
    given = order(a_list())

    hashes = [address_hash for address_hash, _ in people_of(given)]
    assert hashes == sorted(hashes)
    assert given == order(a_list())
    assert max(map(len, given)) < 2 * AT_A_TIME


def test_lines_of_one_address_come_together_the_first_one_first() -> None:
    met: set[bytes] = set()
    for some in order(a_list()):
        lines: dict[bytes, list[int]] = {}
        for address_hash, row in people_of([some]):
            lines.setdefault(address_hash, []).append(row.line)

        assert met.isdisjoint(lines)
        assert all(len(each) == 2 and each == sorted(each) for each in lines.values())
        met.update(lines)
    assert len(met) == PEOPLE


def test_a_short_list_stays_in_its_own_order() -> None:
    rows = a_list(40)

    [given] = order(rows)

    assert [each.line if isinstance(each, RefusedRow) else each[1].line for each in given] == [row.line for row in rows]
    assert order([]) == []


def test_a_list_of_lines_to_be_refused_is_given_while_it_is_read() -> None:
    refused = [RefusedRow(line=line, reason="There is no address.", email="") for line in range(250)]

    assert [len(some) for some in order(list(refused))] == [100, 100, 50]


def test_where_no_copy_can_be_laid_down_that_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))

    with pytest.raises(InputError, match="folder for temporary files: No such file"):
        order(a_list())
