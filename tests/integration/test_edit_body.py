"""An article's body, edited: what is stored, what readers, search and issues make of it, what imports leave alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from drawing import a_picture_file
from issue_desk import Desk
from manuscripts import google_article
from newsletter.domain.article import StoredArticle
from newsletter.domain.issue import Issue
from newsletter.domain.revision import mark, read_fields, show_fields
from newsletter.errors import ChangedMeanwhileError, RefusedError, UnreadableTextError
from newsletter.service.compose_issue import compose_issue
from newsletter.service.edit_article import accept_article, edit_article, try_article
from newsletter.service.import_articles import Handed, import_articles
from newsletter.service.keep_pictures import keep_upload
from newsletter.service.withdraw_byline import withdraw_byline
from newsletter.store.article_index import find_any
from newsletter.store.articles import find_article
from newsletter.store.database import Database
from newsletter.store.issues import find_issue
from site_stand import a_site

NOW = datetime(2026, 12, 3, 8, 0, tzinfo=UTC)
LATER = NOW + timedelta(hours=1)
_FILE = "---\ntitle: A Ferry\nauthor: Ann Example\n---\nThe lead.\n\n## Background\n\n{}\n"


def take_in(database: Database, text: str) -> int:
    report = import_articles(
        [Handed(name="a.md", content=_FILE.format(text).encode())], fetch=lambda _url: b"", database=database, now=NOW
    )
    return report.articles[0].id


def read(database: Database, article_id: int) -> StoredArticle:
    with database.snapshot() as snapshot:
        return find_article(snapshot, article_id)


def test_what_is_written_is_stored_searched_and_on_record(database: Database) -> None:
    article_id = take_in(database, "One *word*.")

    edit_article(
        article_id, {"body": "## Background\r\n\r\nA\u00a0**zeppelin**."}, database=database, now=NOW, actor="Ada"
    )

    stored = read(database, article_id)
    assert stored.article.body_html == "<h2>Background</h2>\n<p>A <strong>zeppelin</strong>.</p>"
    assert stored.article.sections[0].paragraphs == ("A zeppelin.",)
    assert stored.edited == {"body"}
    with database.snapshot() as snapshot:
        assert find_any(snapshot, ("zeppelin",), most=5) == [article_id]
        assert find_any(snapshot, ("word",), most=5) == []
        actor, act, detail = snapshot.exec_driver_sql("SELECT actor, act, detail FROM audit_log ORDER BY id").all()[-1]
    assert (actor, act) == ("Ada", "edit article")
    assert "body" in str(detail)


def test_the_same_body_in_other_signs_is_no_change(database: Database) -> None:
    article_id = take_in(database, "One *word*.")
    with database.snapshot() as snapshot:
        seen = {name: mark(text) for name, text in show_fields(find_article(snapshot, article_id)).items()}
    before = read(database, article_id)

    edit_article(article_id, {"body": "## Background ##\n\nOne\n_word_.\n\n"}, database=database, now=NOW, seen=seen)

    assert read(database, article_id) == before


def test_a_later_import_proposes_its_body_and_what_is_taken_follows_the_source_again(database: Database) -> None:
    article_id = take_in(database, "First.")
    edit_article(article_id, {"body": "Ours."}, database=database, now=NOW)

    take_in(database, "Second.")

    proposed = read(database, article_id)
    assert proposed.article.sections[0].paragraphs == ("Ours.",)
    assert proposed.proposed == {"body": "## Background\n\nSecond."}
    accept_article(article_id, ["body"], database=database, now=LATER)
    take_in(database, "Third.")
    assert read(database, article_id).article.sections[0].paragraphs == ("Third.",)


def test_of_two_editors_the_second_sees_both_bodies(database: Database) -> None:
    article_id = take_in(database, "First.")
    seen = {name: mark(text) for name, text in show_fields(read(database, article_id)).items()}
    edit_article(article_id, {"body": "Theirs."}, database=database, now=NOW, seen=seen)

    with pytest.raises(ChangedMeanwhileError) as caught:
        edit_article(article_id, {"body": "Mine."}, database=database, now=LATER, seen=seen)

    assert caught.value.theirs == {"body": "Theirs."}
    assert read(database, article_id).article.sections[0].paragraphs == ("Theirs.",)


def test_a_pictures_size_is_the_stores_and_one_that_is_not_stored_is_named_by_its_line(database: Database) -> None:
    article_id = take_in(database, "First.")
    path = keep_upload("ferry.jpg", a_picture_file(), database=database, now=NOW).path

    edit_article(article_id, {"body": f'![A ferry]({path} "Ann, CC BY 4.0")'}, database=database, now=NOW)

    html = read(database, article_id).article.body_html or ""
    assert f'<figure><img src="{path}" alt="A ferry" width="' in html
    assert read_fields(read(database, article_id).article)["body"] == f'![A ferry]({path} "Ann, CC BY 4.0")'
    missing = "/images/" + "0" * 32 + ".png"
    with pytest.raises(UnreadableTextError, match=f"^Line 3: no picture is stored as {missing}"):
        edit_article(article_id, {"body": f"One.\n\n![]({missing})"}, database=database, now=NOW)


def test_a_word_files_body_is_shown_and_saved_again_with_its_pictures(database: Database) -> None:
    handed = Handed(name="bridge.docx", content=google_article().file.write())
    (stored,) = import_articles([handed], fetch=lambda _url: b"", database=database, now=NOW).added
    body = read_fields(stored.article)["body"]
    assert "](/images/" in body

    edit_article(stored.id, {"body": body + "\n\nAnd more."}, database=database, now=NOW)

    html = read(database, stored.id).article.body_html or ""
    before, _, after = html.rpartition("\n<p>And more.</p>")
    assert after == ""
    assert before.count('width="') == (stored.article.body_html or "").count('width="') == 1
    assert read(database, stored.id).article.sections[:-1] == stored.article.sections[:-1]


def test_a_try_stores_nothing(database: Database) -> None:
    article_id = take_in(database, "First.")
    before = read(database, article_id)

    tried = try_article(article_id, {"body": "Tried.", "headline": before.article.headline}, database=database)

    assert tried.article.body_html == "<p>Tried.</p>"
    assert tried.edited == {"body"}
    assert read(database, article_id) == before


def test_an_approval_falls_when_the_body_changes_what_the_issue_says(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database)
    article_id, *_ = desk.store("First Story", "Second Story", "Third Story")
    number = desk.draft().number
    desk.approve(number)
    approved = compose(desk, number)
    edit_article(article_id, {"body": "A few words."}, database=sqlite_database, now=desk.now)
    assert compose(desk, number) == approved
    edit_article(article_id, {"body": "word " * 600}, database=sqlite_database, now=desk.now)

    with pytest.raises(RefusedError, match="no longer says what Aino Salo approved"):
        desk.mail(number)


def compose(desk: Desk, number: int) -> Issue:
    with desk.database.snapshot() as snapshot:
        return compose_issue(find_issue(snapshot, number), transaction=snapshot, masthead=desk.masthead)


@pytest.fixture
def site(sqlite_database: Database) -> Iterator[TestClient[Litestar]]:
    with TestClient(a_site(sqlite_database, now=lambda: LATER)) as client:
        yield client


def test_readers_find_the_new_body_without_names_that_were_withdrawn(
    sqlite_database: Database, site: TestClient[Litestar]
) -> None:
    article_id = take_in(sqlite_database, "First.")
    edit_article(article_id, {"body": "Told by *Ben Sample*, and by Ben *Sample*."}, database=sqlite_database, now=NOW)
    edit_article(article_id, {"authors": "Ann Example\nBen Sample"}, database=sqlite_database, now=NOW)
    assert "<em>Ben Sample</em>" in site.get(f"/articles/{article_id}").text

    withdraw_byline("Ben Sample", database=sqlite_database, now=NOW)

    page = site.get(f"/articles/{article_id}").text
    assert "Sample" not in page
    assert page.count("[name withdrawn]") == 2
