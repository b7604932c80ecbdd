"""Whatever reads what clients send takes time that grows with its length, and no faster.

Each is measured at 10, 100 and 1,000 times a small size, beyond the bounds that the server has for most of them: a
bound that is raised one day must not uncover a square. (Heads: test_http_head.py; whole servers: test_strangers.py.)
"""

from __future__ import annotations

import contextlib
import io
import re
import time
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from pydantic import ValidationError

from pedidos_server import origins
from pedidos_server.app import _cors_options
from pedidos_server.domain.events import Cursor
from pedidos_server.domain.order import PedidoMudanca
from pedidos_server.domain.roles import NOBODY
from pedidos_server.errors import Problem
from pedidos_server.server.body import Bodies, Body
from pedidos_server.server.reader import PIECE, Reader
from pedidos_server.storage import lists
from pedidos_server.stream.protocol import Allowance, ClientFrames
from pedidos_server.stream.websocket import WebSocketTransport
from pedidos_server.web import guard, middleware, requests, streams
from pedidos_server.web.cookies import SessionCookie
from pedidos_server.web.problems import schema_problem
from pedidos_server.web.requests import parse_json

SMALL = 100
"""Bytes of the size that the others are compared with."""
FASTER = 4
"""What ten times as much may take, beside ten times as long: a square takes ten times that."""
SHORTEST = 100e-6
"""Seconds that are not told apart from nothing."""
LONG = 0.2
"""Seconds from which on one measurement is enough."""


def frames(made: Callable[[int], bytes], piece: int = 0) -> Callable[[int], Callable[[], None]]:
    """Reads frames, all at once or in pieces of so many bytes."""

    def sized(size: int) -> Callable[[], None]:
        data = made(size)
        pieces = [data[at : at + piece] for at in range(0, len(data), piece)] if piece else [data]

        def read() -> None:
            client = ClientFrames(1 << 30, endless())
            for each in pieces:
                for _ in client.feed(each):
                    pass

        return read

    return sized


def endless() -> Allowance:
    allowance = Allowance(1 << 60, 0)
    allowance._frames = float("inf")
    return allowance


def message(size: int, opcode: int = 0x81) -> bytes:
    return bytes((opcode, 0xFF)) + size.to_bytes(8, "big") + b"\0\0\0\0" + b" " * size


def receive(frame: bytes) -> Callable[[int], Callable[[], None]]:
    transport = WebSocketTransport(1 << 30)
    return lambda size: lambda: transport.receive(frame * (size // len(frame)), None, endless()) and None


def environ_of(name: str, call: Callable[[dict[str, Any]], object]) -> Callable[[str], object]:
    return lambda value: call({name: value, "REQUEST_METHOD": "GET", "PATH_INFO": "/", "SERVER_PROTOCOL": "HTTP/1.1"})


def call(environ: dict[str, Any]) -> requests.Call:
    return requests.Call(environ, NOBODY, "", lambda _: None, 1 << 30)


def of_call(name: str, ask: Callable[[requests.Call], object]) -> Callable[[str], object]:
    return environ_of(name, lambda environ: ask(call({**environ, "wsgi.input": io.BytesIO()})))


def searched(text: str) -> None:
    list(lists.search_terms(text))


COMMON = middleware.CommonHeaders(_cors_options(Flask("growth")), lambda origin: True, lambda headers, environ: None)
COOKIE = SessionCookie("abcd1234")
ORIGINS = origins.Origins(["http://loja.example"], ["pedidos.loja"])
SEC = "HTTP_SEC_WEBSOCKET_PROTOCOL"
KEY = {"HTTP_SEC_WEBSOCKET_KEY": "AAAAAAAAAAAAAAAAAAAAAA=="}
TEXTS: dict[str, tuple[Callable[[str], object], list[str]]] = {
    "Cookie": (
        lambda text: [*COOKIE.secrets(f"pedidos_sessao; {text}", secure=False), *COOKIE.names_in(text)],
        [
            "a=b;",
            ";",
            " ",
            "pedidos_sessao=",
            "pedidos_sessao=a;",
            ";pedidos_sessao=aaaaaaaaaaaaaaaaaaa",
            ";\t",
            '="',
        ],
    ),
    "Host": (origins.host_name.__wrapped__, ["a", ".", "a.", ":", "[", "1.", "1", "[::1]", "-", "a-."]),
    "Origin": (
        lambda text: (origins.is_origin(text), origins.is_loopback_origin(text), ORIGINS.is_own_page(text, text)),
        ["http://", "a", "a.", ":", "http://a:80", ":80", "://"],
    ),
    "Sec-WebSocket-Protocol": (
        lambda text: (guard._token_in_subprotocols(text), streams.switching_protocols({**KEY, SEC: text})),
        [",", " ", "bearer.", ",bearer.a", "bearer.=", ", ", "a", "pedidos.v1,", "bearer.aaaaaaaaaaaaaa= "],
    ),
    "Connection": (
        environ_of("HTTP_CONNECTION", lambda environ: requests.is_upgrade({**environ, "HTTP_UPGRADE": "websocket"})),
        [",", " ", "upgrade", "a,"],
    ),
    "Sec-WebSocket-Key": (
        environ_of(
            "HTTP_SEC_WEBSOCKET_KEY", lambda it: streams.check_upgrade({**it, "HTTP_SEC_WEBSOCKET_VERSION": "13"})
        ),
        ["A", "=", " "],
    ),
    "If-Match": (
        of_call("HTTP_IF_MATCH", requests.if_match),
        ['"7",', '"', " ", 'W/"7", ', ",", '"7" ', 'W/"', "1"],
    ),
    "If-None-Match": (
        of_call("HTTP_IF_NONE_MATCH", lambda it: requests.not_modified(it, 'W/"7"')),
        ['"7",', '"', " ", 'W/"7", ', ","],
    ),
    "Idempotency-Key": (
        of_call("HTTP_IDEMPOTENCY_KEY", requests.once),
        ["a", " "],
    ),
    "X-Pedidos-Autor": (
        of_call("HTTP_X_PEDIDOS_AUTOR", requests.caller),
        ["a", "%41", "%", "%4", "%C3%A9", " ", "%00", "%E2%80%8B"],
    ),
    "Last-Event-ID": (Cursor.parse, ["1", "-", "0-", "1-a", "1-9f3a61c2"]),
    "Access-Control-Request-Headers": (
        environ_of("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", lambda it: COMMON._cors_headers("http://a", it)),
        [",", "a,", " ", "authorization,"],
    ),
    "Accept": (environ_of("HTTP_ACCEPT", guard._is_navigation), ["text/htm", "t", ","]),
    "request target": (
        lambda text: middleware._take_origin_form({"PATH_INFO": text, "HTTP_HOST": "a"}),
        ["/", "http://", "//", "a", "?", "%41"],
    ),
    "query": (
        of_call("QUERY_STRING", requests.Call.query),
        ["a&", "&", "a=b&", "=", "%41", "%", "%C3%A9&", "+", ";", "q=a+b&"],
    ),
    "q": (searched, ["a", "9", "9-", "(", "+", "+55", "0", " "]),
    "sign-in address": (
        lambda text: guard._sign_in_address({"PATH_INFO": text, "QUERY_STRING": text}),
        ["/", "%", "\xe9", "?"],
    ),
    "JSON": (
        lambda text: parse_json(text.encode()),
        ["[", "{", '"', "[]", " ", "0.1,", "1e", "-", "\\", '{"a":', "1" * 100],
    ),
}


def keys(size: int) -> Callable[[], None]:
    document = {f"k{number}": number for number in range(size // 10)}

    def validate() -> None:
        try:
            PedidoMudanca.model_validate(document)
        except ValidationError as error:
            schema_problem(error)

    return validate


class Peer:
    """A handler as a reader and a body see it; its socket gives what is there in pieces."""

    def __init__(self, data: bytes, piece: int) -> None:
        self.socket = self
        self.server = SimpleNamespace(idle=self, now=time.monotonic, bodies=Bodies(1 << 40))
        self._pieces = iter([data[at : at + piece] for at in range(0, len(data), piece)])
        self.rfile = Reader(self)

    def recv(self, _: int) -> bytes:
        return next(self._pieces, b"")

    def wait(self, *_: object) -> None: ...

    def work(self, *_: object) -> None: ...

    def give_up(self) -> None: ...


def head(made: bytes, piece: int) -> Callable[[int], Callable[[], object]]:
    return lambda size: lambda: Peer(made * (size // len(made)), piece).rfile.head() and None


def line(made: bytes, piece: int) -> Callable[[int], Callable[[], object]]:
    return lambda size: lambda: Peer(made * (size // len(made)), piece).rfile.line(1 << 30) and None


def body(made: bytes, piece: int, *, chunked: bool) -> Callable[[int], Callable[[], None]]:
    def sized(size: int) -> Callable[[], None]:
        data = made * (size // len(made))

        def read() -> None:
            Body(Peer(data, piece), None if chunked else len(data), chunked=chunked, expects=False).read()

        return read

    return sized


READERS: dict[str, Callable[[int], Callable[[], None]]] = {
    "frames: pings at once": frames(lambda size: b"\x89\x80key!" * (size // 6)),
    "frames: pings by the byte": frames(lambda size: b"\x89\x80key!" * (size // 6), 1),
    "frames: one message at once": frames(message),
    "frames: one message by the byte": frames(message, 1),
    "frames: one message in packets": frames(message, 1400),
    "frames: fragments": frames(lambda size: b"\x01\x81key!a" + b"\x00\x81key!a" * (size // 7), 1400),
    "frames: a message without its end": frames(lambda size: message(size)[:-1], 1400),
    "frames: binary": frames(lambda size: message(size, 0x82), 1400),
    "messages: pings": receive(b"\x89\x80key!"),
    "messages: questions": receive(b"\x81\x96\0\0\0\0" + b'{"type":"get_pedidos"}'),
    "messages: others": receive(b"\x81\x82\0\0\0\0{}"),
    "head by the byte": head(b"a", 1),
    "head of lines in packets": head(b"a\r", 1400),
    "a chunk's line by the byte": line(b"a", 1),
    "body by the byte": body(b"a", 1, chunked=False),
    "body in packets": body(b"a", 1400, chunked=False),
    "chunks by the byte": body(b"5\r\nabcde\r\n", 1, chunked=True),
    "chunks at once": body(b"5\r\nabcde\r\n", PIECE, chunked=True),
    "unknown keys": keys,
}


def cases() -> Iterator[Any]:
    for name, sized in READERS.items():
        yield pytest.param(sized, id=name)
    for name, (read, shapes) in TEXTS.items():
        for shape in shapes:
            for end in ("", "!"):  # what fails at the last character makes an expression try all ways

                def sized(size: int, read: Any = read, shape: str = shape, end: str = end) -> Callable[[], None]:
                    text = shape * (size // len(shape)) + end
                    return lambda: read(text)

                yield pytest.param(sized, id=f"{name}: {shape[:12]!r}{end}")


def took(work: Callable[[], object]) -> float:
    """Seconds of this thread, the best of a few: what else the machine does does not count."""
    best = float("inf")
    for _ in range(3):
        began = time.thread_time()
        with contextlib.suppress(Problem, OSError):
            work()
        best = min(best, time.thread_time() - began)
        if best > LONG:
            break
    return best


@pytest.mark.parametrize("sized", list(cases()))
def test_time_grows_no_faster_than_size(sized: Callable[[int], Callable[[], object]]) -> None:
    check_growth(sized)


def test_a_square_would_be_noticed() -> None:
    blanks = re.compile(r"\s+$")
    with pytest.raises(AssertionError, match="times the size"):
        check_growth(lambda size: lambda: blanks.search(" " * (size // 4) + "a"))


def check_growth(sized: Callable[[int], Callable[[], object]]) -> None:
    times = [took(sized(SMALL))]
    for factor in (10, 100, 1_000):
        times.append(took(sized(SMALL * factor)))
        assert times[-1] < 10 * FASTER * max(times[-2], SHORTEST), f"at {factor} times the size: {times}"
