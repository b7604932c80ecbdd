"""Answers that are compressed for who takes that, and what stays as it is."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest
from requests import Response

from tests.support.live_server import ORDERS, LiveServer

GZIP = {"Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "identity"}
NEITHER = {"Accept-Encoding": "gzip;q=0, *;q=0.1"}


@pytest.fixture(scope="module")
def shop() -> Iterator[LiveServer]:
    with LiveServer.start() as server:
        for number in range(120):
            response = server.post(ORDERS, json={"cliente": f"Cliente {number}", "observacao": "x" * 500})
            assert response.status_code == 201
        yield server


def body_as_sent(server: LiveServer, path: str, headers: dict[str, str]) -> tuple[Response, bytes]:
    response = server.get(path, headers=headers, stream=True)
    return response, response.raw.read(decode_content=False)


def test_a_list_is_the_same_either_way(shop: LiveServer) -> None:
    packed, sent = body_as_sent(shop, ORDERS, GZIP)
    plain, whole = body_as_sent(shop, ORDERS, PLAIN)
    assert packed.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in plain.headers
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole) / 4
    for name in ("ETag", "X-Pedidos-Cursor", "X-Total-Count", "Content-Type"):
        assert packed.headers[name] == plain.headers[name]
    for response in (packed, plain):
        assert "accept-encoding" in response.headers["Vary"].lower()
    # Weak: the two are the same list, and not the same bytes.
    assert packed.headers["ETag"].startswith("W/")


def test_a_304_of_a_compressed_list(shop: LiveServer) -> None:
    tag = shop.get(ORDERS, headers=GZIP).headers["ETag"]
    again = shop.get(ORDERS, headers={**GZIP, "If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    assert "accept-encoding" in again.headers["Vary"].lower()
    assert "Content-Encoding" not in again.headers


def test_who_says_that_gzip_is_not_taken_gets_none(shop: LiveServer) -> None:
    for headers in (NEITHER, {"Accept-Encoding": ""}):
        response, _ = body_as_sent(shop, ORDERS, headers)
        assert "Content-Encoding" not in response.headers


def test_head_of_a_list(shop: LiveServer) -> None:
    response = shop.request("HEAD", ORDERS, headers=GZIP)
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["Content-Encoding"] == "gzip"


def test_what_is_short_and_one_order_stay_as_they_are(shop: LiveServer) -> None:
    """One order's ETag is strong, since If-Match names it: it must be another where the bytes are."""
    order = shop.get(f"{ORDERS}1", headers=GZIP)
    assert "Content-Encoding" not in order.headers
    assert order.headers["ETag"] == '"1"'
    assert "Content-Encoding" not in shop.get(f"{ORDERS}proximo-numero", headers=GZIP).headers


def test_a_stream_is_never_compressed(shop: LiveServer) -> None:
    stream = shop.get("/sse/pedidos", headers={**GZIP, "Accept": "text/event-stream"}, stream=True)
    assert "Content-Encoding" not in stream.headers
    assert next(stream.iter_content(16))
    stream.close()


@pytest.mark.parametrize(
    "name", ["view/app.js", "view/look/base.css", "client/index.js", "entrar.js", "package.json"]
)
def test_files_of_the_page(shop: LiveServer, name: str) -> None:
    address = f"/static/{name}"
    packed, sent = body_as_sent(shop, address, GZIP)
    plain, whole = body_as_sent(shop, address, PLAIN)
    assert gzip.decompress(sent) == whole
    assert len(sent) < len(whole)
    assert packed.headers["Content-Length"] == str(len(sent))
    assert packed.headers["ETag"].startswith("W/"), "it names both forms"
    for headers, response in ((GZIP, packed), (PLAIN, plain)):
        assert "accept-encoding" in response.headers["Vary"].lower()
        head = shop.request("HEAD", address, headers=headers)
        assert head.content == b""
        for field in ("ETag", "Content-Length", "Content-Type", "Cache-Control"):
            assert head.headers[field] == response.headers[field]
        again = shop.get(address, headers={**headers, "If-None-Match": response.headers["ETag"]})
        assert again.status_code == 304
        assert "accept-encoding" in again.headers["Vary"].lower()


def test_the_page_names_what_it_needs_first(shop: LiveServer) -> None:
    for query, view in (("", "lista"), ("?painel=1", "painel")):
        page = shop.get(f"/{query}").text
        named = re.findall(r'<link rel="modulepreload" href="([^"]+)">', page)
        named += re.findall(r' data-sheets="([^"]+)">', page)[0].split()
        assert any(name.endswith(f"view/{view}/{view}.js") for name in named)
        assert any(name.endswith(f"view/{view}/{view}.css") for name in named)
        for name in named:
            assert shop.get(name).status_code == 200, name
