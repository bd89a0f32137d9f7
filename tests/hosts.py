"""A second host on this machine: a network namespace with ways to database and relay, one of which can be cut."""

from __future__ import annotations

import os
import shutil
import subprocess
from itertools import count
from types import TracebackType
from typing import Self

import pytest

from project import Project

_NUMBERS = count(os.getpid() % 200 * 250)


class Hosts:
    """The second host is a place of its own as far as the network goes; the test is skipped where none can be made.

    The near ends of both ways have addresses of this machine alone, which nothing outside of it can reach.
    """

    def __init__(self) -> None:
        number = next(_NUMBERS) % (250 * 200)
        self._name = f"nl{number}"
        block = f"10.{77 + number // 62_500}.{number // 250 % 250}"
        first = number % 60 * 4
        #: where servers on this host listen, to be reached from both
        self.database, self._far_database = f"{block}.{first + 1}", f"{block}.{first + 2}"
        self.relay, self._far_relay = (
            self.database.replace("10.77", "10.87"),
            self._far_database.replace("10.77", "10.87"),
        )

    def __enter__(self) -> Self:
        if os.geteuid() != 0 or shutil.which("ip") is None:
            pytest.skip("Network namespaces need root and iproute2.")
        if subprocess.run(["ip", "netns", "add", self._name], capture_output=True, check=False).returncode:
            pytest.skip("This machine allows no network namespaces.")
        for kind, near, far in (("d", self.database, self._far_database), ("r", self.relay, self._far_relay)):
            self._ip("link", "add", f"{self._name}{kind}", "type", "veth", "peer", f"{self._name}{kind}f")
            self._ip("link", "set", f"{self._name}{kind}f", "netns", self._name)
            self._ip("address", "add", f"{near}/30", "dev", f"{self._name}{kind}")
            self._ip("link", "set", f"{self._name}{kind}", "up")
            self._ip("-n", self._name, "address", "add", f"{far}/30", "dev", f"{self._name}{kind}f")
            self._ip("-n", self._name, "link", "set", f"{self._name}{kind}f", "up")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ip("link", "delete", f"{self._name}d")
        self._ip("link", "delete", f"{self._name}r")
        self._ip("netns", "delete", self._name)

    def start(self, project: Project, *words: str) -> subprocess.Popen[str]:
        """Start a command on the second host; end it by its process id."""
        # `ip netns exec` becomes the command, so that the process is the command's own.
        return project.start(*words, before=("ip", "netns", "exec", self._name), errors=None)

    def cut_database(self) -> None:
        """Let nothing pass between the second host and the database; what is sent meanwhile is lost on the way."""
        self._ip("link", "set", f"{self._name}d", "down")

    def join_database(self) -> None:
        self._ip("link", "set", f"{self._name}d", "up")

    def _ip(self, *words: str) -> None:
        subprocess.run(["ip", *words], check=True)
