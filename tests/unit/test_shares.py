"""Several relays take turns by their weights, as far as they can send at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from newsletter.engine.shares import Shares

NOW = datetime(2026, 3, 12, 9, tzinfo=UTC)


class Clock:
    now = NOW

    def __call__(self) -> datetime:
        return self.now


def hand_out(shares: Shares, batches: int, *relays: str) -> dict[str, int]:
    """Have each relay claim whenever it may, in turn; return how many batches each one got."""
    got = dict.fromkeys(relays, 0)
    while sum(got.values()) < batches:
        for relay in relays:
            if sum(got.values()) < batches and shares.may_claim(relay):
                shares.count(relay, 500)
                got[relay] += 1
    return got


def test_each_gets_as_many_letters_as_its_weight_says() -> None:
    shares = Shares({"a": 3, "b": 1}, clock=Clock())

    assert hand_out(shares, 40, "a", "b") == {"a": 30, "b": 10}


def test_one_that_rests_holds_nobody_up_and_does_not_make_up_for_it() -> None:
    clock = Clock()
    shares = Shares({"a": 1, "b": 1}, clock=clock)
    shares.hold("b", NOW + timedelta(minutes=5))

    assert not shares.has_others("a")
    assert all(shares.may_claim("a") for _ in range(3))
    shares.count("a", 5000)
    clock.now += timedelta(minutes=5)

    assert shares.has_others("a")
    shares.count("b", 500)
    assert hand_out(shares, 10, "a", "b") == {"a": 5, "b": 5}


def test_nobody_waits_for_a_relay_whose_worker_has_ended() -> None:
    shares = Shares({"a": 1, "b": 1}, clock=Clock())
    shares.count("a", 500)
    assert not shares.may_claim("a")

    shares.leave("b")
    assert shares.may_claim("a")
    shares.enter("b")
    assert not shares.may_claim("a")


def test_a_reserve_takes_letters_only_while_all_others_rest() -> None:
    shares = Shares({"a": 1, "reserve": 0}, clock=Clock())

    assert not shares.may_claim("reserve")
    shares.hold("a")
    assert shares.may_claim("reserve")


def test_letters_that_a_relay_has_out_may_come_back_to_the_others() -> None:
    shares = Shares({"one": 1, "two": 1}, clock=Clock())
    shares.send_out("two")

    assert shares.have_others_out("one")
    assert not shares.have_others_out("two")
    shares.take_back("two")
    assert not shares.have_others_out("one")
