"""A figure, what it is held against, and the table of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Figure:
    """One result. Where it stands ``beside`` another of the same run, ``goal`` bounds the ratio of the two, else
    the value itself."""

    what: str
    value: float
    unit: str
    goal: float
    at_least: bool = False
    """The goal is a lower bound."""
    beside: float | None = None
    beside_what: str = ""
    note: str = ""

    @property
    def judged(self) -> float:
        return self.value if self.beside is None else self.value / self.beside

    @property
    def met(self) -> bool:
        return self.judged >= self.goal if self.at_least else self.judged <= self.goal

    @property
    def goal_text(self) -> str:
        sign = "≥" if self.at_least else "≤"
        return f"{sign} {_number(self.goal)}" + (f" {self.unit}" if self.beside is None else " ×")

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "ratio": None if self.beside is None else round(self.judged, 3), "met": self.met}


HEADINGS = ("figure", "measured", "beside it", "ratio", "goal", "met")


def table(figures: Iterable[Figure]) -> str:
    """A Markdown table, aligned so that it reads in a terminal too."""
    rows = [HEADINGS, *map(_cells, figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADINGS))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows
    ]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    beside = f"{_number(figure.beside)} {figure.unit} ({figure.beside_what})" if figure.beside is not None else ""
    ratio = f"{figure.judged:.2f} ×" if figure.beside is not None else ""
    met = "yes" if figure.met else "NO"
    return figure.what, f"{_number(figure.value)} {figure.unit}", beside, ratio, figure.goal_text, met


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
