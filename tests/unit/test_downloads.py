"""What answers under way may hold: counted for each caller, and given back however they end."""

from __future__ import annotations

from collections.abc import Iterator

import gevent
import pytest

from pedidos_server.domain.roles import NOBODY, Principal, Role
from pedidos_server.errors import Problem
from pedidos_server.storage.base import PIECE
from pedidos_server.web.downloads import (
    LIMIT_BYTES,
    MAX_FOR_ONE,
    PATIENCE_SECONDS,
    READ_AT_ONCE_BYTES,
    ROOM_BYTES,
    ROOM_FOR_ONE_BYTES,
    SLOWEST_BYTES_A_SECOND,
    Downloads,
)

ANA, BIA = (Principal(number, name, Role.LEITURA) for number, name in ((1, "Ana"), (2, "Bia")))


def test_one_caller_has_so_many_and_others_have_theirs() -> None:
    downloads = Downloads()
    mine = [downloads.begin({}, ANA) for _ in range(MAX_FOR_ONE)]
    with pytest.raises(Problem) as refused:
        downloads.begin({}, ANA)
    assert refused.value.status == 429
    downloads.begin({}, BIA).close()
    mine[0].close()
    mine[0].close()
    downloads.begin({}, ANA)


def test_on_an_open_server_an_address_is_a_caller() -> None:
    downloads = Downloads()
    for _ in range(MAX_FOR_ONE):
        downloads.begin({"REMOTE_ADDR": "10.0.0.1"}, NOBODY)
    with pytest.raises(Problem):
        downloads.begin({"REMOTE_ADDR": "10.0.0.1"}, NOBODY)
    downloads.begin({"REMOTE_ADDR": "10.0.0.2"}, NOBODY)


def test_pieces_are_smaller_once_much_is_under_way() -> None:
    downloads = Downloads()
    rooms = [downloads.begin({}, ANA).room for _ in range(10)]
    whole = ROOM_FOR_ONE_BYTES // READ_AT_ONCE_BYTES
    assert rooms == [READ_AT_ONCE_BYTES] * whole + [PIECE] * (10 - whole)
    assert downloads.begin({}, BIA).room == READ_AT_ONCE_BYTES, "another has a share of their own"
    assert downloads.held < ROOM_BYTES


def test_nothing_begins_when_large_orders_hold_too_much() -> None:
    downloads = Downloads()
    large = downloads.begin({}, ANA)
    large.send(bytes(LIMIT_BYTES), iter(()))
    with pytest.raises(Problem) as refused:
        downloads.begin({}, BIA)
    assert refused.value.status == 503
    large.close()
    downloads.begin({}, BIA)


def test_it_counts_what_is_held_and_gives_all_back() -> None:
    downloads = Downloads()

    def rest() -> Iterator[bytes]:
        yield b"b" * 20
        raise OSError

    download = downloads.begin({}, ANA).send(b"a" * 10, rest())
    held = []
    with pytest.raises(OSError):
        for _ in download:
            held.append(downloads.held)
    assert held == [10, 20]
    download.close()
    with pytest.raises(ZeroDivisionError), downloads.begin({}, ANA):
        raise ZeroDivisionError
    assert downloads.held == 0
    assert not downloads._number_of and not downloads._held_by, "no address stays"


def test_who_reads_too_slowly_or_may_no_longer_is_cut() -> None:
    now = [0.0]
    downloads = Downloads(lambda: now[0])
    valid = {ANA, BIA}
    cut: list[str] = []

    def read(principal: Principal, size: int) -> None:
        download = downloads.begin({}, principal).send(b"x" * size, iter(()))
        try:
            for _ in download:
                gevent.sleep(60)  # the client takes nothing
        finally:
            cut.append(f"{principal.name} {size}")
            download.close()

    readers = [
        gevent.spawn(read, ANA, 1),
        gevent.spawn(read, ANA, 10 * SLOWEST_BYTES_A_SECOND),
        gevent.spawn(read, BIA, 1 << 20),
    ]
    gevent.sleep(0)
    for moment, gone in ((PATIENCE_SECONDS - 1, 0), (PATIENCE_SECONDS + 2, 1), (PATIENCE_SECONDS + 11, 2)):
        now[0] = moment
        downloads.hang_up(valid.__contains__)
        gevent.sleep(0.01)
        assert len(cut) == gone, moment
    valid.discard(BIA)
    downloads.hang_up(valid.__contains__)
    gevent.joinall(readers, timeout=5)
    assert len(cut) == 3 and downloads.held == 0


def test_what_is_still_read_is_answered_though_its_caller_is_gone() -> None:
    downloads = Downloads()
    ended: list[str] = []

    def ask() -> None:
        with downloads.begin({}, ANA) as download:
            gevent.sleep(0.05)  # the database
        ended.append("read")
        download.send(b"x", iter(()))
        try:
            gevent.sleep(60)
        finally:
            download.close()

    reader = gevent.spawn(ask)
    gevent.sleep(0)
    downloads.hang_up(lambda _: False)
    gevent.sleep(0.1)
    assert ended == ["read"]
    downloads.hang_up(lambda _: False)
    reader.join(5)
    assert reader.dead and downloads.held == 0
