"""A list of a million people: taken over in one go, in the memory that a small list takes."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from project import Project

#: Enough for every cache to be full.
MANY = 200_000
MILLION = 1_000_000
#: What the kernel's and the allocator's moods may add, in kibibytes.
MOODS = 16 * 1024


def write_list(file: Path, people: range) -> None:
    with file.open("w", encoding="utf-8") as stream:
        stream.write("email,name\n")
        stream.writelines(f"reader{number}@example.net,Reader {number}\n" for number in people)


def import_list(project: Project, file: Path, *, count: int) -> tuple[int, float]:
    """Import in a process of its own; return the most memory that it held, in kibibytes, and the seconds it took."""
    began = time.monotonic()
    started = project.start("subscribers", "import", str(file), "--consent-source", "Fair", "--json")
    _, status, usage = os.wait4(started.pid, 0)
    seconds = time.monotonic() - began
    started.returncode = os.waitstatus_to_exitcode(status)
    assert started.stdout
    assert started.stderr
    with started.stdout, started.stderr:
        assert started.returncode == 0, started.stderr.read()
        assert json.load(started.stdout)["added"] == count
    return usage.ru_maxrss, seconds


@pytest.mark.soak
def test_a_million_people_take_no_more_memory_than_many(tmp_path: Path, database_url: str) -> None:
    project = Project(tmp_path / "review", database_url=database_url, relay_port=25)
    write_list(tmp_path / "many.csv", range(MANY))
    write_list(tmp_path / "million.csv", range(MANY, MANY + MILLION))

    many, _ = import_list(project, tmp_path / "many.csv", count=MANY)
    million, seconds = import_list(project, tmp_path / "million.csv", count=MILLION)

    assert million < many + MOODS
    print(f"{MILLION / seconds:,.0f} rows a second, {million // 1024} MiB, {many // 1024} MiB for the fifth of it")  # noqa: T201
