"""Articles by file: every format goes in, again changes nothing, and pictures come with them, on both databases."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from manuscripts import google_article, word_article, word_reviewed
from newsletter.errors import UnreadableSourceError
from newsletter.service.edit_article import edit_article
from newsletter.service.import_articles import Handed, ImportReport, import_articles, read_sources
from newsletter.store.articles import find_article, list_articles
from newsletter.store.database import Database
from newsletter.store.pictures import find_pictures

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=14)

_PAGE = "By Ann Example\n\nA standfirst.\n\nBACKGROUND: “Text”.\n"
_MARKDOWN = "---\ntitle: A\nauthor: Ben Sample\n---\n\nWords of a file.\n"
_FEED = (
    '<rss version="2.0"><channel><item><title>A</title><link>https://example.org/f</link>'
    "<description>From a feed.</description></item></channel></rss>"
)
_HTML = "<!DOCTYPE html><html><body><h1>A</h1><p>By Cleo Probe</p><p>Words of a page.</p></body></html>"

FILES = {
    "story.docx": word_article().file.write(),
    "story.html": _HTML.encode(),
    "story.md": _MARKDOWN.encode(),
    "story.xml": _FEED.encode(),
    "story.txt": _PAGE.encode(),
}


def refuse(url: str) -> bytes:
    raise UnreadableSourceError(url, None, "no web in this test")


def take_in(database: Database, *sources: str | Handed, now: datetime = NOW) -> ImportReport:
    return import_articles(sources, fetch=refuse, database=database, now=now)


@pytest.mark.parametrize("name", FILES)
def test_each_format_goes_in_by_file_and_again_changes_nothing(database: Database, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(FILES[name])

    first, second = take_in(database, str(file)), take_in(database, str(file), now=LATER)

    assert (len(first.added), first.refused) == (1, ())
    assert [stored.id for stored in second.unchanged] == [stored.id for stored in first.added]
    assert (second.added, second.updated) == ((), ())


def test_the_same_file_handed_in_is_the_same_article(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "story.docx"
    file.write_bytes(FILES["story.docx"])
    take_in(database, str(file))

    report = take_in(database, Handed(name="story (2).docx", content=FILES["story.docx"]))

    assert len(report.unchanged) == 1


def test_a_words_pictures_are_kept_and_its_reviewers_are_named(database: Database) -> None:
    report = take_in(
        database,
        Handed(name="bridge.docx", content=google_article().file.write()),
        Handed(name="review.docx", content=word_reviewed().file.write()),
    )

    pictured, reviewed = report.added
    image = pictured.article.image
    assert image is not None
    assert image.url is not None
    in_text = (pictured.article.body_html or "").partition('<img src="')[2].partition('"')[0]
    with database.snapshot() as snapshot:
        found = find_pictures(snapshot, [image.url, in_text])
    assert set(found) == {image.url, in_text}
    assert report.unpictured == ()
    assert "bridge.docx: Comment by Gail Essay on “a remark”: “Source?”." in report.remarks
    assert "review.docx: Dora Trial deleted “ten”; it is left out." in report.remarks
    assert "ten" not in reviewed.article.standfirst


def test_a_changed_document_updates_its_article_but_for_what_an_editor_wrote(database: Database) -> None:
    manuscript = word_article()
    (stored,) = take_in(database, Handed(name="a.docx", content=manuscript.file.write())).added
    edit_article(stored.id, {"headline": "An Editor’s Headline"}, database=database, now=NOW)
    manuscript.file.body = [block.replace("Forty receipts.", "Fifty receipts.") for block in manuscript.file.body]

    report = take_in(database, Handed(name="a.docx", content=manuscript.file.write()), now=LATER)

    (updated,) = report.updated
    assert updated.id == stored.id
    assert updated.article.headline == "An Editor’s Headline"
    assert updated.article.sections[1].paragraphs == ("Fifty receipts.",)


def test_a_file_that_cannot_be_read_leaves_the_others_be(database: Database) -> None:
    report = take_in(
        database,
        Handed(name="old.doc", content=b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"),
        Handed(name="a.txt", content=_PAGE.encode()),
    )

    assert len(report.added) == 1
    assert report.refused == (
        (
            "old.doc: expected a Word document saved as .docx, and not an old .doc or one with a password; "
            "nothing was imported from it."
        ),
    )


def test_a_look_stores_nothing(database: Database) -> None:
    reading = read_sources([Handed(name="a.docx", content=FILES["story.docx"])], fetch=refuse)

    with database.snapshot() as snapshot:
        assert list_articles(snapshot) == []
    ((_, sourced),) = reading.sourced
    assert sourced.articles[0].headline == "The Ferry That Stayed"


def test_a_path_within_a_handed_file_reaches_no_file_of_this_machine(database: Database, tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(b"x")
    page = f'<p>Text.</p><img src="{tmp_path.name}/secret.jpg">'

    report = take_in(database, Handed(name=str(tmp_path.parent / "a.html"), content=page.encode()))

    with database.snapshot() as snapshot:
        stored = find_article(snapshot, report.added[0].id)
    assert report.unpictured == ()
    assert stored.article.image is not None
    assert stored.article.image.url == f"{tmp_path.name}/secret.jpg"
