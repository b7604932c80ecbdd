"""A small drawing of lines on logarithmic axes, as SVG: no library, and the file stays readable in a diff."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise

WIDTH, HEIGHT = 1030, 400
PANEL_WIDTH, PANEL_HEIGHT = 330, 250
TOP, LEFT, GAP = 92, 62, 155
INK, FAINT, GRID = "#1f2328", "#59636e", "#d1d9e0"
FONT = "-apple-system,BlinkMacSystemFont,'Segoe UI','Noto Sans',Helvetica,Arial,sans-serif"


@dataclass(frozen=True, slots=True)
class Line:
    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    dash: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    title: str
    unit: str
    lines: Sequence[Line]


def page(title: str, panels: Sequence[Panel]) -> str:
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" '
        f'font-family="{FONT}" font-size="12" role="img" aria-label="{escape(title)}">',
        f'<rect x="0.5" y="0.5" width="{WIDTH - 1}" height="{HEIGHT - 1}" rx="6" fill="#ffffff" stroke="{GRID}"/>',
        _text(LEFT - 38, 36, title, size=16, weight=600),
    ]
    for index, panel in enumerate(panels):
        parts += _panel(panel, LEFT + index * (PANEL_WIDTH + GAP))
    return "\n".join([*parts, "</svg>", ""])


def _panel(panel: Panel, left: float) -> list[str]:
    across = _Axis([x for line in panel.lines for x in line.x], left, left + PANEL_WIDTH)
    up = _Axis([y for line in panel.lines for y in line.y], TOP + PANEL_HEIGHT, TOP)
    right, bottom = left + PANEL_WIDTH, TOP + PANEL_HEIGHT
    parts = [_text(left - 38, TOP - 18, f"{panel.title} ({panel.unit})", weight=600, size=13)]
    for value in up.ticks():
        y = up.place(value)
        parts.append(f'<path d="M{left:.1f} {y:.1f}H{right:.1f}" stroke="{GRID}"/>')
        parts.append(_text(left - 8, y + 4, _short(value), anchor="end", colour=FAINT))
    for value in across.ticks():
        x = across.place(value)
        parts.append(f'<path d="M{x:.1f} {bottom}v5" stroke="{FAINT}"/>')
        parts.append(_text(x, bottom + 19, _short(value), anchor="middle", colour=FAINT))
    parts.append(f'<path d="M{left:.1f} {bottom}H{right:.1f}" stroke="{FAINT}"/>')
    parts.append(_text(left + PANEL_WIDTH / 2, bottom + 38, "subscribers", anchor="middle", colour=FAINT))
    places = []
    for line in panel.lines:
        points = [(across.place(x), up.place(y)) for x, y in zip(line.x, line.y, strict=True)]
        path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        parts.append(f'<path d="M{path}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2.5" fill="{line.colour}"/>' for x, y in points]
        places.append((points[-1][1], line))
    labels = _apart([place for place, _ in places])
    for (_, line), y in zip(places, labels, strict=True):
        text = f"{line.name} {_short(line.y[-1])}"
        parts.append(_text(right + 8, y + 4, text, colour=line.colour, weight=600))
    return parts


class _Axis:
    """A logarithmic axis from the decade-friendly bound below the least value to that above the largest."""

    def __init__(self, values: Sequence[float], start: float, end: float) -> None:
        self._start, self._end = start, end
        self._low, self._high = _bound(min(values), up=False), _bound(max(values), up=True)

    def place(self, value: float) -> float:
        share = (math.log(value) - math.log(self._low)) / (math.log(self._high) - math.log(self._low))
        return self._start + share * (self._end - self._start)

    def ticks(self) -> list[float]:
        steps = [
            factor * 10.0**exponent
            for exponent in range(math.floor(math.log10(self._low)), math.ceil(math.log10(self._high)) + 1)
            for factor in (1, 2, 5)
        ]
        kept = [step for step in steps if self._low * 0.999 <= step <= self._high * 1.001]
        return kept if len(kept) <= 9 else [step for step in kept if f"{step:e}"[0] == "1"]


def _bound(value: float, *, up: bool) -> float:
    """The next of 1, 2, 5 times a power of ten."""
    steps = [factor * 10.0**exponent for exponent in range(-6, 12) for factor in (1, 2, 5)]
    if up:
        return min(step for step in steps if step > value * 0.999)
    return max(step for step in steps if step < value * 1.001)


def _apart(places: Sequence[float], least: float = 16.0) -> list[float]:
    """The places, moved until labels there do not overlap."""
    moved = list(places)
    order = sorted(range(len(moved)), key=moved.__getitem__)
    for before, after in pairwise(order):
        moved[after] = max(moved[after], moved[before] + least)
    return moved


def _short(value: float) -> str:
    if value >= 1e6:
        return f"{value / 1e6:.3g} M"
    if value >= 10_000:
        return f"{value / 1e3:.3g} k"
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _text(
    x: float, y: float, text: str, *, anchor: str = "start", colour: str = INK, weight: int = 400, size: int = 12
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}" text-anchor="{anchor}" font-weight="{weight}" '
        f'font-size="{size}">{escape(text)}</text>'
    )
