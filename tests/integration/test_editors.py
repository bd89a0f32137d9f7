"""Editors are appointed and removed, and the audit log says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from newsletter.cli import choose_app
from newsletter.errors import InvalidAddressError, NotFoundError, RefusedError
from newsletter.store.database import Database


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make a fresh project folder and stand in it."""
    monkeypatch.delenv("NEWSLETTER_CONFIG", raising=False)
    run("init", str(tmp_path / "project"))
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def run(*words: str) -> Result:
    result = CliRunner().invoke(choose_app(words), words)
    if isinstance(result.exception, Exception):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result


def list_editors() -> Any:  # noqa: ANN401 - any JSON value
    return json.loads(run("editors", "list", "--json").stdout)


def test_an_editor_is_appointed_with_a_role() -> None:
    said = run("editors", "add", "Ada@Example.org", "--name", "Ada Lindqvist", "--role", "publisher").stdout

    (editor,) = list_editors()
    assert said.startswith("ada@example.org is publisher now.\n")
    assert (editor["email"], editor["name"], editor["role"]) == ("ada@example.org", "Ada Lindqvist", "publisher")
    assert "Ada Lindqvist" in run("editors", "list").stdout


def test_while_no_owner_has_come_in_the_invitation_is_printed() -> None:
    added = json.loads(run("editors", "add", "ada@example.org", "--role", "owner", "--json").stdout)

    assert added["invitation"].startswith("http://localhost:8080/desk/invitation/")
    assert (
        "The invitation leads to http://localhost:8080/desk/invitation/"
        in run("editors", "add", "b@example.org").stdout
    )


def test_without_a_role_an_editor_is_an_editor() -> None:
    added = json.loads(run("editors", "add", "ada@example.org", "--json").stdout)

    assert added["role"] == "editor"


def test_nobody_is_appointed_twice() -> None:
    run("editors", "add", "ada@example.org")

    with pytest.raises(RefusedError, match="editor already"):
        run("editors", "add", "ADA@example.org")


def test_who_is_removed_may_come_back_in_another_role() -> None:
    run("editors", "add", "ada@example.org", "--role", "writer")
    run("editors", "remove", "ada@example.org")

    assert list_editors() == []
    run("editors", "add", "ada@example.org", "--role", "owner")
    assert [editor["role"] for editor in list_editors()] == ["owner"]


def test_nobody_is_removed_who_is_no_editor() -> None:
    with pytest.raises(NotFoundError, match="no editor"):
        run("editors", "remove", "ada@example.org")


def test_an_address_is_checked() -> None:
    with pytest.raises(InvalidAddressError):
        run("editors", "add", "ada")


def test_the_audit_log_names_editors_by_number(project: Path) -> None:
    run("editors", "add", "ada@example.org", "--role", "writer")
    run("editors", "remove", "ada@example.org")

    database = Database(f"sqlite:///{project / 'newsletter.db'}")
    with database.snapshot() as snapshot:
        acts = snapshot.exec_driver_sql("SELECT act, subject, detail FROM audit_log ORDER BY id").all()
    database.close()
    assert [tuple(act) for act in acts] == [
        ("add editor", "editor 1", '{"role": "writer"}'),
        ("remove editor", "editor 1", "{}"),
    ]
