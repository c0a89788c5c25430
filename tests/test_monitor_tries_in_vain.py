"""A drive that tries again and again between landings: what the car stands there adds up (docs/decisions.md)."""

import pytest

from tests.timeline import LOST, Timeline, between_floors

TRAPPED, OUTSIDE = "trapped_passengers", "stopped_outside_door_zone"
FITTED = ("moving", "zone", "front", "occupied", "mode", "power.mains", "key")


def stuck(*, person, **limits):
    """Standing between landings since 20 s, with somebody in it or nobody."""
    car = between_floors(*FITTED, **limits)
    car.feed(20.5, mode="normal", key=False, occupied=person)
    return car


def tries(car: Timeline, from_s: float, times: int, *, stands_s=8.0, moves_s=4.0, **under_way):
    """Moves at each try and stands afterwards; gives when it began to stand for the last time."""
    at_s = from_s
    for _ in range(times):
        car.feed(at_s + stands_s, moving=True)
        if under_way:
            car.feed(at_s + stands_s + 1, **under_way)
        at_s += stands_s + moves_s
        car.feed(at_s, moving=False)
    return at_s


@pytest.mark.parametrize(("person", "code"), [(True, TRAPPED), (False, OUTSIDE)])
def test_ninety_seconds_of_standing_in_all_are_enough(person, code):
    car = stuck(person=person)
    last_s = tries(car, 20, 11)  # 88 s
    car.until(last_s + 1.999999)
    assert car.heard == []
    car.until(last_s + 2)
    assert car.of(code) == [f"{last_s + 2:g} raised"]
    assert car.event(code).since_us == 20_000_000


def test_they_are_told_once_and_stand_through_further_tries_until_a_landing_is_reached():
    car = stuck(person=False)
    last_s = tries(car, tries(car, 20, 11), 20)
    car.feed(last_s + 8, moving=True)
    car.feed(last_s + 20, zone=True)
    car.feed(last_s + 21, moving=False)
    car.until(last_s + 600)
    assert car.of(OUTSIDE) == ["154 raised", f"{last_s + 22:g} cleared"]


def test_a_single_stop_still_ends_with_the_movement_that_follows():
    car = stuck(person=False)
    car.feed(140, moving=True)
    car.until(160)
    assert car.of(OUTSIDE) == ["35 raised", "142 cleared"]


def test_an_interruption_of_three_seconds_still_starts_fifteen_over():
    car = stuck(person=True)
    car.feed(34, moving=True)
    car.feed(37, moving=False)
    car.until(100)
    assert car.of(TRAPPED) == ["52 raised"]


@pytest.mark.parametrize(
    "under_way",
    [{"zone": True}, {"zone": LOST}, {"mode": "inspection"}, {"key": True}],
    ids=["landing", "zone lost", "inspection", "end key"],
)
@pytest.mark.parametrize("person", [True, False])
def test_it_begins_anew_after(under_way, person):
    car = stuck(person=person)
    at_s = tries(car, 20, 10)
    car.feed(at_s + 8, moving=True)
    car.feed(at_s + 8.5, **under_way)
    back = {"zone": False, "mode": "normal", "key": False}
    car.feed(at_s + 12, moving=False, **{name: back[name] for name in under_way})
    car.feed(at_s + 12.5, occupied=person)
    last_s = tries(car, at_s + 12, 11)
    car.until(last_s + 1.999999)
    assert [*car.of(TRAPPED), *car.of(OUTSIDE)] == []
    car.until(last_s + 2)
    raised = [f"{last_s + 2:g} raised"]
    assert (car.of(TRAPPED), car.of(OUTSIDE)) == ((raised, []) if person else ([], raised))


@pytest.mark.parametrize(("person", "code"), [(True, TRAPPED), (False, OUTSIDE)])
def test_a_stop_that_may_take_longer_than_ninety_seconds_may_do_so_in_all(person, code):
    car = stuck(person=person, trapped_off_level_s=120, stopped_outside_s=120)
    last_s = tries(car, 20, 14)  # 112 s
    car.until(last_s + 7.9)
    assert car.of(code) == []
    car.until(last_s + 8)
    assert car.of(code) == [f"{last_s + 8:g} raised"]


def test_the_evacuation_device_is_given_its_time():
    car = stuck(person=True, ard_hold_s=200)
    car.feed(21, **{"power.mains": False})
    last_s = tries(car, 20, 16)
    car.until(last_s + 30)
    assert car.of(TRAPPED) == ["221 raised"]
