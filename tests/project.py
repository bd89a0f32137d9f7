"""A project folder driven by the real command line, as its users drive it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import chdir
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from newsletter.cli import choose_app
from newsletter.domain.token import KeyRing
from newsletter.errors import NewsletterError
from newsletter.resources import folder
from newsletter.settings import load_settings
from newsletter.store.database import Database
from newsletter.store.subscribers import list_subscribers

_PAGE = folder("examples") / "articles" / "ostrel-review.txt"


class CommandError(Exception):
    """A command that ended otherwise than the test expected."""


class Project:
    """A project of its own. Commands run in this process, but for those whose own process is the point."""

    def __init__(self, folder: Path, *, database_url: str, relay_port: int, **options: str) -> None:
        """Open the project in ``folder``, or make a fresh one; ``options`` are in its commands' environment."""
        self.folder = folder
        self.file = folder / "newsletter.toml"
        self.options = options
        self.environment = {**os.environ, "NEWSLETTER_CONFIG": str(self.file), **options}
        self.environment["NEWSLETTER_DATABASE__URL"] = database_url
        if not self.file.exists():
            self._begin()
        self.configure("port", relay_port)

    def _begin(self) -> None:
        self.run("init", str(self.folder))
        self.configure("base_url", "https://review.example.org")
        self.configure("postal_address", "4 Lock Lane, Ostrel")
        self.configure("from", "news@review.example.org")
        self.configure("host", "127.0.0.1")

    def copy(self, folder: Path, *, database_url: str, relay_port: int) -> Project:
        """Return a project with the same keys and options, whose database is a copy of this one's."""
        folder.mkdir()
        shutil.copy(self.file, folder)
        return Project(folder, database_url=database_url, relay_port=relay_port, **self.options)

    def approve_an_issue(self) -> None:
        """Store the sample page's articles, and draft and approve issue 1 with them."""
        self.run("articles", "import", str(_PAGE))
        for article in self.read("articles", "list"):
            self.run("articles", "edit", str(article["id"]), "--headline", f"What article {article['id']} found")
        self.run("issue", "draft")
        self.run("issue", "approve", "1", "--by", "Editor")

    def configure(self, key: str, value: str | int) -> None:
        """Set a key that the fresh file has already."""
        text = self.file.read_text(encoding="utf-8")
        changed, count = re.subn(rf"(?m)^{key} = [^#\n]*", f"{key} = {json.dumps(value)} ", text)
        if count != 1:
            message = f"the fresh newsletter.toml has {count} lines {key} = …"
            raise CommandError(message)
        self.file.write_text(changed, encoding="utf-8")

    def start(
        self, *arguments: str, before: tuple[str, ...] = (), errors: int | None = subprocess.PIPE
    ) -> subprocess.Popen[str]:
        """Start a command and leave it running; end it by its process id. ``before`` is a program that becomes it.

        With ``errors`` None they go where ours do, which nobody has to empty for a process that has much to say.
        """
        return subprocess.Popen(
            [*before, sys.executable, "-m", "newsletter", *arguments],
            env=self.environment, cwd=self.folder.parent, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip

    def run(self, *arguments: str, stdin: bytes | None = None, exit_status: int = 0) -> str:
        """Run a command to its end and return what it prints; CommandError for another exit status."""
        with chdir(self.folder.parent):
            ended = CliRunner().invoke(choose_app(arguments), arguments, env=self.environment, input=stdin)
        if ended.exception and not isinstance(ended.exception, (NewsletterError, SystemExit)):
            raise ended.exception
        errors = ended.stderr + (str(ended.exception) if isinstance(ended.exception, NewsletterError) else "")
        return self._judge(arguments, ended.exit_code, exit_status, ended.stdout, errors)

    def run_alone(self, *arguments: str, exit_status: int = 0) -> str:
        """Run a command in a process of its own to its end; otherwise like ``run``."""
        with self.start(*arguments) as started:
            output, errors = started.communicate(timeout=110)
        return self._judge(arguments, started.returncode, exit_status, output, errors)

    def _judge(self, arguments: tuple[str, ...], status: int, expected: int, output: str, errors: str) -> str:
        if status != expected:
            message = f"{' '.join(arguments)} ended with {status}: {errors}"
            raise CommandError(message)
        return output if expected == 0 else errors

    def read(self, *arguments: str) -> Any:  # noqa: ANN401 - any JSON document
        """Run a command with --json and return its document."""
        return json.loads(self.run(*arguments, "--json"))

    @property
    def keys(self) -> KeyRing:
        return KeyRing(load_settings(self.file, {}).security.secret_key.encode())

    @property
    def database_url(self) -> str:
        return self.environment["NEWSLETTER_DATABASE__URL"]

    def open_database(self) -> Database:
        return Database(self.database_url)

    def public_ids(self) -> dict[str, bytes]:
        """Return each subscriber's public id by address."""
        database = self.open_database()
        try:
            with database.snapshot() as snapshot:
                return {each.address.text: each.public_id for each in list_subscribers(snapshot)}
        finally:
            database.close()
