"""Many sends in one system call: each socket gets what a send of its own would have given it."""

from __future__ import annotations

import errno
import os
import random
import select
import socket
from collections.abc import Iterator

import pytest

from pedidos_server.stream.io_uring import ENTRIES, Ring, counts_what_was_taken, open_ring
from tests.support.unit_streams import tcp_pair


def test_a_kernel_that_loses_count_is_found_out(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    assert counts_what_was_taken(ring)
    monkeypatch.setattr(Ring, "_completions", lambda ring: dict.fromkeys(real_completions(ring), -errno.EAGAIN))
    assert not counts_what_was_taken(ring)
    assert open_ring() is None


real_completions = Ring._completions


@pytest.fixture
def ring() -> Iterator[Ring]:
    ring = open_ring()
    if ring is None:
        reason = "no io_uring here: not Linux 5.17, or it is forbidden"
        pytest.skip(reason)
    yield ring
    ring.close()


def received(sock: socket.socket) -> bytes:
    data = b""
    while True:
        try:
            data += sock.recv(1 << 20)
        except BlockingIOError:
            return data


def test_every_socket_gets_the_same_bytes_in_order(ring: Ring) -> None:
    """Counts that do not divide the ring, so that calls begin everywhere in it."""
    pairs = [socket.socketpair() for _ in range(ENTRIES)]
    for ours, theirs in pairs:
        ours.setblocking(False)
        theirs.setblocking(False)
    descriptors = [ours.fileno() for ours, _ in pairs]
    dice = random.Random(7)
    wanted = [b""] * len(pairs)
    for turn in range(60):
        count = dice.choice((1, 7, 100, 255, ENTRIES))
        data = f"{turn} ".encode() * dice.randint(1, 300)
        assert ring.send(data, descriptors[:count]) == {}
        for index in range(count):
            wanted[index] += data
    assert [received(theirs) for _, theirs in pairs] == wanted
    for ours, theirs in pairs:
        ours.close()
        theirs.close()


def test_who_takes_less_comes_back_with_how_much_and_sends_nothing_later(ring: Ring) -> None:
    (full, reader), (free, other), (gone, left) = tcp_pair(4096), tcp_pair(), socket.socketpair()
    left.close()
    data = os.urandom(1 << 20)
    short = ring.send(data, [sock.fileno() for sock in (full, gone, free)])
    assert short.pop(gone.fileno()) == -errno.EPIPE
    taken = short.pop(full.fileno())
    assert 0 < taken < len(data)
    whole = short.pop(free.fileno(), len(data))
    assert short == {}
    for sock, wanted in ((reader, taken), (other, whole)):
        got = b""
        while len(got) < wanted:
            select.select([sock], [], [], 10)
            got += received(sock)
        assert got == data[:wanted]
        assert not select.select([sock], [], [], 0.2)[0], "what was not taken then is not sent by itself"
    for sock in (full, reader, free, other, gone):
        sock.close()


def test_no_descriptor_is_an_error_of_its_own(ring: Ring) -> None:
    ours, theirs = socket.socketpair()
    closed = ours.fileno() + 1000
    assert ring.send(b"x", [closed, ours.fileno()]) == {closed: -errno.EBADF}
    assert theirs.recv(8) == b"x"
    ours.close()
    theirs.close()


def test_a_ring_gives_back_what_it_took(ring: Ring) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        another = open_ring()
        assert another is not None
        another.close()
    assert len(os.listdir("/proc/self/fd")) == before


def test_more_sends_than_the_ring_has_entries_are_refused(ring: Ring) -> None:
    """They would overwrite each other: one socket would get the bytes twice, another none."""
    ours, theirs = socket.socketpair()
    with pytest.raises(ValueError, match=str(ENTRIES + 1)):
        ring.send(b"x", [ours.fileno()] * (ENTRIES + 1))
    assert ring.send(b"y", [ours.fileno()] * ENTRIES) == {}
    assert theirs.recv(2 * ENTRIES) == b"y" * ENTRIES
    ours.close()
    theirs.close()
