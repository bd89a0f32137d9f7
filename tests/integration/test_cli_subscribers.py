"""`newsletter subscribers` and `newsletter suppressions`, as typed."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newsletter.cli.subscribers import subscribers
from newsletter.cli.suppressions import suppressions
from newsletter.errors import InputError, NewsletterError, UnreadableSourceError

READER = "reader@example.org"


class Terminal:
    """The commands, in one project's folder."""

    def __init__(self, folder: Path) -> None:
        self._config = folder / "newsletter.toml"
        self._config.write_text(f'[security]\nsecret_key = "{"s" * 40}"\n', encoding="utf-8")

    def run(self, *words: str) -> Result:
        noun = {"subscribers": subscribers, "suppressions": suppressions}[words[0]]
        result = CliRunner().invoke(noun, words[1:], env={"NEWSLETTER_CONFIG": str(self._config)})
        if isinstance(result.exception, NewsletterError):
            raise result.exception
        return result

    def read(self, *words: str) -> Any:  # noqa: ANN401 - any JSON document
        return json.loads(self.run(*words, "--json").stdout)


@pytest.fixture
def terminal(tmp_path: Path, migrated_file: Path) -> Terminal:
    shutil.copy(migrated_file, tmp_path)
    return Terminal(tmp_path)


def test_a_foreign_list_is_tried_before_it_is_taken(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"Adresse,Woher\n{READER},Messe\noffice@example.org,Messe\n", encoding="utf-8")
    columns = ("--column", "Adresse=email", "--column", "Woher=consent_source")

    trial = terminal.run("subscribers", "import", str(file), *columns, "--dry-run")
    taken = terminal.read("subscribers", "import", str(file), *columns)

    assert "Nothing was stored" in trial.stderr
    assert trial.stdout.startswith("2 added")
    assert "lines 3" in trial.stderr
    assert (taken["added"], taken["duplicate"], taken["role_lines"]) == (2, 0, [3])
    with pytest.raises(InputError, match="'Adresse'"):
        terminal.run("subscribers", "import", str(file), "--column", "Adresse")


def test_leavings_elsewhere_and_lines_that_stand_twice_are_said(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    command = ("subscribers", "import", str(file), "--consent-source", "Fair")
    file.write_text("email\n" + f"{READER}\n" * 23, encoding="utf-8")
    first = terminal.run(*command)
    file.write_text(f"email,status,tags\n{READER},unsubscribed,!!!\n{READER},,\n", encoding="utf-8")

    trial = terminal.run(*command, "--dry-run")
    taken = terminal.read(*command)

    assert "22 twice in the file" in first.stdout
    assert "lines 3, 4, 5," in first.stderr
    assert "and 2 more" in first.stderr
    assert "1 have left there but not here" in trial.stdout
    assert "active here: lines 2; nothing was changed" in trial.stderr
    assert "cannot be tags: !!!" in trial.stderr
    assert (taken["left_there"], taken["left_lines"]) == (1, [2])
    assert (taken["repeated"], taken["repeated_lines"]) == (1, [3])
    assert taken["untaken_tags"] == {"!!!": 1}


def test_a_list_goes_in_and_comes_out_again(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email,shoe size\n{READER},39\nnobody,40\n", encoding="utf-8")

    taken = terminal.run("subscribers", "import", str(file), "--consent-source", "Spring lecture")
    again = terminal.read("subscribers", "import", str(file), "--consent-source", "Spring lecture")
    exported = terminal.run("subscribers", "export").stdout
    written = terminal.run("subscribers", "export", str(tmp_path / "out.csv"))

    assert taken.exit_code == 0
    assert taken.stdout.startswith("1 added, 0 there already")
    assert "shoe size" in taken.stderr
    assert "list.rejected.csv" in taken.stderr
    assert again["duplicate"] == 1
    assert again["refused"] == 1
    assert [row["email"] for row in csv.DictReader(exported.splitlines())] == [READER]
    assert written.stdout.startswith("1 subscriber written")
    assert (tmp_path / "out.csv").read_bytes().decode().replace("\r\n", "\n") == exported.replace("\r\n", "\n")


def test_an_import_that_takes_nothing_fails(terminal: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "list.csv"
    file.write_text(f"email\n{READER}\n", encoding="utf-8")

    assert terminal.run("subscribers", "import", str(file)).exit_code == 1
    with pytest.raises(UnreadableSourceError):
        terminal.run("subscribers", "import", str(tmp_path / "missing.csv"))


def test_a_person_is_added_shown_let_go_and_forgotten(terminal: Terminal) -> None:
    add = ("subscribers", "add", READER, "--consent-source", "Form", "--name", " Ida  Lind ", "--topics", "news")
    terminal.run(*add)

    shown = terminal.read("subscribers", "show", READER)
    assert (shown["status"], shown["name"], shown["topics"]) == ("active", "Ida Lind", ["news"])
    assert [consent["source"] for consent in shown["consents"]] == ["Form"]
    assert (shown["deliveries"], shown["suppression"]) == ([], None)

    assert "has left" in terminal.run("subscribers", "unsubscribe", READER).stdout
    assert "had left before" in terminal.run("subscribers", "unsubscribe", READER).stdout
    words = terminal.run("subscribers", "show", READER).stdout
    assert "status: unsubscribed" in words
    assert "goodbye" in words

    terminal.run("subscribers", "forget", READER)
    erased = terminal.read("subscribers", "show", READER)
    assert erased["status"] is None
    assert erased["suppression"]["reason"] == "forgotten"
    assert "suppressed: forgotten" in terminal.run("subscribers", "show", READER).stdout


def test_subscribers_are_listed_by_status(terminal: Terminal) -> None:
    for address in (READER, "other@example.org"):
        terminal.run("subscribers", "add", address, "--consent-source", "Form")
    terminal.run("subscribers", "unsubscribe", READER)

    active = terminal.read("subscribers", "list", "--status", "active")

    assert [entry["address"] for entry in active] == ["other@example.org"]
    assert READER in terminal.run("subscribers", "list").stdout
    with pytest.raises(InputError, match="not a status"):
        terminal.run("subscribers", "list", "--status", "gone")


def test_an_export_that_cannot_be_written_is_said(terminal: Terminal, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        terminal.run("subscribers", "export", str(tmp_path / "missing" / "out.csv"))


def test_an_address_is_suppressed_listed_and_lifted(terminal: Terminal) -> None:
    terminal.run("suppressions", "add", READER, "--reason", "asked by telephone")

    [entry] = terminal.read("suppressions", "list")
    assert entry["address"] is None
    assert entry["evidence"] == {"because": "asked by telephone"}
    assert "editor" in terminal.run("suppressions", "list").stdout

    terminal.run("suppressions", "lift", READER)
    assert terminal.read("suppressions", "list") == []
