"""The hub and its registry, on sockets of its own, without a server around them."""

from __future__ import annotations

import gc
import random
import selectors
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import gevent
import pytest

from pedidos_server.clock import RunningClock
from pedidos_server.domain.events import Cursor, Event
from pedidos_server.stream.connection import BLOCKED, CLOSING, GRACE_SECONDS, OPEN, STALL_SECONDS, Subscription
from pedidos_server.stream.hub import Start
from pedidos_server.stream.io_uring import ENTRIES
from pedidos_server.stream.liveness import SILENCE_SECONDS
from pedidos_server.stream.protocol import FLOOD, NORMAL, RESTART, TOO_SLOW
from pedidos_server.stream.tail import MAX_JOIN, Batch
from tests.support.stream_clients import CONTINUATION, PING, PONG, TEXT, frame
from tests.support.unit_stage import TRANSPORTS, WAIT, Clock, Log, Stage, read_to, read_until, stalled, wait_for
from tests.support.unit_streams import Reader, tcp_pair

# --------------------------------------------------------------------------------------- the fan-out


@pytest.mark.parametrize("with_ring", [True, False], ids=["ring", "loop"])
def test_a_crowd_gets_every_event_once_whoever_of_it_is_slow_or_gone(stage: Stage, with_ring: bool) -> None:
    """Hundreds at the head, on both transports: more than one turn's worth. Some have tiny buffers and read late,
    some reset their connection in the middle."""
    log = Log(events=3)
    hub = stage.hub(log, **({} if with_ring else {"ring": None}))
    crowd = [
        stage.subscribe(hub, "websocket" if index % 3 else "sse", receive_buffer=4096 if index % 10 == 9 else None)[1]
        for index in range(320)
    ]
    wait_for(lambda: hub.stats()["total_connections"] == len(crowd), "the streams")
    dice = random.Random(1)
    for turn in range(30):
        log.publish_to(hub, dice.randint(1, 3), dice.choice((0, 1_000, 20_000)))
        if turn == 15:
            for reader in crowd[::40]:
                reader.close(abrupt=True)
        for reader in crowd if turn % 5 == 4 else ():
            if not reader.ended:
                reader.read(10_000)
        gevent.sleep(dice.choice((0, 0, 0.003)))
    last = len(log.events)
    for reader in crowd:
        if not reader.ended:
            assert read_to(reader, last) == list(range(4, last + 1))
            assert reader.payloads == [event.payload for event in log.events[3:]]
    wait_for(lambda: len(hub) == len(crowd) - 8, "only those that reset are gone")
    assert hub.stats()["blocked"] == 0


def test_streams_on_a_unix_socket(stage: Stage) -> None:
    """gunicorn's, behind a proxy on the same machine: there are no TCP options to set."""
    log = Log()
    hub = stage.hub(log)
    ours, theirs = socket.socketpair()
    for sock in (ours, theirs):
        sock.setblocking(False)
    hub.subscribe(Subscription(TRANSPORTS["websocket"], ours, ""), Start(), b"", b"")
    reader = Reader(theirs, "websocket")
    log.publish_to(hub, 3)
    assert read_to(reader, 3)[-1] == 3
    reader.close()


def test_a_stream_that_cannot_start_harms_no_other(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    log = Log()
    hub = stage.hub(log, heartbeat=1.0)
    _, reader = stage.subscribe(hub)
    ours, theirs = socket.socketpair()
    theirs.settimeout(WAIT)
    broken: Any = Tripwire(ours, lambda: None)
    broken.setblocking = lambda _: 1 / 0
    hub.subscribe(Subscription(TRANSPORTS["websocket"], broken, ""), Start(), b"", b"")
    read_until(reader, lambda it: it.heartbeats, "a heartbeat, for which all streams are looked at")
    log.publish_to(hub, 1)
    assert read_to(reader, 1) == [1]
    assert len(hub) == 1
    assert theirs.recv(1) == b"", "it is closed"
    assert "stream not started" in caplog.text
    theirs.close()


class Tripwire:
    """A stream's socket that says when it is sent to."""

    def __init__(self, sock: Any, sent: Callable[[], object]) -> None:
        self._socket, self._sent = sock, sent

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)

    def send(self, data: bytes) -> int:
        self._sent()
        taken: int = self._socket.send(data)
        return taken


def test_a_fan_out_lets_the_loop_see_to_its_sockets(stage: Stage) -> None:
    """Else a request that comes while thousands are served would wait for the last of them."""
    log = Log()
    hub = stage.hub(log, ring=None)
    streams = [stage.subscribe(hub) for _ in range(ENTRIES * 3)]
    wait_for(lambda: hub.stats()["total_connections"] == len(streams), "the streams")
    for _, reader in streams:
        reader.read()
    ours, theirs = tcp_pair()
    served_when_it_came: list[int] = []

    def came() -> None:
        ours.recv(8)
        for _, reader in streams:
            reader.read()
        served_when_it_came.append(sum(bool(reader.numbers) for _, reader in streams))

    watcher = hub.loop.watch(ours.fileno(), 1)
    watcher.start(came)
    first: Any = streams[0][0]
    first.socket = Tripwire(first.socket, lambda: theirs.send(b"x"))
    log.publish_to(hub, 1)
    wait_for(lambda: served_when_it_came, "the loop's turn")
    watcher.stop()
    watcher.close()
    for sock in (ours, theirs):
        sock.close()
    assert 0 < served_when_it_came[0] < len(streams)


# ------------------------------------------------------------------------------------- the registry

THREADS = 8
ROUNDS = 40


@pytest.mark.timing
@pytest.mark.parametrize(
    ("during", "seconds", "writes"),
    [(1, 0.02, 3), (2, 0.02, 3), (3, 0.02, 2), (7, 0.02, 2), (8, 0.02, 3)],
)
def test_a_round_waits_where_more_come_that_can_share_it(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, during: int, seconds: float, writes: int
) -> None:
    """So many events come while the first is sent, which takes so long, and one more soon after."""
    log = Log()
    hub = stage.hub(log, ring=None)
    stream, reader = stage.subscribe(hub)
    send_batch = Subscription.send_batch

    def one_more() -> None:
        gevent.sleep(0.004)
        log.publish_to(hub, 1)

    def slow_at_first(stream: Subscription, batch: Batch) -> None:
        send_batch(stream, batch)
        if batch.last == 1:
            log.publish_to(hub, during)
            time.sleep(seconds)
            gevent.spawn(one_more)

    monkeypatch.setattr(Subscription, "send_batch", slow_at_first)
    log.publish_to(hub, 1)
    assert read_to(reader, during + 2) == list(range(1, during + 3))
    assert stream.sent == writes
    reader.close()


def test_many_writers_leave_the_fan_out_its_time(stage: Stage) -> None:
    """Whenever the loop gets its turn, they take five milliseconds and commit 20 events: as much as the fan-out sends
    in a turn to a few of its streams."""
    log = Log()
    hub = stage.hub(log)
    streams = []
    with selectors.DefaultSelector() as selector:
        for _ in range(400):
            stream, reader = stage.subscribe(hub)
            streams.append(stream)
            selector.register(reader.socket, selectors.EVENT_READ)
        ended = threading.Event()

        def drain() -> None:
            while not ended.is_set():
                for key, _ in selector.select(0.1):
                    with suppress(BlockingIOError):
                        key.fileobj.recv(1 << 20)  # type: ignore[union-attr]

        gevent.sleep(0.01)
        thread = threading.Thread(target=drain)
        thread.start()
        behind = []
        for _ in range(200):
            until = time.perf_counter() + 0.005
            while time.perf_counter() < until:
                pass
            log.publish_to(hub, 20, size=2000)
            gevent.sleep(0.0001)
            behind.append(hub.head.number - min(stream.position for stream in streams))
        ended.set()
        thread.join()
    assert max(behind) < 600, behind[-20:]


def test_eight_native_threads_publish_subscribe_unsubscribe_and_ask(stage: Stage) -> None:
    """Every stream's sequence is exact, whoever did what at the same time; and nothing is left of any."""
    log = Log(events=500)
    hub = stage.hub(log, newest=50, tail_events=4096)
    loop_thread = threading.get_ident()
    finished: list[tuple[int, Reader]] = []
    errors: list[BaseException] = []
    asked: list[int] = []

    def work(seed: int) -> None:
        dice = random.Random(seed)
        open_streams: list[tuple[int, Subscription, Reader]] = []
        try:
            assert threading.get_ident() != loop_thread
            for _ in range(ROUNDS):
                log.publish_to(hub, dice.randint(1, 5), dice.choice((0, 100, 5000)))
                first = dice.randint(0, len(log.events))
                stream, reader = stage.subscribe(hub, dice.choice(("websocket", "sse")), Start(log.cursor(first)))
                open_streams.append((first, stream, reader))
                for _, _, other in open_streams:
                    if not dice.randrange(3):
                        other.read()
                if len(open_streams) > 5:
                    first, stream, reader = open_streams.pop(dice.randrange(5))
                    if dice.randrange(2):
                        hub.unsubscribe(stream, NORMAL)
                    else:
                        reader.close()
                    finished.append((first, reader))
                stats = hub.stats()
                assert stats["total_connections"] >= 0 and min(stats["connections_by_type"].values()) >= 0
                asked.append(seed)
                if not dice.randrange(4):
                    time.sleep(0)
        except BaseException as error:  # noqa: BLE001 (given to the test's own thread)
            errors.append(error)
        finally:
            left.extend(open_streams)

    left: list[tuple[int, Subscription, Reader]] = []
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(THREADS)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # a switch between any two instructions, not every 5 ms
    try:
        for thread in threads:
            thread.start()
        wait_for(lambda: not any(thread.is_alive() for thread in threads), "the threads")
    finally:
        sys.setswitchinterval(interval)
    assert not errors, errors
    assert len(asked) == THREADS * ROUNDS

    last = len(log.events)
    for first, _, reader in left:  # they follow to the end, with no gap and no repeat
        assert read_to(reader, last) == list(range(first + 1, last + 1))
        assert reader.payloads == [event.payload for event in log.events[first:]]
    for first, reader in finished:  # and these as far as they came
        assert reader.numbers == list(range(first + 1, first + 1 + len(reader.numbers)))
        reader.close()
    following = {kind: sum(stream.transport.name == kind for _, stream, _ in left) for kind in TRANSPORTS}
    wait_for(lambda: hub.stats()["connections_by_type"] == following, f"{following}")
    assert hub.stats()["connections_ever"] == THREADS * ROUNDS
    assert hub.stats()["cursor"] == str(log.cursor(last))

    for _, stream, _ in left:
        hub.unsubscribe(stream, NORMAL)
    for _, _, reader in left:
        read_until(reader, lambda it: it.ended, "the end of the stream")
        reader.close()
    wait_for(lambda: len(hub) == 0, "an empty registry")
    assert (hub.stats()["blocked"], hub.stats()["closing"], hub.stats()["replaying"]) == (0, 0, 0)


def test_on_the_loop_a_wish_is_granted_at_once(stage: Stage) -> None:
    """In other threads it waits for the loop, which is a turn more for each new stream and each commit."""
    log = Log()
    hub = stage.hub(log)
    stream, reader = stage.subscribe(hub)
    assert len(hub) == 1
    log.publish_to(hub, 3)
    assert hub.head == log.cursor(3)
    assert read_to(reader, 3) == [1, 2, 3]
    hub.unsubscribe(stream, NORMAL)
    assert stream.state in CLOSING
    read_until(reader, lambda it: it.ended)


def test_unsubscribing_twice_or_after_the_end_does_nothing(stage: Stage) -> None:
    hub = stage.hub(Log())
    stream, reader = stage.subscribe(hub)
    wait_for(lambda: len(hub) == 1)
    for _ in range(3):
        hub.unsubscribe(stream, NORMAL)
    read_until(reader, lambda it: it.ended)
    assert reader.closed_with == NORMAL.code
    reader.close()
    wait_for(lambda: len(hub) == 0)
    hub.unsubscribe(stream, NORMAL)
    hub.unsubscribe(stream, TOO_SLOW)
    other, other_reader = stage.subscribe(hub)
    wait_for(lambda: len(hub) == 1)
    hub.unsubscribe(other, NORMAL)
    other_reader.close()
    wait_for(lambda: len(hub) == 0)


# ------------------------------------------------------------------------------ from the cursor on


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("first", [0, 1, 440, 449, 450, 451, 499, 500])
def test_a_stream_begins_where_it_says(stage: Stage, transport: str, first: int) -> None:
    """In the log, at the tail's edge, in the tail, at the head: the same loop."""
    log = Log(events=500)
    hub = stage.hub(log, newest=50)
    _, reader = stage.subscribe(hub, transport, Start(log.cursor(first)))
    gevent.sleep(0)
    log.publish_to(hub, 3)
    assert read_to(reader, 503) == list(range(first + 1, 504))
    assert reader.hello["cursor"] == str(log.cursor(first))
    reader.close()


def test_a_cursor_that_the_hub_has_yet_to_hear_of_waits_for_it(stage: Stage) -> None:
    """A GET may have seen a commit before the hub was told."""
    log = Log(events=10)
    hub = stage.hub(log)
    unpublished = [log.append() for _ in range(3)]
    _, reader = stage.subscribe(hub, start=Start(log.cursor(12)))
    read_until(reader, lambda it: it.hello)
    hub.publish(unpublished[:1])
    hub.publish(unpublished[1:])
    log.publish_to(hub, 1)
    assert read_to(reader, 14) == [13, 14]
    reader.close()


def test_what_does_not_follow_the_head_is_read_from_the_log(stage: Stage) -> None:
    """A call that was lost, or another process that commits, leaves no gap; what comes twice is sent once."""
    log = Log()
    hub = stage.hub(log)
    _, reader = stage.subscribe(hub)
    log.publish_to(hub, 2)
    lost = [log.append() for _ in range(3)]
    log.publish_to(hub, 2)
    assert read_to(reader, 7) == list(range(1, 8))
    hub.publish(lost)
    log.publish_to(hub, 1)
    assert read_to(reader, 8) == list(range(1, 9))
    assert hub.head == log.cursor(8)


def test_many_at_one_cursor_cost_one_reading_of_the_log(stage: Stage) -> None:
    log = Log(events=2000, size=1000)
    hub = stage.hub(log, newest=10)
    readers = [stage.subscribe(hub, start=Start(log.cursor(0)))[1] for _ in range(30)]
    while readers[-1].numbers[-1:] != [2000]:  # side by side, as 30 machines read
        for reader in readers:
            reader.read()
        gevent.sleep(0)
    for reader in readers:
        assert read_to(reader, 2000) == list(range(1, 2001))
    assert log.pages < 3 * (2000 * 1000 / MAX_JOIN)


def test_what_was_pruned_under_a_replay_ends_in_a_refresh(stage: Stage) -> None:
    log = Log(events=100)
    log.page = lambda after, max_bytes: []  # type: ignore[method-assign]
    hub = stage.hub(log, newest=10)
    for transport in TRANSPORTS:
        _, reader = stage.subscribe(hub, transport, Start(log.cursor(20)))
        read_until(reader, lambda it: it.refreshed)
        assert reader.refreshed["cursor"] == str(log.cursor(100))
        assert reader.numbers == []
        if transport == "sse":
            assert reader.last_id == str(log.cursor(100))
        reader.close()


def test_the_tail_is_bounded_in_count_and_in_bytes(stage: Stage) -> None:
    log = Log()
    hub = stage.hub(log, tail_events=20, tail_bytes=50_000)
    log.publish_to(hub, 100)
    wait_for(lambda: hub.stats()["events_published"] == 100)
    assert hub.stats()["tail_events"] == 20
    log.publish_to(hub, 20, 10_000)
    wait_for(lambda: hub.stats()["events_published"] == 120)
    assert hub.stats()["tail_events"] == 4 and hub.stats()["tail_bytes"] <= 50_000
    log.publish_to(hub, 1, 200_000)
    wait_for(lambda: hub.stats()["events_published"] == 121)
    assert hub.stats()["tail_events"] == 1, "the newest stays even where it alone is too large"
    _, reader = stage.subscribe(hub, start=Start(log.cursor(0)))
    assert read_to(reader, 121) == list(range(1, 122))
    reader.close()


# ------------------------------------------------------------------------------------------- time


def test_heartbeats_come_in_every_period(stage: Stage) -> None:
    hub = stage.hub(Log(), heartbeat=1)
    readers = [stage.subscribe(hub, transport)[1] for transport in TRANSPORTS]
    for reader in readers:
        read_until(reader, lambda it: it.heartbeats >= 2)
        reader.close()


def test_a_silent_websocket_is_dropped_and_a_silent_sse_is_not(stage: Stage) -> None:
    clock = Clock()
    hub = stage.hub(Log(), now=clock, heartbeat=1)
    readers = {transport: stage.subscribe(hub, transport)[1] for transport in TRANSPORTS}
    wait_for(lambda: hub.stats()["total_connections"] == 2)  # len() counts those on their way in
    clock.offset += SILENCE_SECONDS - 5
    gevent.sleep(0.05)
    assert len(hub) == 2
    clock.offset += 10
    wait_for(lambda: len(hub) == 1)
    assert hub.stats()["connections_by_type"] == {"websocket": 0, "sse": 1}
    assert hub.stats()["silent_clients_cut"] == 1
    for reader in readers.values():
        reader.close()


def test_what_the_process_was_not_there_for_is_nobodys_fault(stage: Stage) -> None:
    """It was stopped, or its machine slept: the silent, the stalled and the closing get their time all the same."""
    clock, log = Clock(), Log()
    hub = stage.hub(log, now=RunningClock(clock))
    slow, reader = stalled(stage, hub, log)
    _, silent = stage.subscribe(hub)
    closing, last = stage.subscribe(hub)
    wait_for(lambda: len(hub) == 3)
    silent.read()
    closing.close(NORMAL)
    for _ in range(3):
        clock.offset += 10 * SILENCE_SECONDS
        gevent.sleep(1.2)  # the hub looks at its streams once a second
    assert hub.stats()["silent_clients_cut"] == hub.stats()["slow_clients_cut"] == 0
    assert slow.state in BLOCKED and closing.state in CLOSING
    for each in (silent, reader, last):
        each.close()


def test_a_clock_that_runs_while_somebody_reads_it() -> None:
    time_that_passes = Clock()
    running = RunningClock(time_that_passes)
    started = running()
    for _ in range(10):
        time_that_passes.offset += 2
        running()
    assert 20 <= running() - started < 21
    time_that_passes.offset += 3_600
    assert 20 <= running() - started < 21


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_bytes_without_end_close_a_stream(stage: Stage, transport: str) -> None:
    hub = stage.hub(Log())
    stream, reader = stage.subscribe(hub, transport)
    wait_for(lambda: len(hub) == 1)
    text = frame(TEXT, b'"' + b"x" * 60_000 + b'"')
    sent = 0

    def send_and_ask() -> Any:
        nonlocal sent
        with suppress(BlockingIOError, OSError):
            sent += reader.socket.send(text[sent % len(text) :])
        return stream.state not in OPEN

    wait_for(send_and_ask)
    assert sent < 2 * 1024 * 1024
    if transport == "websocket":
        read_until(reader, lambda it: it.closed_with == FLOOD.code)


@pytest.mark.parametrize("kind", [PING, PONG, CONTINUATION], ids=["pings", "pongs", "empty fragments"])
def test_frames_without_end_close_a_stream_and_leave_the_loop_its_turns(stage: Stage, kind: int) -> None:
    """Each of twenty has megabytes to say; a timer beside them is hardly late."""
    hub = stage.hub(Log())
    crowd = [stage.subscribe(hub) for _ in range(20)]
    wait_for(lambda: len(hub) == len(crowd))
    flood = frame(TEXT, b"", fin=False) * (kind == CONTINUATION) + frame(kind, b"", fin=kind != CONTINUATION) * 10_000
    for _, reader in crowd:
        reader.socket.send(flood)
    latest = 0.0
    while any(stream.state in OPEN for stream, _ in crowd):
        began = time.process_time()  # others on this machine are none of the hub's doing
        gevent.sleep(0.001)
        latest = max(latest, time.process_time() - began)
    assert latest < 0.05
    for _, reader in crowd:
        read_until(reader, lambda it: it.closed_with == FLOOD.code)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_stalled_stream_is_cut_after_the_frame_under_way(stage: Stage, transport: str) -> None:
    clock, log = Clock(), Log()
    hub = stage.hub(log, now=clock)
    _, reader = stalled(stage, hub, log, transport)
    clock.offset += STALL_SECONDS - 2
    gevent.sleep(0.1)
    assert hub.stats()["slow_clients_cut"] == 0
    clock.offset += 3
    wait_for(lambda: hub.stats()["slow_clients_cut"] == 1)
    log.publish_to(hub, 1)  # no longer for this one
    read_until(reader, lambda it: it.ended)
    assert reader.closed_with == (TOO_SLOW.code if transport == "websocket" else None)
    assert reader.numbers == list(range(1, len(reader.numbers) + 1)), "whole frames, in order"
    assert 0 < len(reader.numbers) < len(log.events)
    assert not reader.rest, "no half of a frame at the end"
    reader.close()
    wait_for(lambda: len(hub) == 0)


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_a_cut_stream_that_still_does_not_read_is_reset(stage: Stage, transport: str) -> None:
    clock, log = Clock(), Log()
    hub = stage.hub(log, now=clock)
    _, reader = stalled(stage, hub, log, transport)
    clock.offset += STALL_SECONDS + 1
    wait_for(lambda: hub.stats()["slow_clients_cut"] == 1)
    gevent.sleep(0.05)
    assert len(hub) == 1, "it has its grace"
    clock.offset += GRACE_SECONDS + 1
    wait_for(lambda: len(hub) == 0)
    with pytest.raises(ConnectionResetError):
        while reader.socket.recv(65536):
            pass
    reader.close()


def test_a_stream_that_reads_a_little_is_not_stalled(stage: Stage) -> None:
    clock, log = Clock(), Log()
    hub = stage.hub(log, now=clock)
    _, reader = stalled(stage, hub, log)
    for _ in range(5):
        clock.offset += STALL_SECONDS - 2
        got = 0
        while got < 1 << 20 and reader.numbers[-1:] != [len(log.events)]:
            got += len(reader.read(4096))
            gevent.sleep(0)
        log.publish_to(hub, 20, 50_000)
        gevent.sleep(0.05)
    assert hub.stats()["slow_clients_cut"] == 0
    assert read_to(reader, len(log.events)) == list(range(1, len(log.events) + 1))
    reader.close()


class TakesOneWrite:
    """A socket that has room for one write, whole, and then for none."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._room = True

    def send(self, data: memoryview) -> int:
        self._room = not self._room
        if self._room:
            raise BlockingIOError
        return len(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._socket, name)


def test_a_stream_that_takes_whole_writes_is_not_stalled(stage: Stage) -> None:
    clock, log = Clock(), Log()
    hub = stage.hub(log, now=clock, heartbeat=1.0)
    stream, reader = stalled(stage, hub, log)
    stream.socket = TakesOneWrite(stream.socket)  # type: ignore[assignment]
    _, other = stage.subscribe(hub)
    for _ in range(3):
        log.publish_to(hub, 10, 50_000)  # there is always more
        clock.offset += STALL_SECONDS - 2
        stream.pump()
        heartbeats = other.heartbeats
        read_until(other, lambda it, before=heartbeats: it.heartbeats > before, "the hub has looked at all streams")
        assert hub.stats()["slow_clients_cut"] == 0
    reader.close()
    other.close()


def test_one_that_falls_off_the_tail_while_live_is_cut(stage: Stage) -> None:
    log = Log()
    hub = stage.hub(log, tail_events=10)
    _, reader = stalled(stage, hub, log)
    log.publish_to(hub, 20, 50_000)
    read_until(reader, lambda it: it.ended)
    assert reader.closed_with == TOO_SLOW.code
    assert hub.stats()["slow_clients_cut"] == 1
    last = reader.numbers[-1]
    assert reader.numbers == list(range(1, last + 1))
    reader.close()
    _, resumed = stage.subscribe(hub, start=Start(log.cursor(last)))
    assert read_to(resumed, len(log.events)) == list(range(last + 1, len(log.events) + 1))
    resumed.close()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_that_is_behind_because_the_fan_out_is_late_reads_the_log(stage: Stage, transport: str) -> None:
    log = Log(events=5)
    hub = stage.hub(log, tail_events=10)
    _, reader = stage.subscribe(hub, transport)
    log.publish_to(hub, 1)
    assert read_to(reader, 6) == [6]  # it is live
    log.publish_to(hub, 50)  # five tails, before the fan-out has its turn
    assert read_to(reader, 56) == list(range(6, 57))
    assert hub.stats()["slow_clients_cut"] == 0


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_one_that_a_single_commit_puts_before_the_tail_is_not_cut(stage: Stage, transport: str) -> None:
    """It was live and has taken all that it was given; each page of the log then fills its socket."""
    log = Log()
    hub = stage.hub(log, tail_events=10)
    _, reader = stage.subscribe(hub, transport)
    log.publish_to(hub, 1)
    assert read_to(reader, 1) == [1]
    log.publish_to(hub, 60, 1_000_000)
    assert read_to(reader, 61) == list(range(1, 62))
    assert hub.stats()["slow_clients_cut"] == 0


def test_one_that_replays_is_not_cut_for_being_behind_the_tail(stage: Stage) -> None:
    log = Log(events=400, size=50_000)
    hub = stage.hub(log, newest=10, tail_events=10)
    _, reader = stage.subscribe(hub, start=Start(log.cursor(0)), receive_buffer=4096)
    while len(log.events) < 600:
        reader.read(8192)
        log.publish_to(hub, 5, 50_000)
        gevent.sleep(0.001)
    assert read_to(reader, 600) == list(range(1, 601))
    assert hub.stats()["slow_clients_cut"] == 0
    reader.close()


# --------------------------------------------------------------------------------------- the end


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_the_end_comes_after_the_last_event(stage: Stage, transport: str) -> None:
    log = Log()
    hub = stage.hub(log)
    readers = [stage.subscribe(hub, transport)[1] for _ in range(20)]
    wait_for(lambda: len(hub) == 20)
    log.publish_to(hub, 50)
    closing = gevent.spawn(hub.close)
    for reader in readers:
        read_until(reader, lambda it: it.ended)
        assert reader.numbers == list(range(1, 51))
        assert reader.closed_with == (RESTART.code if transport == "websocket" else None)
        reader.close()
    closing.join(WAIT)
    assert len(hub) == 0


def test_nothing_is_left_of_a_closed_stream(stage: Stage) -> None:
    """Clean ends and abrupt ones, idle streams and full ones: subscriptions, watchers and batches are gone."""
    log = Log(events=50)
    hub = stage.hub(log, newest=10)

    def come_and_go(count: int) -> None:
        for number in range(count):
            transport = ("websocket", "sse")[number % 2]
            stream, reader = stage.subscribe(hub, transport, Start(log.cursor(number % 51)))
            if number % 5 == 0:
                log.publish_to(hub, 1, 300_000)
            read_until(reader, lambda it: it.hello)
            if number % 3 == 0:
                hub.unsubscribe(stream, NORMAL)
            reader.close(abrupt=number % 2 == 0)
        wait_for(lambda: len(hub) == 0)
        log.publish_to(hub, 1)

    def census() -> Counter[type]:
        """How many objects of the server's and of gevent's types are alive; readers are the test's own."""
        gc.collect()
        alive = Counter(map(type, gc.get_objects()))
        return Counter(
            {kind: count for kind, count in alive.items() if str(kind.__module__).startswith(("pedidos", "gevent"))}
        )

    def grown() -> dict[type, int]:
        """By how many each type has more objects than before, but for the log's own."""
        return {kind: more for kind, more in (census() - before).items() if more > 3 and kind not in (Event, Cursor)}

    come_and_go(60)  # some of them from within the tail: what the hub keeps is there
    before = census()
    kept = [stage.subscribe(hub, "sse", Start(log.cursor(0))) for _ in range(5)]
    assert Subscription in grown(), "what is still there would not be noticed"
    for _, reader in kept:
        reader.close()
    del kept, reader, _
    come_and_go(200)
    # The hub's loops hold on to the last ones they had in hand until their next turn.
    wait_for(lambda: not grown(), "nothing more than before")


CANNOT_PUBLISH = {
    "an error": "hub._tail = None; hub.publish([event(1)])",
    "a gap that the log does not fill": "hub.publish([event(3)])",
}


@pytest.mark.parametrize("act", CANNOT_PUBLISH.values(), ids=CANNOT_PUBLISH)
def test_a_process_that_cannot_publish_ends(act: str) -> None:
    """It would take writes and tell no one."""
    script = f"""
        from gevent import monkey; monkey.patch_all()
        import gevent
        from pedidos_server.config import Settings
        from pedidos_server.stream.hub import Hub
        from pedidos_server.domain.events import Cursor, Event

        def event(number):
            return Event(Cursor(number, "00000001"), b"{{}}")

        settings = Settings()
        hub = Hub(head=Cursor(0, "00000000"), newest=[], read_page=lambda after, size: [], server_version="",
                  tail_events=settings.tail_events, tail_bytes=settings.tail_bytes, heartbeat=settings.heartbeat)
        {act}
        gevent.sleep(2)
        print("still there", flush=True)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (70, ""), done.stderr
