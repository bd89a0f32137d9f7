"""Segments and tags: who is in them, and a mailing that goes to one alone."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mailing_stand import ADDRESS_KEY, add_readers, counted, open_a_mailing, report_on
from newsletter.domain.address import EmailAddress
from newsletter.domain.segment import Segment, check_name
from newsletter.domain.topic import Topic
from newsletter.errors import InputError, NotFoundError
from newsletter.service.add_subscriber import add_subscriber
from newsletter.service.forget_subscriber import forget_subscriber
from newsletter.service.person_record import find_record
from newsletter.service.save_segment import delete_segment, save_segment, tag_subscribers
from newsletter.store.database import Database
from newsletter.store.segments import find_segment, list_segments
from newsletter.store.subscribers import count_in, list_subscribers
from project import CommandError, Project

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

#: address: topics, language, place of consent, days since
PEOPLE = {
    "ada@example.org": (Topic.ARTICLES, "en", "spring fair", 400),
    "bo@mail.example.org": (Topic.EVENTS, "de", "form", 30),
    "cy@notexample.org": (Topic.EVENTS | Topic.NEWS, "de-AT", "Spring Lecture", 3),
    "di@example.net": (Topic.everything(), "den", "form", 0),
}


@pytest.fixture
def people(database: Database) -> Database:
    for address, (topics, language, source, days) in PEOPLE.items():
        add_subscriber(
            EmailAddress(address),
            name="",
            topics=topics,
            language=language,
            consent_source=source,
            database=database,
            address_key=ADDRESS_KEY,
            now=NOW - timedelta(days=days),
        )
    return database


def names_in(database: Database, segment: Segment) -> str:
    with database.snapshot() as snapshot:
        listed = [subscriber.address.text[:2] for subscriber in list_subscribers(snapshot, segment=segment)]
        assert count_in(snapshot, segment) == len(listed)
    return " ".join(listed)


def tag(database: Database, name: str, *addresses: str, segment: str = "", is_taken: bool = False) -> int:
    people = [EmailAddress(address) for address in addresses]
    return tag_subscribers(name, segment=segment, addresses=people, is_taken=is_taken, database=database, now=NOW)


@pytest.mark.parametrize(
    ("segment", "names"),
    [
        (Segment(), "ad bo cy di"),
        (Segment(topics=Topic.EVENTS), "bo cy di"),
        (Segment(topics=Topic.ARTICLES | Topic.NEWS), "ad cy di"),
        (Segment(language="de"), "bo cy"),
        (Segment(domain="example.org"), "ad bo"),
        (Segment(domain="example_org"), ""),
        (Segment(since=date(2026, 3, 1)), "bo cy di"),
        (Segment(before=date(2026, 3, 1)), "ad"),
        (Segment(since=date(2026, 3, 1), before=date(2026, 3, 31)), "bo cy"),
        (Segment(source="spring"), "ad cy"),
        (Segment(source="%"), ""),
        (Segment(source="form", language="de"), "bo"),
        (Segment(tags=("press",)), ""),
    ],
)
def test_every_condition_has_to_hold(people: Database, segment: Segment, names: str) -> None:
    assert names_in(people, segment) == names


def test_a_segment_is_looked_up_anew_each_time(people: Database) -> None:
    save_segment("visitors", Segment(source="spring"), database=people, now=NOW)
    before = names_in(people, Segment(source="spring"))
    add_readers(people, ["zoe@example.org"])
    forget_subscriber(EmailAddress("ada@example.org"), database=people, address_key=ADDRESS_KEY, now=NOW)

    with people.snapshot() as snapshot:
        saved = find_segment(snapshot, "visitors")
    assert (before, names_in(people, saved)) == ("ad cy", "cy")


def test_everything_that_a_segment_says_is_kept(people: Database) -> None:
    whole = Segment(
        topics=Topic.NEWS | Topic.EVENTS,
        language="de",
        domain="example.org",
        since=date(2025, 1, 1),
        before=date(2027, 1, 1),
        source="fair",
        tags=("press", "board"),
    )

    assert save_segment("all of it", whole, database=people, now=NOW)
    assert not save_segment("all of it", replace(whole, language="en"), database=people, now=NOW)

    with people.snapshot() as snapshot:
        assert list_segments(snapshot) == {"all of it": replace(whole, language="en")}
    delete_segment("all of it", database=people, now=NOW)
    with pytest.raises(NotFoundError, match="no segment 'all of it'"):
        delete_segment("all of it", database=people, now=NOW)


def test_a_tag_is_given_once_and_taken_again(people: Database) -> None:
    save_segment("germans", Segment(language="de"), database=people, now=NOW)

    given = [tag(people, "press", "ada@example.org"), tag(people, "press", segment="germans")]
    again = tag(people, "press", segment="germans")
    tagged = names_in(people, Segment(tags=("press",)))
    taken = tag(people, "press", segment="germans", is_taken=True)

    assert (given, again, tagged, taken) == ([1, 2], 0, "ad bo cy", 2)
    record = find_record(EmailAddress("ada@example.org"), database=people, address_key=ADDRESS_KEY)
    assert record.tags == ("press",)


def test_who_is_forgotten_takes_the_tags_along(people: Database) -> None:
    tag(people, "press", "ada@example.org")

    forget_subscriber(EmailAddress("ada@example.org"), database=people, address_key=ADDRESS_KEY, now=NOW)

    assert names_in(people, Segment(tags=("press",))) == ""


def test_nobody_is_tagged_by_mistake(people: Database) -> None:
    with pytest.raises(InputError, match="Say who"):
        tag(people, "press")
    with pytest.raises(InputError, match="Say who"):
        tag(people, "press", "ada@example.org", segment="germans")
    with pytest.raises(NotFoundError, match="no segment"):
        tag(people, "press", segment="germans")
    with pytest.raises(InputError, match="in common"):
        save_segment("all", Segment(), database=people, now=NOW)


@pytest.mark.parametrize("name", ["", "-x", "a/b", "a" * 51, "a\nb;"])
def test_a_name_is_a_word_or_several(name: str) -> None:
    with pytest.raises(InputError, match="cannot be a name"):
        check_name(name)

    assert check_name("  press  2026 ") == "press 2026"


def test_a_mailing_may_go_to_a_segment_alone(people: Database) -> None:
    mailing = open_a_mailing(people, segment=Segment(domain="example.org"))

    assert mailing.intended == 2
    assert sum(counted(report_on(people, mailing)).values()) == 2


def test_segments_and_tags_by_the_command_line(tmp_path: Path) -> None:
    project = Project(tmp_path / "review", database_url=f"sqlite:///{tmp_path / 'n.db'}", relay_port=25)
    for name in ("ada", "bo"):
        project.run("subscribers", "add", f"{name}@example.org", "--consent-source", "fair")

    assert "1 subscriber tagged press" in project.run("subscribers", "tag", "press", "ada@example.org")
    saved = project.run("segments", "save", "pressmen", "--tag", "press", "--since", "2026-01-01")
    assert saved.startswith("Saved: 1 active subscriber who came on 2026-01-01 or later, tagged press")
    assert project.read("segments", "list") == [
        {"name": "pressmen", "since": "2026-01-01", "tags": ["press"], "active": 1}
    ]
    assert "pressmen" in project.run("segments", "list")
    assert [each["address"] for each in project.read("subscribers", "list", "--segment", "pressmen")] == [
        "ada@example.org"
    ]
    assert "bo@" not in project.run("subscribers", "export", "--segment", "pressmen")
    assert json.loads(project.run("subscribers", "show", "ada@example.org", "--json"))["tags"] == ["press"]
    assert "0 subscribers no longer" in project.run("subscribers", "untag", "press", "bo@example.org")
    with pytest.raises(CommandError, match="no segment 'nobody'"):
        project.run("issue", "send", "1", "--segment", "nobody")
    assert "Deleted" in project.run("segments", "delete", "pressmen")
