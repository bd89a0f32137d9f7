"""How fast letters leave, by a clock that the test moves."""

from __future__ import annotations

from newsletter.service.pace import Pace, WaitingRoom


class Timer:
    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def go_on(self, seconds: float) -> None:
        self.seconds += seconds


def count_at_once(pace: Pace) -> int:
    """Count how many letters leave without any time passing."""
    count = 0
    while not pace.wait_seconds():
        pace.count_one()
        count += 1
        assert count < 1000
    return count


def test_letters_are_evenly_spaced() -> None:
    timer = Timer()
    pace = Pace(50, timer=timer)
    count_at_once(pace)
    sent = 0
    for _ in range(1000):
        timer.go_on(0.01)
        sent += count_at_once(pace)

    assert abs(sent - 500) <= 1


def test_after_a_silence_nothing_is_caught_up_on() -> None:
    timer = Timer()
    pace = Pace(200, timer=timer)
    count_at_once(pace)
    timer.go_on(60)

    # A tenth of a second of credit, and the letter that is due now.
    assert count_at_once(pace) <= 200 * 0.1 + 1


def test_without_a_rate_nothing_waits() -> None:
    pace = Pace(0)
    pace.count_one()

    assert pace.wait_seconds() == 0


def test_time_that_others_had_the_relay_is_no_credit() -> None:
    timer = Timer()
    pace = Pace(200, timer=timer)
    timer.go_on(3)
    pace.begin(timer())

    assert count_at_once(pace) == 1


def test_who_waits_for_his_domain_is_taken_when_his_time_has_come() -> None:
    timer = Timer()
    room: WaitingRoom[str] = WaitingRoom(1, timer=timer)
    room.add("later", domain="slow.example", seconds=2)
    room.add("soon", domain="slow.example", seconds=1)

    assert room.take_due() is None
    assert room.wait_seconds() == 1
    timer.go_on(1)
    assert room.take_due() == "soon"
    timer.go_on(1)
    assert room.take_due() == "later"
    assert (room.take_due(), room.wait_seconds(), len(room)) == (None, None, 0)


def test_who_comes_a_little_late_still_leaves_at_the_pace_of_his_domain() -> None:
    timer = Timer()
    room: WaitingRoom[int] = WaitingRoom(5, timer=timer)
    for number in range(5):
        room.add(number, domain="slow.example", seconds=number / 5)
    room.add(99, domain="other.example", seconds=0.5)
    timer.go_on(0.9)

    assert [room.take_due(), room.take_due(), room.take_due()] == [0, 99, None]
    timer.go_on(0.15)
    assert [room.take_due(), room.take_due()] == [1, None]


def test_what_is_dropped_waits_no_more() -> None:
    room: WaitingRoom[int] = WaitingRoom(1, timer=Timer())
    for number in range(4):
        room.add(number, domain="slow.example", seconds=number)

    assert sorted(room.drop(lambda number: number % 2 == 0)) == [0, 2]
    assert len(room) == 2


def test_who_is_held_up_by_his_domains_pace_for_too_long_is_late() -> None:
    timer = Timer()
    room: WaitingRoom[int] = WaitingRoom(2, timer=timer)
    for number in range(6):
        room.add(number, domain="slow.example", seconds=0)
    taken = []
    for _ in range(10):
        timer.go_on(0.25)
        taken += [item for item in (room.take_due(),) if item is not None]

    assert taken == [0, 1]
    assert sorted(room.drop_late()) == [2, 3, 4, 5]
    assert (room.drop_late(), len(room)) == ([], 0)
