"""The version is said in one place for Python and in one for npm, and they agree."""

from __future__ import annotations

import json
from pathlib import Path

import pedidos_server

REPOSITORY = Path(__file__).resolve().parents[2]


def test_python_and_npm_agree() -> None:
    package = json.loads((REPOSITORY / "static/package.json").read_text())
    assert package["version"] == pedidos_server.__version__


def test_the_changelog_begins_with_it() -> None:
    headings = [line for line in (REPOSITORY / "CHANGELOG.md").read_text().splitlines() if line.startswith("## ")]
    assert headings[0].removeprefix("## ").split()[0] == pedidos_server.__version__
