"""`newsletter articles`, `announcements` and `partners`, as an editor runs them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from drawing import write_picture
from newsletter.cli import app, choose_app
from newsletter.errors import InputError, RefusedError
from newsletter.resources import folder

SAMPLES = folder("examples") / "articles"
PUBLISHERS = '[site]\npublishers = [{name = "Institut du Détroit", logo = "institute.png", language = "fr"}]'
PAGE = str(SAMPLES / "ostrel-review.txt")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a fresh project folder and stand in it."""
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    run("init", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path / "project")


def run(*words: str, status: int = 0) -> Result:
    result = CliRunner().invoke(choose_app(words), words)
    assert result.exit_code == status, result.output
    return result


def read(*words: str) -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(run(*words, "--json").stdout)


def test_an_import_says_what_came_in_and_what_is_missing() -> None:
    output = run("articles", "import", PAGE).stdout

    assert "4 added, 0 updated, 0 unchanged, 0 refused." in output
    assert "Article 1 needs a headline: newsletter articles edit 1 --headline" in output
    assert "Without a date, so dated by their import: 1, 2, 3, 4" in output
    assert "Night Train Forum" in output
    assert "The page's words about the newsletter are stored." in output


def test_a_refused_source_is_a_sentence_on_stderr_and_status_1_while_others_are_imported() -> None:
    result = run("articles", "import", "absent.txt", PAGE, "--json", status=1)

    report = json.loads(result.stdout)
    assert report["added"] == report["needs_headline"] == report["dated_by_import"] == [1, 2, 3, 4]
    assert len(report["partners"]) == 4
    assert report["refused"] == [result.stderr.splitlines()[-1]]
    assert report["refused"][0].startswith("absent.txt: expected a file that can be read")


def test_an_article_is_shown_as_the_interface_says() -> None:
    run("articles", "import", PAGE)

    document = read("articles", "show", "2")

    assert document["id"] == 2
    assert document["needs_headline"] is True
    assert document["authors"] == ["Tobias Fenwright", "Nadja Orlen"]
    assert [section["name"] for section in document["sections"]] == ["BACKGROUND", "IMPLICATIONS", "CONCLUSIONS"]
    assert all(isinstance(text, str) for section in document["sections"] for text in section["paragraphs"])
    assert document["image"] is None
    assert document["credit"] == "Northern Line Railway"
    assert document["biography"].startswith("Tobias Fenwright teaches")
    assert (document["url"], document["tags"], document["proposed"]) == (None, [], {})
    assert document["published_at"] == document["imported_at"]


def test_an_article_is_shown_as_text() -> None:
    run("articles", "import", str(SAMPLES / "notes.atom"), PAGE)

    loose = run("articles", "show", "1").stdout
    whole = run("articles", "show", "3").stdout

    assert "https://ostrel-review.example/notes/quay" in loose
    assert "Three plans for one quay\nThe harbour office" in loose
    assert "[needs headline, dated by import]" in whole
    assert "\nCredit: Ostrel Water Commission" in whole
    assert "\nIlse Marrowby is a hydrologist" in whole


def test_articles_are_listed_without_paragraphs_and_retracted_ones_only_on_request() -> None:
    run("articles", "import", PAGE)
    run("articles", "retract", "1")

    listed = read("articles", "list")

    assert [document["id"] for document in listed] == [2, 3, 4]
    assert listed[0]["sections"][0] == {"name": "BACKGROUND"}
    assert len(read("articles", "list", "--retracted")) == 4
    assert "needs headline, dated by import" in run("articles", "list").stdout


def test_an_edit_stays_and_a_difference_is_shown_until_it_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "a.md"
    file.write_text("---\ntitle: A\nauthor: Ann Example\n---\nThe lead.\n\nThe rest.\n", encoding="utf-8")
    run("articles", "import", str(file))
    assert "is changed: B" in run("articles", "edit", "1", "--headline", "B", "--tag", "x", "--author", "A. E.").stdout
    file.write_text(file.read_text(encoding="utf-8").replace("title: A", "title: C"), encoding="utf-8")

    imported = run("articles", "import", str(file)).stdout

    assert "Article 1: its source differs from an editor's text (headline)" in imported
    assert "newsletter articles accept 1 headline" in run("articles", "show", "1").stdout
    assert "source differs" in run("articles", "list").stdout
    accepted = read("articles", "accept", "1")
    assert (accepted["headline"], accepted["tags"], accepted["authors"]) == ("C", ["x"], ["A. E."])
    assert accepted["edited"] == ["authors", "tags"]
    assert isinstance(CliRunner().invoke(app, ["articles", "accept", "1", "headline"]).exception, RefusedError)


@pytest.mark.parametrize("noun", ["articles", "announcements", "partners"])
def test_an_edit_that_names_no_field_is_a_usage_error(noun: str) -> None:
    assert "Name at least one field" in run(noun, "edit", "1", status=2).stderr


def test_announcements_are_added_listed_changed_and_retracted() -> None:
    run(
        *("announcements", "add", "--kind", "event", "--title", "Open Day", "--starts-at", "2030-05-11T10:00"),
        *("--timezone", "Europe/Stockholm", "--place", "Carrow"),
    )
    added = read("announcements", "add", "--kind", "news", "--title", "An index")

    assert (added["id"], added["kind"], added["starts_at"]) == (2, "news", None)
    table = run("announcements", "list").stdout
    assert "2030-05-11 10:00 CEST" in table
    assert read("announcements", "edit", "1", "--place", "Vesk")["place"] == "Vesk"
    assert "Announcement 2 is retracted: An index" in run("announcements", "retract", "2").stdout
    assert [document["title"] for document in read("announcements", "list")] == ["Open Day"]
    assert "retracted" in run("announcements", "list", "--retracted").stdout
    failed = CliRunner().invoke(app, ["announcements", "add", "--kind", "event", "--title", "x"])
    assert isinstance(failed.exception, InputError)


def test_partners_are_added_listed_changed_and_retired() -> None:
    run("partners", "add", "Water Watch")
    run("partners", "add", "Night Train Forum", "--url", "https://night-train.example/", "--weight", "2")

    assert "not shown: no address" in run("partners", "list").stdout
    edited = read("partners", "edit", "1", "--url", "https://water.example/", "--until", "2031-01-01")
    assert edited["window_until"] == "2031-01-01T00:00:00+00:00"
    assert "Partner link 2 is retired: Night Train Forum" in run("partners", "retire", "2").stdout
    assert [(entry["name"], entry["shown"]) for entry in read("partners", "list")] == [("Water Watch", 0)]
    assert "retired" in run("partners", "list", "--retired").stdout


def test_an_editor_illustrates_an_article_with_a_file_or_from_the_web(tmp_path: Path) -> None:
    run("articles", "import", PAGE)
    picture = write_picture(tmp_path / "ferry.jpg")

    by_file = read("articles", "edit", "1", "--image", str(picture), "--image-alt", "A ferry")
    by_web = run("articles", "edit", "1", "--image", "http://127.0.0.1:9/ferry.jpg", "--json")

    assert by_file["image"]["url"].startswith("/images/")
    assert json.loads(by_web.stdout)["image"] == by_file["image"] | {"url": "http://127.0.0.1:9/ferry.jpg"}
    assert "http://127.0.0.1:9/ferry.jpg: expected an answer from the server" in by_web.stderr
    failed = CliRunner().invoke(app, ["articles", "edit", "1", "--image", "absent.jpg"])
    assert isinstance(failed.exception, InputError)
    assert read("articles", "edit", "1", "--image", "", "--image-alt", "")["image"] is None


def test_what_an_issue_shows_is_fetched_when_it_is_drafted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theme, settings = tmp_path / "theme", tmp_path / "project" / "newsletter.toml"
    theme.mkdir()
    write_picture(theme / "logo.png", form="PNG", size=(640, 192))
    write_picture(settings.parent / "institute.png", form="PNG", size=(300, 100))
    (theme / "theme.toml").write_text('[logo]\nfile = "logo.png"\n')
    settings.write_text(settings.read_text(encoding="utf-8").replace("[site]", PUBLISHERS), encoding="utf-8")
    monkeypatch.setenv("NEWSLETTER_RENDER__THEME", str(theme))
    monkeypatch.setenv("NEWSLETTER_MAIL__FROM", "news@review.example")
    run("articles", "import", PAGE)
    run("partners", "add", "Veld Data Room", "--url", "https://veld.example", "--logo", "http://127.0.0.1:9/l.png")

    drafted = run("issue", "draft", "--json")
    run("issue", "render", str(json.loads(drafted.stdout)["number"]), "--out", str(tmp_path / "out"))

    html = (tmp_path / "out" / "issue.html").read_text(encoding="utf-8")
    shown = re.findall(r'<img src="http://localhost:8080/images/[0-9a-f]{32}\.png" alt="(.*?)" width="(\d+)"', html)
    assert "http://127.0.0.1:9/l.png: expected an answer from the server" in drafted.stderr
    assert shown == [("The Newsletter", "320"), ("", "120")]
    assert '<span lang="fr">Institut du Détroit</span>' in html


def test_an_article_and_a_name_are_taken_back_and_stand_again() -> None:
    run("articles", "import", PAGE)
    author = read("articles", "show", "1")["authors"][0]

    assert "Article 1 is retracted" in run("articles", "retract", "1").stdout
    assert "Article 1 is back" in run("articles", "restore", "1").stdout
    assert f"{author} stands under no article any more" in run("articles", "withdraw-byline", author).stdout
    assert read("articles", "bylines") == [author]
    assert f"{author} stands again." in run("articles", "restore-byline", author).stdout
    assert "Name" in run("articles", "bylines").stdout


def test_a_body_is_taken_out_as_markdown_and_put_back(tmp_path: Path) -> None:
    run("articles", "import", PAGE)
    was, becomes = tmp_path / "was.md", tmp_path / "becomes.md"
    was.write_text(run("articles", "show", "1", "--body").stdout, encoding="utf-8")
    assert read("articles", "show", "1", "--body")["body"] == was.read_text(encoding="utf-8").rstrip("\n")
    becomes.write_text(was.read_text(encoding="utf-8") + "\nAnd *more*.\n", encoding="utf-8")

    edited = read("articles", "edit", "1", "--body", str(becomes), "--body-was", str(was))

    assert edited["edited"] == ["body"]
    assert edited["sections"][-1]["paragraphs"][-1] == "And more."
    failed = CliRunner().invoke(app, ["articles", "edit", "1", "--body", "-", "--body-was", str(was)], input="Mine.")
    assert isinstance(failed.exception, RefusedError)
    assert "somebody has changed body since you began" in str(failed.exception)
    assert CliRunner().invoke(app, ["articles", "edit", "1", "--body", "-"], input="Mine.").exit_code == 0
    assert run("articles", "show", "1", "--body").stdout == "Mine.\n"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [(b"A ~~~\n\n~~~\n", "Line 3: what ~~~ begins has no end"), (b"\xff", "cannot be read as text")],
)
def test_a_body_that_cannot_be_read_is_a_sentence(tmp_path: Path, text: bytes, sentence: str) -> None:
    run("articles", "import", PAGE)
    (tmp_path / "body.md").write_bytes(text)

    failed = CliRunner().invoke(app, ["articles", "edit", "1", "--body", str(tmp_path / "body.md")])

    assert isinstance(failed.exception, InputError)
    assert sentence in str(failed.exception)
