"""``python -m bench``: every figure beside what it is held against, in one run, as a table."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from .figures import Figure, placed, table
from .rows import Plan, all_rows


def main() -> None:
    rows = all_rows()
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description="Measures the server, each figure beside the bare limit (one send per subscriber and change, no "
        "application) in the same run. Starts everything it needs, on temporary databases and free ports.",
        epilog="rows:\n" + "\n".join(f"  {row.name:16} {row.title}" for row in rows),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--row", action="append", choices=[row.name for row in rows], help="only this row; repeatable"
    )
    parser.add_argument("--quick", action="store_true", help="a fifth of each size and time, in one round")
    parser.add_argument("--scale", type=float, default=1.0, help="multiplies every size and time (default 1)")
    parser.add_argument("--rounds", type=int, default=5, help="how often what is compared takes turns (default 5)")
    parser.add_argument("--page-seconds", type=float, default=60.0, help="how long the page is watched (default 60)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keeps the large database here for the next run")
    parser.add_argument("--json", type=Path, metavar="FILE", help="writes the figures here too")
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="puts each table into its place in this Markdown file"
    )
    parser.add_argument(
        "--curves", type=Path, metavar="FILE", help="measures the curves instead and draws them to this SVG"
    )
    options = parser.parse_args()
    scale, rounds = (options.scale * 0.2, 1) if options.quick else (options.scale, options.rounds)
    page_seconds = min(options.page_seconds, 10.0) if options.quick else options.page_seconds

    if options.curves:
        from .curves import draw, measure

        curves = measure(Plan(scale, rounds, say=lambda text: _say("curves", text)))
        options.curves.write_text(draw(curves), encoding="utf-8")
        if options.json:
            _write(options.json, {"curves": [curve.as_json() for curve in curves]})
        return

    figures: dict[str, list[Figure]] = {}
    for row in rows:
        if options.row and row.name not in options.row:
            continue
        _say(row.name, row.title)
        started = time.monotonic()
        plan = Plan(scale, rounds, page_seconds, options.keep, say=lambda text, name=row.name: _say(name, text))
        figures[row.name] = row.run(plan)
        _say(row.name, f"{time.monotonic() - started:.0f} s\n{table(figures[row.name])}\n")
        if options.into:
            options.into.write_text(placed(options.into.read_text("utf-8"), row.name, figures[row.name]), "utf-8")
    print(table(figure for found in figures.values() for figure in found))
    if options.json:
        _write(options.json, {name: [figure.as_json() for figure in found] for name, found in figures.items()})
    sys.exit(0 if all(figure.met for found in figures.values() for figure in found) else 1)


def _say(row: str, text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} [{row}] {text}", file=sys.stderr, flush=True)


def _write(path: Path, figures: dict[str, object]) -> None:
    machine = {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()}
    when = datetime.now(UTC).isoformat(timespec="seconds")
    path.write_text(json.dumps({"when": when, "machine": machine, **figures}, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
