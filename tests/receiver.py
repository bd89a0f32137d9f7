"""A receiver for the tests: judges messages by mailauth, in Node, with a table in place of DNS."""

from __future__ import annotations

import json
import subprocess
from base64 import b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import which
from typing import Any

import pytest

_SCRIPT = Path(__file__).with_name("authenticate.mjs")
_MAILAUTH = Path(__file__).parents[1] / "node_modules" / "mailauth"

#: By name and type; TXT answers are lists of lists of strings.
Records = Mapping[str, Mapping[str, list[list[str]]]]


def authenticate(messages: Sequence[bytes], *, dns: Records, client: str, helo: str, sender: str) -> list[Any]:
    """Return what mailauth says of each message. The test is skipped where Node or mailauth is missing."""
    node = which("node")
    if node is None or not _MAILAUTH.is_dir():
        pytest.skip("mailauth needs Node: install nodejs, then make setup")
    request = {
        "messages": [b64encode(message).decode() for message in messages],
        "dns": dns,
        "envelope": {"ip": client, "helo": helo, "sender": sender, "mta": "mx.example.net", "trustReceived": False},
    }
    done = subprocess.run([node, _SCRIPT], input=json.dumps(request), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return list(json.loads(done.stdout))
