"""Every error is a problem (RFC 9457) in Portuguese, whatever caused it."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Any

import pytest

from pedidos_server.web.problems import _SLUGS
from tests.support.checks import assert_faults, assert_problem
from tests.support.live_server import ORDERS, LiveServer

JSON = {"Content-Type": "application/json"}


@pytest.fixture(params=["POST", "PATCH"])
def write(request: pytest.FixtureRequest, server: LiveServer) -> Any:
    """Sends a body, with a POST or a PATCH."""
    path = ORDERS if request.param == "POST" else f"{ORDERS}{server.create()['id']}"
    return lambda **options: server.request(request.param, path, **options)


# -- 400: not JSON

NOT_JSON = {
    "empty": b"",
    "blank": b"  \n",
    "text": b"cliente=Ana",
    "cut short": b'{"cliente": "Ana"',
    "single quotes": b"{'cliente': 'Ana'}",
    "trailing comma": b'{"cliente": "Ana",}',
    "two values": b'{"cliente": "Ana"}{}',
    "comment": b'{"cliente": "Ana"} // oi',
    "NaN": b'{"cliente": "Ana", "valor_total": NaN}',
    "Infinity": b'{"cliente": "Ana", "valor_total": Infinity}',
    "-Infinity": b'{"cliente": "Ana", "valor_total": -Infinity}',
    "NaN in an item": b'{"cliente": "Ana", "items": [{"descricao": "x", "mesa": [NaN]}]}',
    "lone high surrogate": b'{"cliente": "Ana", "observacao": "\\ud83e"}',
    "lone low surrogate": b'{"cliente": "Ana", "observacao": "a\\udc00b"}',
    "surrogates swapped": b'{"cliente": "Ana", "observacao": "\\udc00\\ud83e"}',
    "lone surrogate in a name": b'{"cliente": "Ana", "items": [{"descricao": "x", "\\ud83e": 1}]}',
    "invalid UTF-8": b'{"cliente": "Ana\xff"}',
    "Latin-1": '{"cliente": "Zé"}'.encode("latin-1"),
    "surrogate in UTF-8": b'{"cliente": "Ana \xed\xa0\xbd"}',
    "UTF-16": '{"cliente": "Ana"}'.encode("utf-16"),
    "raw control character": b'{"cliente": "A\x01na"}',
    "bad escape": b'{"cliente": "A\\xna"}',
    "zero-led number": b'{"cliente": "Ana", "valor_total": 012}',
    "deep array": b'{"cliente": "Ana", "items": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep object": b'{"cliente": "Ana", "items": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
    "deep and open": b"[" * 500_000,
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_gets_400(write: Any, body: bytes) -> None:
    assert_problem(write(data=body, headers=JSON), 400)


def test_it_is_told_where_the_json_ends(write: Any) -> None:
    problem = assert_problem(write(data=b'{"cliente":\n  x}', headers=JSON), 400)
    assert "linha 2, coluna 3" in problem["detail"]


def test_a_surrogate_pair_is_json(server: LiveServer) -> None:
    response = server.post(ORDERS, data=b'{"cliente": "\\ud83e\\uddf5"}', headers=JSON)
    assert response.json()["cliente"] == "🧵"


@pytest.mark.parametrize("depth", [50, 900, 5_000])
def test_nesting_within_an_item_is_kept_or_refused(server: LiveServer, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    body = f'{{"cliente": "Ana", "items": [{{"descricao": "x", "mesa": {nested}}}]}}'
    response = server.post(ORDERS, data=body, headers=JSON)
    if response.status_code == 201:
        assert nested in response.text.replace(" ", "")
        assert nested in server.get(f"{ORDERS}{response.json()['id']}").text.replace(" ", "")
    else:
        assert response.status_code in (400, 422)
        assert_problem(response, response.status_code)


def test_huge_integers_are_kept_or_refused(server: LiveServer) -> None:
    body = '{"cliente": "Ana", "items": [{"descricao": "x", "mesa": %s}]}' % ("9" * 6000)
    response = server.post(ORDERS, data=body, headers=JSON)
    assert response.status_code in (201, 400, 422), response.text


def test_a_name_twice_is_read_as_one_or_refused(server: LiveServer) -> None:
    response = server.post(ORDERS, data=b'{"cliente": "Ana", "cliente": "Bia"}', headers=JSON)
    assert response.status_code in (201, 400, 422), response.text


# -- 422: JSON that does not fit


@pytest.mark.parametrize("body", [[], [{"cliente": "Ana"}], "cliente", 5, None, True])
def test_json_that_is_no_object_gets_422(write: Any, body: Any) -> None:
    problem = assert_problem(write(data=json.dumps(body), headers=JSON), 422)
    assert problem["errors"]


def test_every_fault_at_once(write: Any) -> None:
    response = write(
        json={
            "cliente": 7,
            "status": "perdido",
            "valor_frete": "1,2,3",
            "expedicao": "sim",
            "data_entrega": "amanhã",
            "cor": "azul",
            "tamanho": 4,
            "items": [{"descricao": "x"}, {"emenda": "?", "acabamento": {"ilhos": 1}}],
        }
    )
    assert_faults(
        response,
        *["cliente", "status", "valor_frete", "expedicao", "data_entrega", "cor", "tamanho"],
        *["items.1.descricao", "items.1.emenda", "items.1.acabamento.ilhos"],
    )


# -- 404 and 405


@pytest.mark.parametrize(
    "path",
    [
        "/nada",
        "/api",
        "/api/v1",
        "/api/v1/clientes",
        f"{ORDERS}1/historia",
        f"{ORDERS}1/2/3",
        "/ws",
        "/sse/",
        "/ws/pedidos/1",
        "/static/nada.js",
        "/%00",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_unknown_paths_get_404(server: LiveServer, method: str, path: str) -> None:
    response = server.request(method, path)
    if method == "GET" or path != "/static/nada.js":
        assert_problem(response, 404)
    else:
        assert_problem(response, response.status_code)  # a 405 is as true


@pytest.mark.parametrize(
    "path",
    [
        *["/static/../setup.cfg", "/static/%2e%2e/setup.cfg", "/static/..%2fsetup.cfg", "/static//etc/passwd"],
        *["/static/..\\setup.cfg", "/static/%00", "/../setup.cfg", "/static/./../static/../setup.cfg"],
    ],
)
def test_no_path_leads_out_of_the_pages(server: LiveServer, path: str) -> None:
    """Sent as it is, as no client library would."""
    with socket.create_connection(("127.0.0.1", server.port), 15) as client:
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while data := client.recv(65536):
            answer += data
    assert answer.split()[1] in (b"400", b"404"), answer[:500]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", ORDERS, {"GET", "POST"}),
        ("DELETE", ORDERS, {"GET", "POST"}),
        ("PATCH", ORDERS, {"GET", "POST"}),
        ("PUT", f"{ORDERS}1", {"GET", "PATCH", "DELETE"}),
        ("POST", f"{ORDERS}1", {"GET", "PATCH", "DELETE"}),
        ("POST", f"{ORDERS}1/historico", {"GET"}),
        ("DELETE", f"{ORDERS}proximo-numero", {"GET"}),
        ("POST", f"{ORDERS}status/pronto", {"GET"}),
        ("POST", "/ws/stats", {"GET"}),
        ("POST", "/ws/pedidos", {"GET"}),
        ("POST", "/sse/pedidos", {"GET"}),
        ("POST", "/health", {"GET"}),
        ("BREW", ORDERS, {"GET", "POST"}),
    ],
)
def test_other_methods_get_405_with_allow(server: LiveServer, method: str, path: str, allowed: set[str]) -> None:
    response = server.request(method, path)
    assert_problem(response, 405)
    listed = {name.strip() for name in response.headers["Allow"].split(",")}
    assert listed - {"HEAD", "OPTIONS"} == allowed


# -- 413 and 415


def test_a_body_over_the_limit_gets_413(write: Any) -> None:
    body = json.dumps({"cliente": "Ana", "observacao": "x" * (8 << 20)})
    assert_problem(write(data=body, headers=JSON), 413)


def test_a_chunked_body_over_the_limit_gets_413(server: LiveServer) -> None:
    chunk = b" " * (1 << 20)
    with socket.create_connection(("127.0.0.1", server.port), 15) as client:
        client.sendall(
            f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
            "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
        )
        try:
            for _ in range(9):
                client.sendall(b"%x\r\n%s\r\n" % (len(chunk), chunk))
            client.sendall(b"0\r\n\r\n")
        except ConnectionError:
            pass  # it may have answered already
        answer = b""
        try:
            while data := client.recv(65536):
                answer += data
        except ConnectionResetError:
            pass
    assert answer.startswith(b"HTTP/1.1 413 "), answer[:500]
    assert b"application/problem+json" in answer


def test_a_chunked_body_is_read(server: LiveServer) -> None:
    response = server.post(ORDERS, data=iter([b'{"cliente"', b': "Ana"}']), headers=JSON)
    assert response.status_code == 201


@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "text/html", "application/x-www-form-urlencoded", "application/xml", "json"],
)
def test_another_media_type_gets_415(write: Any, content_type: str | None) -> None:
    headers = {} if content_type is None else {"Content-Type": content_type}
    assert_problem(write(data=b'{"cliente": "Ana"}', headers=headers), 415)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "Application/JSON"])
def test_json_by_any_spelling_is_accepted(server: LiveServer, content_type: str) -> None:
    response = server.post(ORDERS, data=b'{"cliente": "Ana"}', headers={"Content-Type": content_type})
    assert response.status_code == 201


def test_the_connection_is_good_for_the_next_request_after_an_error(server: LiveServer) -> None:
    """A body that was never read must not be taken for the next request."""
    smuggled = b"GET /nada HTTP/1.1\r\nHost: localhost\r\n\r\n"
    for path, method in (("/nada", "POST"), (f"{ORDERS}999999999", "PATCH"), (ORDERS, "PUT")):
        server.request(method, path, data=smuggled, headers=JSON)
        assert server.get("/health").status_code == 200


def test_the_type_says_what_is_missing(server: LiveServer) -> None:
    """A 404 of a wrong address is no deleted order."""
    order = assert_problem(server.get(f"{ORDERS}999"), 404)
    address = assert_problem(server.get("/api/v1/pedido/999"), 404)
    assert order["type"] == "urn:pedidos:problema:pedido-nao-encontrado"
    assert address["type"] == "urn:pedidos:problema:endereco-nao-encontrado"


def test_the_types_are_in_the_documentation() -> None:
    documented = Path(__file__).parent.parent.joinpath("docs/protocol.md").read_text()
    for status, slug in _SLUGS.items():
        assert f"{status} `{slug}`" in documented or (status == 404 and f"`{slug}`" in documented), slug
