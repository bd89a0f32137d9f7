from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from markupsafe import Markup

from builders import a_masthead, a_teaser, an_event, an_issue
from newsletter.domain.issue import Issue, Slot
from newsletter.render.language import Language
from newsletter.render.theme import read_theme
from newsletter.render.view import IssueView, Marks, view_issue
from newsletter.resources import folder


def view(issue: Issue) -> IssueView:
    return view_issue(
        issue,
        theme=read_theme([folder("templates") / "issue", folder("templates")], Language(issue.masthead.language)),
        slots={Slot.UNSUBSCRIBE: "U", Slot.PREFERENCES: "P"},
        marks=Marks(articles=Markup(), events=Markup(), news=Markup(), end=Markup()),
    )


def when(starts_at: datetime, ends_at: datetime | None, timezone: str | None) -> str:
    event = an_event(starts_at=starts_at, ends_at=ends_at, timezone=timezone)
    return view(an_issue(events=(event,))).events[0].when


def test_dates_are_written_out() -> None:
    assert view(an_issue(number=7, day=date(2027, 1, 1))).date == "Friday, 1 January 2027"
    assert view(an_issue(number=7)).edition == "Issue 7"


def test_an_event_is_shown_by_the_clock_of_its_place() -> None:
    start = datetime(2026, 7, 1, 15, 0, tzinfo=UTC)

    one_day = when(start, start + timedelta(hours=2), "Asia/Tbilisi")
    past_midnight = when(start, start + timedelta(hours=8), "Asia/Tbilisi")

    assert one_day == "Wednesday, 1 July 2026, 19:00–21:00 (Tbilisi, UTC+4)"
    assert past_midnight == "Wednesday, 1 July 2026, 19:00 – Thursday, 2 July 2026, 03:00 (Tbilisi, UTC+4)"


def test_an_event_without_an_end_or_a_named_zone_still_says_which_clock_it_means() -> None:
    assert when(datetime(2026, 7, 1, 15, 0, tzinfo=UTC), None, "Asia/Tbilisi").endswith("19:00 (Tbilisi, UTC+4)")
    assert when(datetime(2026, 7, 1, 19, 0, tzinfo=timezone(timedelta(hours=4))), None, None).endswith("19:00 (UTC+4)")


@pytest.mark.parametrize(
    ("authors", "byline"),
    [
        ([], ""),
        (["Aino Salo"], "By Aino Salo"),
        (["Aino Salo", "Tomas Brandt"], "By Aino Salo and Tomas Brandt"),
        (["Aino Salo", "Tomas Brandt", "Nene Okafor"], "By Aino Salo, Tomas Brandt and Nene Okafor"),
    ],
)
def test_a_byline_names_all_authors(authors: Sequence[str], byline: str) -> None:
    lead = view(an_issue(lead=a_teaser(authors=authors))).lead

    assert lead
    assert lead.byline == byline


def test_links_lead_to_the_site_whether_its_address_ends_in_a_slash_or_not() -> None:
    for base_url in ("https://review.example", "https://review.example/"):
        links = view(an_issue(masthead=a_masthead(base_url=base_url))).links

        assert links.online == "https://review.example/issues/42"
        assert links.unsubscribe == "https://review.example/unsubscribe/U"
        assert links.preferences == "https://review.example/preferences/P"
        assert links.archive == "https://review.example/issues"


def test_a_note_keeps_its_paragraphs() -> None:
    assert view(an_issue(note="One\nline.\n\n\n\nTwo.\n")).note == ("One line.", "Two.")


def test_a_letter_speaks_the_language_of_the_site_with_its_plurals() -> None:
    minutes = {}
    for language in ("ru", "ar", "xx"):
        issue = an_issue(masthead=a_masthead(language=language), lead=a_teaser())
        for count in (1, 2, 3, 5, 11, 21):
            shown = view(replace(issue, lead=a_teaser(reading_minutes=count))).lead
            assert shown
            minutes[language, count] = shown.minutes.replace("\u00a0", " ")

    assert [minutes["ru", count] for count in (1, 2, 5, 11, 21)] == [
        "1 минута чтения",
        "2 минуты чтения",
        "5 минут чтения",
        "11 минут чтения",
        "21 минута чтения",
    ]
    assert minutes["ar", 2] == "دقيقتا قراءة"
    assert minutes["ar", 3] == "3 دقائق قراءة"
    assert minutes["ar", 11] == "11 دقيقة قراءة"
    assert minutes["xx", 5] == "5 min read"


@pytest.mark.parametrize(
    ("reason", "shown"),
    [
        ("also on rail, ports, issue 39", "also on rail, ports, issue 39"),
        ("earlier article, issue 12", "issue 12"),
        ("pinned, issue 12", "issue 12"),
        ("pinned", ""),
    ],
)
def test_of_the_reasons_only_those_that_concern_readers_are_shown(reason: str, shown: str) -> None:
    assert view(an_issue(earlier=(a_teaser(reason=reason),))).earlier[0].reason == shown
