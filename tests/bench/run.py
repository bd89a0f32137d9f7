"""`make bench`: measure each figure of docs/scaling.md, with its yardstick in the same run.

Names behind it measure those alone: `make bench ONLY="leaving import"`. Nothing here passes or fails: a figure that
moved is for a person to explain.
"""

from __future__ import annotations

import logging
import statistics
import subprocess
import sys
import time
import timeit
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime

import structlog

from bench.audience import measure_audience
from bench.bounces import measure_bounces
from bench.delivery import LETTER_BYTES, measure_deliveries
from bench.desk import measure_desk
from bench.desk_people import measure_desk_people
from bench.distance import measure_distance
from bench.figure import Figure
from bench.large_ledger import measure_large_ledger
from bench.leaving import measure_leaving
from bench.list_import import measure_import
from bench.machines import measure_machines
from bench.null_relay import measure_sizes
from bench.pace import measure_pace
from bench.preflight import measure_preflight
from bench.rendering import measure_rendering
from bench.signature import measure_signature
from bench.simulation import measure_scaling
from bench.smtp_tools import MissingToolError
from mailing_stand import KEYS, SENDER, a_rendered_issue
from newsletter.domain.address import EmailAddress
from newsletter.domain.letter import Recipient
from newsletter.domain.mailing import DeliveryId
from newsletter.domain.topic import Topic
from newsletter.mail.message import Splicer, compile_letters

_SIZES = (100_000, 1_000_000)  # readers of a null relay
_SPLICES = 4_000
_STARTS = 7
_NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


def main(names: Sequence[str]) -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    print(f"{'figure':58} {'ratio':>6}  {'measured':46} yardstick")
    for name in names or _BENCHES:
        try:
            for figure in _BENCHES[name]():
                ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
                print(f"{figure.name:58} {ratio:>6}  {figure.measured:46} {figure.yardstick}", flush=True)
        except MissingToolError as error:
            print(f"{name} was not measured: {error}")


def _one(measure: Callable[[], Figure]) -> Callable[[], Iterator[Figure]]:
    return lambda: iter([measure()])


def _measure_splice() -> Figure:
    """Splice 80 kB letters; the yardstick is a plain copy of as many bytes."""
    splicer = Splicer(
        compile_letters(a_rendered_issue(words=LETTER_BYTES // 5), sender=SENDER),
        sender=SENDER,
        keys=KEYS,
        clock=lambda: _NOW,
    )
    recipient = Recipient(
        delivery=DeliveryId(1, 1), address=EmailAddress("reader@example.net"), public_id=bytes(8), topics=Topic.ARTICLES
    )
    content = splicer.splice(recipient).content
    ours = _time(lambda: splicer.splice(recipient))
    copy = _time(lambda: bytes(bytearray(content)))
    return Figure(
        name=f"splice of a letter of {len(content) // 1000} kB",
        measured=f"{ours * 1e6:.1f} µs",
        yardstick=f"two copies of its bytes, {copy * 1e6:.1f} µs",
        ratio=ours / copy,
    )


def _measure_help() -> Figure:
    """Start `newsletter --help`; the yardstick is an interpreter that starts and ends."""
    ours = _time_command([sys.executable, "-m", "newsletter", "--help"])
    bare = _time_command([sys.executable, "-c", "pass"])
    return Figure(
        name="newsletter --help",
        measured=f"{ours:.2f} s",
        yardstick=f"python -c pass, {bare:.2f} s",
        ratio=ours / bare,
    )


def _time(work: Callable[[], object]) -> float:
    """Return the seconds of one call, the best of five runs."""
    return min(timeit.repeat(work, number=_SPLICES, repeat=5)) / _SPLICES


def _time_command(command: list[str]) -> float:
    """Return the seconds of a whole process, the median of several."""
    times = []
    for _ in range(_STARTS):
        started = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - started)
    return statistics.median(times)


_BENCHES: dict[str, Callable[[], Iterator[Figure]]] = {
    "splice": _one(_measure_splice),
    "audience": _one(measure_audience),
    "import": _one(measure_import),
    "help": _one(_measure_help),
    "preflight": _one(measure_preflight),
    "rendering": measure_rendering,
    "bounces": _one(measure_bounces),
    "signature": _one(measure_signature),
    "desk": measure_desk_people,
    "sizes": lambda: measure_sizes(*_SIZES),
    "leaving": _one(measure_leaving),
    "screens": measure_desk,
    "pace": _one(measure_pace),
    "distance": measure_distance,
    "delivery": measure_deliveries,
    "machines": measure_machines,
    "large-ledger": measure_large_ledger,
    "scaling": measure_scaling,
}


if __name__ == "__main__":
    unknown = set(sys.argv[1:]) - _BENCHES.keys()
    if unknown:
        sys.exit(f"There is no benchmark {', '.join(sorted(unknown))}; there are {', '.join(_BENCHES)}.")
    main(sys.argv[1:])
