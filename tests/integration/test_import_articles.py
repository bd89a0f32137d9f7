"""Articles imported, edited and imported again, on both databases."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from drawing import a_picture_file, write_picture
from newsletter.domain.article import Image
from newsletter.domain.partner import PartnerLink
from newsletter.domain.picture import Picture
from newsletter.errors import InputError, NotFoundError, RefusedError, UnreadableSourceError
from newsletter.resources import folder
from newsletter.service.edit_article import accept_article, edit_article, retract_article
from newsletter.service.import_articles import ImportReport, import_articles
from newsletter.service.keep_pictures import keep_pictures
from newsletter.store.articles import find_article, list_articles
from newsletter.store.database import Database
from newsletter.store.partners import add_partner, list_partners
from newsletter.store.pictures import find_pictures
from newsletter.store.texts import BLURB, find_text

NOW = datetime(2026, 1, 15, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=14)
SAMPLES = folder("examples") / "articles"
PAGE = SAMPLES / "ostrel-review.txt"


def refuse(url: str) -> bytes:
    raise UnreadableSourceError(url, None, "no web in this test")


def take_in(database: Database, *sources: Path | str, now: datetime = NOW) -> ImportReport:
    return import_articles([str(source) for source in sources], fetch=refuse, database=database, now=now)


def changed(tmp_path: Path, old: str, new: str) -> Path:
    """Write the sample page with one place changed."""
    text = PAGE.read_text(encoding="utf-8")
    assert old in text
    copy = tmp_path / "changed.txt"
    copy.write_text(text.replace(old, new), encoding="utf-8")
    return copy


def test_a_page_is_stored_with_its_partners_and_blurb(database: Database) -> None:
    report = take_in(database, PAGE)

    with database.snapshot() as snapshot:
        stored = list_articles(snapshot)
        partners = list_partners(snapshot)
        blurb = find_text(snapshot, BLURB)
    assert list(report.added) == stored
    assert [entry.article.authors[0] for entry in stored] == [
        "Ilse Marrowby",
        "Tobias Fenwright",
        "Kester Vaun",
        "Petra Ashlin",
    ]
    assert all(entry.article.needs_headline and entry.dated_by_import for entry in stored)
    assert all(entry.article.published_at == NOW for entry in stored)
    assert [(partner.link.name, partner.link.url) for partner in partners] == [(name, None) for name in report.partners]
    assert blurb == report.blurb != ""


def test_all_samples_are_read_the_newest_first_and_a_second_import_changes_nothing(database: Database) -> None:
    sources = sorted(SAMPLES.iterdir())
    first = take_in(database, *sources)

    second = take_in(database, *sources, now=LATER)

    with database.snapshot() as snapshot:
        stored = list_articles(snapshot)
    assert (len(first.added), len(first.updated), len(first.unchanged)) == (9, 0, 0)
    assert (len(second.added), len(second.updated), len(second.unchanged)) == (0, 0, 9)
    assert (second.partners, second.blurb) == ((), "")
    dates = [entry.article.published_at for entry in stored]
    assert dates == sorted(dates, key=lambda date: date or NOW, reverse=True)


def test_an_editors_headline_stays_when_one_word_of_the_source_changes(database: Database, tmp_path: Path) -> None:
    article_id = take_in(database, PAGE).added[0].id
    edit_article(article_id, {"headline": "Sealed Gauges"}, database=database, now=NOW)

    report = take_in(database, changed(tmp_path, "the first that all three", "the only one that all three"), now=LATER)

    (updated,) = report.updated
    assert (len(report.added), len(report.unchanged)) == (0, 3)
    assert updated.id == article_id
    assert updated.article.headline == "Sealed Gauges"
    assert "the only one that all three" in updated.article.standfirst
    assert not updated.article.needs_headline


def test_an_edited_standfirst_is_kept_and_the_sources_change_waits_to_be_accepted(
    database: Database, tmp_path: Path
) -> None:
    article_id = take_in(database, PAGE).added[1].id
    edit_article(
        article_id, {"standfirst": "Quite other words.", "authors": "T. Fenwright"}, database=database, now=NOW
    )
    unchanged = take_in(database, PAGE)

    report = take_in(database, changed(tmp_path, "four coaches three times", "five coaches three times"))

    assert not unchanged.updated
    assert not unchanged.proposed
    (proposed,) = report.proposed
    assert proposed.id == article_id
    assert proposed.article.standfirst == "Quite other words."
    accepted = accept_article(article_id, ["standfirst"], database=database, now=LATER)
    assert "five coaches three times" in accepted.article.standfirst
    assert accepted.proposed == {}
    assert accepted.article.authors == ("T. Fenwright",)
    assert accepted.edited == {"authors"}


def test_an_article_is_known_by_its_url_though_all_its_words_changed(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("---\ntitle: A\nurl: https://example.org/a\n---\nOld words.\n", encoding="utf-8")
    take_in(database, file)
    file.write_text(
        "---\ntitle: B\nauthor: Ann Example\nurl: https://example.org/a\n---\nNew text.\n", encoding="utf-8"
    )

    report = take_in(database, file)

    (updated,) = report.updated
    assert (updated.article.headline, updated.article.authors) == ("B", ("Ann Example",))


def test_a_feed_gives_the_article_of_a_page_its_headline_date_and_address(database: Database, tmp_path: Path) -> None:
    article = take_in(database, PAGE).added[2].article
    file = tmp_path / "a.md"
    file.write_text(
        "---\ntitle: The Last Box\nauthor: Kester Vaun\ndate: 2026-01-02\nurl: https://example.org/box\n"
        f"standfirst: {article.standfirst}\n---\n\n## New\n\nNew text.\n",
        encoding="utf-8",
    )

    (updated,) = take_in(database, file).updated

    assert updated.article.headline == "The Last Box"
    assert not updated.article.needs_headline
    assert not updated.dated_by_import
    assert updated.article.url == "https://example.org/box"
    assert updated.article.credit == article.credit


def test_an_article_in_two_sources_of_one_import_counts_once(database: Database, tmp_path: Path) -> None:
    report = take_in(database, PAGE, changed(tmp_path, "four coaches", "five coaches"))

    assert (len(report.added), len(report.updated), len(report.unchanged)) == (4, 0, 0)
    assert "five coaches" in report.added[1].article.standfirst


def test_two_articles_of_one_page_stay_two_however_alike_they_are(database: Database, tmp_path: Path) -> None:
    file = tmp_path / "levels.txt"
    file.write_text(
        "".join(
            f"By Ann Example\n\nThe levels of the reservoir in the week before {day} October.\n\nNUMBERS: {day}.\n\n"
            for day in (9, 16, 16)
        ),
        encoding="utf-8",
    )

    first = take_in(database, file)
    second = take_in(database, file)

    assert (len(first.added), len(second.unchanged)) == (2, 2)


def test_two_imports_at_once_store_each_article_once(database: Database) -> None:
    with ThreadPoolExecutor() as pool:
        reports = list(pool.map(lambda _: take_in(database, PAGE), range(3)))

    assert sorted(len(report.added) for report in reports) == [0, 0, 4]


def test_a_changed_blurb_replaces_the_old_one(database: Database, tmp_path: Path) -> None:
    take_in(database, PAGE)

    take_in(database, changed(tmp_path, "a biweekly publication", "a fortnightly publication"))

    with database.snapshot() as snapshot:
        assert find_text(snapshot, BLURB).startswith("The Ostrel Review is a fortnightly publication")


def test_a_source_that_cannot_be_read_is_refused_and_the_others_are_imported(
    database: Database, tmp_path: Path
) -> None:
    broken = changed(tmp_path, "BACKGROUND: Electricity", "BACKGROUND:\n\nCONCLUSIONS: Electricity")

    report = take_in(
        database, broken, tmp_path / "absent.txt", tmp_path, "https://example.org/feed", SAMPLES / "notes.atom"
    )

    assert len(report.added) == 2
    assert report.partners == ()
    assert [sentence.removeprefix(str(tmp_path)) for sentence in report.refused] == [
        "/changed.txt, line 78: expected text after “BACKGROUND:”; nothing was imported from it.",
        "/absent.txt: expected a file that can be read (No such file or directory); nothing was imported from it.",
        ": expected a file that can be read (Is a directory); nothing was imported from it.",
        "https://example.org/feed: expected no web in this test; nothing was imported from it.",
    ]


def test_a_feed_by_address_is_fetched_and_known_again(database: Database) -> None:
    data = (SAMPLES / "notes.atom").read_bytes()
    url = "https://example.org/notes"

    first = import_articles([url], fetch=lambda _: data, database=database, now=NOW)
    second = import_articles([url], fetch=lambda _: data, database=database, now=LATER)

    assert (len(first.added), len(second.unchanged)) == (2, 2)


def test_a_retracted_article_is_listed_no_more_and_no_import_brings_it_back(database: Database) -> None:
    article_id = take_in(database, PAGE).added[0].id
    retract_article(article_id, database=database, now=LATER)
    retract_article(article_id, database=database, now=LATER + timedelta(days=1))

    report = take_in(database, PAGE)

    with database.snapshot() as snapshot:
        assert len(list_articles(snapshot)) == 3
        assert len(list_articles(snapshot, with_retracted=True)) == 4
        assert find_article(snapshot, article_id).retracted_at == LATER
    assert len(report.unchanged) == 4


def test_a_partner_that_is_known_stays_as_it_is(database: Database) -> None:
    with database.transaction() as transaction:
        known = add_partner(transaction, PartnerLink(name="Night Train Forum", url="https://night-train.example/"))

    report = take_in(database, PAGE)

    with database.snapshot() as snapshot:
        assert list_partners(snapshot)[0] == known
    assert len(report.partners) == 3


def test_an_edit_cleans_what_it_is_given(database: Database) -> None:
    article_id = take_in(database, PAGE).added[0].id

    edited = edit_article(
        article_id,
        {
            "headline": "  Sealed\u202e Gauges ",
            "standfirst": "One.\n\nTwo\nlines.",
            "tags": "water\n\n dams ",
            "published_at": "2026-01-02T09:00+01:00",
            "url": "https://example.org/a",
        },
        database=database,
        now=NOW,
    )

    assert edited.article.headline == "Sealed Gauges"
    assert edited.article.standfirst == "One.\n\nTwo lines."
    assert edited.article.tags == ("water", "dams")
    assert edited.article.published_at == datetime(2026, 1, 2, 8, tzinfo=UTC)
    assert not edited.dated_by_import
    with database.snapshot() as snapshot:
        assert find_article(snapshot, article_id) == edited


def test_an_edit_that_cannot_be_is_refused(database: Database) -> None:
    article_id = take_in(database, PAGE).added[0].id

    for changes, sentence in (
        ({"headline": " "}, "headline cannot be empty"),
        ({"url": "example.org"}, "must begin with https://"),
        ({"published_at": "soon"}, "'soon' is not a date"),
        ({"published_at": ""}, "published_at cannot be empty"),
        ({"colour": "red"}, "An article has no field 'colour'"),
    ):
        with pytest.raises(InputError, match=sentence):
            edit_article(article_id, changes, database=database, now=NOW)


def test_two_articles_cannot_have_one_address(database: Database) -> None:
    first, second, *_ = take_in(database, PAGE).added
    edit_article(first.id, {"url": "https://example.org/a"}, database=database, now=NOW)

    with pytest.raises(RefusedError, match=f"is the address of article {first.id} already"):
        edit_article(second.id, {"url": "https://example.org/a"}, database=database, now=NOW)

    edit_article(first.id, {"url": ""}, database=database, now=NOW)
    edit_article(second.id, {"url": "https://example.org/a"}, database=database, now=NOW)


def test_an_article_that_does_not_exist_is_named(database: Database) -> None:
    with pytest.raises(NotFoundError, match="There is no article 99"):
        retract_article(99, database=database, now=NOW)


class TestPictures:
    URL = "https://journal.example/ferry.jpg"

    def markdown(self, tmp_path: Path, image: str) -> Path:
        file = tmp_path / "article.md"
        file.write_text(f"---\ntitle: Ferry\nimage: {{url: {image}, alt: A ferry}}\n---\nIt sails.\n", encoding="utf-8")
        return file

    def test_the_picture_of_an_article_is_fetched_once(self, database: Database, tmp_path: Path) -> None:
        source, asked = self.markdown(tmp_path, self.URL), []

        def fetch(url: str) -> bytes:
            asked.append(url)
            return a_picture_file(size=(2400, 1200))

        for _ in range(2):
            report = import_articles([str(source)], fetch=fetch, database=database, now=NOW)
            assert report.unpictured == ()

        with database.snapshot() as snapshot:
            picture = find_pictures(snapshot, [self.URL, "https://journal.example/other"])
        assert asked == [self.URL]
        assert {url: (found.width, found.height) for url, found in picture.items()} == {self.URL: (1200, 600)}

    @pytest.mark.parametrize("answer", [None, b"no picture"])
    def test_one_that_cannot_be_had_is_named_and_nothing_is_lost(
        self, database: Database, tmp_path: Path, answer: bytes | None
    ) -> None:
        fetch = refuse if answer is None else lambda _: answer

        report = import_articles([str(self.markdown(tmp_path, self.URL))], fetch=fetch, database=database, now=NOW)

        assert len(report.added) == 1
        assert report.added[0].article.image == Image(url=self.URL, alt="A ferry")
        assert report.refused == ()
        assert [sentence.partition(": expected")[0] for sentence in report.unpictured] == [self.URL]
        assert "no picture was taken from it" in report.unpictured[0]

    def test_one_beside_the_file_is_stored_and_named_by_its_path(self, database: Database, tmp_path: Path) -> None:
        write_picture(tmp_path / "ferry.jpg")
        source = self.markdown(tmp_path, "ferry.jpg")

        first, second = take_in(database, source), take_in(database, source, now=LATER)

        image = first.added[0].article.image
        assert image
        assert image.url
        assert image.url.startswith("/images/")
        with database.snapshot() as snapshot:
            assert find_pictures(snapshot, [image.url])[image.url].path == image.url
        assert (len(second.unchanged), first.unpictured, second.unpictured) == (1, (), ())

    @pytest.mark.parametrize("name", ["../outside.jpg", "absent.jpg"])
    def test_one_elsewhere_on_the_machine_is_not_taken(self, database: Database, tmp_path: Path, name: str) -> None:
        write_picture(tmp_path / "outside.jpg")
        inside = tmp_path / "inside"
        inside.mkdir()

        report = take_in(database, self.markdown(inside, name))

        assert len(report.added) == len(report.unpictured) == 1

    def test_a_picture_is_stored_once_and_may_be_fetched_again(self, database: Database) -> None:
        answers = iter([a_picture_file(), a_picture_file(), a_picture_file(colour="red"), b"gone"])

        def keep(*sources: str, again: bool = False) -> tuple[str, ...]:
            return keep_pictures(sources, fetch=lambda _: next(answers), database=database, now=NOW, again=again)

        def find(url: str) -> Picture:
            with database.snapshot() as snapshot:
                return find_pictures(snapshot, [url])[url]

        assert keep(self.URL, "", self.URL) == keep(self.URL + "?copy") == ()
        first = find(self.URL)
        assert find(self.URL + "?copy") == first
        assert keep(self.URL, first.path) == ()
        assert find(self.URL) == first
        assert keep(self.URL, again=True) == ()
        changed = find(self.URL)
        assert changed != first
        assert len(keep(self.URL, again=True)) == 1
        assert find(self.URL) == changed
