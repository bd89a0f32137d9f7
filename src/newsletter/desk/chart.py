"""Charts as SVG, drawn here: without a script, and as well in print as in the dark.

Style attributes are forbidden by the page's security policy, so colours come from the style sheet, by class.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log10

from markupsafe import Markup

_WIDTH, _HEIGHT = 360, 170
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 14, 12, 24  # room for the figures around
_LINES = 4
_GAP = 0.25  # of a column's room
_MOST_LABELS = 6

_COLUMN = Markup(
    '<rect class="column{}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {}</title></rect>'
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a bar; ``tone`` names its class."""

    label: str
    count: int
    tone: str


@dataclass(frozen=True, slots=True)
class Column:
    label: str
    value: float
    #: stands out from the others
    is_marked: bool = False


def draw_bar(parts: Sequence[Part], *, title: str) -> Markup:
    """Draw how a whole is made up, as one bar across the page."""
    total = sum(part.count for part in parts)
    pieces: list[Markup] = []
    at = 0.0
    for part in parts:
        width = 1000 * part.count / total if total else 0
        if width:
            pieces.append(
                Markup(
                    '<rect class="tone {}" x="{:.2f}" y="0" width="{:.2f}" height="24"><title>{}: {}</title></rect>'
                ).format(part.tone, at, width, part.label, f"{part.count:,}")
            )
        at += width
    return Markup(
        '<svg class="bar" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" aria-label="{}">{}</svg>'
    ).format(title, Markup().join(pieces))


def draw_columns(columns: Sequence[Column], *, title: str, unit: str = "") -> Markup:
    """Draw a column for each value, with a scale beside and as many labels below as have room."""
    most = max((column.value for column in columns), default=0)
    top = _round_up(most if unit else max(most, _LINES))  # counts have no quarters
    height, room = _HEIGHT - _TOP - _BOTTOM, (_WIDTH - _LEFT - _RIGHT) / max(1, len(columns))
    pieces = [_draw_line(top * number / _LINES, number / _LINES, height, unit) for number in range(_LINES + 1)]
    every = ceil(len(columns) / _MOST_LABELS)
    for number, column in enumerate(columns):
        tall = height * column.value / top
        x = _LEFT + number * room + room * _GAP / 2
        pieces.append(
            _COLUMN.format(" marked" if column.is_marked else "", x, _TOP + height - tall, room * (1 - _GAP), tall,
                    column.label, _write(column.value, unit))
        )  # fmt: skip
        if (len(columns) - 1 - number) % every == 0:
            pieces.append(
                Markup('<text x="{:.1f}" y="{}" text-anchor="middle">{}</text>').format(
                    x + room * (1 - _GAP) / 2, _HEIGHT - 8, column.label
                )
            )
    return Markup('<svg class="columns" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        _WIDTH, _HEIGHT, title, Markup().join(pieces)
    )


def _draw_line(value: float, part: float, height: int, unit: str) -> Markup:
    y = _TOP + height * (1 - part)
    return Markup(
        '<line x1="{}" x2="{}" y1="{:.1f}" y2="{:.1f}"/><text x="{}" y="{:.1f}" text-anchor="end">{}</text>'
    ).format(_LEFT, _WIDTH - _RIGHT, y, y, _LEFT - 5, y + 4, _write(value, unit))


def _round_up(value: float) -> float:
    """Return the top of the scale: 4, 8, 20, 40 or 80 of a power of ten, so that its quarters are round."""
    if value <= 0:
        return _LINES
    power = 10.0 ** int(log10(value) // 1)
    return next(power * step for step in (1, 2, 4, 8, 10) if power * step >= value)


def _write(value: float, unit: str) -> str:
    if value >= 10_000:  # noqa: PLR2004 - beyond it a scale's figures do not fit
        return f"{value / 1000:g}k{unit}"
    return f"{value:.2f}".rstrip("0").rstrip(".") + unit
