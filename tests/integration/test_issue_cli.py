"""The commands of an issue, as an editor types them."""

from __future__ import annotations

import email
import json
import shutil
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from newsletter.app import migrate_database
from newsletter.cli.articles import articles
from newsletter.cli.cadence import cadence
from newsletter.cli.issue import issue
from newsletter.errors import ConfigurationError, InputError, RefusedError
from newsletter.render.chromium import find_chromium
from newsletter.render.pictures import VIEWS

_SETTINGS = """
[site]
name = "The Meridian Review"
base_url = "http://localhost:8080"
postal_address = "12 Harbour Lane, Port Alder 4010"
[cadence]
first = 2026-12-03
timezone = "Europe/Stockholm"
first_number = 40
[mail]
from = "editors@review.example"
[render]
compiler = "mrml"
[security]
secret_key = "a sample key of a test, and of nothing else"
"""
_ARTICLE = """---
title: {title}
author: Aino Salo
date: 2026-01-0{day}
---
{standfirst}

It sails on, whatever ministers have signed.
"""
_STORIES = {
    "One": "Every agreement on the Velmar Strait has failed within a decade; its night ferry has outlived them.",
    "Two": "The bonds of the mountain railway fall due in spring, and three capitals would rather not pay.",
    "Three": "Silos in the Lower Veld are full, the river is low, and farmers begin to sell to the east.",
}


class Shell:
    """Runs commands in a project folder."""

    def __init__(self, folder: Path) -> None:
        self._environ = {"NEWSLETTER_CONFIG": str(folder / "newsletter.toml")}
        self.folder = folder

    def __call__(self, app: typer.Typer, *arguments: str, status: int = 0) -> str:
        result = CliRunner().invoke(app, arguments, env=self._environ)
        if isinstance(result.exception, Exception):
            raise result.exception
        assert result.exit_code == status, result.output
        return result.stdout

    def json(self, app: typer.Typer, *arguments: str, status: int = 0) -> Any:  # noqa: ANN401 - any document
        return json.loads(self(app, *arguments, "--json", status=status))


@pytest.fixture
def shell(tmp_path: Path, migrated_file: Path) -> Shell:
    shutil.copy(migrated_file, tmp_path)
    settings = tmp_path / "newsletter.toml"
    settings.write_text(_SETTINGS)
    migrate_database(settings)
    shell = Shell(tmp_path)
    for day, (title, standfirst) in enumerate(_STORIES.items(), start=1):
        (tmp_path / f"{day}.md").write_text(_ARTICLE.format(title=title, day=day, standfirst=standfirst))
        shell(articles, "import", str(tmp_path / f"{day}.md"))
    return shell


def test_a_draft_says_all_about_its_items(shell: Shell) -> None:
    draft = shell.json(issue, "draft")

    assert (draft["number"], draft["slot"], draft["status"], draft["subject"]) == (40, "2026-12-03", "draft", "Three")
    assert [(item["slot"], item["id"], item["headline"], item["reason"]) for item in draft["items"]] == [
        ("lead", 3, "Three", "new"),
        ("feature", 2, "Two", "new"),
        ("feature", 1, "One", "new"),
    ]
    assert {"slot", "id", "headline", "teaser", "url", "reason", "bytes"} <= draft["items"][0].keys()
    assert draft["items"][0]["url"] == "http://localhost:8080/articles/3"
    assert draft["items"][0]["bytes"] > 0
    assert shell.json(issue, "show", "40") == draft


def test_an_issue_is_arranged_approved_and_shown(shell: Shell) -> None:
    shell(issue, "draft")
    shell(
        issue, "arrange", "40", "--lead", "1", "--features", "2", "--remove", "3", "--headline", "2=For this issue",
        "--teaser", "2=In brief.",
    )  # fmt: skip
    shell(issue, "edit", "40", "--note", "Winter timetables are out.")
    approved = shell.json(issue, "approve", "40", "--by", "Aino Salo")
    shown = shell(issue, "show", "40")

    assert approved["approved_by"] == "Aino Salo"
    assert "Issue 40, approved, due 2026-12-03 09:00 CET" in shown
    assert "For this issue" in shown
    assert "Winter timetables are out." in shown
    assert "articles 3" in shown
    assert "Approved by Aino Salo" in shown
    assert shell.json(issue, "list") == [{"number": 40, "slot": "2026-12-03", "status": "approved", "subject": "One"}]
    assert "approved" in shell(issue, "list")
    assert "sends exactly this text" in shell(issue, "approve", "40", "--by", "Aino Salo")


def test_check_names_what_stands_in_the_way(shell: Shell) -> None:
    shell(issue, "draft")
    passed = shell(issue, "check", "40")
    shell(issue, "edit", "40", "--subject", "Re: your newsletter")
    failed = shell.json(issue, "check", "40", status=1)

    assert "0 errors" in passed
    assert failed["errors"] == 1
    assert [finding["check"] for finding in failed["findings"] if finding["level"] == "error"] == ["subject"]
    assert failed["findings"][0].keys() == {"check", "level", "where", "what", "field", "mend"}


def test_check_adds_up_what_each_block_takes(shell: Shell) -> None:
    shell(issue, "draft")

    table = shell(issue, "check", "40")
    size = shell.json(issue, "check", "40")["size"]

    assert "bytes of HTML" in table
    assert [block["block"] for block in size["blocks"]] == ["frame", "lead", "feature", "feature"]
    assert size["blocks"][-1]["total"] == size["html"] < size["encoded"] < size["ceiling"] == 90_000


def test_an_override_needs_its_reason(shell: Shell) -> None:
    shell(issue, "draft")
    shell(issue, "edit", "40", "--subject", "Re: your newsletter", "--preheader", "Too short")
    approve = ("approve", "40", "--by", "Aino Salo")

    shell(issue, *approve, "--override", "subject", status=2)
    shell(issue, *approve, "--reason", "It is ironic.", status=2)
    with pytest.raises(RefusedError, match="preheader"):
        shell(issue, *approve, "--override", "subject", "--reason", "It is ironic.")
    approved = shell.json(issue, *approve, "--override", "subject", "--override", "preheader", "--reason", "Ironic.")

    assert approved["overrides"] == {"subject": "Ironic.", "preheader": "Ironic."}


def test_render_writes_page_text_and_a_complete_letter(shell: Shell) -> None:
    shell(issue, "draft")
    out = shell.folder / "out" / "40"

    shell(issue, "render", "40", "--out", str(out))
    rendered = shell.json(issue, "render", "40", "--out", str(out))

    assert rendered["eml"] == str(out / "issue.eml")
    assert (out / "issue.html").read_text().lower().startswith("<!doctype html>")
    assert "http://localhost:8080/articles/1" in (out / "issue.txt").read_text()
    letter = email.message_from_bytes((out / "issue.eml").read_bytes(), policy=default)
    assert letter["Subject"] == "Three"
    assert [part.get_content_type() for part in letter.iter_parts()] == ["text/plain", "text/html"]


def test_pictures_show_the_letter_as_inboxes_do(shell: Shell) -> None:
    try:
        find_chromium()
    except ConfigurationError as error:
        pytest.skip(str(error))
    shell(issue, "draft")
    out = shell.folder / "out"

    taken = shell.json(issue, "render", "40", "--out", str(out), "--pictures")["pictures"]

    assert [Path(file).name for file in taken] == [*(f"{view.name}.png" for view in VIEWS), "index.html"]
    assert all(Path(file).stat().st_size > 1_000 for file in taken)


def test_the_report_says_why_a_mailing_is_paused(shell: Shell) -> None:
    shell(issue, "draft")
    shell(issue, "approve", "40", "--by", "Aino Salo")
    shell(issue, "send", "40")
    shell(issue, "pause", "40")

    assert "Why it is paused: Paused by hand." in shell(issue, "report", "40")


@pytest.mark.parametrize(
    "arguments",
    [
        ("edit", "40"),
        ("arrange", "40"),
        ("arrange", "40", "--features", "one,two"),
        ("arrange", "40", "--headline", "For this issue"),
        ("approve", "40"),
        ("show", "forty"),
    ],
)
def test_wrong_usage_is_named(shell: Shell, arguments: tuple[str, ...]) -> None:
    shell(issue, *arguments, status=2)


def test_an_item_that_is_none_is_named(shell: Shell) -> None:
    with pytest.raises(InputError, match="'lead:1' names no item"):
        shell(issue, "arrange", "40", "--add", "lead:1")


def test_the_cadence_is_shown_and_changed(shell: Shell) -> None:
    before = shell(cadence, "skip", "2026-12-17", "--reason", "holiday")
    shell(issue, "draft")
    shell(cadence, "move", "2026-12-31", "2027-01-04", "--reason", "new year")
    after = shell(cadence, "extra", "2026-12-01")

    slots = shell.json(cadence, "show", "--since", "2026-12-01", "--count", "4")

    assert before == "The slot of 2026-12-17 is skipped.\n"
    assert after == "There is a slot on 2026-12-01. Issue 40 is for 2026-12-01.\n"
    assert [(slot["slot"], slot["day"], slot["status"], slot["issue"], slot["reason"]) for slot in slots] == [
        ("2026-12-01", "2026-12-01", "extra", 40, ""),
        ("2026-12-03", "2026-12-03", "planned", None, ""),
        ("2026-12-17", "2026-12-17", "skipped", None, "holiday"),
        ("2026-12-31", "2027-01-04", "moved", None, "new year"),
    ]
    assert "Thu 2026-12-17 09:00 CET" in shell(cadence, "show", "--since", "2026-12-01")


def test_without_a_date_the_cadence_is_shown_from_about_now(shell: Shell) -> None:
    assert shell(cadence, "show", "--count", "1").count("planned") == 1
