"""Heads and bodies as the server reads them, from a socket that gives what it is told: bytes, bounds, growth."""

import time
from types import SimpleNamespace

import pytest

from pedidos_server.errors import Problem
from pedidos_server.server.body import Bodies, Body
from pedidos_server.server.reader import Reader


class Peer:
    """A socket's reading half: ``pieces``, then the end."""

    def __init__(self, pieces):
        self._pieces = iter(pieces)

    def recv(self, size):
        return next(self._pieces, b"")


def handler(pieces, most=1 << 30):
    idle = SimpleNamespace(wait=lambda *_: None, work=lambda *_: None)
    made = SimpleNamespace(socket=Peer(pieces), server=SimpleNamespace(idle=idle, bodies=Bodies(most)))
    made.rfile = Reader(made)
    return made


def chunked(*pieces):
    return Body(handler(pieces), None, chunked=True, expects=False)


def test_chunks_cut_anywhere():
    whole = b"3\r\nabc\r\n4;x=y\r\ndefg\r\n0\r\nT: u\r\n\r\n"
    for cut in range(1, len(whole)):
        assert chunked(whole[:cut], whole[cut:]).read() == b"abcdefg"


@pytest.mark.parametrize(
    "wrong", [b"\r\n", b"x\r\n", b"-1\r\n", b"5\r\nhell", b"5\r\nhello world\r\n", b"0x1\r\na\r\n"]
)
def test_what_are_no_chunks(wrong):
    with pytest.raises(OSError, match=r"chunk|body"):
        chunked(wrong).read()


def test_a_body_over_what_all_may_hold():
    body = Body(handler([b"x" * 200_000], most=100_000), 200_000, chunked=False, expects=False)
    with pytest.raises(Problem) as refused:
        body.read()
    assert refused.value.status == 503 and "Retry-After" in refused.value.headers


def seconds(run):
    def once():
        started = time.process_time()
        run()
        return time.process_time() - started

    return min(once() for _ in range(3))


@pytest.mark.parametrize(
    "read",
    [
        lambda size: handler([b"a"] * size + [b"\r\n\r\n"]).rfile.head(),
        lambda size: handler([b"a\r\n" * (size // 3)]).rfile.head(),
        lambda size: chunked(*[b"10\r\n" + b"x" * 16 + b"\r\n"] * (size // 22), b"0\r\n\r\n").read(),
        lambda size: Body(handler([b"x"] * size), size, chunked=False, expects=False).read(),
    ],
    ids=["a head byte by byte", "a head of many lines", "chunks", "a body byte by byte"],
)
def test_time_grows_no_faster_than_what_is_read(read):
    """Ten times as much, no more than thirty times as long."""
    assert seconds(lambda: read(60_000)) < 30 * max(seconds(lambda: read(6_000)), 5e-4)
