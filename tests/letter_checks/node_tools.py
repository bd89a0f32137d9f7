"""The pinned Node tools, run over letters: a script of the folder ``node`` reads JSON and answers with JSON."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from newsletter.resources import folder

_SCRIPTS = Path(__file__).parent / "node"


def run_node(script: str, question: Mapping[str, object]) -> Any:  # noqa: ANN401 - any JSON document
    """Run a script and return its answer; the test is skipped where Node or its packages are missing."""
    if shutil.which("node") is None or not (folder("node_modules") / ".bin").exists():
        pytest.skip("Node 20 or newer with its packages is not here: install Node and npm, then make setup")
    answer = subprocess.run(
        ["node", str(_SCRIPTS / script)], input=json.dumps(question), capture_output=True, text=True, check=False
    )
    if answer.returncode:
        message = f"{script}: {answer.stderr}"
        raise RuntimeError(message)
    return json.loads(answer.stdout)
