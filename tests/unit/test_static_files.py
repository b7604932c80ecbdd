"""The page's files in memory, and a folder's modules as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from pedidos_server.web.bundles import ENTRIES, bundle
from pedidos_server.web.pages import STATIC
from pedidos_server.web.static_files import StaticFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "view/lista").mkdir(parents=True)
    (tmp_path / "view/app.js").write_text("import { mount } from './lista/lista.js';\nmount();\n")
    (tmp_path / "view/lista/lista.js").write_text("export function mount() {}\n")
    return tmp_path


def test_comments_go_and_lines_stay(folder: Path) -> None:
    source = "// one\n/** two\n * three */\nconst a = '// four';\n  /* five */\nb(/** @type {any} */ (a)); // six\n"
    (folder / "view/app.js").write_text(source)
    expected = "\n\n\nconst a = '// four';\n\nb(/** @type {any} */ (a)); // six\n"
    assert StaticFiles(folder).body("view/app.js").decode() == expected


def test_a_bundle_keeps_names_and_asks_outside_once() -> None:
    sources = {
        "view/lista/lista.js": "import { h as make } from '../dom/dom.js';\nimport { a } from './a.js';\n"
        "export { b as c } from './b.js';\nexport const d = [make, a];\n",
        "view/lista/a.js": "import { b } from './b.js';\nimport {\n  h,\n} from '../dom/dom.js';\n"
        "export const a = b + h;\n",
        "view/lista/b.js": "export const b = 1;\nexport function never() {}\n",
        "view/dom/dom.js": "export const h = 2;\n",
    }
    assert bundle("view/lista/lista.js", sources) == (
        "import * as $out0 from '../dom/dom.js';\n"
        "const $m0 = (() => {\nconst b = 1;\nfunction never() {}\n\nreturn { b, never };\n})();\n"
        "const $m1 = (() => {\nconst { b } = $m0;\nconst { h } = $out0;\nconst a = b + h;\n\nreturn { a };\n})();\n"
        "const $m2 = (() => {\nconst { h: make } = $out0;\nconst { a } = $m1;\nconst d = [make, a];\n\n"
        "return { c: $m0.b, d };\n})();\n"
        "export const { c, d } = $m2;\n"
    )


def test_every_folder_can_be_packed() -> None:
    files = StaticFiles(STATIC)
    for name in ENTRIES:
        assert files.body(name, as_bundle=True) != files.body(name)
