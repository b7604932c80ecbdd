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
    goal: float | None = None
    """None where the figure only explains others."""
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
        if self.goal is None:
            return True
        return self.judged >= self.goal if self.at_least else self.judged <= self.goal

    @property
    def goal_text(self) -> str:
        if self.goal is None:
            return ""
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


def placed(document: str, row: str, figures: Iterable[Figure]) -> str:
    """The Markdown document with the row's table in its place: between ``<!-- bench ROW -->`` and ``<!-- end -->``.

    Raises ValueError where the document has no such place.
    """
    begin = f"<!-- bench {row} -->"
    before, found, rest = document.partition(begin)
    _, ends, after = rest.partition("<!-- end -->")
    if not found or not ends:
        raise ValueError(f"no place for the row {row}")
    return f"{before}{begin}\n\n{table(figures)}\n\n<!-- end -->{after}"


def _cells(figure: Figure) -> tuple[str, ...]:
    beside = f"{_number(figure.beside)} {figure.unit} ({figure.beside_what})" if figure.beside is not None else ""
    ratio = f"{figure.judged:.2f} ×" if figure.beside is not None else ""
    met = "" if figure.goal is None else "yes" if figure.met else "NO"
    return figure.what, f"{_number(figure.value)} {figure.unit}", beside, ratio, figure.goal_text, met


def _number(value: float) -> str:
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"
