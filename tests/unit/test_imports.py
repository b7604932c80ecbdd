"""Imports go one way: a module may use what stands in a row above its own, and nothing else of the package.

A new module gets its place here. Imports that only the type checker follows may point anywhere.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import pedidos_server

PACKAGE = Path(pedidos_server.__file__).parent

LAYERS = (
    {"__init__", "domain", "storage", "storage.sqlite"},
    {"domain.events", "domain.fields"},
    {"domain.order"},
    {"domain.refusals"},
    {"domain.commands"},
    {"errors"},
    {"protocol", "logs", "addresses", "origins", "multisend", "worker"},
    {"clock", "timekeeping", "fair_queue"},
    {"server", "server.fd_limit", "server.hijack", "server.http_head"},
    {"server.reader"},
    {"server.body"},
    {"config", "letters", "portuguese", "remote", "terminal", "models", "json_body", "database_files"},
    {"database"},
    {"migrations", "cookies"},
    {"event_log", "order_numbers", "tokens", "file_command"},
    {"auth", "token_command", "number_command", "backup_command"},
    {"rates", "downloads"},
    {"storage.writer"},
    {"storage.sqlite.answers", "storage.sqlite.checkpoints"},
    {"storage.sqlite.batch"},
    {"queries"},
    {"subscription", "transports", "transports.sse", "transports.websocket"},
    {"hub"},
    {"routes", "routes.descriptions", "routes.docs", "routes.openapi", "routes.pages", "http_errors"},
    {"edge"},
    {"routes.guard", "routes.requests"},
    {"routes.orders", "routes.operations", "routes.realtime", "routes.session"},
    {"routes.fast_path"},
    {"app"},
    {"server.idle_connections"},
    {"server.http_server"},
    {"server.embedded", "server.gunicorn", "demo", "stress", "watch"},
    {"cli"},
    {"__main__"},
)

ROW = {module: row for row, modules in enumerate(LAYERS) for module in modules}

WITHOUT_IO = {
    "errors",
    "protocol",
    "models",
    "domain.fields",
    "domain.order",
    "domain.events",
    "domain.refusals",
    "domain.commands",
}
"""These are tested without a socket, a file or a loop, and so import none."""
IO = {"asyncio", "gevent", "http", "selectors", "socket", "sqlite3", "subprocess", "threading", "flask", "requests"}


def module_of(path: Path) -> str:
    name = ".".join(path.relative_to(PACKAGE).with_suffix("").parts)
    return name.removesuffix(".__init__")


MODULES = {module_of(path): path for path in PACKAGE.rglob("*.py")}


def imports(node: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """All imports that can happen when the program runs, those inside functions included."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child
        elif isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING"):
            for other in child.orelse:
                yield from imports(other)
        else:
            yield from imports(child)


def own_imports(module: str) -> set[str]:
    """The modules of the package that this one imports."""
    path = MODULES[module]
    parents = list(path.relative_to(PACKAGE).parts[:-1])
    found = set()
    for node in imports(ast.parse(path.read_text("utf-8"))):
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


def test_every_module_has_its_place() -> None:
    assert set(ROW) == set(MODULES)
    assert sum(map(len, LAYERS)) == len(ROW), "and only one"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_a_module_imports_only_from_above(module: str) -> None:
    wrong = {other for other in own_imports(module) if ROW[other] >= ROW[module]}
    assert not wrong, f"{module} imports {wrong}, which stand below or beside it"


@pytest.mark.parametrize("module", sorted(WITHOUT_IO))
def test_what_does_no_io_imports_none(module: str) -> None:
    tree = ast.parse(MODULES[module].read_text("utf-8"))
    outside = {
        name.split(".")[0]
        for node in imports(tree)
        for name in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [each.name for each in node.names])
    }
    assert not outside & IO


def test_the_table_is_read_from_the_code() -> None:
    """A walk that finds nothing would find nothing wrong."""
    assert {"hub", "storage.writer", "routes.orders", "__init__"} <= own_imports("app")
    assert {"protocol", "json_body", "errors"} <= own_imports("transports.websocket")
    assert {"database", "models"} <= own_imports("migrations")
    assert "hub" not in own_imports("subscription"), "only the type checker follows that one"
    assert own_imports("errors") == set()
