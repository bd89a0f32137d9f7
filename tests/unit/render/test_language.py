from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from newsletter.render.language import Language

START = datetime(2026, 12, 10, 16, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "Thursday, 3 December 2026"),
        ("en-US", "Thursday, December 3, 2026"),
        ("ru", "четверг, 3 декабря 2026\u202fг."),
        ("ar", "الخميس، 3 ديسمبر 2026"),
        ("de-XX", "Donnerstag, 3. Dezember 2026"),
        ("tlh", "Thursday, 3 December 2026"),
        ("not a tag", "Thursday, 3 December 2026"),
    ],
)
def test_a_date_is_written_as_the_language_writes_it(tag: str, written: str) -> None:
    assert Language(tag).write_date(date(2026, 12, 3)) == written


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "18:00–19:30 (Helsinki, UTC+2)"),
        ("en-US", "6:00\u2009–\u20097:30\u202fPM (Helsinki, UTC+2)"),
        ("ru", "18:00–19:30 (Хельсинки, UTC+2)"),
        ("ar", "، 6:00–7:30 م (هلسنكي، UTC+2)"),
    ],
)
def test_times_follow_the_clock_of_the_language(tag: str, written: str) -> None:
    span = Language(tag).write_span(START, START + timedelta(minutes=90), "Europe/Helsinki")

    assert span.endswith(written)


@pytest.mark.parametrize(
    ("zone", "named"),
    [
        ("America/St_Johns", "(St John’s, UTC−3:30)"),
        ("Asia/Kolkata", "(Kolkata, UTC+5:30)"),
        ("Etc/GMT+5", "(UTC−5)"),
        ("UTC", "(UTC)"),
        (None, "(UTC)"),
    ],
)
def test_a_zone_is_named_by_its_city_and_by_its_offset_on_that_day(zone: str | None, named: str) -> None:
    assert Language("en").write_span(START, None, zone).endswith(named)


@pytest.mark.parametrize(
    ("tag", "direction", "start", "far"),
    [("en", "ltr", "left", "right"), ("ar", "rtl", "right", "left"), ("fa-IR", "rtl", "right", "left")],
)
def test_lines_begin_on_the_side_of_the_script(tag: str, direction: str, start: str, far: str) -> None:
    language = Language(tag)

    assert (language.direction, language.start, language.far) == (direction, start, far)
