"""A real Postgres for the tests: started once per run from the installed server programs, private, and thrown away.

It listens on a Unix socket in a folder that only we can enter, so it needs no port and no password. Nothing of it
has to survive a crash of the machine, so it never waits for the disk.
"""

from __future__ import annotations

import fcntl
import os
import pwd
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote, urlsplit
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

_MISSING = "Postgres's server programs are not installed: sudo apt-get install postgresql"

#: The first version of Postgres that may be told how to copy a database.
_WITH_STRATEGIES = 15_00_00

_SETTINGS = {"listen_addresses": "''", "max_connections": "200"}
_HASTE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class PostgresServer:
    """The server whose files are in ``folder``; every process of a test run may hold one for the same folder.

    Tests need no durability, so it is off; for a measurement ``is_durable`` leaves Postgres's own defaults.
    """

    def __init__(self, folder: Path, *, is_durable: bool = False, address: str = "") -> None:
        self._settings = _SETTINGS if is_durable else _SETTINGS | _HASTE
        #: an address of this machine to listen on, for hosts that share no folder with it; else a socket in the folder
        self._address = address
        self._folder = folder
        self._data = folder / "data"

    def start(self) -> None:
        """Start the server unless another process of this run already did. Skip the test where Postgres is missing."""
        programs = find_server_programs()
        if programs is None:
            pytest.skip(_MISSING)
        with self._alone():
            if (self._data / "postmaster.pid").exists():
                return
            settings = {"unix_socket_directories": f"'{self._folder}'", **self._settings}
            options = " ".join(f"-c {name}={value}" for name, value in settings.items())
            log = str(self._folder / "log")
            self._run(
                programs / "initdb",
                "--username=postgres",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
            )
            if self._address:
                settings["listen_addresses"] = f"'{self._address}'"
                options = " ".join(f"-c {name}={value}" for name, value in settings.items())
                with (self._data / "pg_hba.conf").open("a", encoding="ascii") as access:
                    access.write(f"host all all {self._address}/30 trust\n")
            self._run(programs / "pg_ctl", "start", "--wait", "--silent", "--log", log, "--options", options)

    def restart(self, *, mode: str) -> None:
        """Stop the server in one of Postgres's modes and start it again; sessions end, what was committed stays."""
        programs = find_server_programs()
        assert programs is not None
        log = str(self._folder / "log")
        self._run(programs / "pg_ctl", "restart", "--wait", "--silent", "--mode", mode, "--log", log)

    def stop(self) -> None:
        """Stop the server if any process started it, and remove its files."""
        programs = find_server_programs()
        if programs is not None and (self._data / "postmaster.pid").exists():
            self._run(programs / "pg_ctl", "stop", "--mode=immediate", "--silent")
        shutil.rmtree(self._folder, ignore_errors=True)

    def url(self, database: str) -> str:
        if self._address:
            return f"postgresql://postgres@{self._address}/{database}"
        return f"postgresql://postgres@/{database}?host={quote(str(self._folder), safe='')}"

    def name_of(self, url: str) -> str:
        """Return the name of the database that ``url`` leads to."""
        return urlsplit(url).path.removeprefix("/")

    @contextmanager
    def database(self, *, template: str = "template1") -> Iterator[str]:
        """Give the URL of a fresh copy of ``template``, empty by default, that lasts as long as the block."""
        database = f"test_{uuid4().hex}"
        name = sql.Identifier(database)
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} {}")
        with self._connect() as connection:
            # Files are copied in a third of the time that their pages take by way of the log, which is how it is else.
            by_files = sql.SQL("STRATEGY FILE_COPY" if connection.info.server_version >= _WITH_STRATEGIES else "")
            connection.execute(create.format(name, sql.Identifier(template), by_files))
        try:
            yield self.url(database)
        finally:
            with self._connect() as connection:
                connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))

    def _connect(self) -> psycopg.Connection:
        return psycopg.connect(self.url("postgres"), autocommit=True)

    def _run(self, program: Path, *arguments: str) -> None:
        """Run one of Postgres's own programs; they refuse to be root, so root lends them to another user."""
        owner = find_owner()
        if owner is not None:
            shutil.chown(self._folder, owner.pw_uid, owner.pw_gid)
        subprocess.run(
            [program, "--pgdata", str(self._data), *arguments],
            check=True,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            user=None if owner is None else owner.pw_uid,
            group=None if owner is None else owner.pw_gid,
            extra_groups=None if owner is None else [],
        )

    @contextmanager
    def _alone(self) -> Iterator[None]:
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def find_server_programs() -> Path | None:
    """Return the folder of the newest installed server; Debian keeps it outside PATH."""
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda program: float(program.parts[-3]))
    if versions:
        return versions[-1].parent
    program = shutil.which("initdb")
    return None if program is None else Path(program).resolve().parent


def find_owner() -> pwd.struct_passwd | None:
    """Return whom root lends the server to; None where we are not root and run it ourselves."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres")
    except KeyError:
        return pwd.getpwnam("nobody")
