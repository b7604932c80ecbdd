"""Bodies, headers and filters that a stranger would try; each is refused clearly or kept as plain text."""

from __future__ import annotations

import contextlib
import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.checks import assert_faults, assert_problem
from tests.support.live_server import ORDERS, LiveServer
from tests.support.stream_clients import open_stream

JSON = {"Content-Type": "application/json"}
POST = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


@pytest.fixture(autouse=True)
def unharmed(server: LiveServer) -> Iterator[None]:
    """Whatever was tried: somebody's stream goes on, nothing failed, nobody was shown a traceback."""
    stream = open_stream(server, "websocket")
    stream.expect("connection")
    since = server.output_size()
    yield
    order = server.create()
    assert stream.until(lambda m: m.get("pedido_id") == order["id"])
    stream.close()
    assert "Traceback" not in server.output(since) and "request failed" not in server.output(since)


def test_a_gigabyte_that_is_announced(server: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(f"{POST}Content-Length: {10**9}\r\n\r\n".encode() + b'{"cliente":"' + b"x" * 100_000)
        assert client.recv(100).startswith(b"HTTP/1.1 413 ")


def test_a_gigabyte_in_chunks_is_cut_off(server: LiveServer) -> None:
    chunk = b"100000\r\n" + b"x" * 0x100000 + b"\r\n"
    sent = 0
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as client:
        client.sendall(f"{POST}Transfer-Encoding: chunked\r\n\r\n".encode())
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            while sent < 1000:
                client.sendall(chunk)
                sent += 1
    assert sent < 100, "MiB were taken"


LINES = (
    "GET / HTTP/1",
    "GET / HTTP/",
    "GET / HTTP/1.x",
    "GET / HTTP/9.9",
    "GET / HTTP/1.1.1",
    "GET /",
    "\x00",
    "GET  ",
)


@pytest.mark.parametrize("line", LINES, ids=ascii)
def test_what_is_no_request_line(server: LiveServer, line: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall(f"{line}\r\nHost: localhost\r\n\r\n".encode())
        client.shutdown(socket.SHUT_WR)
        assert client.recv(100)[:12] not in (b"HTTP/1.1 200", b"HTTP/1.1 500")


@pytest.mark.parametrize("kind_of_body", ["application/json", "text/plain"])
@pytest.mark.parametrize(
    "chunks", ["\r\n", "x\r\n", "-1\r\n", "5\r\nhello", "5\r\nhelloworld\r\n", "5;" + "a" * 9000]
)
def test_what_are_no_chunks(server: LiveServer, chunks: str, kind_of_body: str) -> None:
    """Whether the application reads them, or the server what the application left."""
    head = f"POST {ORDERS} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {kind_of_body}\r\n"
    head += "Transfer-Encoding: chunked\r\n\r\n"
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
        client.sendall((head + chunks).encode())
        with contextlib.suppress(OSError):  # it may have ended the connection by now
            client.shutdown(socket.SHUT_WR)
            assert not client.recv(100).startswith((b"HTTP/1.1 2", b"HTTP/1.1 5"))


def test_an_address_that_is_no_utf_8(server: LiveServer) -> None:
    for path in (ORDERS, "/sse/pedidos", "/ws/pedidos", "/health"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as client:
            client.sendall(f"GET {path}?q=".encode() + b"\xf3&cursor=\xf3 HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert not client.recv(100).startswith(b"HTTP/1.1 5")


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000])
def test_depth(server: LiveServer, text: str) -> None:
    assert_problem(server.post(ORDERS, data=text.encode(), headers=JSON), 400)
    body = '{"cliente":"Ana","items":[{"descricao":"x","extra":' + text + "}]}"
    assert_problem(server.post(ORDERS, data=body.encode(), headers=JSON), 400)


@pytest.mark.parametrize(
    "body",
    [
        b'{"cliente":NaN}',
        b'{"cliente":"Ana","valor_total":Infinity}',
        b'{"cliente":"Ana","valor_total":-Infinity}',
        b'{"cliente":"\\ud800"}',
        b'{"cliente":"\\udfff\\ud800"}',
        b'{"cliente":"\xed\xa0\x80"}',
        b'{"cliente":"\xff"}',
        b'{"cliente":"\xc0\xaf"}',
        b'{"cliente":"Ana"',
        b'{"cliente":"Ana"}}',
        b"",
    ],
)
def test_what_is_no_json(server: LiveServer, body: bytes) -> None:
    assert_problem(server.post(ORDERS, data=body, headers=JSON), 400)


def test_nul(server: LiveServer) -> None:
    for field in ("cliente", "observacao", "numero"):
        assert_faults(server.post(ORDERS, json={"cliente": "Ana", field: "a\x00b"}), field)
    item = {"descricao": "x", "extra": {"a\x00": "b"}}
    assert_problem(server.post(ORDERS, json={"cliente": "Ana", "items": [item]}), 422)
    assert server.get(f"{ORDERS}?q=%00").status_code in (200, 422)


@pytest.mark.parametrize("digits", ["9" * 5_000, "1e999999999", "-1e400", "0." + "0" * 5_000 + "1"], ids=len)
def test_overlong_numbers(server: LiveServer, digits: str) -> None:
    for field in ("valor_total", "forma_envio_id"):
        body = f'{{"cliente":"Ana","{field}":{digits}}}'
        assert server.post(ORDERS, data=body.encode(), headers=JSON).status_code in (400, 422)
    assert server.get(f"{ORDERS}{'9' * 2_000}").status_code == 404
    assert server.get(f"{ORDERS}?limite={'9' * 2_000}").status_code == 422


@pytest.mark.parametrize(
    "text", ["' OR 1=1 --", '" OR ""="', "'; DROP TABLE pedido; --", "%", "_", "\\", "' UNION --"]
)
def test_sql_in_filters_is_text(server: LiveServer, text: str) -> None:
    order, other = server.create(cliente=f"Ana {text} Lima"), server.create(cliente="Bia")
    found = [entry["id"] for entry in server.get(ORDERS, params={"q": text}).json()]
    assert order["id"] in found and other["id"] not in found
    for name in ("status", "setor", "prioridade", "limite", "recentes", "atualizado_desde"):
        assert_problem(server.get(ORDERS, params={name: text}), 422)
    assert server.get(f"{ORDERS}status/{text}").status_code in (404, 422)
    assert server.get(f"{ORDERS}{other['id']}").status_code == 200


def test_nothing_forges_a_header(server: LiveServer) -> None:
    order = server.create(cliente="Ana\r\nSet-Cookie: a=b")
    for path in (
        f"{ORDERS}{order['id']}",
        f"{ORDERS}?q=a%0d%0aSet-Cookie:%20a=b&limite=1",
        "/entrar?voltar=%0d%0aSet-Cookie:%20a=b",
        "/%0d%0aSet-Cookie:%20a=b",
    ):
        assert "Set-Cookie" not in server.get(path).headers, path


def test_nothing_forges_a_log_line(server: LiveServer) -> None:
    forged = "2026-01-01T00:00:00.000 INFO pedidos.http forjada"
    since = server.output_size()
    for path in (f"/%0a{forged}", f"/a%20status=200%20{forged}", "/%1b[31m", "/%e2%80%a8x"):
        server.get(path)
    server.post(ORDERS, json={"cliente": f"\n{forged}"}, headers={"X-Pedidos-Autor": f"%0A{forged}"})
    output = server.output(since)
    assert output and not any(line.startswith(forged) for line in output.splitlines())
    assert "\x1b" not in output


IMAGES = {
    **dict.fromkeys(("data:image/png;base64,iVBORw0KGgo=", "data:image/jpeg;base64,/9j/", ""), True),
    **dict.fromkeys(
        ("data:image/webp;base64,UklG", "DATA:image/GIF;base64,R0lG", "https://loja.example/a.png"), True
    ),
    **dict.fromkeys(("C:\\fotos\\a.png", "/fotos/a.png"), True),
    **dict.fromkeys(("data:image/svg+xml;base64,PHN2Zz4=", "data:text/html,<script>x</script>", "data:,"), False),
    **dict.fromkeys((" data:text/html,x", "da\nta:text/html,x", "data:image/png,x", "vbscript:x"), False),
    **dict.fromkeys(("javascript:alert(1)", "JavaScript:alert(1)", "java\tscript:x", "\x01javascript:x"), False),
    "data:image/png;base64," + "A" * 7_900_000: False,
}


@pytest.mark.parametrize("image", IMAGES, ids=lambda image: repr(image[:40]))
def test_images(server: LiveServer, image: str) -> None:
    response = server.post(ORDERS, json={"cliente": "Ana", "items": [{"descricao": "x", "imagem": image}]})
    if IMAGES[image]:
        assert response.status_code == 201, response.text
    else:
        assert_faults(response, "items.0.imagem")


def test_a_body_that_trickles_is_cut(server: LiveServer) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=40) as client:
        client.sendall(f"{POST}Content-Length: 50\r\n\r\n{{".encode())
        started = time.monotonic()
        assert server.get("/health").status_code == 200
        assert client.recv(100).startswith(b"HTTP/1.1 408 ")
        assert 10 < time.monotonic() - started < 35


SILENT = 500


def test_five_hundred_slow_heads_delay_nobody(server: LiveServer) -> None:
    """Slowloris: each sends a byte now and then. The embedded server cuts them; on both, orders flow meanwhile."""
    with contextlib.ExitStack() as stack:
        clients = [
            stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=30))
            for _ in range(SILENT)
        ]
        for client in clients:
            client.sendall(b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-A: ")
        for _ in range(20):
            started = time.monotonic()
            server.create()
            assert time.monotonic() - started < 5
        if server.kind == "embedded":
            clients[-1].settimeout(40)
            with contextlib.suppress(ConnectionResetError):
                while clients[-1].recv(1000):
                    pass  # a TimeoutError here is the failure
