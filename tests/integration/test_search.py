"""Finding articles, and following the issues, on the readers' site."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import feedparser
import pytest
from litestar import Litestar
from litestar.testing import TestClient
from lxml.html import document_fromstring

from mailing_stand import a_rendered_issue, add_readers, open_a_mailing, put_into_issue
from newsletter.domain.article import Article, Section
from newsletter.store.articles import add_article, update_article
from newsletter.store.database import Database
from site_stand import a_site

NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

Client = TestClient[Litestar]


@pytest.fixture
def client(database: Database) -> Iterator[Client]:
    with TestClient(a_site(database, now=lambda: NOW), raise_server_exceptions=False) as opened:
        yield opened


def store(
    database: Database,
    headline: str,
    *,
    text: str = "",
    authors: tuple[str, ...] = (),
    days_ago: float = 1,
    needs_headline: bool = False,
) -> int:
    article = Article(
        headline=headline,
        needs_headline=needs_headline,
        authors=authors,
        standfirst="An opening.",
        sections=(Section(name="Background", paragraphs=(text,)),),
        published_at=NOW - timedelta(days=days_ago),
    )
    with database.transaction() as transaction:
        return add_article(transaction, article, now=NOW).id


def found(client: Client, query: str) -> list[str]:
    answer = client.get("/search", params={"q": query})
    assert answer.status_code == 200
    return [str(link.text) for link in document_fromstring(answer.text).xpath("//ol//a")]


class TestSearch:
    def test_what_has_no_headline_yet_is_found_once_an_issue_has_gone_out_with_it(
        self, client: Client, database: Database
    ) -> None:
        article_id = store(database, "The ferry has not", needs_headline=True)
        assert found(client, "ferry") == []

        open_a_mailing(database, a_rendered_issue(1))
        put_into_issue(database, 1, article_id)

        assert found(client, "ferry") == ["The ferry has not"]

    def test_every_word_has_to_begin_one_of_the_article(self, client: Client, database: Database) -> None:
        store(database, "The Ferry", text="It outlived three treaties.", authors=("Aino Salo",))
        store(database, "The Harbour", text="Nothing was signed.")

        assert found(client, "ferry") == ["The Ferry"]
        assert found(client, "treat FERRY salo") == ["The Ferry"]
        assert found(client, "ferry signed") == []
        assert found(client, "erry") == []

    def test_a_headline_counts_more_than_a_name_and_a_name_more_than_the_text(
        self, client: Client, database: Database
    ) -> None:
        store(database, "In the text", text="Velmar")
        store(database, "By the name", authors=("Ada Velmar",))
        store(database, "Velmar")

        assert found(client, "velmar") == ["Velmar", "By the name", "In the text"]

    def test_accents_and_case_make_no_difference(self, client: Client, database: Database) -> None:
        store(database, "Überfahrt nach Åbo", authors=("Aleksandar Ivanović",))
        store(database, "Паром через пролив")

        assert found(client, "uberfahrt abo") == ["Überfahrt nach Åbo"]
        assert found(client, "IVANOVIC") == ["Überfahrt nach Åbo"]
        assert found(client, "ПАРОМ") == ["Паром через пролив"]

    @pytest.mark.parametrize(
        "query", ['"', "q' & z", "NEAR(", "*", "ferry OR", "') DROP TABLE articles; --", ":*", "\x00"]
    )
    def test_what_means_something_to_a_database_means_nothing_here(
        self, client: Client, database: Database, query: str
    ) -> None:
        store(database, "The Ferry")

        assert found(client, query) == []
        assert found(client, "ferry") == ["The Ferry"]

    def test_only_what_readers_may_read_is_found(self, client: Client, database: Database) -> None:
        store(database, "The Ferry of tomorrow", days_ago=-1)
        withdrawn = store(database, "The Ferry of yesterday")
        with database.transaction() as transaction:
            stored = add_article(transaction, Article(headline="Ferry", standfirst="x"), now=NOW)
            update_article(transaction, replace(stored, id=withdrawn, retracted_at=NOW))

        assert found(client, "ferry") == ["Ferry"]

    def test_an_edit_is_found_at_once_and_what_it_replaced_no_more(self, client: Client, database: Database) -> None:
        with database.transaction() as transaction:
            stored = add_article(transaction, Article(headline="The Ferry", standfirst="x"), now=NOW)
            update_article(transaction, replace(stored, article=replace(stored.article, headline="The Bridge")))

        assert found(client, "ferry") == []
        assert found(client, "bridge") == ["The Bridge"]

    def test_what_was_asked_for_stands_in_the_form_and_never_as_markup(self, client: Client) -> None:
        answer = client.get("/search", params={"q": "<script>alert(1)</script>"})

        assert "<script>" not in answer.text
        value = document_fromstring(answer.text).xpath("//input[@id='q']/@value")
        assert value == ["<script>alert(1)</script>"]
        assert "No article has all these words" in answer.text

    def test_articles_of_before_the_index_are_found_after_the_migration(self, database: Database) -> None:
        database.migrate("0002")
        with database.transaction() as transaction:
            transaction.exec_driver_sql(
                "INSERT INTO articles (headline, needs_headline, authors, standfirst, sections, credit, biography,"
                " tags, published_at, dated_by_import, edited, sourced, proposed, imported_at) VALUES"
                " ('Älvor', false, '[\"Ada\"]', 'x', '[{\"name\": \"B\", \"paragraphs\": [\"Treaties\"]}]', '', '',"
                " '[]', '2026-01-01 00:00:00', false, '[]', '{}', '{}', '2026-01-01 00:00:00')"
            )
        database.migrate()

        with TestClient(a_site(database, now=lambda: NOW)) as client:
            assert found(client, "alvor ada treaties") == ["Älvor"]


class TestFeed:
    def test_it_has_the_issues_that_were_sent_the_latest_first(self, client: Client, database: Database) -> None:
        add_readers(database, ["reader@example.org"])
        for number in (1, 2):
            rendered = replace(a_rendered_issue(number), preheader=f"And <more> of {number}")
            open_a_mailing(database, rendered, now=NOW - timedelta(days=30 - number))
        open_a_mailing(database, a_rendered_issue(3), now=NOW + timedelta(days=1))

        answer = client.get("/issues.xml")
        feed = feedparser.parse(answer.content)

        assert answer.headers["content-type"].startswith("application/atom+xml")
        assert not feed.bozo
        assert feed.version == "atom10"
        assert [entry.title for entry in feed.entries] == ["Issue 2", "Issue 1"]
        assert feed.entries[0].link.endswith("/issues/2")
        assert feed.entries[0].summary_detail.value == "And <more> of 2"
        assert feed.feed.updated_parsed == feed.entries[0].updated_parsed

    def test_a_journal_without_issues_has_an_empty_feed(self, client: Client) -> None:
        feed = feedparser.parse(client.get("/issues.xml").content)

        assert not feed.bozo
        assert feed.entries == []

    def test_a_page_of_an_issue_tells_what_it_is_about_and_the_letter_does_not(
        self, client: Client, database: Database
    ) -> None:
        add_readers(database, ["reader@example.org"])
        rendered = a_rendered_issue()
        full = rendered.full
        html = replace(full.html, parts=("<html><head></head>", *full.html.parts))
        variants = dict.fromkeys(rendered.variants, replace(full, html=html))
        open_a_mailing(
            database, replace(rendered, subject='"Peace" & ferries', variants=variants), now=NOW - timedelta(days=1)
        )

        page = document_fromstring(client.get("/issues/1").text)

        assert page.xpath("//meta[@property='og:title']/@content") == ['"Peace" & ferries']
        assert page.xpath("//meta[@property='og:url']/@content")[0].endswith("/issues/1")
