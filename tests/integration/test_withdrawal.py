"""Articles and names that are taken back: gone from everything that readers can still see, on both databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from draft_builders import an_article
from issue_desk import Desk
from newsletter.errors import InputError, NotFoundError
from newsletter.service.edit_article import edit_article, restore_article, retract_article
from newsletter.service.withdraw_byline import list_bylines, restore_byline, withdraw_byline
from newsletter.store.approvals import find_published
from newsletter.store.database import Database
from site_stand import a_site

_PATHS = ("/", "/issues", "/issues.xml", "/issues/40", "/articles/1", "/search?q=salo", "/search?q=ferry")
_LEAD, _FEATURE = "The Ferry That Outlived Three Treaties", "A Lamp for Suldan"
_NAME = "Aino Salo"


@pytest.fixture
def desk(database: Database) -> Desk:
    """Give a desk whose issue 40 was sent, with a lead and two features."""
    desk = Desk(database)
    for headline in (_LEAD, _FEATURE, "Third Story"):
        words = f"What {headline} is about. It is said here, in a sentence or two."
        desk.store(
            headline, article=replace(an_article(headline=headline, standfirst=words), biography=f"{_NAME} writes.")
        )
    desk.publish()
    desk.now += timedelta(days=1)
    return desk


@pytest.fixture
def site(desk: Desk) -> Iterator[TestClient[Litestar]]:
    with TestClient(a_site(desk.database, now=lambda: desk.now)) as client:
        yield client


def read(site: TestClient[Litestar], path: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", site.get(path).text).split()) + site.get(path).text


def ids_of(desk: Desk) -> dict[str, int]:
    items = desk.show(40).items
    return {item.stored.article.headline: item.stored.id for item in items if hasattr(item.stored, "article")}


@pytest.mark.parametrize("headline", [_LEAD, _FEATURE])
def test_a_retracted_article_is_nowhere_that_readers_look(
    desk: Desk, site: TestClient[Litestar], headline: str
) -> None:
    others = {_LEAD, _FEATURE, "Third Story"} - {headline}
    before = read(site, "/issues/40")
    assert headline in before

    retract_article(ids_of(desk)[headline], database=desk.database, now=desk.now)

    for path in _PATHS:
        assert headline not in read(site, path), path
        assert f"What {headline}" not in read(site, path), path
    shown = read(site, "/issues/40")
    assert shown.count("The editors have withdrawn an article that stood here.") == 2  # once as text, once as markup
    assert all(other in shown for other in others)
    assert "unsubscribe" in shown
    assert site.get(f"/articles/{ids_of(desk)[headline]}").status_code == 410


def test_the_approved_bytes_stay_and_a_retraction_can_be_taken_back(desk: Desk, site: TestClient[Litestar]) -> None:
    with desk.database.snapshot() as snapshot:
        approved = find_published(snapshot, 40)
    before = site.get("/issues/40").content
    article_id = ids_of(desk)[_LEAD]

    retract_article(article_id, database=desk.database, now=desk.now)
    with desk.database.snapshot() as snapshot:
        assert find_published(snapshot, 40) == approved
    assert site.get("/issues/40").content != before
    restore_article(article_id, database=desk.database, now=desk.now)

    assert site.get("/issues/40").content == before
    assert _LEAD in read(site, f"/articles/{article_id}")


def test_the_subject_of_a_retracted_lead_is_the_issues_number(desk: Desk, site: TestClient[Litestar]) -> None:
    retract_article(ids_of(desk)[_LEAD], database=desk.database, now=desk.now)

    assert "<title>Issue 40</title>" in site.get("/issues.xml").text
    assert 'content="Issue 40"' in site.get("/issues/40").text


def test_an_issue_whose_withdrawn_piece_is_not_found_in_it_is_not_shown(desk: Desk, site: TestClient[Litestar]) -> None:
    article_id = ids_of(desk)[_FEATURE]
    with desk.database.transaction() as transaction:  # the address in the letter was another
        transaction.exec_driver_sql("UPDATE issue_items SET headline = 'Never Printed'")
        transaction.exec_driver_sql("UPDATE rendered_variants SET html = replace(html, '/articles/', '/former/')")
    retract_article(article_id, database=desk.database, now=desk.now)

    answer = site.get("/issues/40")

    assert answer.status_code == 410
    assert "is shown no more" in answer.text


def test_a_withdrawn_name_is_nowhere_that_readers_look(desk: Desk, site: TestClient[Litestar]) -> None:
    assert _NAME in read(site, "/issues/40")
    assert _LEAD in read(site, "/search?q=salo")

    withdraw_byline(_NAME, database=desk.database, now=desk.now)

    for path in (*_PATHS, "/articles/2", "/articles/3"):
        assert _NAME not in read(site, path), path
    assert _LEAD not in read(site, "/search?q=salo")
    assert _LEAD in read(site, "/search?q=ferry")
    assert _LEAD in read(site, "/issues/40")
    assert "[name withdrawn]" in read(site, "/issues/40")
    assert list_bylines(database=desk.database) == [_NAME]


def test_a_withdrawn_name_stays_away_from_new_issues_and_from_what_is_edited(
    desk: Desk, site: TestClient[Litestar]
) -> None:
    withdraw_byline(_NAME, database=desk.database, now=desk.now)
    (article_id,) = desk.store("Fourth Story")
    edit_article(article_id, {"credit": "Somebody"}, database=desk.database, now=desk.now)

    issue = desk.show(desk.draft().number).issue

    assert issue.lead is not None
    assert issue.lead.authors == ()
    assert "Fourth Story" not in read(site, "/search?q=salo")


def test_a_name_can_stand_again(desk: Desk, site: TestClient[Litestar]) -> None:
    before = site.get("/issues/40").content
    withdraw_byline(f" {_NAME} ", database=desk.database, now=desk.now)
    restore_byline(_NAME, database=desk.database, now=desk.now)

    assert site.get("/issues/40").content == before
    assert _LEAD in read(site, "/search?q=salo")
    assert list_bylines(database=desk.database) == []


def test_a_name_that_is_none_is_refused(desk: Desk) -> None:
    with pytest.raises(NotFoundError, match="is not the author of any article"):
        withdraw_byline("Nobody", database=desk.database, now=desk.now)
    with pytest.raises(InputError, match="Whose name"):
        withdraw_byline(" ", database=desk.database, now=desk.now)
    with pytest.raises(NotFoundError, match="was not withdrawn"):
        restore_byline(_NAME, database=desk.database, now=desk.now)
