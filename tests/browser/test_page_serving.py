"""How the page is served: one version of it, kept for good, and nothing from anywhere else."""

from __future__ import annotations

import gzip
import re

import pytest
import requests
from playwright.sync_api import Request

from pedidos_server.web.pages import STATIC
from pedidos_server.web.static_files import StaticFiles
from tests.support.page_helpers import OpenPage, Shop

pytest_plugins = ["tests.support.page_fixtures"]


def test_policy_allows_this_server_alone_and_nothing_inline(shop: Shop) -> None:
    response = shop.server.get("/")
    policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["style-src"] == "'self'"
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\son\w+=|\sstyle=", response.text)


@pytest.mark.parametrize(
    "name, kind", [("app.js", "text/javascript"), ("look/base.css", "text/css"), ("icone.svg", "image/svg+xml")]
)
def test_modules_of_this_version_are_kept_for_good(shop: Shop, name: str, kind: str) -> None:
    address = _base(shop) + name
    response = shop.server.get(address)
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert response.headers["Content-Type"].startswith(kind)
    assert response.headers["X-Content-Type-Options"] == "nosniff"


def test_plain_addresses_are_revalidated(shop: Shop) -> None:
    response = shop.server.get("/static/view/app.js")
    assert response.headers["Cache-Control"] == "no-cache"
    again = shop.server.get("/static/view/app.js", headers={"If-None-Match": response.headers["ETag"]})
    assert again.status_code == 304
    page = shop.server.get("/")
    assert page.headers["Cache-Control"] == "no-cache"
    assert shop.server.get("/", headers={"If-None-Match": page.headers["ETag"]}).status_code == 304


@pytest.mark.parametrize(
    "accepted, is_compressed",
    [
        ("gzip", True),
        ("br, GZIP;q=0.5, *;q=0", True),
        ("", False),
        ("identity", False),
        ("gzip;q=0", False),
        ("gzip; q=0.000, br", False),
        ("x-gzip, gzipped", False),
        ("gzip" + "," * 500, False),
    ],
)
def test_files_are_compressed_for_who_accepts_it(shop: Shop, accepted: str, is_compressed: bool) -> None:
    url, headers = f"{shop.server.url}{_base(shop)}app.js", {"Accept-Encoding": accepted}
    plain = StaticFiles(STATIC).body("view/app.js")
    with requests.get(url, headers=headers, stream=True, timeout=10) as response:
        sent = response.raw.read(decode_content=False)
    assert response.headers.get("Content-Encoding") == ("gzip" if is_compressed else None)
    assert (gzip.decompress(sent) if is_compressed else sent) == plain
    assert "Accept-Encoding" in response.headers["Vary"]
    head = requests.head(url, headers=headers, timeout=10)
    assert int(head.headers["Content-Length"]) == len(sent)
    again = requests.get(url, headers={**headers, "If-None-Match": response.headers["ETag"]}, timeout=10)
    assert again.status_code == 304
    assert again.headers["ETag"] == response.headers["ETag"]


def test_modules_of_another_version_are_gone(shop: Shop) -> None:
    response = shop.server.get("/static/v0.0.1-0000000000/view/app.js")
    assert response.status_code == 404
    assert response.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["..%2fsetup.cfg", "%2e%2e/setup.cfg", "view/..%2f..%2fsetup.cfg"])
def test_nothing_outside_of_the_folder_is_served(shop: Shop, path: str) -> None:
    assert shop.server.get(f"/static/{path}").status_code == 404
    assert shop.server.get(_base(shop).replace("view/", "") + path).status_code == 404


def test_every_module_carries_the_version_and_no_other_host_is_asked(open_page: OpenPage, shop: Shop) -> None:
    asked: list[Request] = []

    def note(request: Request) -> None:
        asked.append(request)

    page = open_page(before=lambda page: page.on("request", note))
    for path in ("#/quadro", "#/novo", "#/lista"):
        page.evaluate("path => { location.hash = path }", path)
        page.wait_for_function("path => document.body.dataset.view === path.slice(2)", arg=path)
    assert all(request.url.startswith((shop.server.url, "data:")) for request in asked)
    modules = [request.url for request in asked if re.search(r"\.(js|css|svg)$", request.url)]
    assert len(modules) > 30
    assert all("/static/v" in url for url in modules)
    # One that keeps an old page for itself would make every upgrade a riddle.
    assert page.evaluate("navigator.serviceWorker.getRegistrations()") == []


def _base(shop: Shop) -> str:
    found = re.search(r'src="(/static/v\d[^/]*/view/)app\.js"', shop.server.get("/").text)
    assert found
    return found[1]
