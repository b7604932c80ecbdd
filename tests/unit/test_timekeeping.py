"""A clock that is set ahead and back, while a server runs and while none does: nothing is lost by it."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import from_json

from pedidos_server.domain.commands import Answer
from pedidos_server.storage.base import Retention
from pedidos_server.storage.sqlite import answers, event_log
from pedidos_server.storage.sqlite.answers import KEPT_HOURS
from pedidos_server.storage.sqlite.statements import Connection
from pedidos_server.timekeeping import JUMP, MAX_OFF, Clock, running_time
from tests.support import unit_shop
from tests.support.unit_database import new_database

HOUR, DAY = 3600.0, 86400.0
START = 1_795_000_000.0
"""Unix time; in November 2026."""
LONG = Retention(events=10**6, days=10, bytes=10**12)


class Shop(unit_shop.Shop):
    """A server whose clocks pass as they are told to. ``true`` is the time; ``error`` is added by the wall clock."""

    def __init__(self, connection: Connection) -> None:
        super().__init__(connection)
        self.true, self.error = START, 0.0
        self.ran = 0.0
        """Seconds in which a server ran."""
        self.start()

    def start(self) -> None:
        newest = event_log.head(self.connection).when
        self.clock = Clock(newest, lambda: self.true + self.error, lambda: self.ran)

    def off(self, seconds: float, error: float | None = None) -> None:
        self.true += seconds
        self.error = self.error if error is None else error
        self.start()

    def wait(self, seconds: float) -> None:
        self.true += seconds
        self.ran += seconds

    def new(self, key: str = "") -> Answer:
        return self.do(unit_shop.create(key))

    def note(self, pedido_id: int, text: str) -> dict[str, Any]:
        return self.change(pedido_id, observacao=text)

    def clean(self, retention: Retention = LONG) -> None:
        while event_log.prune(self.connection, retention, self.clock.own()):
            pass
        while answers.forget_old(self.connection, self.clock.own()):
            pass

    def count(self, table: str) -> int:
        count: int = self.connection.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
        return count


@contextmanager
def opened() -> Iterator[Shop]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.deserialize(new_database())
        yield Shop(connection)


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as shop:
        yield shop


def seconds_off(text: str, unix: float) -> float:
    return abs(datetime.fromisoformat(text).timestamp() - unix)


def test_a_year_ahead_and_back(shop: Shop) -> None:
    for _ in range(20):
        shop.new()
    kept = shop.new("a")
    shop.error = 400 * DAY
    ahead = shop.note(1, "no futuro")
    assert seconds_off(ahead["ultima_atualizacao"], shop.true + 400 * DAY) < 1
    shop.clean()
    assert shop.count("evento") == 22
    assert shop.new("a").body == kept.body
    shop.error = 0
    assert shop.note(1, "de volta")["ultima_atualizacao"] == ahead["ultima_atualizacao"], "it never goes back"
    assert seconds_off(shop.note(2, "outro")["ultima_atualizacao"], shop.true) < 1
    assert seconds_off(from_json(shop.new().body)["data_criacao"], shop.true) < 1
    shop.clean()
    assert shop.count("evento") == 25
    assert shop.count("resposta") == 1
    shop.wait(25 * HOUR)
    shop.clean()
    assert shop.count("resposta") == 0
    shop.wait(10 * DAY)
    shop.clean()
    assert shop.count("evento") == 1


@pytest.mark.parametrize("error", [400 * DAY, -400 * DAY, -START])
def test_a_server_that_starts_while_the_clock_is_wrong(shop: Shop, error: float) -> None:
    """Ahead, behind, or at 1970 as a machine whose battery is empty. All that is there counts as half a day older."""
    for _ in range(5):
        shop.new()
    kept = shop.new("a")
    shop.off(60, error)
    shop.clean()
    assert shop.count("evento") == 6
    assert shop.new("a").body == kept.body
    shop.new()
    shop.off(60, 0)
    shop.clean()
    assert shop.count("evento") == 7
    assert shop.new("a").body == kept.body
    shop.wait(25 * HOUR)
    shop.clean()
    assert shop.count("resposta") == 0
    shop.wait(10 * DAY)
    shop.clean()
    assert shop.count("evento") == 1


def test_a_holiday_counts_as_half_a_day(shop: Shop) -> None:
    for _ in range(3):
        shop.new()
    shop.off(30 * DAY)
    shop.clean()
    assert shop.count("evento") == 3
    shop.wait(LONG.days * DAY - MAX_OFF + 1)
    shop.clean()
    assert shop.count("evento") == 1


def test_an_answer_that_another_clock_has_dated_is_forgotten(shop: Shop) -> None:
    first = shop.new("a")
    shop.connection.execute("UPDATE resposta SET criado_em = '2099-01-01T00:00:00.000Z'")
    assert shop.new("a").body != first.body
    shop.connection.execute("UPDATE resposta SET criado_em = '2099-01-01T00:00:00.000Z'")
    shop.clean()
    assert shop.count("resposta") == 0


def test_a_jump_is_noted_and_a_slow_correction_is_not(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "pedidos.clock"):
        for _ in range(100):
            shop.wait(5)
            shop.error += 1
            shop.new()
        assert shop.clock.jump is None and not caplog.records
        shop.error += 400 * DAY
        shop.new()
        shop.new()
        assert len(caplog.records) == 1 and shop.clock.jump is not None
        assert shop.clock.jump.seconds == pytest.approx(400 * DAY)
        shop.off(5, 0)  # behind the newest event by no more than the events' own clock, which did not jump
        assert shop.clock.jump is None
        shop.off(5, -3 * HOUR)
        assert shop.clock.jump is not None and shop.clock.jump.seconds < -2 * HOUR


def test_the_clock_that_measures_passes_while_the_machine_sleeps() -> None:
    before = running_time()
    assert 0 <= running_time() - before < JUMP


@pytest.mark.parametrize("newest", ["", "yesterday", "9999-12-31T23:59:59.999Z"])
def test_whatever_stands_in_the_log_a_server_starts(newest: str) -> None:
    clock = Clock(newest)
    assert datetime.fromisoformat(clock.now()) and clock.own() <= clock.own()


ERRORS = st.sampled_from((0.0, 0.0, 30.0, -30.0, HOUR, -HOUR, 400 * DAY, -400 * DAY, -START))
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("wait"), st.sampled_from((0.0, 5.0, HOUR, 7 * HOUR, 3 * DAY))),
        st.tuples(st.just("error"), ERRORS),
        st.tuples(st.just("off"), st.sampled_from((5.0, 14 * HOUR, 3 * DAY))),
        st.tuples(st.just("create"), st.just(0.0)),
        st.tuples(st.just("change"), st.integers(1, 4).map(float)),
        st.tuples(st.just("keyed"), st.just(0.0)),
        st.tuples(st.just("clean"), st.just(0.0)),
    ),
    max_size=40,
)


@given(STEPS)
def test_nothing_is_lost_early_and_nothing_stays_for_ever(steps: list[tuple[str, float]]) -> None:
    """Whatever is done to the clock: a thing is as old as the time in which a server ran since, and half a day at
    most for each time that none did."""
    with opened() as shop:
        starts = 0
        events: list[tuple[float, int]] = []
        """(seconds that a server had run, starts) at each event."""
        answers: dict[str, tuple[float, int, bytes]] = {}
        own = shop.clock.own()
        newest: dict[int, str] = {}
        shop.new()
        events.append((shop.ran, starts))

        def youngest(ran: float, since: int) -> float:
            """Seconds that a thing may be old at most."""
            return shop.ran - ran + (starts - since) * MAX_OFF

        for what, value in steps:
            if what == "wait":
                shop.wait(value)
            elif what == "error":
                shop.error = value
            elif what == "off":
                shop.off(value)
                starts += 1
                own = min(own, shop.clock.own())  # it goes on from the newest event
            elif what == "create":
                shop.new()
                events.append((shop.ran, starts))
            elif (
                what == "change" and shop.connection.execute("SELECT 1 FROM pedido WHERE id = ?", [value]).fetchone()
            ):
                before = shop.order(int(value))
                after = shop.note(int(value), f"{before['observacao']}.")
                assert after["ultima_atualizacao"] >= before["ultima_atualizacao"]
                assert after["ultima_atualizacao"] >= newest.get(after["id"], "")
                newest[after["id"]] = after["ultima_atualizacao"]
                events.append((shop.ran, starts))
            elif what == "keyed":
                key = str(len(answers))
                answers[key] = shop.ran, starts, shop.new(key).body
                events.append((shop.ran, starts))
            elif what == "clean":
                shop.clean()
                kept = shop.count("evento")
                surely = sum(youngest(*event) < LONG.days * DAY for event in events)
                assert kept >= max(1, surely)
                assert shop.connection.execute("SELECT MAX(numero) FROM evento").fetchone()[0] == len(events)
            assert shop.clock.own() >= own
            own = shop.clock.own()
        for key, (ran, since, body) in answers.items():
            if youngest(ran, since) < KEPT_HOURS * HOUR:
                assert shop.new(key).body == body
        times = [when for (when,) in shop.connection.execute("SELECT criado_em FROM evento ORDER BY numero")]
        assert times == sorted(times)
        shop.error = 0
        shop.wait(2 * DAY)
        shop.clean()
        assert shop.count("resposta") == 0
        shop.wait((LONG.days + 1) * DAY)
        shop.clean()
        assert shop.count("evento") == 1
        assert seconds_off(from_json(shop.new().body)["ultima_atualizacao"], shop.true) < 1
        assert shop.clock.own() - own == timedelta(days=LONG.days + 3)
