"""Postfix on loopback, for the tests: a relay with a configuration, a queue and a log of its own.

It hands everything to a next hop, but for the bounce domain, whose mail goes where the test wants it. What cannot be
handed on comes back as Postfix's own reports, and everything that takes hours takes seconds.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from network import answers, find_free_port

_SECONDS = 30
# Longer back-off than between two runs of the queue: else a run may find a message whose delivery is just being put
# off, skip it as still being delivered, and leave it alone for good.
_MAIN = """\
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
maillog_file = {folder}/log
maillog_file_prefixes = {folder}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = relay.example.org
mydomain = example.org
myorigin = relay.example.org
mydestination =
local_recipient_maps =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
disable_dns_lookups = yes
recipient_delimiter = +
smtpd_recipient_restrictions = check_recipient_access inline:{{ {refused} }}, permit_mynetworks, reject
transport_maps = inline:{{ {{ {bounce_domain} = {bounce_transport} }} }}
default_transport = smtp:[127.0.0.1]:{next_hop}
virtual_mailbox_domains = {bounce_domain}
virtual_mailbox_base = {base}
virtual_mailbox_maps = static:{mailbox}/
virtual_uid_maps = static:{uid}
virtual_gid_maps = static:{gid}
delay_warning_time = 1s
maximal_queue_lifetime = {lifetime}
bounce_queue_lifetime = {lifetime}
minimal_backoff_time = 2s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtp_destination_concurrency_limit = 20
{more}
"""
_MASTER = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
smtp unix - - n - - smtp
virtual unix - n n - - virtual
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A relay; a context manager.

    ``bounces_to`` is a port of loopback that takes the mail of the bounce domain, a Maildir, or a command to pipe it
    to. ``refused`` are recipients that Postfix refuses itself, ``more`` further lines of its configuration.
    """

    def __init__(
        self,
        *,
        next_hop: int,
        bounces_to: int | str | Path,
        bounce_domain: str = "bounces.example.org",
        refused: tuple[str, ...] = (),
        lifetime: str = "4s",
        more: str = "",
    ) -> None:
        self._program = shutil.which("postfix", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
        if self._program is None:
            pytest.skip("Postfix is not installed: apt-get install postfix")
        if os.geteuid() != 0:
            pytest.skip("Postfix only runs as root")
        self.port = find_free_port()
        # Not a folder of pytest's: the names of sockets may have 107 letters, and root's folders are closed to others.
        self.folder = Path(tempfile.mkdtemp(prefix="postfix-"))
        self.folder.chmod(0o755)
        owner = pwd.getpwnam("nobody")
        maildir = bounces_to if isinstance(bounces_to, Path) else self.folder / "mail"
        refusals = " ".join(f"{{ {address} = 550 5.1.1 No such user }}," for address in refused)
        main = _MAIN.format(
            folder=self.folder,
            refused=refusals or "{ nobody@nowhere.example = reject }",
            bounce_domain=bounce_domain,
            bounce_transport=_name_transport(bounces_to),
            next_hop=next_hop,
            base=maildir.parent,
            mailbox=maildir.name,
            uid=owner.pw_uid,
            gid=owner.pw_gid,
            lifetime=lifetime,
            more=more,
        )
        (self.folder / "etc").mkdir()
        (self.folder / "data").mkdir()
        shutil.chown(self.folder / "data", "postfix")
        (self.folder / "etc" / "main.cf").write_text(main)
        master = _MASTER.format(port=self.port)
        if isinstance(bounces_to, str):
            master += f"newsletter unix - n n - 5 pipe flags=Rq user=nobody null_sender= argv={bounces_to}\n"
        (self.folder / "etc" / "master.cf").write_text(master)

    def __enter__(self) -> Self:
        (self.folder / "queue").mkdir()
        self._command("start")
        deadline = time.monotonic() + _SECONDS
        while not answers(self.port, b"220"):
            if time.monotonic() > deadline:
                message = f"Postfix did not start: {self.log()}"
                raise TimeoutError(message)
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        self._command("abort")
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text() if file.exists() else ""

    def _command(self, word: str) -> None:
        subprocess.run(
            [self._program or "", "-c", self.folder / "etc", word], check=True, capture_output=True, timeout=_SECONDS
        )


def _name_transport(bounces_to: int | str | Path) -> str:
    if isinstance(bounces_to, int):
        return f"smtp:[127.0.0.1]:{bounces_to}"
    return "virtual:" if isinstance(bounces_to, Path) else "newsletter:"
