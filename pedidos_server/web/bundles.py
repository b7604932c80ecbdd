"""A folder's modules as one, so that a browser asks once for what always comes together.

Only of folders that are reached by one module of theirs, their *entry*: then there is one instance of each module, in
the bundle or outside of it, never in both. ``tests/js/sources.test.js`` keeps the folders so, and the modules in the
form that is read here: named imports and exports, each statement at a line's start.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from posixpath import dirname, join, normpath, relpath

ENTRIES = (
    "client/index.js",
    "view/ficha/ficha.js",
    "view/lista/lista.js",
    "view/painel/painel.js",
    "view/pedido/pedido.js",
    "view/quadro/quadro.js",
    "view/resumo/resumo.js",
    "view/shell/shell.js",
)

_FROM = re.compile(r"^(import|export) \{([^}]*)\} from '(\.[^']+)';\n", re.MULTILINE)
_WHOLE = re.compile(r"^import \* as \S+ from '(\.[^']+)';\n", re.MULTILINE)
"""As bundles themselves import."""
_BARE = re.compile(r"^import '(\.[^']+)';\n", re.MULTILINE)
_EXPORTED = re.compile(r"^export (?=(?:async function|function|const|class) (\w+))", re.MULTILINE)
_EMPTY = re.compile(r"^export \{\};\n", re.MULTILINE)


def imports_of(name: str, source: str) -> list[str]:
    """The modules that ``name``, a bundle or none, imports at once."""
    named = [found[3] for found in _FROM.finditer(source)] + _BARE.findall(source) + _WHOLE.findall(source)
    return [normpath(join(dirname(name), other)) for other in dict.fromkeys(named)]


def bundle(entry: str, sources: Mapping[str, str]) -> str:
    """``entry`` with what it imports of its folder. ``sources`` are by their paths; KeyError where one is missing."""
    folder = dirname(entry)
    order: list[str] = []
    outside: dict[str, str] = {}
    """What is imported of other folders, and the name of each here."""

    def visit(name: str) -> None:
        for other in imports_of(name, sources[name]):
            if not other.startswith(f"{folder}/"):
                outside.setdefault(other, f"$out{len(outside)}")
            elif other not in order:
                visit(other)
        if name not in order:
            order.append(name)

    visit(entry)
    called = {name: f"$m{number}" for number, name in enumerate(order)} | outside
    lines = [f"import * as {called[name]} from '{_address(folder, name)}';" for name in outside]
    exported: list[str] = []
    for name in order:
        body, exported = _body(name, sources[name], called)
        lines.append(f"const {called[name]} = (() => {{\n{body}\nreturn {{ {', '.join(exported)} }};\n}})();")
    names = [part.partition(":")[0] for part in exported]
    return "\n".join((*lines, f"export const {{ {', '.join(names)} }} = {called[entry]};\n"))


def _body(name: str, source: str, called: Mapping[str, str]) -> tuple[str, list[str]]:
    """A module without its imports and exports, and what it gives to others."""
    exported: list[str] = []

    def replace(found: re.Match[str]) -> str:
        module = called[normpath(join(dirname(name), found[3]))]
        names = [part.strip().split(" as ") for part in found[2].split(",") if part.strip()]
        if found[1] == "import":
            return f"const {{ {', '.join(': '.join(part) for part in names)} }} = {module};\n"
        exported.extend(f"{part[-1]}: {module}.{part[0]}" for part in names)
        return ""

    body = _BARE.sub("", _EMPTY.sub("", _FROM.sub(replace, source)))
    exported.extend(_EXPORTED.findall(body))
    return _EXPORTED.sub("", body), exported


def _address(folder: str, name: str) -> str:
    address = relpath(name, folder)
    return address if address.startswith(".") else f"./{address}"
