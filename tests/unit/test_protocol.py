"""The wire protocol: cursors, messages, frames, blocks and close codes, without a socket."""

from __future__ import annotations

import itertools
import json
import struct
import tracemalloc
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wsproto.frame_protocol import FrameDecoder

from pedidos_server.domain.events import (
    Cursor,
    connection_message,
    encode,
    pong_message,
    refresh_message,
    timestamp,
    update_message,
)
from pedidos_server.stream import protocol
from pedidos_server.stream.protocol import (
    MAX_FRAGMENTS,
    MAX_FRAMES,
    Allowance,
    ClientFrames,
    Fault,
    PeerClose,
    Ping,
    Pong,
    Received,
    Text,
)
from tests.support.stream_clients import BINARY, CLOSE, CONTINUATION, PING, PONG, TEXT, frame

FRAMES = Path(__file__).resolve().parent.parent / "frames"
GOLDEN = sorted(path for path in FRAMES.glob("*.json") if json.loads(path.read_text())["from"] == "server")

TAGS = st.from_regex(r"[0-9a-f]{8}", fullmatch=True)
CURSORS = st.builds(Cursor, st.integers(0, 10**18 - 1), TAGS)

# ---------------------------------------------------------------------------------------- cursors


@given(CURSORS)
def test_a_cursor_is_read_back(cursor: Cursor) -> None:
    assert Cursor.parse(str(cursor)) == cursor


@pytest.mark.parametrize(
    "text",
    [
        *["", "-", "0", "0-", "-9f3a61c2", "1234", "1234-", "9f3a61c2-1234"],
        *["1234-9f3a61c", "1234-9f3a61c2f", "1234-9F3A61C2", "1234-9f3a61cg", "1234_9f3a61c2"],
        *["01-9f3a61c2", "+1-9f3a61c2", "-1-9f3a61c2", "1_0-9f3a61c2", "1.0-9f3a61c2", "0x1-9f3a61c2"],
        *[" 1-9f3a61c2", "1-9f3a61c2 ", "1-9f3a61c2\n", "1-9f3a61c2\x00", "\ufeff1-9f3a61c2"],
        *["١-9f3a61c2", "1-９f3a61c2", "1-9f3a61c2-9f3a61c2", "9" * 19 + "-9f3a61c2", "9" * 10_000 + "-9f3a61c2"],
    ],
)
def test_what_is_no_cursor_is_none(text: str) -> None:
    assert Cursor.parse(text) is None


@given(st.text())
def test_any_text_is_read_as_a_cursor_or_none(text: str) -> None:
    cursor = Cursor.parse(text)
    assert cursor is None or str(cursor) == text


# --------------------------------------------------------------------------------------- messages


MOMENTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1))


@given(MOMENTS, st.timedeltas(timedelta(milliseconds=1), timedelta(99)))
def test_timestamps_sort_as_text(moment: datetime, later: timedelta) -> None:
    first, second = (timestamp(when.replace(tzinfo=UTC)) for when in (moment, moment + later))
    assert first < second
    assert len(first) == len("2026-11-24T17:50:52.123Z") and first.endswith("Z")


def test_a_timestamp_keeps_milliseconds() -> None:
    assert timestamp(datetime(2026, 11, 24, 17, 50, 52, 123_999, UTC)) == "2026-11-24T17:50:52.123Z"
    assert timestamp(datetime(2026, 1, 2, 3, 4, 5, 0, UTC)) == "2026-01-02T03:04:05.000Z"


def compact(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_golden_frames(path: Path) -> None:
    """Each message is built from its parts, byte by byte as the browser's tests read it."""
    golden = json.loads(path.read_text())
    message = golden["message"]
    cursor = Cursor.parse(message["cursor"]) if "cursor" in message else None
    match message["type"]:
        case "connection":
            assert cursor is not None
            payload = connection_message(cursor, message["versao_servidor"])
        case "refresh_required":
            payload = refresh_message(message["message"], cursor)
        case "pong":
            payload = pong_message()
        case "pedido_update":
            assert cursor is not None
            payload = update_message(
                action=message["action"],
                pedido_id=message["pedido_id"],
                document=None if message["data"] is None else compact(message["data"]),
                when=message["timestamp"],
                cursor=cursor,
                versao=message["versao"],
                changed=message["changed"],
                autor=message["autor"],
                origem=message["origem"],
            )
        case other:
            pytest.fail(f"a message that the server does not know: {other}")
    now = json.loads(payload)["timestamp"]  # the one thing that the builders take from the clock
    payload = payload.replace(now.encode(), message["timestamp"].encode())
    assert payload.decode() == golden["websocket"]
    if golden["sse"] is not None:
        assert protocol.sse_block(payload, cursor).decode() == golden["sse"]


def test_the_document_is_spliced_in_as_it_is() -> None:
    document = b'{"id":7,"cliente":"Z\xc3\xa9 \\"&\\u0000","items":[{"x":1.50}]}'
    message = update_message(
        action="update",
        pedido_id=7,
        document=document,
        when="2026-11-24T17:50:52.123Z",
        cursor=Cursor(1234, "9f3a61c2"),
        versao=2,
        changed=["cliente"],
        autor="Zé",
        origem=None,
    )
    assert b'"data":' + document + b',"timestamp":' in message
    assert json.loads(message)["data"] == json.loads(document)


def test_without_a_cursor_a_refresh_names_none() -> None:
    assert "cursor" not in json.loads(refresh_message("Recarregue"))


# ------------------------------------------------------------------------------------ close codes


@pytest.mark.parametrize("close", protocol.CLOSES, ids=lambda close: str(close.code))
def test_a_close_frame_is_one_that_clients_accept(close: protocol.Close) -> None:
    data = protocol.close_frame(close)
    assert data[0] == 0x80 | CLOSE and data[1] == len(data) - 2 <= 125
    decoder = FrameDecoder(client=True)
    decoder.receive_bytes(data)
    decoded = decoder.process_buffer()
    assert decoded is not None and isinstance(decoded.payload, bytes | bytearray)
    assert struct.unpack("!H", decoded.payload[:2])[0] == close.code
    assert decoded.payload[2:].decode() == close.reason != ""


def test_each_close_has_a_code_of_its_own() -> None:
    codes = [close.code for close in protocol.CLOSES]
    assert len(set(codes)) == len(codes)
    assert not {1004, 1005, 1006, 1015} & set(codes), "codes that no frame may carry (RFC 6455, 7.4.1)"


# ------------------------------------------------------------------------------- WebSocket frames


@pytest.mark.parametrize("size", [0, 1, 125, 126, 127, 65535, 65536, 2 << 20])
def test_a_text_frame_of_any_size(size: int) -> None:
    payload = b"x" * size
    decoder = FrameDecoder(client=True)
    decoder.receive_bytes(protocol.text_frame(payload))
    decoded = decoder.process_buffer()
    assert decoded is not None and decoded.frame_finished and decoded.message_finished
    assert decoded.payload == payload
    shortest = 2 if size < 126 else 4 if size < 65536 else 10
    assert len(protocol.text_frame(payload)) == shortest + size


def read(data: bytes, sizes: list[int] | None = None, max_message: int = 1000) -> tuple[list[Received], ClientFrames]:
    """What a client's bytes say, fed in pieces of these sizes over and over; a byte at a time without."""
    frames = ClientFrames(max_message, generous())
    received: list[Received] = []
    sizes = sizes or [1]
    turn = 0
    while data:
        piece, data = data[: sizes[turn % len(sizes)]], data[sizes[turn % len(sizes)] :]
        received += frames.feed(piece)
        turn += 1
        if received and isinstance(received[-1], Fault | PeerClose):
            break  # nothing more is fed after either
    return received, frames


SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=8)
MESSAGES = st.lists(
    st.one_of(
        st.tuples(st.just("text"), st.text(max_size=200), st.lists(st.integers(0, 200), max_size=3)),
        st.tuples(st.just("ping"), st.binary(max_size=125)),
        st.tuples(st.just("pong"), st.binary(max_size=125)),
    ),
    max_size=6,
)


@given(MESSAGES, SIZES, st.binary(max_size=125))
def test_messages_survive_every_split(messages: list[tuple[Any, ...]], sizes: list[int], between: bytes) -> None:
    """Texts in several fragments with a ping between each two, in pieces of any size."""
    sent = b""
    expected: list[Received] = []
    for kind, payload, *cuts in messages:
        if kind == "ping":
            sent += frame(PING, payload)
            expected.append(Ping(payload))
        elif kind == "pong":
            sent += frame(PONG, payload)
            expected.append(Pong(payload))
        else:
            data = payload.encode()
            bounds = [0, *sorted(min(cut, len(data)) for cut in cuts[0]), len(data)]
            for number, (start, end) in enumerate(itertools.pairwise(bounds)):
                last = number == len(bounds) - 2
                sent += frame(CONTINUATION if number else TEXT, data[start:end], fin=last)
                if not last:
                    sent += frame(PING, between)
                    expected.append(Ping(between))
            expected.append(Text(payload))
    received, frames = read(sent, sizes)
    assert received == expected
    assert frames.idle, "nothing is kept between two messages"


@given(st.binary(max_size=300), SIZES)
def test_no_bytes_break_the_parser(data: bytes, sizes: list[int]) -> None:
    received, _ = read(data, sizes)
    assert not any(isinstance(each, Fault | PeerClose) for each in received[:-1])


@given(st.integers(1, 60))
def test_what_is_incomplete_is_kept(missing: int) -> None:
    whole = frame(TEXT, b"fim " * 20)
    frames = ClientFrames(1000, generous())
    assert list(frames.feed(whole[:-missing])) == []
    assert not frames.idle
    assert list(frames.feed(whole[-missing:])) == [Text("fim " * 20)]
    assert frames.idle


TOO_BIG, NOT_JSON, BAD, BINARY_REFUSED = (
    protocol.TOO_BIG,
    protocol.NOT_JSON,
    protocol.PROTOCOL_ERROR,
    protocol.BINARY_REFUSED,
)


@pytest.mark.parametrize(
    ("data", "close"),
    [
        pytest.param(frame(TEXT, b"x" * 1001), TOO_BIG, id="too big"),
        pytest.param(
            frame(TEXT, b"x" * 600, fin=False) + frame(CONTINUATION, b"x" * 401), TOO_BIG, id="too big in fragments"
        ),
        pytest.param(frame(TEXT, b"x" * 1001, fin=False), TOO_BIG, id="too big, unfinished"),
        pytest.param(b"\x81\xff" + struct.pack("!Q", 1 << 62) + b"key!", TOO_BIG, id="said to be too big"),
        pytest.param(frame(BINARY, b"{}"), BINARY_REFUSED, id="binary"),
        pytest.param(frame(BINARY, b""), BINARY_REFUSED, id="binary, empty"),
        pytest.param(frame(TEXT, b"\xff"), NOT_JSON, id="not UTF-8"),
        pytest.param(frame(TEXT, b"\xed\xa0\x80"), NOT_JSON, id="a surrogate"),
        pytest.param(frame(TEXT, "é".encode()[:1]), NOT_JSON, id="half a character"),
        pytest.param(
            frame(TEXT, b"\xc3", fin=False) + frame(CONTINUATION, b"x"), NOT_JSON, id="not UTF-8, in fragments"
        ),
        pytest.param(frame(TEXT, b"{}", masked=False), BAD, id="not masked"),
        pytest.param(frame(TEXT, b"{}", rsv=4), BAD, id="compressed"),
        pytest.param(frame(TEXT, b"{}", rsv=1), BAD, id="RSV3"),
        pytest.param(frame(3, b"{}"), BAD, id="an opcode of no meaning"),
        pytest.param(frame(11, b""), BAD, id="a control opcode of no meaning"),
        pytest.param(frame(CONTINUATION, b"{}"), BAD, id="continues nothing"),
        pytest.param(frame(TEXT, b"{", fin=False) + frame(TEXT, b"}"), BAD, id="a message in a message"),
        pytest.param(frame(PING, b"x" * 126), BAD, id="a long ping"),
        pytest.param(frame(PING, b"x", fin=False), BAD, id="a ping in fragments"),
        pytest.param(b"\x81\xfe\x00\x02key!{}", BAD, id="a length longer than needed"),
    ],
)
def test_faults(data: bytes, close: protocol.Close) -> None:
    received, _ = read(data + frame(TEXT, b"never read"))
    assert received == [Fault(close)]
    before = frame(TEXT, b"before")
    assert read(before + data, [len(before + data)])[0] == [Text("before"), Fault(close)]


def test_the_size_limit_is_exact_and_counts_bytes() -> None:
    assert read(frame(TEXT, b"x" * 1000))[0] == [Text("x" * 1000)]
    assert read(frame(TEXT, ("é" * 500).encode()))[0] == [Text("é" * 500)]
    assert read(frame(TEXT, ("é" * 500 + "x").encode()))[0] == [Fault(TOO_BIG)]
    # each message has the whole limit
    assert read(frame(TEXT, b"x" * 1000) * 2)[0] == [Text("x" * 1000)] * 2


FLOOD = Fault(protocol.FLOOD)


def generous() -> Allowance:
    """For what is not about rates: its bucket is emptied by frames alone, and filled at each step."""
    return Allowance(1 << 40, 0)


@pytest.mark.parametrize("part", [b"", b"x"], ids=["empty", "a byte"])
def test_a_message_comes_in_so_many_fragments_at_most(part: bytes) -> None:
    allowance = generous()
    frames = ClientFrames(1 << 20, allowance)
    assert list(frames.feed(frame(TEXT, b"", fin=False))) == []
    for number in range(2, MAX_FRAGMENTS):
        assert allowance.take_bytes(0, number * 60.0)
        assert list(frames.feed(frame(CONTINUATION, part, fin=False))) == [], number
    assert list(frames.feed(frame(CONTINUATION, part, fin=False))) == [FLOOD]


def test_the_bytes_of_a_frame_that_trickles_are_not_fragments() -> None:
    frames = ClientFrames(1 << 20, generous())
    text = frame(TEXT, b"x" * MAX_FRAGMENTS * 3)
    said = [received for byte in text for received in frames.feed(bytes((byte,)))]
    assert said == [Text("x" * MAX_FRAGMENTS * 3)]


def test_fragments_of_a_byte_take_little_more_than_their_bytes() -> None:
    frames = ClientFrames(1 << 20, generous())
    tracemalloc.start()
    list(frames.feed(frame(TEXT, b"x" * 100_000)[:8]))
    for _ in range(50_000):
        list(frames.feed(b"x"))
    taken = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    assert taken < 500_000


@pytest.mark.parametrize("kind", [PING, PONG, TEXT])
def test_frames_have_a_rate(kind: int) -> None:
    allowance = Allowance(1 << 40, 0)
    frames = ClientFrames(1000, allowance)
    assert len(list(frames.feed(frame(kind, b"{}") * (MAX_FRAMES + 50)))) == MAX_FRAMES + 1
    later = Allowance(1 << 40, 0)
    for second in range(1, 200):
        assert later.take_bytes(0, second)
        said = list(ClientFrames(1000, later).feed(frame(kind, b"{}") * protocol.FRAMES_A_SECOND))
        assert FLOOD not in said, second


def test_bytes_have_a_rate() -> None:
    allowance = Allowance(100_000, 0)
    assert allowance.take_bytes(100_000, 0)
    assert allowance.take_bytes(protocol.BYTES_A_SECOND, 1)
    assert not allowance.take_bytes(1, 1)


def test_too_big_is_said_when_the_header_says_it() -> None:
    frames = ClientFrames(1000, generous())
    assert list(frames.feed(frame(TEXT, b"x" * 100_000)[:20])) == [Fault(TOO_BIG)]


@pytest.mark.parametrize("cut", range(1, 4))
def test_a_character_may_be_split_between_fragments(cut: int) -> None:
    cake = "🎂".encode()
    assert read(frame(TEXT, cake[:cut], fin=False) + frame(CONTINUATION, cake[cut:]))[0] == [Text("🎂")]


@pytest.mark.parametrize("code", [1000, 1001, 1003, 1007, 1011, 1014, 3000, 3999, 4000, 4999])
def test_a_permitted_close_is_answered_with_its_code(code: int) -> None:
    for reason in (b"", "até já".encode(), b"x" * 123):
        (received,), _ = read(frame(CLOSE, struct.pack("!H", code) + reason))
        assert isinstance(received, PeerClose) and received.close.code == code


def test_an_empty_close_is_normal() -> None:
    assert read(frame(CLOSE))[0] == [PeerClose(protocol.NORMAL)]


@pytest.mark.parametrize("code", [0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535])
def test_a_close_code_that_no_frame_may_carry(code: int) -> None:
    assert read(frame(CLOSE, struct.pack("!H", code)))[0] == [Fault(BAD)]


def test_a_close_of_one_byte_or_not_in_utf8() -> None:
    assert read(frame(CLOSE, b"\x03"))[0] == [Fault(BAD)]
    assert read(frame(CLOSE, b"\x03\xe8\xff"))[0] == [Fault(NOT_JSON)]


# ------------------------------------------------------------------------------------- SSE blocks


def parse_sse(data: bytes) -> list[tuple[str | None, str]]:
    """(id, data) of each event, as the HTML standard's section 9.2.6 reads a stream."""
    events = []
    last_id: str | None = None
    lines: list[str] = []
    for line in data.decode().split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            if lines:
                events.append((last_id, "\n".join(lines)))
            lines = []
        elif name == "data":
            lines.append(value)
        elif name == "id":
            last_id = value
        else:
            assert name in ("", "retry"), f"a field that says nothing to us: {line!r}"
    return events


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


@given(JSON, st.one_of(st.none(), CURSORS))
def test_a_block_carries_any_message(message: Any, cursor: Cursor | None) -> None:
    ((id, data),) = parse_sse(protocol.sse_block(encode(message), cursor))
    assert id == (None if cursor is None else str(cursor))
    assert json.loads(data) == message


def test_a_heartbeat_is_no_event() -> None:
    event = protocol.sse_block(b"{}", Cursor(1, "9f3a61c2"))
    assert parse_sse(protocol.SSE_COMMENT) == []
    assert parse_sse(protocol.SSE_RETRY + event + protocol.SSE_COMMENT + event) == [("1-9f3a61c2", "{}")] * 2
