from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.domain.subscriber import SubscriberStatus
from newsletter.domain.topic import Topic
from newsletter.errors import UnreadableSourceError
from newsletter.ingest.csv_subscribers import RefusedRow, SubscriberRow, protect_cell, read_subscribers
from newsletter.ingest.list_layout import COLUMNS, plan_reading


def a_file(folder: Path, text: str, *, encoding: str = "utf-8") -> Path:
    file = folder / "list.csv"
    file.write_bytes(text.encode(encoding))
    return file


def rows(folder: Path, text: str) -> list[SubscriberRow | RefusedRow]:
    return list(read_subscribers(a_file(folder, text)).rows)


def the_row(folder: Path, text: str) -> SubscriberRow:
    [row] = rows(folder, text)
    assert isinstance(row, SubscriberRow)
    return row


def the_refusal(folder: Path, text: str) -> RefusedRow:
    [row] = rows(folder, text)
    assert isinstance(row, RefusedRow)
    return row


def test_an_address_alone_is_enough(tmp_path: Path) -> None:
    row = the_row(tmp_path, "email\nreader@example.org\n")

    assert row.line == 2
    assert row.address.text == "reader@example.org"
    assert (row.name, row.consent_source, row.language) == ("", "", "")
    assert row.consent_at is None
    assert row.status is None
    assert row.topics == Topic.everything()


def test_every_column_is_read_in_whatever_order(tmp_path: Path) -> None:
    row = the_row(
        tmp_path,
        "status,language,topics,consent_at,consent_source,name,email\n"
        'Pending,sr_Latn,"articles, news",2026-03-31T09:30:00+02:00,Spring lecture,"Lind, Ida",ida@example.org\n',
    )

    assert row.status is SubscriberStatus.PENDING
    assert row.language == "sr-Latn"
    assert row.topics == Topic.ARTICLES | Topic.NEWS
    assert row.consent_at == datetime(2026, 3, 31, 7, 30, tzinfo=UTC)
    assert row.consent_source == "Spring lecture"
    assert row.name == "Lind, Ida"


def test_a_date_without_a_zone_is_utc(tmp_path: Path) -> None:
    row = the_row(tmp_path, "email,consent_at\nreader@example.org,2026-03-31\n")

    assert row.consent_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_a_date_of_leaving_alone_says_that_somebody_has_left(tmp_path: Path) -> None:
    row = the_row(tmp_path, "email,unsubscribed_at\nreader@example.org,2026-03-31\n")

    assert row.status is SubscriberStatus.UNSUBSCRIBED
    assert row.unsubscribed_at == datetime(2026, 3, 31, tzinfo=UTC)


def test_a_date_of_leaving_alone_that_cannot_be_read_keeps_nobody_as_a_reader(tmp_path: Path) -> None:
    assert "not a date" in the_refusal(tmp_path, "email,unsubscribed_at\nreader@example.org,31.3.2026\n").reason


def test_dates_that_decide_nothing_are_left_out_where_they_cannot_be_read(tmp_path: Path) -> None:
    row = the_row(tmp_path, "email,status,created_at,unsubscribed_at\nreader@example.org,unsubscribed,31.3.2026,soon\n")

    assert row.status is SubscriberStatus.UNSUBSCRIBED
    assert (row.created_at, row.unsubscribed_at) == (None, None)


@pytest.mark.parametrize("start", ["\ufeffemail,name", "email;name", "email\tname", " Email , NAME "])
def test_what_spreadsheets_write_is_read(tmp_path: Path, start: str) -> None:
    delimiter = next(sign for sign in ";\t," if sign in start)

    row = the_row(tmp_path, f"{start}\r\nreader@example.org{delimiter}Ida\r\n")

    assert row.name == "Ida"


def test_unknown_columns_are_named_and_ignored(tmp_path: Path) -> None:
    file = read_subscribers(a_file(tmp_path, "phone,email,Shoe Size\n1,reader@example.org,39\n"))

    assert file.unknown_columns == ("phone", "shoe size")
    assert len(list(file.rows)) == 1


def test_blank_lines_and_empty_cells_at_the_end_mean_nothing(tmp_path: Path) -> None:
    row = the_row(tmp_path, "email,name\n\n,\nreader@example.org,Ida,,\n")

    assert row.line == 4


def test_a_short_line_leaves_the_rest_open(tmp_path: Path) -> None:
    assert the_row(tmp_path, "email,name,status\nreader@example.org\n").status is None


def test_our_own_protection_against_formulas_is_taken_off_again(tmp_path: Path) -> None:
    row = the_row(tmp_path, f"email,name\n{protect_cell('+tag@example.org')},{protect_cell('=1+1')}\n")

    assert row.address.text == "+tag@example.org"
    assert row.name == "=1+1"


def test_an_apostrophe_of_a_name_stays(tmp_path: Path) -> None:
    assert the_row(tmp_path, "email,name\nreader@example.org,'t Hooft\n").name == "'t Hooft"


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_no_cell_begins_like_a_formula(start: str) -> None:
    assert protect_cell(f"{start}SUM(A1)") == f"'{start}SUM(A1)"
    assert protect_cell("Ida") == "Ida"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("nobody,,,,,", "not an address"),
        (",Ida,,,,", "no address"),
        ("reader@example.org,,31.3.2026,,,", "not a date"),
        ("reader@example.org,,,sport,,", "not a topic"),
        ("reader@example.org,,,,english please,", "not a language"),
        ("reader@example.org,,,,,gone", "not a status"),
        ("reader@example.org,a\x07b,,,,", "control character"),
        (f"reader@example.org,{'x' * 201},,,,", "longer than 200"),
        ("reader@example.org,,,,,,more", "7 cells where the header has 6"),
    ],
)
def test_a_line_that_cannot_be_taken_says_why(tmp_path: Path, line: str, words: str) -> None:
    refusal = the_refusal(tmp_path, f"email,name,consent_at,topics,language,status\n{line}\n")

    assert refusal.line == 2
    assert words in refusal.reason


def test_a_refused_line_does_not_stop_the_next(tmp_path: Path) -> None:
    first, second = rows(tmp_path, "email\nnobody\nreader@example.org\n")

    assert isinstance(first, RefusedRow)
    assert isinstance(second, SubscriberRow)
    assert second.line == 3


def test_a_quotation_mark_left_open_refuses_the_lines_that_it_swallowed(tmp_path: Path) -> None:
    refusal = the_refusal(tmp_path, 'email,name\na@example.org,"Ida\nb@example.org,Tor\n')

    assert refusal.line == 2
    assert "Lines 2 to 3" in refusal.reason


def test_an_endless_quotation_is_refused_and_not_read_on(tmp_path: Path) -> None:
    first, *_ = rows(tmp_path, 'email,name\na@example.org,"' + "b@example.org,Tor\n" * 20_000)

    assert isinstance(first, RefusedRow)
    assert "quotation mark" in first.reason


def test_a_note_of_several_lines_in_an_unknown_column_is_fine(tmp_path: Path) -> None:
    first, second = rows(tmp_path, 'email,note\na@example.org,"one\ntwo"\nb@example.org,\n')

    assert isinstance(first, SubscriberRow)
    assert isinstance(second, SubscriberRow)
    assert second.line == 4


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "header line with the column email"),
        ("name,address\nIda,ida@example.org\n", "header line with the column email"),
        ("email,email\na@example.org,b@example.org\n", "one column email"),
    ],
)
def test_a_file_without_a_usable_header_is_refused(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(UnreadableSourceError, match=words):
        read_subscribers(a_file(tmp_path, text))


def test_a_wrong_byte_anywhere_refuses_the_file_and_names_its_line(tmp_path: Path) -> None:
    file = a_file(tmp_path, "email,name\na@example.org,Ida\nb@example.org,Zoë\n", encoding="latin-1")

    with pytest.raises(UnreadableSourceError, match=r"line 3: expected text in UTF-8"):
        read_subscribers(file)


def test_a_character_cut_off_at_the_end_refuses_the_file(tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_bytes("email,name\na@example.org,Zoë".encode()[:-1])

    with pytest.raises(UnreadableSourceError, match="UTF-8"):
        read_subscribers(file)


def test_a_missing_file_is_said_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSourceError, match="No such file"):
        read_subscribers(tmp_path / "nothing.csv")


@given(
    header=st.permutations([*COLUMNS, "note"]), cells=st.lists(st.text(max_size=5), max_size=9), left=st.integers(0, 5)
)
def test_the_cells_of_a_line_are_found_by_their_names(header: list[str], cells: list[str], left: int) -> None:
    known = [name for name in header if name not in COLUMNS[6 - left :]]  # some columns are missing

    picked = plan_reading(known).picker()(cells)

    by_name = dict(zip(known, cells, strict=False))
    assert picked == [by_name.get(name, "").strip() for name in COLUMNS]
