"""Imports go one way: down the list of packages, and within one never in a circle. Those that only the type checker
follows count too: a reader follows them as well."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

import pedidos_server

PACKAGE = Path(pedidos_server.__file__).parent

ORDER = (
    {"__init__", "errors", "fd_limit", "clock", "origins", "sockets"},
    {"logs", "config"},
    {"domain"},
    {"timekeeping"},
    {"storage"},
    {"stream"},
    {"web"},
    {"app"},
    {"server"},
    {"cli"},
    {"__main__"},
)
"""What stands in one row knows nothing of the others in it, nor of those below."""
STRANGERS = {"stream": {"storage"}, "storage": {"config"}, "domain": {"errors"}}
"""What a package does not know although it stands above it."""
ROW = {name: row for row, names in enumerate(ORDER) for name in names}
LONGEST_FILE = 350

IO = {"asyncio", "gevent", "http", "selectors", "socket", "sqlite3", "subprocess", "threading", "flask", "requests"}


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


@functools.cache
def parsed(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text("utf-8"))


def package_of(module: str) -> str:
    return module.partition(".")[0]


def imports(module: str) -> Iterator[ast.Import | ast.ImportFrom]:
    """All of its imports, those inside functions included."""
    for node in ast.walk(parsed(module)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node


def own_imports(module: str) -> set[str]:
    """The modules of the package that this one imports."""
    parents = list(MODULES[module].relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in imports(module):
        if isinstance(node, ast.Import):
            names = [name.name.split(".") for name in node.names if name.name.split(".")[0] == PACKAGE.name]
            found |= {".".join(name[1:]) or "__init__" for name in names}
            continue
        base = node.module.split(".") if node.module else []
        if node.level:
            base = [*parents[: len(parents) - node.level + 1], *base]
        elif base[:1] == [PACKAGE.name]:
            base = base[1:]
        else:
            continue
        for name in node.names:  # ``from . import x``: a module, or something that the package defines
            submodule = ".".join([*base, name.name])
            found.add(submodule if submodule in MODULES else ".".join(base) or "__init__")
    return found


def test_every_package_has_its_place() -> None:
    assert set(ROW) == {package_of(module) for module in MODULES}
    assert sum(map(len, ORDER)) == len(ROW), "and only one"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_above(module: str) -> None:
    own = package_of(module)
    others = {other for other in own_imports(module) if package_of(other) != own}
    below = {other for other in others if ROW[package_of(other)] >= ROW[own]}
    assert not below, f"{module} imports {below}, which stand below or beside it"
    strangers = {other for other in others if package_of(other) in STRANGERS.get(own, ())}
    assert not strangers, f"{module} imports {strangers}, of which its package knows nothing"


def test_no_import_goes_in_a_circle() -> None:
    try:
        list(TopologicalSorter({module: own_imports(module) for module in MODULES}).static_order())
    except CycleError as error:
        pytest.fail(f"a circle: {' -> '.join(error.args[1])}")


SQLITE = "storage.sqlite"
CHOOSES_THE_DATABASE = "storage.open"
OUTSIDE_SQLITE = sorted(module for module in MODULES if not module.startswith(SQLITE))


@pytest.mark.parametrize("module", OUTSIDE_SQLITE)
def test_only_the_sqlite_half_knows_sqlite(module: str) -> None:
    """Whatever the database is, it is behind the seam (storage/base.py): no import, and no SQL."""
    libraries = {
        name.partition(".")[0]
        for node in imports(module)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert not libraries & {"sqlite3", "apsw", "peewee"}
    if module != CHOOSES_THE_DATABASE:
        assert not {other for other in own_imports(module) if other.startswith(SQLITE)}
    texts = (node.value for node in ast.walk(parsed(module)) if isinstance(node, ast.Constant))
    assert not [text for text in texts if isinstance(text, str) and SQL.search(text)]


SQL = re.compile(r"^\s*(SELECT .* FROM|INSERT |UPDATE .* SET|DELETE FROM|PRAGMA|BEGIN|COMMIT)", re.DOTALL)


def test_sql_would_be_noticed() -> None:
    assert SQL.search("SELECT a\n FROM b") and SQL.search(" DELETE FROM b") and SQL.search("PRAGMA user_version = 1")


@pytest.mark.parametrize("module", sorted(module for module in MODULES if package_of(module) == "domain"))
def test_the_domain_does_no_io(module: str) -> None:
    outside = {
        name.split(".")[0]
        for node in imports(module)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert not outside & (IO | {"peewee"})


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_file_can_be_read_in_one_sitting(module: str) -> None:
    assert len(MODULES[module].read_text("utf-8").splitlines()) <= LONGEST_FILE


def test_the_imports_are_read_from_the_code() -> None:
    """A walk that finds nothing would find nothing wrong."""
    assert {"stream.hub", "storage.writer", "web.orders", "__init__"} <= own_imports("app")
    assert own_imports("errors") == set()
