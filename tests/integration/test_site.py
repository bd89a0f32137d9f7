"""The readers' site over HTTP, as letters, scanners and mailbox providers use it."""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from httpx import Response
from litestar import Litestar
from litestar.testing import TestClient

from builders import a_news_item, an_event
from drawing import a_picture_file
from mailing_stand import a_rendered_issue, add_readers, open_a_mailing, put_into_issue
from newsletter.domain.address import EmailAddress
from newsletter.domain.article import Article, Image, Section, StoredArticle
from newsletter.domain.picture import Picture
from newsletter.domain.subscriber import Subscriber, SubscriberStatus
from newsletter.domain.token import KeyRing, Purpose, ReaderToken
from newsletter.domain.topic import Topic
from newsletter.service.keep_pictures import keep_pictures
from newsletter.service.unsubscribe import unsubscribe_address
from newsletter.store.announcements import add_announcement, update_announcement
from newsletter.store.articles import add_article, update_article
from newsletter.store.database import Database
from newsletter.store.people import list_notices
from newsletter.store.pictures import find_pictures
from newsletter.store.subscribers import find_subscriber
from site_stand import KEYS, a_site

READER = EmailAddress("reader@example.org")
NOW = datetime(2026, 3, 31, 9, 30, tzinfo=UTC)

Client = TestClient[Litestar]


@pytest.fixture
def database(sqlite_database: Database) -> Database:
    add_readers(sqlite_database, [READER.text])
    return sqlite_database


@pytest.fixture(params=["sqlite_database", "postgres_database"])
def either_database(request: pytest.FixtureRequest) -> Database:
    opened: Database = request.getfixturevalue(request.param)
    add_readers(opened, [READER.text])
    return opened


def a_client(database: Database) -> Client:
    return TestClient(
        a_site(database, now=lambda: NOW),
        raise_server_exceptions=False,
    )


@pytest.fixture
def client(database: Database) -> Iterator[Client]:
    with a_client(database) as opened:
        yield opened


def reader(database: Database) -> Subscriber:
    with database.snapshot() as snapshot:
        subscriber = find_subscriber(snapshot, READER)
    assert subscriber
    return subscriber


def token(database: Database, purpose: Purpose, *, mailing: int = 0) -> str:
    return ReaderToken(reader(database).public_id, mailing).sign(purpose, KEYS)


def count_goodbyes(database: Database) -> int:
    with database.snapshot() as snapshot:
        return len(list_notices(snapshot, reader(database).id))


def add(database: Database, article: Article) -> int:
    with database.transaction() as transaction:
        return add_article(transaction, article, now=NOW).id


def keep(database: Database, source: str, data: bytes | None = None) -> Picture:
    """Store a picture as if it had been fetched from ``source``."""
    assert keep_pictures([source], fetch=lambda _: data or a_picture_file(), database=database, now=NOW) == ()
    with database.snapshot() as snapshot:
        return find_pictures(snapshot, [source])[source]


def an_article(*, published_at: datetime = NOW - timedelta(days=1), url: str | None = None) -> Article:
    return Article(
        headline="The Ferry That Outlived Three Treaties",
        authors=("Aino Salo", "Tomas Brandt"),
        standfirst="Every agreement has failed.\n\nThe ferry has not.",
        sections=(Section(name="Background", paragraphs=("It began <early>.",)),),
        image=Image(url="https://review.example/ferry.jpg", alt="A ferry", author="Ida Lind", licence="CC BY 4.0"),
        biography="Aino Salo teaches history.",
        url=url,
        published_at=published_at,
        tags=("Strait politics",),
    )


def find_stylesheet(page: str) -> str:
    return page.partition('rel="stylesheet" href="')[2].partition('"')[0]


def assert_private(response: Response) -> None:
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["x-robots-tag"] == "noindex, nofollow"
    assert response.headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in response.headers


def retracted(stored: StoredArticle) -> StoredArticle:
    return replace(stored, retracted_at=NOW)


class TestUnsubscribing:
    def test_a_hundred_gets_and_heads_change_nothing(self, either_database: Database) -> None:
        path = f"/unsubscribe/{token(either_database, Purpose.UNSUBSCRIBE)}"

        with a_client(either_database) as client:
            answers = [answer for _ in range(50) for answer in (client.get(path), client.head(path))]

        assert {answer.status_code for answer in answers} == {200}
        assert answers[0].text.count("<button") == 1
        assert answers[1].content == b""
        assert reader(either_database).status is SubscriberStatus.ACTIVE
        assert count_goodbyes(either_database) == 0

    @pytest.mark.parametrize("encoding", ["urlencoded", "multipart"])
    def test_one_click_in_either_encoding_is_obeyed_once(self, either_database: Database, encoding: str) -> None:
        path = f"/unsubscribe/{token(either_database, Purpose.UNSUBSCRIBE, mailing=7)}"

        with a_client(either_database) as client:
            answers = [
                client.post(path, data={"List-Unsubscribe": "One-Click"}, follow_redirects=False)
                if encoding == "urlencoded"
                else client.post(path, files={"List-Unsubscribe": (None, "One-Click")}, follow_redirects=False)
                for _ in range(3)
            ]

        assert [answer.status_code for answer in answers] == [200, 200, 200]
        assert {answer.text for answer in answers} == {"You have left.\n"}
        assert_private(answers[0])
        assert reader(either_database).status is SubscriberStatus.UNSUBSCRIBED
        assert reader(either_database).unsubscribed_by_mailing == 7
        assert count_goodbyes(either_database) == 1

    def test_the_button_sends_no_more_than_a_bare_post(self, client: Client, database: Database) -> None:
        answer = client.post(f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}")

        assert answer.status_code == 200
        assert "You have left" in answer.text
        assert READER.text not in answer.text
        assert "r…@example.org" in answer.text

    def test_a_page_fetched_afterwards_says_that_it_is_done(self, client: Client, database: Database) -> None:
        path = f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}"
        client.post(path)

        answer = client.get(path)

        assert "You have left" in answer.text
        assert ">Unsubscribe</button>" not in answer.text

    def test_forged_and_truncated_links_are_refused(self, client: Client, database: Database) -> None:
        genuine = token(database, Purpose.UNSUBSCRIBE)
        other_key = ReaderToken(reader(database).public_id).sign(Purpose.UNSUBSCRIBE, KeyRing(b"another key" * 3))
        forged = [
            genuine[:-1],
            genuine[:10],
            "x",
            "é",
            token(database, Purpose.PREFERENCES),
            other_key,
            *(secrets.token_urlsafe(len(urlsafe_b64decode(genuine + "=="))) for _ in range(50)),
        ]

        for text in forged:
            for answer in (client.get(f"/unsubscribe/{text}"), client.post(f"/unsubscribe/{text}")):
                assert answer.status_code == 404
                assert_private(answer)
        assert reader(database).status is SubscriberStatus.ACTIVE

    def test_other_methods_are_refused(self, client: Client, database: Database) -> None:
        answer = client.put(f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}")

        assert answer.status_code == 405
        assert "POST" in answer.headers["allow"]
        assert_private(answer)


class TestComingBack:
    def test_only_the_button_brings_somebody_back(self, client: Client, database: Database) -> None:
        unsubscribe_address(READER, source="test", database=database, now=NOW)
        path = f"/return/{token(database, Purpose.RETURN)}"

        asked = client.get(path)
        assert "<button" in asked.text
        assert reader(database).status is SubscriberStatus.UNSUBSCRIBED

        done = client.post(path)
        assert "Welcome back" in done.text
        assert reader(database).status is SubscriberStatus.ACTIVE
        assert "Welcome back" in client.get(path).text


class TestPreferences:
    def test_a_choice_is_saved(self, client: Client, database: Database) -> None:
        path = f"/preferences/{token(database, Purpose.PREFERENCES)}"

        asked = client.get(path)
        saved = client.post(path, data={"articles": "on", "news": "on", "format": "whole"})

        assert asked.text.count(" checked") == 4
        assert_private(asked)
        assert saved.status_code == 200
        assert saved.text.count(" checked") == 3
        assert "is saved" in saved.text
        assert reader(database).topics == Topic.ARTICLES | Topic.NEWS
        assert not reader(database).is_text_only

    def test_letters_may_come_as_text_alone_and_as_laid_out_again(self, client: Client, database: Database) -> None:
        path = f"/preferences/{token(database, Purpose.PREFERENCES)}"

        for chosen in ("text", "whole"):
            saved = client.post(path, data={"articles": "on", "format": chosen})

            for page in (saved, client.get(path)):
                assert re.findall(r'name="format" value="(\w+)"[^>]* checked', page.text) == [chosen]
            assert reader(database).is_text_only is (chosen == "text")

    def test_no_choice_at_all_is_not_taken_for_a_goodbye(self, client: Client, database: Database) -> None:
        answer = client.post(f"/preferences/{token(database, Purpose.PREFERENCES)}", data={})

        assert answer.status_code == 400
        assert "choose at least one" in answer.text
        assert reader(database).topics == Topic.everything()

    def test_the_way_out_is_one_link_further(self, client: Client, database: Database) -> None:
        answer = client.get(f"/preferences/{token(database, Purpose.PREFERENCES)}")

        assert f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}" in answer.text

    def test_who_has_left_is_told_so(self, client: Client, database: Database) -> None:
        unsubscribe_address(READER, source="test", database=database, now=NOW)

        answer = client.get(f"/preferences/{token(database, Purpose.PREFERENCES)}")

        assert "you have left" in answer.text
        assert ">Save</button>" not in answer.text

    @pytest.mark.parametrize("page", ["unsubscribe", "return", "preferences"])
    def test_nothing_is_known_of_somebody_who_is_not_stored(self, client: Client, page: str) -> None:
        purpose = {"unsubscribe": Purpose.UNSUBSCRIBE, "return": Purpose.RETURN, "preferences": Purpose.PREFERENCES}
        stranger = ReaderToken(b"stranger").sign(purpose[page], KEYS)

        answer = client.get(f"/{page}/{stranger}")

        assert answer.status_code in {200, 404}
        assert "Nothing is stored" in answer.text
        assert "<button" not in answer.text


class TestArchive:
    def test_an_empty_archive_says_so(self, client: Client) -> None:
        for path in ("/", "/issues"):
            assert "has not been sent yet" in client.get(path).text

    def test_issues_are_listed_the_latest_first_and_as_sent(self, client: Client, database: Database) -> None:
        for number in range(1, 8):
            open_a_mailing(database, a_rendered_issue(number), now=NOW - timedelta(days=20 - number))

        front, all_issues, issue = client.get("/"), client.get("/issues"), client.get("/issues/2")

        assert "issues/7" in front.text
        assert "issues/2" not in front.text
        assert all_issues.text.index("issues/7") < all_issues.text.index("issues/2")
        assert issue.status_code == 200
        assert issue.text.endswith("<a href='u/'>leave</a><a href='p/'>")
        assert "'unsafe-inline'" in issue.headers["content-security-policy"]

    def test_an_issue_is_not_shown_before_its_first_letter_leaves(self, client: Client, database: Database) -> None:
        open_a_mailing(database, a_rendered_issue(1), now=NOW + timedelta(hours=1))

        assert client.get("/issues/1").status_code == 404
        assert "issues/1" not in client.get("/issues").text

    def test_links_of_the_web_version_lead_to_a_neutral_page(self, client: Client) -> None:
        for path in ("/unsubscribe/", "/preferences/"):
            answer = client.get(path)

            assert answer.status_code == 200
            assert "your own link" in answer.text

    def test_an_article_is_shown_whole_and_escaped(self, client: Client, database: Database) -> None:
        article_id = add(database, an_article(url="https://elsewhere.example/ferry"))
        picture = keep(database, "https://review.example/ferry.jpg")

        answer = client.get(f"/articles/{article_id}")

        assert answer.status_code == 200
        for words in (
            "<h1>The Ferry That Outlived Three Treaties</h1>",
            "Aino Salo and Tomas Brandt",
            "30 March 2026",
            "The ferry has not.",
            "<h2>Background</h2>",
            "It began &lt;early&gt;.",
            f'<img src="{picture.path}" alt="A ferry" width="640" height="420">',
            "Ida Lind, CC BY 4.0",
            "Aino Salo teaches history.",
            "https://elsewhere.example/ferry",
        ):
            assert words in answer.text

    def test_a_picture_that_is_not_stored_is_not_shown(self, client: Client, database: Database) -> None:
        answer = client.get(f"/articles/{add(database, an_article())}")

        assert "<img" not in answer.text
        assert "Ida Lind" not in answer.text

    def test_an_article_of_few_words_has_a_page_too(self, client: Client, database: Database) -> None:
        article = Article(headline="Plain", body_html="<p>Clean <em>body</em></p>", published_at=NOW)

        answer = client.get(f"/articles/{add(database, article)}")

        assert "<p>Clean <em>body</em></p>" in answer.text
        assert ">By<" not in answer.text

    def test_an_article_waits_for_its_time(self, client: Client, database: Database) -> None:
        article_id = add(database, an_article(published_at=NOW + timedelta(hours=1)))

        assert client.get(f"/articles/{article_id}").status_code == 404

    def test_an_article_without_a_headline_is_unfinished_until_an_issue_has_gone_out_with_one(
        self, client: Client, database: Database
    ) -> None:
        article_id = add(database, replace(an_article(), needs_headline=True))
        assert client.get(f"/articles/{article_id}").status_code == 404

        open_a_mailing(database, a_rendered_issue(1))
        put_into_issue(database, 1, article_id)

        assert client.get(f"/articles/{article_id}").status_code == 200

    def test_a_withdrawn_article_leaves_a_note(self, client: Client, database: Database) -> None:
        with database.transaction() as transaction:
            stored = add_article(transaction, an_article(), now=NOW)
            update_article(transaction, retracted(stored))

        answer = client.get(f"/articles/{stored.id}")

        assert answer.status_code == 410
        assert "withdrawn" in answer.text
        assert "Ferry" not in answer.text

    def test_what_is_not_there_is_told_to_readers_not_to_editors(self, client: Client) -> None:
        for path in ("/articles/99", "/issues/99", "/nothing"):
            answer = client.get(path)

            assert answer.status_code == 404
            assert "<h1>Not found</h1>" in answer.text
            assert "newsletter " not in answer.text


class TestEveryAnswer:
    def test_no_page_needs_or_allows_a_script(self, client: Client, database: Database) -> None:
        paths = ["/", "/issues", "/nothing", f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}"]

        for path in paths:
            answer = client.get(path)

            assert "<script" not in answer.text
            assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert "set-cookie" not in answer.headers

    def test_the_style_sheet_may_be_kept_for_good(self, client: Client) -> None:
        page = client.get("/").text
        path = find_stylesheet(page)

        answer = client.get(path)

        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/css")
        assert "immutable" in answer.headers["cache-control"]
        assert client.get("/assets/site-000000000000.css").status_code == 404

    def test_health_and_readiness_are_told_apart(self, client: Client, database: Database) -> None:
        assert client.get("/healthz").text == "ok\n"
        assert client.get("/readyz").status_code == 200

        database.migrate("base")

        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503

    def test_a_database_out_of_reach_asks_for_patience(self, tmp_path: Path) -> None:
        with a_client(Database(f"sqlite:///{tmp_path / 'missing' / 'newsletter.db'}")) as client:
            answer = client.get("/")

        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "60"
        assert "missing" not in answer.text

    def test_a_fault_of_ours_shows_nothing_of_itself(
        self, client: Client, database: Database, capsys: pytest.CaptureFixture[str]
    ) -> None:
        path = f"/unsubscribe/{token(database, Purpose.UNSUBSCRIBE)}"
        with database.transaction() as transaction:
            transaction.exec_driver_sql("UPDATE subscribers SET created_at = 'no time at all'")

        answer = client.get(path)

        assert answer.status_code == 500
        assert "on our side" in answer.text
        assert "subscribers" not in answer.text
        logged = capsys.readouterr()
        assert path not in logged.out + logged.err


class TestTheme:
    def test_pages_have_the_colours_and_fonts_of_the_letters(self, database: Database, tmp_path: Path) -> None:
        (tmp_path / "theme.toml").write_text(
            '[light]\naccent = "#0b5d57"\n[dark]\nsheet = "#101820"\n[fonts]\nreading = "Charter, serif"\n',
            encoding="utf-8",
        )
        with TestClient(a_site(database, now=lambda: NOW, theme=tmp_path)) as client:
            style = client.get(find_stylesheet(client.get("/").text)).text

        light, _, dark = style.partition("prefers-color-scheme: dark")
        assert "--accent: #0b5d57;" in light
        assert "--paper: #101820;" in dark
        assert "--reading: Charter, serif;" in light

    def test_another_theme_is_another_file_so_that_no_browser_keeps_the_old_one(
        self, client: Client, database: Database, tmp_path: Path
    ) -> None:
        (tmp_path / "theme.toml").write_text('[light]\naccent = "#0b5d57"\n', encoding="utf-8")
        with TestClient(a_site(database, now=lambda: NOW, theme=tmp_path)) as themed:
            assert find_stylesheet(themed.get("/").text) != find_stylesheet(client.get("/").text)


class TestFiles:
    @pytest.mark.parametrize(("form", "media_type"), [("JPEG", "image/jpeg"), ("PNG", "image/png")])
    def test_a_picture_is_served_for_good(self, client: Client, database: Database, form: str, media_type: str) -> None:
        picture = keep(database, "https://journal.example/ferry", a_picture_file(form))

        answer = client.get(picture.path)

        assert (answer.status_code, answer.headers["content-type"]) == (200, media_type)
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        assert "set-cookie" not in answer.headers
        assert hashlib.sha256(answer.content).hexdigest().startswith(picture.digest)
        assert client.head(picture.path).status_code == 200

    def test_no_other_name_is_a_picture(self, client: Client, database: Database) -> None:
        path = keep(database, "https://journal.example/ferry").path

        for other in (path.replace(".jpg", ".png"), path[:-5] + "0.jpg", "/images/ferry.jpg", "/images/%2e%2e"):
            assert client.get(other).status_code == 404

    def test_an_event_is_a_calendar_entry_while_it_may_be_shown(self, client: Client, database: Database) -> None:
        with database.transaction() as transaction:
            shown = add_announcement(transaction, an_event(), now=NOW)
            early = add_announcement(transaction, replace(an_event(), show_from=NOW + timedelta(days=1)), now=NOW)
            news = add_announcement(transaction, a_news_item(), now=NOW)
            gone = add_announcement(transaction, an_event(title="Cancelled"), now=NOW)
            update_announcement(transaction, replace(gone, retracted_at=NOW))

        answer = client.get(f"/events/{shown.id}.ics")

        assert answer.status_code == 200
        assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
        assert "SUMMARY:Who Keeps the Lights?" in answer.text
        assert "TZID:Europe/Helsinki" in answer.text
        for path in (
            f"{early.id}.ics",
            f"{news.id}.ics",
            f"{gone.id}.ics",
            f"{shown.id}",
            "999.ics",
            "x.ics",
            "²2.ics",
        ):
            assert client.get(f"/events/{path}").status_code == 404
