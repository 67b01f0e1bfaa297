"""The pace of one client."""

import pytest

from gate.errors import GateError
from gate.pace import MOST_CLIENTS, Pace


class Tick:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def wait(pace: Pace, client: str = "a") -> int:
    """Seconds that a client is told to wait; 0 if it may go on."""
    try:
        pace.take(client)
    except GateError as error:
        return int(error.headers["Retry-After"])
    return 0


def test_a_client_may_ask_so_often_and_then_evenly() -> None:
    tick = Tick()
    pace = Pace(6, tick)
    assert [wait(pace) for _ in range(8)] == [0] * 6 + [10, 10]
    tick.now = 9.9
    assert wait(pace) == 1
    tick.now = 10.0
    assert [wait(pace), wait(pace)] == [0, 10]


def test_what_a_client_is_told_to_wait_is_enough() -> None:
    tick = Tick()
    pace = Pace(7, tick)
    for _ in range(50):
        if seconds := wait(pace):
            tick.now += seconds
            assert wait(pace) == 0


def test_clients_do_not_slow_each_other() -> None:
    pace = Pace(1, Tick())
    assert [wait(pace, "a"), wait(pace, "b"), wait(pace, "a")] == [0, 0, 60]


def test_a_long_rest_saves_no_more_than_a_minutes_requests() -> None:
    tick = Tick()
    pace = Pace(2, tick)
    pace.take("a")
    tick.now = 10_000
    assert [wait(pace) for _ in range(3)] == [0, 0, 30]


def test_no_more_than_a_bounded_number_of_clients_is_kept() -> None:
    pace = Pace(1, Tick())
    for number in range(MOST_CLIENTS + 5):
        pace.take(str(number))
    assert len(pace._buckets) == MOST_CLIENTS
    with pytest.raises(GateError):
        pace.take(str(MOST_CLIENTS))
