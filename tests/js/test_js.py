"""The JavaScript half's own tests, run from here so that one command runs everything: node's test runner, the type
check, the declarations."""

from __future__ import annotations

import filecmp
from collections.abc import Iterator
from pathlib import Path

import pytest

from pedidos_server.web.static_files import StaticFiles
from tests.support.checks import require
from tests.support.live_server import LiveServer
from tests.support.npm_workspace import REPOSITORY, declare, run, workspace_with

REACT_VERSIONS = ("18", "19")
NEEDS_PACKAGES = {
    "react.test.js",
    "docs.test.js",
    "compat.test.js",
    "served.test.js",
    "sources.test.js",
    "store.property.test.js",
    "view.property.test.js",
}


@pytest.fixture(scope="module", params=REACT_VERSIONS)
def react_workspace(request: pytest.FixtureRequest) -> Iterator[Path]:
    with workspace_with(request.param) as folder:
        yield folder


@pytest.fixture(scope="module")
def workspace() -> Iterator[Path]:
    with workspace_with("19") as folder:
        yield folder


def node_test(workspace: Path, names: list[str], **environment: str) -> None:
    files = [f"tests/js/{name}" for name in sorted(names)]
    command = [require("node"), "--test", "--test-reporter=spec", *files]
    run(command, workspace, timeout=220, **environment)


def test_modules_with_injected_clock_and_sockets() -> None:
    """Needs nothing but node."""
    names = [path.name for path in (REPOSITORY / "tests/js").glob("*.test.js") if path.name not in NEEDS_PACKAGES]
    node_test(REPOSITORY, names)


def test_property_and_compatibility(workspace: Path) -> None:
    node_test(workspace, ["store.property.test.js", "view.property.test.js", "compat.test.js", "sources.test.js"])


def test_modules_as_they_are_served(workspace: Path) -> None:
    files = StaticFiles(REPOSITORY / "static")
    for name in files.named("", ".js"):
        (workspace / "served" / name).parent.mkdir(parents=True, exist_ok=True)
        (workspace / "served" / name).write_bytes(files.body(name))
    node_test(workspace, ["served.test.js"])


def test_hooks_against_a_live_server(react_workspace: Path) -> None:
    with LiveServer.start() as server:
        node_test(react_workspace, ["react.test.js"], PEDIDOS_URL=server.url)


def test_examples_of_the_documentation(workspace: Path) -> None:
    with LiveServer.start() as server:
        node_test(workspace, ["docs.test.js"], PEDIDOS_URL=server.url)


def typescript(workspace: Path, *arguments: str) -> None:
    compiler = workspace.parent / "node_modules" / "typescript" / "bin" / "tsc"
    run([require("node"), str(compiler), *arguments], workspace, timeout=120)


@pytest.mark.parametrize("project", ["static", "static/view"])
def test_types(workspace: Path, project: str) -> None:
    typescript(workspace, "-p", f"{project}/tsconfig.json", "--skipLibCheck")


def test_declarations_are_those_of_the_code(workspace: Path) -> None:
    """`static/types/` is generated, by `make declarations`."""
    comparison = filecmp.dircmp(declare(workspace), workspace / "static" / "types")

    def differences(level: filecmp.dircmp[str]) -> list[str]:
        own = [*level.left_only, *level.right_only, *level.diff_files]
        return own + [name for inner in level.subdirs.values() for name in differences(inner)]

    assert differences(comparison) == []


def test_declarations_as_a_typescript_user_sees_them(react_workspace: Path) -> None:
    options = ["--strict", "--noEmit", "--target", "es2020", "--module", "es2020", "--moduleResolution", "bundler"]
    typescript(react_workspace, *options, "--jsx", "react-jsx", "tests/js/types.ts")
