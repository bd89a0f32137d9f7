"""What a command loads: what its own work takes, and nothing that only delivering, rendering or serving needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from project import Project

_HEAVY = {
    "aiosmtplib",
    "alembic",
    "cryptography",
    "feedparser",
    "httpx",
    "litestar",
    "lxml",
    "mammoth",
    "procrastinate",
}
_HEAVY |= {"babel", "jinja2", "structlog"}

# Runs a command in this process, then names the packages that it loaded.
_SCRIPT = """
import atexit, sys
from newsletter.cli import main
atexit.register(lambda: print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr))
main()
"""

COMMANDS = ("--help", "issue show 1", "subscribers import {list}", "bounces list")


@pytest.fixture
def project(tmp_path: Path, sqlite_url: str) -> Project:
    project = Project(tmp_path / "review", database_url=sqlite_url, relay_port=25)
    project.run("issue", "draft")
    return project


def test_everyday_commands_load_no_library_that_their_own_work_does_not_take(project: Project, tmp_path: Path) -> None:
    subscribers = tmp_path / "list.csv"
    subscribers.write_text("email,consent_source\nada@example.org,a form on paper\n", encoding="utf-8")
    loaded = {command: _load(project, command.format(list=subscribers)) for command in COMMANDS}
    assert {command: packages for command in COMMANDS if (packages := loaded[command] & _HEAVY)} == {}


def test_the_command_that_migrates_loads_what_migrates(project: Project) -> None:
    assert "alembic" in _load(project, "migrate")


def _load(project: Project, command: str) -> set[str]:
    """Return the packages that a process of this command has loaded at its end."""
    ended = subprocess.run(
        [sys.executable, "-c", _SCRIPT, *command.split()], env=project.environment, cwd=project.folder.parent,
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(ended.stderr.splitlines()[-1].split())
