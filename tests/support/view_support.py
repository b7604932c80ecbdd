"""What the tests of Resumo, Painel and Ficha share: npm's packages, axe, dates, moving orders into the past."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from playwright.sync_api import Page, expect

from tests.support.checks import require, unavailable
from tests.support.live_server import LiveServer

REPOSITORY = Path(__file__).resolve().parent.parent.parent
ZONE = ZoneInfo("America/Sao_Paulo")
SECTORS = ("financeiro", "conferencia", "sublimacao", "costura", "expedicao")
READY = {**dict.fromkeys(SECTORS, True), "status": "pronto"}
AXE = {"axe-core": "^4.10.0"}

OpenView = Callable[..., Page]
StartServer = Callable[..., LiveServer]


def npm_packages(dependencies: dict[str, str]) -> Path:
    """A folder with these packages, in the temporary directory; installed once."""
    npm = require("npm")
    manifest = json.dumps({"private": True, "type": "module", "dependencies": dependencies})
    cache = Path(tempfile.gettempdir()) / f"pedidos-npm-{os.getuid() if hasattr(os, 'getuid') else 'user'}"
    folder = cache / hashlib.sha256(manifest.encode()).hexdigest()[:16]
    if (folder / "node_modules").is_dir():
        return folder
    cache.mkdir(mode=0o700, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as fresh:
        (Path(fresh) / "package.json").write_text(manifest)
        install = [npm, "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts"]
        result = subprocess.run(
            install, cwd=fresh, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=200
        )
        if result.returncode != 0:
            unavailable(f"npm cannot install {', '.join(dependencies)}: {result.stderr}")
        folder.mkdir(exist_ok=True)
        # Last and in one step: another test process sees all of it or nothing.
        if not (folder / "node_modules").is_dir():
            (Path(fresh) / "node_modules").rename(folder / "node_modules")
    return folder


def now() -> datetime:
    return datetime.now(ZONE)


def day(offset: int = 0) -> str:
    """A date of the shop's, so many days from today."""
    return (now().date() + timedelta(offset)).isoformat()


def local(on: date, hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(on.year, on.month, on.day, hour, minute, second, tzinfo=ZONE)


def move_back(server: LiveServer, order_id: int, days: int) -> None:
    """Makes everything that has happened to an order so far older. The server must be stopped."""
    by = timedelta(days=days)

    def back(text: str) -> str:
        moment = datetime.fromisoformat(text).astimezone(UTC) - by
        return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")

    database = sqlite3.connect(server.database_path)
    try:
        for row, text in database.execute(
            "SELECT id, timestamp FROM historico WHERE pedido_id = ?", (order_id,)
        ).fetchall():
            database.execute("UPDATE historico SET timestamp = ? WHERE id = ?", (back(text), row))
        (document,) = database.execute("SELECT documento FROM pedido WHERE id = ?", (order_id,)).fetchone()
        order = json.loads(document)
        for field in ("data_criacao", "ultima_atualizacao"):
            order[field] = back(order[field])
        database.execute(
            "UPDATE pedido SET documento = ?, alterado_em = ? WHERE id = ?",
            (json.dumps(order, ensure_ascii=False).encode(), order["ultima_atualizacao"], order_id),
        )
        database.commit()
    finally:
        database.close()


def assert_accessible(page: Page, rules: list[str] | None = None) -> None:
    """axe finds nothing, by the rules of WCAG 2.2 A and AA, or by some of them alone."""
    if not page.evaluate("'axe' in window"):
        axe = npm_packages(AXE) / "node_modules" / "axe-core" / "axe.min.js"
        # By the debugger's way in, which the page's policy does not concern.
        page.evaluate(axe.read_text() + "; 0")
    tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    chosen = {"type": "rule", "values": rules} if rules else {"type": "tag", "values": tags}
    result = page.evaluate("(runOnly) => axe.run(document, {runOnly})", chosen)
    found = [
        f"{entry['id']}: {node['html'][:200]} {node['failureSummary']}"
        for entry in result["violations"]
        for node in entry["nodes"]
    ]
    assert not found, "\n".join(found)


def _show(page: Page, scheme: Literal["dark", "light"], theme: str) -> None:
    """Until every colour is there: one on its way to another is neither."""
    page.emulate_media(color_scheme=scheme)
    expect(page.locator("html")).to_have_attribute("data-tema", theme)
    page.wait_for_function("() => document.getAnimations().every(one => !(one instanceof CSSTransition))")


def assert_accessible_in_light_and_dark(page: Page) -> None:
    """In light by all rules, in dark by those of colour: nothing else is other there."""
    assert_accessible(page)
    _show(page, "dark", "escuro")
    assert_accessible(page, rules=["color-contrast", "link-in-text-block"])
    _show(page, "light", "claro")
