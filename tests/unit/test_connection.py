"""Every edge between two states of a stream, on real sockets and with the real hub."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from gevent.event import Event as Flag

from pedidos_server.domain.events import Event
from pedidos_server.stream import connection
from pedidos_server.stream.connection import CLOSING, GRACE_SECONDS, OPEN, TRANSITIONS, State, Subscription
from pedidos_server.stream.hub import Hub, Start
from pedidos_server.stream.protocol import GONE, NORMAL, TOO_SLOW
from tests.support.unit_stage import TRANSPORTS, Clock, Log, Stage, read_until, wait_for
from tests.support.unit_streams import Reader, tcp_pair

EDGES = [
    pytest.param(happened, before, after, id=f"{happened}: {before.name} to {after.name}")
    for happened, edges in TRANSITIONS.items()
    for before, after in edges.items()
]
LARGE = 200_000
"""Bytes of an event of which a socket that nobody reads from does not take all."""


class PagedLog(Log):
    """A log whose pages are given only when they may be."""

    def __init__(self, events: int = 0, size: int = 0) -> None:
        super().__init__(events, size)
        self.may_read = Flag()

    def page(self, after: int, max_bytes: int) -> list[Event]:
        self.may_read.wait()
        return super().page(after, max_bytes)


class Scene:
    """One stream, and its client, which reads only when it is told to."""

    def __init__(self, stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
        self._stage = stage
        self.edges: list[tuple[str, State, State]] = []
        """What has happened to any stream, with its state before and after."""
        move = Subscription._on

        def noted(stream: Subscription, happened: str) -> None:
            before = stream.state
            move(stream, happened)
            self.edges.append((happened, before, stream.state))

        monkeypatch.setattr(Subscription, "_on", noted)
        self.log = PagedLog()
        self.clock = Clock()

    def open(self, start: Start | None = None, transport: str = "websocket") -> None:
        newest = self.log.events[-2:]
        self.hub: Hub = self._stage.hub(self.log, newest=len(newest), tail_events=2, now=self.clock)
        self.stream, self.reader = self._stage.subscribe(self.hub, transport, start, receive_buffer=4096)

    def bring(self, state: State) -> None:
        """Makes the stream, and has it come to this state."""
        match state:
            case State.NEW:
                ours, theirs = tcp_pair()
                self.hub = self._stage.hub(self.log)
                self.stream = Subscription(TRANSPORTS["websocket"], ours, "")
                self.reader = Reader(theirs, "websocket")
            case State.LIVE:
                self.open()
            case State.LIVE_BLOCKED | State.ENDING:
                self.open()
                self.log.publish_to(self.hub, 1, LARGE)
                self.until(State.LIVE_BLOCKED)
            case State.REPLAYING:
                self.log = PagedLog(events=6)
                self.open(Start(self.log.cursor(0)))
            case State.REPLAYING_BLOCKED:
                self.log = PagedLog(events=6, size=LARGE)
                self.open(Start(self.log.cursor(0)))
                self.log.may_read.set()
                self.until(State.REPLAYING_BLOCKED)
                self.log.may_read.clear()
            case State.ENDED:
                self.open()
        if state in CLOSING:
            self.stream.close(NORMAL)
        assert self.stream.state is state

    def until(self, state: State) -> None:
        wait_for(lambda: self.stream.state is state, state.name)

    def read_until(self, state: State) -> None:
        read_until(self.reader, lambda _: self.stream.state is state, state.name)


@pytest.fixture
def scene(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    scene = Scene(stage, monkeypatch)
    yield scene
    if scene.stream.state is State.NEW:
        scene.stream.socket.close()
    scene.reader.close()


@pytest.mark.parametrize(("happened", "before", "after"), EDGES)
def test_an_edge(scene: Scene, happened: str, before: State, after: State) -> None:
    scene.bring(before)
    assert (happened, before, after) not in scene.edges
    match happened, before:
        case "started", _:
            scene.hub.subscribe(scene.stream, Start(), b"", b"")
        case "socket full", State.LIVE:
            scene.log.publish_to(scene.hub, 1, LARGE)
            scene.until(after)
        case "socket full", State.REPLAYING:
            for event in range(6):
                scene.log.events[event] = scene.log.events[event]._replace(payload=b"{}" + b" " * LARGE)
            scene.log.may_read.set()
            scene.until(after)
        case "all sent", _:
            scene.read_until(after)
        case "reached tail", State.REPLAYING:
            scene.log.may_read.set()
            scene.until(after)
        case "reached tail", _:
            scene.log.may_read.set()
            scene.read_until(after)
        case "fell behind", _:
            scene.log.publish_to(scene.hub, 5)
            scene.until(after)
        case "closing", _:
            scene.stream.close(NORMAL)
        case "aborted", _:
            scene.stream.abort(GONE)
            assert len(scene.hub) == 0
    assert (happened, before, after) in scene.edges
    scene.log.may_read.set()


def test_one_that_is_blocked_and_falls_behind_is_closed(scene: Scene) -> None:
    scene.bring(State.LIVE_BLOCKED)
    scene.log.publish_to(scene.hub, 5)
    read_until(scene.reader, lambda it: it.ended)
    assert scene.reader.closed_with == TOO_SLOW.code
    assert scene.hub.stats()["slow_clients_cut"] == 1


@pytest.mark.parametrize("state", CLOSING)
def test_one_that_does_not_go_is_aborted(scene: Scene, state: State) -> None:
    scene.bring(state)
    scene.clock.offset += GRACE_SECONDS + 1
    scene.until(State.CLOSED)


def test_an_sse_stream_is_closed_once_all_is_sent(scene: Scene) -> None:
    scene.open(transport="sse")
    scene.stream.close(NORMAL)
    assert scene.stream.state is State.CLOSED


@pytest.mark.parametrize("state", [State.NEW, *CLOSING, State.CLOSED])
def test_what_is_not_open_cannot_be_closed(scene: Scene, state: State) -> None:
    scene.bring(State.LIVE if state is State.CLOSED else state)
    if state is State.CLOSED:
        scene.stream.abort(GONE)
    ends = scene.hub.ends.total()
    scene.stream.close(TOO_SLOW)
    scene.stream.send_control(b"x") if state is not State.NEW else None
    assert scene.stream.state is state
    assert scene.hub.ends.total() == ends


def test_the_drawing_shows_every_state() -> None:
    drawing = connection.__doc__ or ""
    assert all(state.name in drawing for state in State)
    assert all(happened in drawing for happened in TRANSITIONS)
    assert len(OPEN) + len(CLOSING) == len(State) - 2
