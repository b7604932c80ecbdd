"""Where the JavaScript tests run: npm's packages, and a copy of what is tested beside them.

The packages are kept in the temporary directory, never in the repository. What is tested is copied next to them,
because node, TypeScript and Vite look for packages upwards from the file that imports them.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.checks import require

REPOSITORY = Path(__file__).resolve().parent.parent.parent


def run(command: list[str], directory: Path, timeout: float, **environment: str) -> str:
    """Runs it, and fails with its output when it fails."""
    result = subprocess.run(
        command,
        cwd=directory,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=timeout,
    )
    if result.returncode != 0:
        pytest.fail(f"{' '.join(command)}: {result.returncode}\n{result.stdout}", pytrace=False)
    return result.stdout


def packages(react: str) -> Path:
    """A folder with the packages of the tests and of the example, with this React; installed once per set."""
    npm = require("npm")
    wanted: dict[str, str] = {}
    for manifest in ("tests/js/package.json", "examples/react/package.json"):
        content = json.loads((REPOSITORY / manifest).read_text())
        wanted |= content.get("dependencies", {}) | content["devDependencies"]
    del wanted["pedidos-client"]  # linked in `workspace`: it is what is tested
    wanted |= {"react": f"^{react}", "react-dom": f"^{react}", "@types/react": f"^{react}"}
    manifest_text = json.dumps({"private": True, "type": "module", "dependencies": wanted}, indent=2)

    cache = Path(tempfile.gettempdir()) / f"pedidos-js-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder = cache / hashlib.sha256(manifest_text.encode()).hexdigest()[:16]
    if (folder / "node_modules").is_dir():
        return folder
    cache.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        (Path(fresh) / "package.json").write_text(manifest_text)
        install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        try:
            run(install, Path(fresh), timeout=200)
        except pytest.fail.Exception as failure:
            if os.environ.get("CI") == "true":
                raise
            pytest.skip(f"npm's packages cannot be installed here: {failure}")
        folder.mkdir(exist_ok=True)
        # Last and in one step: another test process sees all of it or nothing.
        if not (folder / "node_modules").is_dir():
            (Path(fresh) / "node_modules").rename(folder / "node_modules")
    return folder


def copy_sources(destination: Path) -> None:
    ignore = shutil.ignore_patterns("node_modules", "dist", "__pycache__")
    for name in ("static", "examples", "docs", "tests/js", "tests/frames", "pedidos_server/web"):
        shutil.copytree(REPOSITORY / name, destination / name, ignore=ignore)
    (destination / "node_modules").mkdir()
    (destination / "node_modules" / "pedidos-client").symlink_to(destination / "static")


@contextmanager
def workspace_with(react: str) -> Iterator[Path]:
    """A copy of the JavaScript half, for as long as the block runs."""
    with tempfile.TemporaryDirectory(prefix="run-", dir=packages(react)) as folder:
        copy_sources(Path(folder))
        yield Path(folder)


def declare(workspace: Path) -> Path:
    """TypeScript's declarations of `static/`, made anew; the folder they are in."""
    compiler = workspace.parent / "node_modules" / "typescript" / "bin" / "tsc"
    emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", "emitted"]
    run([require("node"), str(compiler), "-p", "static/tsconfig.json", *emit], workspace, timeout=120)
    return workspace / "emitted"


if __name__ == "__main__":
    with workspace_with("19") as place:
        shutil.rmtree(REPOSITORY / "static" / "types")
        shutil.copytree(declare(place), REPOSITORY / "static" / "types")
