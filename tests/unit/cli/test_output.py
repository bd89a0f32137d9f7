from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from newsletter.cli.output import legible, name_count, print_table


def test_times_are_shown_to_the_minute_in_utc() -> None:
    noon_in_stockholm = datetime(2026, 3, 12, 12, 0, 59, tzinfo=timezone(timedelta(hours=1)))

    assert legible(noon_in_stockholm) == "2026-03-12 11:00 UTC"
    assert legible(None) == ""
    assert legible(7) == "7"


def test_a_count_agrees_with_its_noun() -> None:
    assert name_count(1, "letter") == "1 letter"
    assert name_count(2400, "letter") == "2,400 letters"
    assert name_count(0, "address", "addresses") == "0 addresses"


def test_a_row_that_is_not_for_a_terminal_is_one_line_without_padding(capsys: pytest.CaptureFixture[str]) -> None:
    print_table(["ID", "Words", ""], [[1, "word " * 100, None], [2, "short", ""]])

    head, long, short = capsys.readouterr().out.splitlines()
    assert head == "ID  Words"
    assert long == "1   " + ("word " * 100).rstrip()
    assert short == "2   short"
