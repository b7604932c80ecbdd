"""The views' own JavaScript tests (`tests/js/view/`), and that a TV's Chrome 87 understands what the panel loads."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.checks import require
from tests.support.view_support import REPOSITORY, npm_packages

CHROME_87 = REPOSITORY / "tests" / "js" / "chrome87"
YOUNGER_SCRIPTS = [
    "[1].at(-1);",
    "structuredClone({});",
    "Object.hasOwn({}, 'a');",
    "[1].findLast(Boolean);",
    "class A { #secret = 1; }",
    "await fetch('/');",
    "crypto.randomUUID();",
    "AbortSignal.timeout(1);",
]
YOUNGER_STYLES = [
    ".a { aspect-ratio: 1; }",
    ".a { height: 100dvh; }",
    ".a { overflow: clip; }",
    ".a { color: color-mix(in srgb, red, blue); }",
    ".a:has(b) { color: red; }",
    ".a:is(.b, .c) { color: red; }",
    ".a { .b { color: red; } }",
    "@layer a { .b { color: red; } }",
    "@container (min-width: 3px) { .b { color: red; } }",
    "@media (width >= 3px) { .b { color: red; } }",
]


def run(command: list[str], directory: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=100,
    )


@pytest.mark.parametrize("zone", ["America/Sao_Paulo", "UTC", "Asia/Tokyo"])
def test_logic_of_the_views(zone: str) -> None:
    """In several zones: a date must be the same day in each of them."""
    files = sorted(str(path) for path in (REPOSITORY / "tests/js/view").glob("*.test.js"))
    result = run([require("node"), "--test", *files], REPOSITORY, TZ=zone)
    assert result.returncode == 0, result.stdout


@pytest.fixture(scope="module")
def linters(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the linters, their settings and a copy of the page beside them."""
    packages = npm_packages(json.loads((CHROME_87 / "package.json").read_text())["devDependencies"])
    folder = tmp_path_factory.mktemp("chrome87")
    (folder / "node_modules").symlink_to(packages / "node_modules")
    for name in ("package.json", "eslint.config.js", "css.js"):
        shutil.copy(CHROME_87 / name, folder)
    for name in ("client", "view"):
        shutil.copytree(REPOSITORY / "static" / name, folder / "static" / name)
    return folder


def eslint(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    return run([require("node"), "node_modules/eslint/bin/eslint.js", "--max-warnings=0", *files], folder)


def css(folder: Path, *files: str) -> subprocess.CompletedProcess[str]:
    return run([require("node"), "css.js", *files], folder)


def test_scripts_are_those_of_chrome_87(linters: Path) -> None:
    result = eslint(linters, "static/client", "static/view")
    assert result.returncode == 0, result.stdout


def test_styles_are_those_of_chrome_87(linters: Path) -> None:
    """Of the panel: the others are for a desk, where browsers are kept up to date."""
    shared = [f"static/view/look/{path.name}" for path in (REPOSITORY / "static/view/look").glob("*.css")]
    result = css(linters, *shared, "static/view/painel/painel.css")
    assert result.returncode == 0, result.stdout


def test_what_is_younger_is_found(linters: Path) -> None:
    for number, text in enumerate(YOUNGER_SCRIPTS):
        (linters / f"younger-{number}.js").write_text(text)
    found = eslint(linters, "--format=json", *(f"younger-{number}.js" for number in range(len(YOUNGER_SCRIPTS))))
    clean = [Path(entry["filePath"]).name for entry in json.loads(found.stdout) if not entry["messages"]]
    assert clean == []
    for number, text in enumerate(YOUNGER_STYLES):
        (linters / f"younger-{number}.css").write_text(text)
    sheets = [f"younger-{number}.css" for number in range(len(YOUNGER_STYLES))]
    lines = css(linters, *sheets).stdout.splitlines()
    assert {line.split(":")[0] for line in lines} == set(sheets)


def test_no_import_map() -> None:
    assert "importmap" not in (REPOSITORY / "static/index.html").read_text()
