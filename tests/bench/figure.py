"""One measured figure, beside its yardstick."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    name: str
    #: as measured, with its unit; says more about the machine than about the program
    measured: str
    #: what it was measured against, in the same run
    yardstick: str = ""
    #: ours divided by the yardstick's
    ratio: float | None = None
