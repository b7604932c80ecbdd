"""The WebSocket: the opening, what a client may send, and what happens to one that errs."""

from __future__ import annotations

import json
import struct
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.support.checks import assert_problem, event_of
from tests.support.live_server import ORDERS, LiveServer, wait_until
from tests.support.stream_clients import (
    BINARY,
    CLOSE,
    CONTINUATION,
    HANDSHAKE,
    PING,
    PONG,
    TEXT,
    RawWebSocket,
    WebSocketStream,
    frame,
    parse_close,
    text_frame,
)

MAX_MESSAGE = 64 << 10


@pytest.fixture
def bystander(server: LiveServer, connect: Callable[..., WebSocketStream]) -> Iterator[WebSocketStream]:
    """Another client, whom nothing that the test does may disturb."""
    stream = connect(server)
    stream.expect("connection")
    yield stream
    event_of(stream, server.create()["id"])
    stream.send({"type": "ping"})
    stream.until(lambda message: message["type"] == "pong")


@pytest.fixture
def raw(server: LiveServer, bystander: WebSocketStream) -> Iterator[RawWebSocket]:
    with RawWebSocket.connected(server) as client:
        yield client


def assert_alive(client: RawWebSocket) -> None:
    client.send(text_frame({"type": "ping"}))
    while client.message()["type"] != "pong":
        pass


# -- messages


def test_the_first_message(server: LiveServer, connect: Callable[..., WebSocketStream]) -> None:
    cursor = server.cursor()
    message = connect(server).next()
    assert message["type"] == "connection"
    assert message["status"] == "connected"
    assert isinstance(message["message"], str) and message["message"]
    assert message["timestamp"].endswith(("Z", "+00:00"))
    assert message["cursor"] == cursor
    assert isinstance(message["versao_servidor"], str) and message["versao_servidor"]


def test_ping_is_answered_with_pong(server: LiveServer, connect: Callable[..., WebSocketStream]) -> None:
    stream = connect(server)
    stream.expect("connection")
    for _ in range(3):
        stream.send({"type": "ping", "timestamp": "2026-11-24T17:50:52.123Z"})
        assert stream.expect("pong")["timestamp"].endswith(("Z", "+00:00"))


def test_get_pedidos_is_answered_with_refresh_required(
    server: LiveServer, connect: Callable[..., WebSocketStream]
) -> None:
    stream = connect(server)
    stream.expect("connection")
    stream.send({"type": "get_pedidos"})
    message = stream.expect("refresh_required")
    assert isinstance(message["message"], str) and message["message"]
    event_of(stream, server.create()["id"])


def test_what_a_client_asks_for_goes_to_it_alone(server: LiveServer, connect: Callable[..., WebSocketStream]) -> None:
    asking, other = connect(server), connect(server)
    for stream in (asking, other):
        stream.expect("connection")
    for kind in ("ping", "get_pedidos"):
        asking.send({"type": kind})
        asking.next()
    order = server.create()
    assert other.expect("pedido_update")["pedido_id"] == order["id"]


IGNORED: list[Any] = [
    {"type": "subscribe"},
    {"type": ""},
    {"type": None},
    {"type": 5},
    {"type": ["ping"]},
    {"type": {"type": "ping"}},
    {"type": "PING"},
    {"type": "pedido_update", "action": "delete", "pedido_id": 1},
    {"tipo": "ping"},
    {},
    [],
    ["ping"],
    "ping",
    5,
    None,
    True,
    {"type": "x", "texto": "ação 🧵 \u2028"},
    {"type": "x", "texto": "x" * 60_000},
]


@pytest.mark.parametrize("message", IGNORED, ids=lambda value: json.dumps(value)[:30])
def test_other_json_is_ignored(raw: RawWebSocket, message: Any) -> None:
    raw.send(text_frame(json.dumps(message)) + text_frame({"type": "ping"}))
    assert raw.message()["type"] == "pong"


@pytest.mark.parametrize("text", [' {"type": "ping"} \r\n', '{"type":"\\u0070ing"}', '{"a":1,"type":"ping"}'])
def test_json_by_any_spelling(raw: RawWebSocket, text: str) -> None:
    raw.send(text_frame(text))
    assert raw.message()["type"] == "pong"


# -- messages that end the connection, each with its code

NOT_JSON = {
    "empty": b"",
    "text": b"ping",
    "cut short": b'{"type": "ping"',
    "two values": b'{"type": "ping"}{}',
    "NaN": b'{"type": "ping", "x": NaN}',
    "invalid UTF-8": b'{"type": "ping\xff"}',
    "surrogate in UTF-8": b'{"type": "\xed\xa0\xbd"}',
    "deep": b"[" * 60_000,
}


@pytest.mark.parametrize("payload", NOT_JSON.values(), ids=NOT_JSON)
def test_what_is_not_json_gets_1007(raw: RawWebSocket, payload: bytes) -> None:
    raw.send(frame(TEXT, payload))
    code, reason = raw.close_code()
    assert code == 1007
    assert reason


def test_deep_json_is_ignored_or_gets_1007(raw: RawWebSocket) -> None:
    raw.send(frame(TEXT, b"[" * 30_000 + b"]" * 30_000) + text_frame({"type": "ping"}))
    opcode, payload = raw.read_frame()
    assert (opcode, parse_close(payload)[0]) == (CLOSE, 1007) if opcode == CLOSE else opcode == TEXT


@pytest.mark.parametrize("payload", [b"", b"\x00\x01", b'{"type": "ping"}'])
def test_a_binary_message_gets_1003(raw: RawWebSocket, payload: bytes) -> None:
    raw.send(frame(BINARY, payload))
    code, reason = raw.close_code()
    assert code == 1003
    assert reason


def test_a_message_of_just_the_limit_is_read(raw: RawWebSocket) -> None:
    message = '{"type": "x", "x": "%s"}'
    raw.send(text_frame(message % ("x" * (MAX_MESSAGE - len(message) + 2))))
    assert_alive(raw)


@pytest.mark.parametrize("size", [MAX_MESSAGE + 1, 1 << 20])
def test_a_message_over_the_limit_gets_1009(raw: RawWebSocket, size: int) -> None:
    raw.send(frame(TEXT, b"x" * size))
    code, reason = raw.close_code()
    assert code == 1009
    assert reason


def test_a_frame_that_announces_too_much_gets_1009_at_once(raw: RawWebSocket) -> None:
    """Not after an exabyte has come."""
    raw.send(struct.pack("!BBQ", 0x81, 0x80 | 127, 1 << 60) + b"\0\0\0\0" + b"x" * 100)
    assert raw.close_code()[0] == 1009


def test_fragments_over_the_limit_together_get_1009(raw: RawWebSocket) -> None:
    part = b"x" * 16_000
    raw.send(frame(TEXT, part, fin=False) + frame(CONTINUATION, part, fin=False) * 4)
    assert raw.close_code()[0] == 1009


WRONG_FRAMES = {
    "not masked": (frame(TEXT, b'{"type":"ping"}', masked=False), 1002),
    "reserved opcode 3": (frame(0x3, b"x"), 1002),
    "reserved control opcode 11": (frame(0xB, b"x"), 1002),
    "RSV1 without an extension": (frame(TEXT, b'{"type":"ping"}', rsv=4), 1002),
    "RSV2": (frame(TEXT, b'{"type":"ping"}', rsv=2), 1002),
    "RSV3": (frame(PING, b"", rsv=1), 1002),
    "ping over 125 bytes": (frame(PING, b"x" * 126), 1002),
    "fragmented ping": (frame(PING, b"x", fin=False), 1002),
    "fragmented close": (frame(CLOSE, struct.pack("!H", 1000), fin=False), 1002),
    "continuation of nothing": (frame(CONTINUATION, b"x"), 1002),
    "a new message within a message": (frame(TEXT, b"[", fin=False) + frame(TEXT, b"]"), 1002),
    "close with half a code": (frame(CLOSE, b"\x03"), 1002),
    "close with a code that is never sent": (frame(CLOSE, struct.pack("!H", 1005)), 1002),
    "close with a code out of range": (frame(CLOSE, struct.pack("!H", 999)), 1002),
    "close with a reason that is not UTF-8": (frame(CLOSE, struct.pack("!H", 1000) + b"\xff"), 1007),
}


@pytest.mark.parametrize(("wrong", "code"), WRONG_FRAMES.values(), ids=WRONG_FRAMES)
def test_wrong_frames_get_1002(raw: RawWebSocket, wrong: bytes, code: int) -> None:
    raw.send(wrong)
    assert raw.close_code()[0] == code


def test_garbage_instead_of_frames(raw: RawWebSocket) -> None:
    raw.send(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 20)
    assert raw.close_code()[0] == 1002


def test_a_client_that_goes_on_sending_after_the_close_is_cut(raw: RawWebSocket) -> None:
    raw.send(frame(BINARY, b"x"))
    deadline = time.monotonic() + 20
    try:
        while time.monotonic() < deadline:
            raw.send(text_frame({"type": "ping"}) * 100)
            time.sleep(0.01)
    except OSError:
        return
    pytest.fail("still connected")


# -- control frames


@pytest.mark.parametrize("payload", [b"", b"x", b"\xff" * 125])
def test_a_ping_frame_is_answered(raw: RawWebSocket, payload: bytes) -> None:
    raw.send(frame(PING, payload))
    assert raw.read_frame() == (PONG, payload)


def test_a_pong_that_nobody_asked_for_is_ignored(raw: RawWebSocket) -> None:
    raw.send(frame(PONG, b"hello"))
    assert_alive(raw)


@pytest.mark.parametrize(
    "payload", [b"", struct.pack("!H", 1000), struct.pack("!H", 1001) + "até já".encode(), b"\x0f\xa0bye"]
)
def test_a_close_frame_is_answered_with_its_code(raw: RawWebSocket, payload: bytes) -> None:
    raw.send(frame(CLOSE, payload))
    opcode, answer = raw.read_frame()
    assert opcode == CLOSE
    assert answer[:2] in (payload[:2], b"\x03\xe8")  # to one without a code, 1000 is an answer too
    assert raw.read_to_end() == b""


# -- how the bytes are cut


def test_fragments_are_one_message(raw: RawWebSocket) -> None:
    raw.send(frame(TEXT, b'{"ty', fin=False))
    raw.send(frame(CONTINUATION, b'pe": "pi', fin=False) + frame(CONTINUATION, b"", fin=False))
    raw.send(frame(PING, b"between"))
    assert raw.read_frame() == (PONG, b"between")
    raw.send(frame(CONTINUATION, b'ng"}'))
    assert raw.message()["type"] == "pong"


def test_a_character_cut_between_fragments_is_whole(raw: RawWebSocket) -> None:
    thread = "🧵".encode()
    raw.send(frame(TEXT, b'{"type":"ping","x":"' + thread[:2], fin=False) + frame(CONTINUATION, thread[2:] + b'"}'))
    assert raw.message()["type"] == "pong"


def test_several_messages_in_one_segment(raw: RawWebSocket) -> None:
    raw.send(text_frame({"type": "ping"}) * 50 + frame(PING, b"last"))
    answers = [raw.read_frame() for _ in range(51)]
    assert [opcode for opcode, _ in answers] == [TEXT] * 50 + [PONG]


def test_a_message_byte_by_byte(raw: RawWebSocket) -> None:
    for byte in text_frame({"type": "ping"}):
        raw.send(bytes([byte]))
        time.sleep(0.002)  # a segment each
    assert raw.message()["type"] == "pong"


def test_messages_right_behind_the_request(server: LiveServer, bystander: WebSocketStream) -> None:
    """What the server has read together with the request belongs to the stream."""
    with RawWebSocket(server) as client:
        client.handshake(then=text_frame({"type": "ping"}) + frame(PING, b"early") + text_frame({"type": "ping"}))
        assert client.message()["type"] == "connection"
        assert [client.read_frame()[0] for _ in range(3)] == [TEXT, PONG, TEXT]
        assert_alive(client)


def test_half_a_message_right_behind_the_request(server: LiveServer) -> None:
    message = text_frame({"type": "ping"})
    with RawWebSocket(server) as client:
        client.handshake(then=message[:5])
        assert client.message()["type"] == "connection"
        client.send(message[5:])
        assert client.message()["type"] == "pong"


def test_a_request_byte_by_byte(server: LiveServer) -> None:
    with RawWebSocket(server) as client:
        request = HANDSHAKE.format(path="/ws/pedidos", more="").encode()
        for start in range(0, len(request), 7):
            client.send(request[start : start + 7])
            time.sleep(0.001)
        assert client.response_head().startswith(b"HTTP/1.1 101 ")
        assert client.message()["type"] == "connection"


def test_a_connection_that_served_http_before(server: LiveServer) -> None:
    with RawWebSocket(server) as client:
        client.send(b"GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head = client.response_head().lower()
        if b"connection: close" in head:
            pytest.skip("the server keeps no connection")
        length = int(head.partition(b"content-length:")[2].split()[0])
        while len(client.buffer) < length:
            client._receive()
        client.buffer = client.buffer[length:]
        client.handshake()
        assert client.message()["type"] == "connection"
        assert_alive(client)


# -- the opening


def test_without_an_upgrade_426(server: LiveServer) -> None:
    response = server.get("/ws/pedidos")
    assert_problem(response, 426)
    assert response.headers["Upgrade"].lower() == "websocket"


BAD_OPENINGS = {
    "no key": ("Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n", "", {400}),
    "no version": ("Sec-WebSocket-Version: 13\r\n", "", {400, 426}),
    "version 8": ("Sec-WebSocket-Version: 13", "Sec-WebSocket-Version: 8", {400, 426}),
    "another protocol": ("Upgrade: websocket", "Upgrade: h2c", {400, 426}),
    "POST": ("GET ", "POST ", {400, 405}),
}


@pytest.mark.parametrize(("part", "instead", "statuses"), BAD_OPENINGS.values(), ids=BAD_OPENINGS)
def test_a_wrong_opening_is_refused(server: LiveServer, part: str, instead: str, statuses: set[int]) -> None:
    request = HANDSHAKE.format(path="/ws/pedidos", more="").replace(part, instead)
    with RawWebSocket(server) as client:
        client.send(request.encode())
        head = client.response_head()
    assert int(head.split()[1]) in statuses, head
    assert b"application/problem+json" in head.lower()


def test_offered_extensions_and_subprotocols_are_not_taken(server: LiveServer) -> None:
    with RawWebSocket(server) as client:
        head = client.handshake(
            more="Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
            "Sec-WebSocket-Protocol: chat\r\n"
        )
        assert b"permessage-deflate" not in head
        assert b"sec-websocket-protocol" not in head.lower()
        assert client.message()["type"] == "connection"


def test_header_names_and_tokens_in_any_case(server: LiveServer) -> None:
    with RawWebSocket(server) as client:
        client.send(
            b"GET /ws/pedidos HTTP/1.1\r\nhost: localhost\r\nUPGRADE: WebSocket\r\n"
            b"connection: keep-alive, upgrade\r\n"
            b"sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nSEC-WEBSOCKET-VERSION: 13\r\n\r\n"
        )
        assert client.response_head().startswith(b"HTTP/1.1 101 ")
        assert client.message()["type"] == "connection"


# -- endings


def test_a_vanished_client_is_forgotten_at_once(server: LiveServer) -> None:
    wait_until(lambda: server.stats()["total_connections"] == 0, 5, "those of other tests gone")
    clients = [RawWebSocket.connected(server) for _ in range(10)]
    assert server.stats()["connections_by_type"]["websocket"] == 10
    for client in clients:
        client.close()  # no close frame
    wait_until(lambda: server.stats()["total_connections"] == 0, 5)


def test_a_client_that_half_closes_is_forgotten(server: LiveServer) -> None:
    with RawWebSocket.connected(server) as client:
        client.socket.shutdown(1)
        client.read_to_end()
    wait_until(lambda: server.stats()["total_connections"] == 0, 5)


def test_events_come_as_single_text_frames(server: LiveServer) -> None:
    """Also those larger than what one frame length byte says, and than one socket buffer."""
    with RawWebSocket.connected(server) as client:
        for size in (10, 60_000, 3 << 20):
            image = "x" * size
            order = server.create(items=[{"descricao": "Faixa", "imagem": image}])
            message = client.message()
            assert message["pedido_id"] == order["id"]
            assert message["data"] == order
            assert message["data"]["items"][0]["imagem"] == image
            assert server.get(f"{ORDERS}{order['id']}").json() == order
