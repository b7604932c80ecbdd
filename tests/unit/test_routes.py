"""Which calls the router answers itself. Whatever comes to Flask has nothing more to be parsed or judged there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pedidos_server.app import Server, create_app
from pedidos_server.config import Settings
from pedidos_server.domain.roles import Role
from pedidos_server.errors import Problem
from pedidos_server.web.guard import Needs
from pedidos_server.web.pages import OF_LIBRARIES
from pedidos_server.web.requests import Call
from pedidos_server.web.routes import Router, route, routes_of

UPGRADE = {"HTTP_UPGRADE": "websocket", "HTTP_CONNECTION": "keep-alive, Upgrade"}
LETS_ALL_IN: Any = type("Guard", (), {"admit": lambda *_: None, "still_admits": lambda *_: None})()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    path: Path = tmp_path_factory.mktemp("routes") / "pedidos.db"
    server = create_app(Settings(database=f"sqlite:///{path}"), None)
    yield server
    server.close()


def answered_by(server: Server, method: str, path: str, **environ: str) -> str:
    """The name of the function that answers, or ``flask``."""
    said: list[str] = []

    def flask(*_: Any) -> list[bytes]:
        said.append("flask")
        return []

    class Tells:
        def admit(self, environ: dict[str, Any], needs: Needs) -> None:
            raise Problem(418, "", "")

    app: Any = server.app
    router = Router(flask, Tells(), app.routes, 1000)  # type: ignore[arg-type]
    path, _, query = path.partition("?")
    whole = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query, **environ}
    found, _ = router._find(path)
    b"".join(router(whole, lambda *_: None))  # type: ignore[arg-type, return-value]
    key = "UPGRADE" if environ.get("HTTP_UPGRADE") == "websocket" else {"HEAD": "GET"}.get(method, method)
    return said[0] if said else found[key].name


@pytest.mark.parametrize(
    ("name", "method", "path", "environ"),
    [
        ("list_orders", "GET", "/api/v1/pedidos", {}),
        ("list_orders", "HEAD", "/api/v1/pedidos?x", {}),
        ("list_by_status", "GET", "/api/v1/pedidos/status/nada", {}),
        ("next_number", "GET", "/api/v1/pedidos/proximo-numero", {}),
        ("create_order", "POST", "/api/v1/pedidos", {}),
        ("get_order", "GET", "/api/v1/pedidos/7", {}),
        ("get_order", "GET", "/api/v1/pedidos/7", {"HTTP_UPGRADE": "h2c", "HTTP_CONNECTION": "Upgrade"}),
        ("update_order", "PATCH", "/api/v1/pedidos/7?x", {"HTTP_TRANSFER_ENCODING": "chunked"}),
        ("update_order", "PATCH", "/api/v1/pedidos/7", {"CONTENT_TYPE": "text/plain"}),
        ("delete_order", "DELETE", "/api/v1/pedidos/7", {}),
        ("get_history", "GET", "/api/v1/pedidos/7/historico", {}),
        ("stream_websocket", "GET", "/ws/pedidos?cursor=%37-0a1b2c3d", UPGRADE),
        ("upgrade_required", "GET", "/ws/pedidos", {}),
        ("stream_sse", "GET", "/sse/pedidos?x", {}),
        ("stream_sse", "HEAD", "/sse/pedidos", {}),
        ("flask", "PUT", "/api/v1/pedidos/7", {}),
        ("flask", "OPTIONS", "/api/v1/pedidos/7", {}),
        ("flask", "GET", "/api/v1/pedidos/sete", {}),
        ("flask", "GET", "/api/v1/pedidos/1234567890123456789", {}),
        ("flask", "GET", "/api/v1/pedidos/7", UPGRADE),
        ("flask", "GET", "/sse/pedidos", UPGRADE),
        ("flask", "HEAD", "/ws/pedidos", UPGRADE),
        ("flask", "POST", "/ws/pedidos", UPGRADE),
        ("flask", "GET", "/", {}),
    ],
)
def test_who_answers(server: Server, name: str, method: str, path: str, environ: dict[str, str]) -> None:
    assert answered_by(server, method, path, **environ) == name


def test_every_call_that_is_described_passes_flask_by(server: Server) -> None:
    app: Any = server.app
    app.generate_spec_json()
    described = [
        (method.upper(), path.replace("{pedido_id}", "7").replace("{status}", "pronto"))
        for path, operations in app.spec_json["paths"].items()
        for method in operations
    ]
    assert len(described) > 10
    for method, path in described:
        assert answered_by(server, method, path) != "flask", (method, path)


def test_every_view_of_flask_says_what_it_needs(server: Server) -> None:
    """One that does not is shut for all but administrators."""
    silent = {name for name, view in server.app.view_functions.items() if not hasattr(view, "needs")}
    shut = {"openapi.openapi", "swagger.swagger", "swagger.oauth2-redirect"}  # /docs stands in their place
    assert silent == set(OF_LIBRARIES) | shut


def test_what_a_method_declares_is_what_the_router_answers() -> None:
    class Shop:
        @route("GET", "/loja/<nome>", Needs(Role.LEITURA))
        def shop(self, call: Call) -> Any:
            return lambda environ, start_response: [call.named.encode()]

    (declared,) = routes_of(Shop())
    assert (declared.method, declared.path, declared.name) == ("GET", "/loja/<nome>", "shop")
    router = Router(lambda *_: [b"flask"], LETS_ALL_IN, [declared], 1000)
    for path, answer in (("/loja/flor", b"flor"), ("/loja/flor/x", b"flask"), ("/loja/", b"flask")):
        assert list(router({"REQUEST_METHOD": "GET", "PATH_INFO": path}, lambda *_: None)) == [answer]  # type: ignore[arg-type, return-value]
