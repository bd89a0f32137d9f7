"""How long preflight takes: all checks of an issue of 25 articles, without its compile."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace

from bench.figure import Figure
from draft_builders import a_proof, a_stored_article, an_article_shown
from newsletter.domain.issue import ItemSlot
from newsletter.render.issue import render_issue
from newsletter.render.mjml import Mrml
from newsletter.service.preflight import preflight
from newsletter.service.proof import Proof

_ARTICLES = 25
_RUNS = 15


def measure_preflight() -> Figure:
    """Run all checks; the yardstick is the rendering of the same issue by the faster compiler."""
    proof = _pull_proof()
    ours = _time(lambda: preflight(replace(proof)))  # a copy has nothing worked out yet
    rendering = _time(lambda: render_issue(proof.issue, compiler=Mrml()))
    return Figure(
        name=f"preflight of an issue of {_ARTICLES} articles",
        measured=f"{ours * 1e3:.0f} ms",
        yardstick=f"rendering it with mrml, {rendering * 1e3:.0f} ms",
        ratio=ours / rendering,
    )


def _pull_proof() -> Proof:
    slots = [ItemSlot.LEAD, *[ItemSlot.FEATURE] * (_ARTICLES - 1)]
    return a_proof(
        *(an_article_shown(a_stored_article(number), slot=slot) for number, slot in enumerate(slots, start=1))
    )


def _time(work: Callable[[], object]) -> float:
    """Return the seconds of one call, the median of several."""
    times = []
    for _ in range(_RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return statistics.median(times)
