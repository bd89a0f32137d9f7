"""The log: which lines are written, and that it costs a silent command nothing."""

from __future__ import annotations

import json
import subprocess
import sys


def test_lines_of_the_level_and_above_are_json_on_standard_error() -> None:
    errors = _run("log.configure(logging.INFO)", "log.info('sent', delivery=7)", "log.warning('paused', mailing=2)")
    assert [(line["event"], line["level"]) for line in map(json.loads, errors)] == [
        ("sent", "info"),
        ("paused", "warning"),
    ]


def test_lines_below_the_level_are_left_out_whether_structlog_is_loaded_or_not() -> None:
    quiet = "log.info('sent', delivery=7)"
    errors = _run("log.configure(logging.WARNING)", quiet, "log.error('failed', why='no disk')", quiet)
    assert [json.loads(line)["event"] for line in errors] == ["failed"]


def test_a_process_that_writes_no_line_does_not_load_structlog() -> None:
    is_loaded = "print('structlog' in sys.modules, file=sys.stderr)"
    assert _run("log.configure(logging.WARNING)", "log.info('sent', delivery=7)", is_loaded) == ["False"]
    assert _run("log.configure(logging.WARNING)", "log.error('failed')", is_loaded)[-1] == "True"


def _run(*statements: str) -> list[str]:
    """Return what a fresh interpreter writes to standard error."""
    script = "\n".join(["import logging, sys", "from newsletter.log import log", *statements])
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout == ""
    return ended.stderr.splitlines()
