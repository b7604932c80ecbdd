"""The JavaScript half's own tests, run from here so that one command runs everything: node's test runner, the type
check, the declarations.

npm's packages are kept in the temporary directory, never in the repository. What is tested is copied beside them,
because node and TypeScript look for packages upwards from the file that imports them.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from live_server import LiveServer

REPOSITORY = Path(__file__).resolve().parent.parent.parent
REACT_VERSIONS = ("18", "19")
NEEDS_PACKAGES = {"react.test.js", "docs.test.js", "compat.test.js", "store.property.test.js"}


def require(program: str) -> str:
    """Its path. Missing: a laptop skips, CI fails."""
    path = shutil.which(program)
    if path is None and os.environ.get("CI") == "true":
        pytest.fail(f"{program} is not installed")
    if path is None:
        pytest.skip(f"{program} is not installed")
    return path


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
    for name in ("static", "examples", "docs", "tests/js", "tests/frames"):
        shutil.copytree(REPOSITORY / name, destination / name, ignore=ignore)
    (destination / "node_modules").mkdir()
    (destination / "node_modules" / "pedidos-client").symlink_to(destination / "static")


@pytest.fixture(scope="module", params=REACT_VERSIONS)
def react_workspace(request: pytest.FixtureRequest) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="run-", dir=packages(request.param)) as folder:
        copy_sources(Path(folder))
        yield Path(folder)


@pytest.fixture(scope="module")
def workspace() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="run-", dir=packages("19")) as folder:
        copy_sources(Path(folder))
        yield Path(folder)


def node_test(workspace: Path, names: list[str], **environment: str) -> None:
    files = [f"tests/js/{name}" for name in sorted(names)]
    command = [require("node"), "--test", "--test-reporter=spec", *files]
    run(command, workspace, timeout=220, **environment)


def test_modules_with_injected_clock_and_sockets() -> None:
    """Needs nothing but node."""
    names = [path.name for path in (REPOSITORY / "tests/js").glob("*.test.js") if path.name not in NEEDS_PACKAGES]
    node_test(REPOSITORY, names)


def test_property_and_compatibility(workspace: Path) -> None:
    node_test(workspace, ["store.property.test.js", "compat.test.js"])


def test_hooks_against_a_live_server(react_workspace: Path) -> None:
    with LiveServer.start() as server:
        node_test(react_workspace, ["react.test.js"], PEDIDOS_URL=server.url)


def test_examples_of_the_documentation(workspace: Path) -> None:
    with LiveServer.start() as server:
        node_test(workspace, ["docs.test.js"], PEDIDOS_URL=server.url)


def typescript(workspace: Path, *arguments: str) -> None:
    compiler = workspace.parent / "node_modules" / "typescript" / "bin" / "tsc"
    run([require("node"), str(compiler), *arguments], workspace, timeout=120)


def test_types(workspace: Path) -> None:
    typescript(workspace, "-p", "static/tsconfig.json")


def test_declarations_are_those_of_the_code(workspace: Path) -> None:
    """`static/types/` is generated: see `docs/client.md` for the command."""
    emit = ["--noEmit", "false", "--declaration", "--emitDeclarationOnly", "--outDir", "emitted"]
    typescript(workspace, "-p", "static/tsconfig.json", *emit)
    comparison = filecmp.dircmp(workspace / "emitted", workspace / "static" / "types")

    def differences(level: filecmp.dircmp[str]) -> list[str]:
        own = [*level.left_only, *level.right_only, *level.diff_files]
        return own + [name for inner in level.subdirs.values() for name in differences(inner)]

    assert differences(comparison) == []


def test_declarations_as_a_typescript_user_sees_them(react_workspace: Path) -> None:
    options = ["--strict", "--noEmit", "--target", "es2020", "--module", "es2020", "--moduleResolution", "bundler"]
    typescript(react_workspace, *options, "--jsx", "react-jsx", "tests/js/types.ts")
