"""The pace of the fan-out, on a clock of the test's own: turns grow with the lag, and some rounds wait."""

from __future__ import annotations

import pytest

from pedidos_server.stream.fanout import LAG_EVENTS, LONGEST_WAIT_SECONDS, TURN_BYTES, WORTH_WAITING, Pace


class Machine:
    """``others`` is how many seconds all other work takes whenever it gets its turn."""

    def __init__(self, others: float) -> None:
        self.now = 0.0
        self.others = others
        self.turns = 0
        self.pace = Pace(self.give_way, lambda: self.now)
        self.pace.begin()

    def give_way(self) -> float:
        self.turns += 1
        self.now += self.others
        return self.others

    def send(self, seconds: float, lag: int) -> None:
        """A turn's worth, which takes so long."""
        self.now += seconds
        self.pace.turn(lag)


def test_a_turn_is_so_many_bytes() -> None:
    pace = Machine(0).pace
    assert not pace.is_due(TURN_BYTES // 2)
    assert pace.is_due(TURN_BYTES - TURN_BYTES // 2)


def test_streams_that_are_hardly_behind_leave_the_loop_after_each_turn() -> None:
    machine = Machine(others=0.005)
    for _ in range(10):
        machine.send(0.002, lag=1)
    assert machine.turns == 10


@pytest.mark.parametrize("lags", [1, 2, 4])
def test_the_fan_out_lasts_as_long_as_the_lag_says(lags: int) -> None:
    """At LAG_EVENTS as long as all other work since its last turn, at twice as many twice as long."""
    machine = Machine(others=0.008)
    machine.send(0.0, lag=1)
    for _ in range(1_000):
        machine.send(0.001, lag=lags * LAG_EVENTS)
    assert machine.turns == pytest.approx(1_000 / (8 * lags), rel=0.1)


@pytest.mark.parametrize(
    ("events", "took", "wait"),
    [
        (1, 0.005, 0.0),
        (WORTH_WAITING[0], 0.005, 0.005),
        (WORTH_WAITING[-1], 0.005, 0.005),
        (WORTH_WAITING[-1] + 1, 0.005, 0.0),
        (WORTH_WAITING[0], 0.0005, 0.0),
        (WORTH_WAITING[0], 5.0, LONGEST_WAIT_SECONDS),
    ],
)
def test_the_next_round_waits_where_more_come_that_can_share_it(events: int, took: float, wait: float) -> None:
    assert Machine(0).pace.wait_after(events, took) == wait
