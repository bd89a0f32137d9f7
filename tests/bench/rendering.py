"""How long one rendering of the sample issue takes, all its topic variants included, with either compiler."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Callable, Iterator

from bench.figure import Figure
from builders import the_sample_issue
from newsletter.domain.issue import RenderedIssue
from newsletter.errors import ConfigurationError
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Compiler, Mrml, choose_compiler

_RUNS = 9


def measure_rendering() -> Iterator[Figure]:
    yield _measure(Mrml(), yardstick="filling the templates alone", work=_fill_alone)
    try:
        official = choose_compiler("mjml")
    except ConfigurationError as error:
        print(f"The official compiler was not measured: {error}")
        return
    yield _measure(official, yardstick="Node that starts and ends", work=_start_node)


def _measure(compiler: Compiler, *, yardstick: str, work: Callable[[], object]) -> Figure:
    ours, bare = [], []
    for _ in range(_RUNS):
        ours.append(_seconds(lambda: render_issue(the_sample_issue(), compiler=compiler)))
        bare.append(_seconds(work))
    rendered, alone = statistics.median(ours), statistics.median(bare)
    return Figure(
        name=f"rendering of the sample, all variants, by {compiler.name.partition(' ')[0]}",
        measured=f"{rendered * 1000:.0f} ms",
        yardstick=f"{yardstick}, {alone * 1000:.0f} ms",
        ratio=rendered / alone,
    )


class _NoCompiler:
    """Takes MJML for HTML."""

    name = "none"

    def compile(self, mjml: str) -> str:
        return mjml


def _fill_alone() -> RenderedIssue:
    return render_issue(the_sample_issue(), compiler=_NoCompiler())


def _start_node() -> None:
    subprocess.run(["node", "-e", "0"], check=True)


def _seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started
