"""Exim on loopback, for the tests.

Debian installs Postfix or Exim, never both. So Exim's package is unpacked beside, into a root of its own with the
libraries that it wants and a user for it, and nothing of the machine is changed.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from network import answers, find_free_port

_SECONDS = 30
_PACKAGES = ("exim4-daemon-light", "libidn12")  # what else it needs, any Debian has
_USER_ID = 65_533
_CONFIGURATION = """\
primary_hostname = mail.example.com
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
disable_ipv6 = true
tls_advertise_hosts =
host_lookup =
acl_smtp_rcpt = accept
message_size_limit = 100K
delay_warning = 1s
delay_warning_condition = yes
keep_environment =

begin routers
back:
  driver = manualroute
  domains = {bounce_domain}
  transport = back
  route_list = * 127.0.0.1
  self = send
out:
  driver = manualroute
  transport = out
  route_list = * 127.0.0.1
  self = send

begin transports
back:
  driver = smtp
  port = {bounces_to}
  allow_localhost
out:
  driver = smtp
  port = {next_hop}
  allow_localhost

begin retry
* * F,{lifetime},1s
"""


class Exim:
    """A relay; a context manager. Everything goes to ``next_hop``, mail of the bounce domain to ``bounces_to``."""

    def __init__(self, *, next_hop: int, bounces_to: int, bounce_domain: str, lifetime: str = "4s") -> None:
        if os.geteuid() != 0:
            pytest.skip("Exim only runs as root")
        self.port = find_free_port()
        self.root = Path(tempfile.mkdtemp(prefix="exim-"))
        self.root.chmod(0o755)
        try:
            _unpack(self.root)
        except (OSError, subprocess.SubprocessError) as error:
            shutil.rmtree(self.root)
            pytest.skip(f"Exim cannot be unpacked, which needs apt-get and the archive: {type(error).__name__}")
        configuration = _CONFIGURATION.format(
            port=self.port, next_hop=next_hop, bounces_to=bounces_to, bounce_domain=bounce_domain, lifetime=lifetime
        )
        (self.root / "etc" / "exim4").mkdir()
        (self.root / "etc" / "exim4" / "exim4.conf").write_text(configuration)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            ["chroot", self.root, "/usr/sbin/exim4", "-bdf", "-q1s"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True,
        )  # fmt: skip
        deadline = time.monotonic() + _SECONDS
        while not answers(self.port, b"220"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                message = f"Exim did not start: {self.log()}"
                raise TimeoutError(message)
            time.sleep(0.05)
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)  # with those that deliver just now
        self._process.wait(timeout=_SECONDS)
        shutil.rmtree(self.root, ignore_errors=True)

    def log(self) -> str:
        logs = (self.root / "var" / "log" / "exim4").glob("*")
        return "".join(file.read_text() for file in logs)


def _unpack(root: Path) -> None:
    with tempfile.TemporaryDirectory() as name:
        fetch = ["apt-get", "download", "-qq", *_PACKAGES]
        subprocess.run(fetch, cwd=name, check=True, capture_output=True, timeout=60)
        for package in Path(name).glob("*.deb"):
            subprocess.run(["dpkg", "-x", package, root], check=True, capture_output=True, timeout=60)
    _complete(root)


def _complete(root: Path) -> None:
    """Copy the libraries that it finds on this machine, and make the folders and users that it expects."""
    found = subprocess.run(
        ["ldd", root / "usr/sbin/exim4"], check=True, capture_output=True, text=True,
        env={"LD_LIBRARY_PATH": ":".join(str(folder) for folder in root.glob("usr/lib/*-linux-gnu"))},
    ).stdout  # fmt: skip
    for path in re.findall(r"/\S+", found):
        library = Path(path)
        if root not in library.parents and library.exists():
            target = root / library.relative_to("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(library, target)
            target.chmod(0o755)
    for folder in ("etc", "dev", "tmp", "var/spool/exim4", "var/log/exim4", "run/exim4", "var/mail"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("var/spool/exim4", "var/log/exim4", "run/exim4"):
        os.chown(root / folder, _USER_ID, _USER_ID)
    (root / "dev" / "null").touch()
    (root / "dev" / "null").chmod(0o666)
    users = f"root:x:0:0::/:/bin/false\nDebian-exim:x:{_USER_ID}:{_USER_ID}::/:/bin/false\n"
    (root / "etc" / "passwd").write_text(users)
    (root / "etc" / "group").write_text(f"root:x:0:\nDebian-exim:x:{_USER_ID}:\n")
