"""The description at /openapi/openapi.json, and the page at /docs that shows it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.support.live_server import LiveServer

PATHS = {
    "/api/v1/pedidos": {"get", "post"},
    "/api/v1/pedidos/{}": {"get", "patch", "delete"},
    "/api/v1/pedidos/{}/historico": {"get"},
    "/api/v1/pedidos/proximo-numero": {"get"},
    "/api/v1/pedidos/status/{}": {"get"},
    "/ws/stats": {"get"},
    "/health": {"get"},
}


def normal(path: str) -> str:
    return re.sub(r"\{[^}]*\}", "{}", path).rstrip("/")


@pytest.fixture
def description(server: LiveServer) -> dict[str, Any]:
    response = server.get("/openapi/openapi.json")
    assert response.status_code == 200
    document: dict[str, Any] = response.json()
    return document


def test_it_is_openapi_3_1(description: dict[str, Any]) -> None:
    assert re.fullmatch(r"3\.1\.\d+", description["openapi"])
    assert description["info"]["title"] and description["info"]["version"]


@pytest.mark.parametrize("path", PATHS)
def test_it_covers_every_path(description: dict[str, Any], path: str) -> None:
    described = {normal(name): operations for name, operations in description["paths"].items()}
    assert set(described[path]) >= PATHS[path]
    for method in PATHS[path]:
        assert any(code.startswith("2") for code in described[path][method]["responses"])


def test_no_path_twice(description: dict[str, Any]) -> None:
    """The trailing slash is not an endpoint of its own."""
    paths = [normal(path) for path in description["paths"]]
    assert len(paths) == len(set(paths))


def test_the_bodies_are_described(description: dict[str, Any]) -> None:
    described = {normal(name): operations for name, operations in description["paths"].items()}
    for path, method in (("/api/v1/pedidos", "post"), ("/api/v1/pedidos/{}", "patch")):
        assert "application/json" in described[path][method]["requestBody"]["content"]
        assert {"422"} <= set(described[path][method]["responses"])


def test_every_reference_leads_somewhere(description: dict[str, Any]) -> None:
    def references(node: Any) -> list[str]:
        if isinstance(node, dict):
            own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
            return own + [found for child in node.values() for found in references(child)]
        return [found for child in node for found in references(child)] if isinstance(node, list) else []

    for reference in set(references(description)):
        node: Any = description
        for part in reference.removeprefix("#/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]


def test_the_page_makes_no_outside_request(server: LiveServer) -> None:
    """Whatever it loads, and what that loads by name, is on this server."""
    page = server.get("/docs")
    assert page.status_code == 200
    assert page.headers["Content-Type"].startswith("text/html")
    loaded = re.findall(r"""(?:src|href)\s*=\s*["']([^"']+)""", page.text)
    assert loaded
    for address in loaded:
        assert not re.match(r"(https?:)?//", address), address
        if not address.startswith(("data:", "#")):
            path = address if address.startswith("/") else f"/docs/{address}".replace("/./", "/")
            assert server.get(path).status_code == 200, path
    assert not re.findall(r"""(?:fetch|import)\s*\(\s*["']https?:""", page.text)
