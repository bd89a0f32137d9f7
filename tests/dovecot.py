"""Dovecot on loopback, for the tests: an IMAP server with a configuration and folders of its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pytest
from imapclient import IMAPClient

from certificate import Certificate
from network import answers, find_free_port

_PASSWORD = "swordfish"  # noqa: S105 - of a server that lives as long as a test
_SECONDS = 20
_CONFIGURATION = """\
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap
listen = 127.0.0.1
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login{mechanisms}
first_valid_uid = 1
mail_location = maildir:{maildir}
namespace inbox {{
  inbox = yes
  prefix = {prefix}
  separator = .
}}
passdb {{
  driver = static
  mechanisms = plain login
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
  }}
}}
service anvil {{
  chroot =
}}
service stats {{
  chroot =
}}
"""


class Dovecot:
    """One mailbox, of any user who knows the password; a context manager.

    ``capability`` replaces what the server says it can; ``prefix`` stands before the names of folders.
    """

    password = _PASSWORD

    def __init__(
        self, *, capability: str = "", prefix: str = "", certificate: Certificate | None = None,
        token_check: str = "",
    ) -> None:  # fmt: skip
        program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if program is None or not Path("/usr/lib/dovecot/imap").exists():
            pytest.skip("Dovecot is not installed: apt-get install dovecot-imapd")
        self._program = program
        # Not a folder of pytest's: the names of sockets may have 107 letters, and root's folders are closed to others.
        self.folder = folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
        folder.chmod(0o711)
        self.maildir = folder / "mail"
        self.port, self.tls_port = find_free_port(), find_free_port()
        # Dovecot reads no mail as root.
        owner = pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        text = _CONFIGURATION.format(
            folder=folder, maildir=self.maildir, prefix=prefix, password=_PASSWORD, uid=owner.pw_uid, gid=owner.pw_gid,
            port=self.port, tls_port=self.tls_port if certificate else 0, mechanisms=" xoauth2" if token_check else "",
        )  # fmt: skip
        if os.geteuid() != 0:
            text += f"default_internal_user = {owner.pw_name}\ndefault_login_user = {owner.pw_name}\n"
            text += f"default_internal_group = {grp.getgrgid(owner.pw_gid).gr_name}\n"
        if certificate:
            text += f"ssl = yes\nssl_cert = <{certificate.file}\nssl_key = <{certificate.key_file}\n"
        else:
            text += "ssl = no\n"
        if capability:
            text += f"imap_capability = {capability}\n"
        if token_check:
            (folder / "oauth2.conf").write_text(
                f"introspection_mode = post\nintrospection_url = {token_check}\nusername_attribute = email\n"
            )
            text += f"passdb {{\n  driver = oauth2\n  mechanisms = xoauth2\n  args = {folder}/oauth2.conf\n}}\n"
        (folder / "dovecot.conf").write_text(text)
        self._make_maildir(owner)

    @property
    def url(self) -> str:
        return f"imap://news%40review.example@127.0.0.1:{self.port}/INBOX"

    def __enter__(self) -> Self:
        self._process = subprocess.Popen([self._program, "-F", "-c", self.folder / "dovecot.conf"])
        deadline = time.monotonic() + _SECONDS
        while not answers(self.port, b"* OK"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                message = f"Dovecot did not start: {self.log()}"
                raise TimeoutError(message)
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(timeout=_SECONDS)
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""

    @contextmanager
    def signed_in(self) -> Iterator[IMAPClient]:
        """Give a client of the test's own."""
        with IMAPClient("127.0.0.1", self.port, ssl=False) as client:
            client.login("news@review.example", _PASSWORD)
            yield client

    def put(self, raw: bytes, *, folder: str = "INBOX", flags: tuple[bytes, ...] = ()) -> None:
        with self.signed_in() as client:
            client.append(folder, raw, flags)

    def list_messages(self, folder: str = "INBOX") -> list[tuple[bytes, tuple[bytes, ...]]]:
        """Return text and flags of each message, without making it read; none for a folder that is not there."""
        with self.signed_in() as client:
            if not client.folder_exists(folder):
                return []
            client.select_folder(folder, readonly=True)
            fetched = client.fetch(client.search(), ["BODY.PEEK[]", "FLAGS"])
            return [(each[b"BODY[]"], each[b"FLAGS"]) for _, each in sorted(fetched.items())]

    def _make_maildir(self, owner: pwd.struct_passwd) -> None:
        for name in ("", "new", "cur", "tmp"):
            (self.maildir / name).mkdir()
            os.chown(self.maildir / name, owner.pw_uid, owner.pw_gid)
