"""What a client hears: the bytes of a stream taken apart, whichever the transport. Does no I/O."""

from __future__ import annotations

from typing import NamedTuple


class Heard(NamedTuple):
    """One thing that the server said: a message, a heartbeat, or (WebSocket) its close frame."""

    kind: str
    payload: bytes = b""
    id: str | None = None
    """The block's ``id:`` over SSE."""

    @property
    def close_code(self) -> int:
        return int.from_bytes(self.payload[:2], "big")


class Incoming:
    """Keeps what is incomplete in ``rest`` until more comes."""

    def __init__(self, transport: str) -> None:
        self._take = self._blocks if transport == "sse" else self._frames
        self.rest = bytearray()

    def feed(self, data: bytes) -> list[Heard]:
        heard: list[Heard] = []
        known = len(self.rest)
        self.rest += data
        del self.rest[: self._take(heard, known)]
        return heard

    def _blocks(self, heard: list[Heard], known: int) -> int:
        """The HTML standard, 9.2.6, as far as this server uses it: LF, one ``data:`` line."""
        complete = self.rest.rfind(b"\n\n", max(0, known - 1)) + 2
        if complete < 2:
            return 0
        for block in bytes(self.rest[: complete - 2]).split(b"\n\n"):
            lines = {name: value for name, _, value in (line.partition(b": ") for line in block.split(b"\n"))}
            if b"data" in lines:
                heard.append(Heard("message", lines[b"data"], lines[b"id"].decode() if b"id" in lines else None))
            else:
                heard.append(Heard("heartbeat"))
        return complete

    def _frames(self, heard: list[Heard], _: int) -> int:
        """RFC 6455, 5.2: a server's frames are neither masked nor, here, fragmented."""
        data, start = self.rest, 0
        while len(data) >= start + 2:
            size, head = data[start + 1], 2
            if size >= 126:
                head = 4 if size == 126 else 10
                size = int.from_bytes(data[start + 2 : start + head], "big")
            if len(data) < start + head + size:
                break
            kind = {1: "message", 8: "close", 9: "heartbeat", 10: "pong"}[data[start] & 0x0F]
            heard.append(Heard(kind, bytes(data[start + head : start + head + size])))
            start += head + size
        return start
